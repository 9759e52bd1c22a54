using System.Diagnostics;
using System.Globalization;

namespace CabsPs.Engine.Search;

/// <summary>Weights that want a judgement.</summary>
/// <param name="Number">The trial's number.</param>
/// <param name="Weights">The weights.</param>
public sealed record SearchCandidate(int Number, IReadOnlyList<double> Weights);

/// <summary>A search for weights. It asks, the caller merges and judges in whatever way and place it likes:
/// <code>
/// while (search.Next() is { Count: > 0 } candidates)
///     foreach (SearchCandidate candidate in candidates)
///         search.Add(candidate, scores, duration);
/// </code>
/// The candidates of one answer do not depend on each other and may be judged side by side. What is asked depends on options and scores alone.</summary>
public sealed class WeightSearch : IDisposable
{
    private const string ReferenceKey = "reference";
    private readonly SearchOptions _options;
    private readonly SearchStrategy _strategy;
    private readonly SearchLog _log;
    private readonly List<SearchTrial> _trials = [];
    private readonly Dictionary<string, SearchTrial> _byWeights = new(StringComparer.Ordinal);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Lock _lock = new();
    private IReadOnlyList<double[]> _asked = [];
    private List<SearchCandidate> _open = [];
    private Objective? _objective;
    private IReadOnlyList<TaskScore> _reference = [];
    private int _judged;
    private bool _ended;

    /// <summary>Begins a search, or goes on with the one whose log is given.</summary>
    /// <param name="names">What each weight is.</param>
    /// <param name="options">How to go about it.</param>
    /// <param name="logPath">The log; null keeps none.</param>
    /// <param name="merge">What the merge is, see <see cref="TrialMerger.Identity"/>.</param>
    /// <param name="judge">What the judge is: its text.</param>
    /// <exception cref="CabsException">An option or the log cannot be used.</exception>
    public WeightSearch(IReadOnlyList<string> names, SearchOptions options, string? logPath, string merge, string judge)
    {
        options.Check();
        (Names, _options) = (names, options);
        _strategy = SearchStrategy.Create(options, names.Count);
        _log = SearchLog.Open(logPath, [("merge", merge), ("weights", string.Join(' ', names)), ("judge", judge)]);
        if (options.Objective == "mean")
            _objective = new Objective("mean", options.LowerIsBetter, []);
        else if (_log.Find(ReferenceKey) is { } known)
            SetReference(known.Scores);
    }

    /// <summary>What each weight is.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Whether the scores of the base model are wanted first: the relative objective compares with them.</summary>
    public bool WantsReference => _objective is null;

    /// <summary>The best trial so far; null before there is one.</summary>
    public SearchTrial? Best { get; private set; }

    /// <summary>The trials so far, in the order of their numbers.</summary>
    public IReadOnlyList<SearchTrial> Trials
    {
        get
        {
            lock (_lock)
                return [.. _trials.OrderBy(t => t.Number)];
        }
    }

    /// <summary>Gives the scores that the relative objective compares with.</summary>
    /// <param name="scores">The judge's scores of the base, or wanted ones.</param>
    /// <param name="duration">How long judging took; null for scores that were given.</param>
    public void AddReference(IReadOnlyList<TaskScore> scores, TimeSpan? duration)
    {
        if (duration is { } time)
            _log.Add(ReferenceKey, scores, time, static _ => { });
        SetReference(scores);
    }

    /// <summary>The next candidates; none when the search has ended. All of the last answer must have been added.</summary>
    /// <exception cref="InvalidOperationException">The reference is wanted first, or a candidate is open.</exception>
    public IReadOnlyList<SearchCandidate> Next()
    {
        if (WantsReference || _open.Count > 0)
            throw new InvalidOperationException(WantsReference ? "the reference is wanted first" : "a candidate has not been judged yet");
        while (!_ended)
        {
            if (_asked.Count > 0)
                _strategy.Tell(_asked, [.. _asked.Select(w => _byWeights[KeyOf(w)].Score)]);
            _asked = _strategy.Ask();
            int before = _trials.Count;
            foreach (double[] weights in _asked)
            {
                string key = KeyOf(weights);
                if (_byWeights.ContainsKey(key) || _open.Any(o => KeyOf(o.Weights) == key))
                    continue;
                if (before + _open.Count == _options.MaxTrials)
                {
                    _ended = true;
                    break;
                }

                _open.Add(new SearchCandidate(before + _open.Count + 1, weights));
            }

            _ended |= _asked.Count == 0;
            foreach (SearchCandidate candidate in _open.ToArray())
            {
                if (_log.Find(KeyOf(candidate.Weights)) is { } known)
                    Take(candidate, known.Scores, TimeSpan.Zero);
            }

            if (_open.Count > 0)
                return [.. _open];
        }

        return [];
    }

