using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace CabsPs.Engine.Tests.Tokenizers;

/// <summary>What a byte-level BPE tokenizer.json makes of a text, written from the format's description: added tokens are cut out
/// first, the rest is split into words, and in each word the merge that stands first in the list is done until none is left.</summary>
internal sealed partial class BytePairEncoder
{
    private readonly Dictionary<string, int> _vocabulary;
    private readonly Dictionary<(string, string), int> _ranks = [];
    private readonly Dictionary<string, int> _added = new(StringComparer.Ordinal);
    private readonly char[] _bytes = new char[256];

    public BytePairEncoder(string folder)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json")));
        JsonElement model = document.RootElement.GetProperty("model");
        _vocabulary = model.GetProperty("vocab").EnumerateObject().ToDictionary(t => t.Name, t => t.Value.GetInt32(), StringComparer.Ordinal);
        foreach (JsonElement merge in model.GetProperty("merges").EnumerateArray())
            _ranks.Add((merge[0].GetString()!, merge[1].GetString()!), _ranks.Count);
        foreach (JsonElement token in document.RootElement.GetProperty("added_tokens").EnumerateArray())
            _added.Add(token.GetProperty("content").GetString()!, token.GetProperty("id").GetInt32());
        // printable bytes stand for themselves, the others for the characters from 256 on
        for (int b = 0, other = 256; b < 256; b++)
            _bytes[b] = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? (char)b : (char)other++;
    }

    public List<int> Encode(string text)
    {
        var ids = new List<int>();
        string pattern = string.Join('|', _added.Keys.OrderByDescending(k => k.Length).Select(Regex.Escape));
        foreach (string part in Regex.Split(text, $"({pattern})"))
        {
            if (_added.TryGetValue(part, out int id))
                ids.Add(id);
            else
                ids.AddRange(Words().Matches(part).SelectMany(w => Word(w.Value)));
        }

        return ids;
    }

    private IEnumerable<int> Word(string word)
    {
        List<string> parts = [.. Encoding.UTF8.GetBytes(word).Select(b => _bytes[b].ToString())];
        while (true)
        {
            int best = Enumerable.Range(0, Math.Max(0, parts.Count - 1)).Where(i => _ranks.ContainsKey((parts[i], parts[i + 1])))
                .OrderBy(i => _ranks[(parts[i], parts[i + 1])]).FirstOrDefault(-1);
            if (best < 0)
                return parts.Select(p => _vocabulary[p]);
            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Words();
}