    /// <summary>Gives the judge's scores of a candidate; they are in the log when this returns. May be called from any thread.</summary>
    /// <param name="candidate">The candidate.</param>
    /// <param name="scores">The scores.</param>
    /// <param name="duration">How long merging and judging took.</param>
    /// <exception cref="CabsException">The log cannot be written, or the scores do not fit the reference.</exception>
    public SearchTrial Add(SearchCandidate candidate, IReadOnlyList<TaskScore> scores, TimeSpan duration)
    {
        lock (_lock)
        {
            double score = _objective!.Of(scores);
            _log.Add(KeyOf(candidate.Weights), scores, duration, json =>
            {
                json.WriteNumber("trial", candidate.Number);
                json.WriteStartObject("weights");
                for (int i = 0; i < Names.Count; i++)
                    json.WriteNumber(Names[i], candidate.Weights[i]);
                json.WriteEndObject();
                json.WriteNumber("score", score);
            });
            _judged++;
            return Take(candidate, scores, duration);
        }
    }

    /// <summary>The scores of the best weights on the test split, where the log has them.</summary>
    /// <param name="judge">What the test's judge is: its text.</param>
    public TestScore? FindTest(string judge) => _log.Find(TestKey(judge)) is { } known ? Tested(known.Scores) : null;

    /// <summary>Gives the scores of the best weights on the test split.</summary>
    /// <param name="judge">What the test's judge is: its text.</param>
    /// <param name="scores">The scores.</param>
    /// <param name="duration">How long judging took.</param>
    public TestScore AddTest(string judge, IReadOnlyList<TaskScore> scores, TimeSpan duration)
    {
        _log.Add(TestKey(judge), scores, duration, static _ => { });
        return Tested(scores);
    }

    /// <summary>What was found.</summary>
    /// <param name="test">Scores on the test split, or null.</param>
    /// <param name="modelPath">The merged model with the best weights, or null.</param>
    /// <exception cref="InvalidOperationException">There is no trial yet.</exception>
    public SearchResult Result(TestScore? test, string? modelPath)
    {
        SearchTrial best = Best ?? throw new InvalidOperationException("nothing has been judged");
        return new SearchResult
        {
            Strategy = _options.Strategy,
            Objective = _options.Objective,
            Names = Names,
            Best = best,
            Interval = _objective!.Interval(best.Scores, _options.Seed),
            Test = test,
            Trials = Trials,
            Reference = _reference,
            Judged = _judged,
            ModelPath = modelPath,
            Duration = _clock.Elapsed,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _log.Dispose();

    private SearchTrial Take(SearchCandidate candidate, IReadOnlyList<TaskScore> scores, TimeSpan duration)
    {
        var trial = new SearchTrial(candidate.Number, candidate.Weights, scores, _objective!.Of(scores), duration);
        _trials.Add(trial);
        _byWeights.Add(KeyOf(candidate.Weights), trial);
        _open = [.. _open.Where(o => o != candidate)];
        // side by side, trials end in any order: of equals the first asked is the best
        if (Best is null || trial.Score > Best.Score || (trial.Score == Best.Score && trial.Number < Best.Number))
            Best = trial;
        return trial;
    }

    private void SetReference(IReadOnlyList<TaskScore> scores)
    {
        _reference = scores;
        _objective = new Objective("relative", _options.LowerIsBetter, scores);
    }

    private TestScore Tested(IReadOnlyList<TaskScore> scores) => new(scores, _objective!.Of(scores), _objective.Interval(scores, _options.Seed));

    private string TestKey(string judge) => $"test {judge} at {KeyOf(Best!.Weights)}";

    private static string KeyOf(IReadOnlyList<double> weights) => string.Join(' ', weights.Select(w => w.ToString("R", CultureInfo.InvariantCulture)));
}
