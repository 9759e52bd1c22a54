using System.Globalization;
using CabsPs.Engine.Merging;
using Spectre.Console;

namespace CabsPs.Cli.Output;

/// <summary>Draws the bar.</summary>
internal static class SpectreProgress
{
    /// <summary>Draws until the work is over, then takes the bar away.</summary>
    /// <param name="writer">The terminal.</param>
    /// <param name="progress">How far the work is.</param>
    /// <param name="waitForEnd">Waits a moment; true when the work is over.</param>
    public static void Draw(TextWriter writer, Func<MergeProgress> progress, Func<bool> waitForEnd)
    {
        IAnsiConsole console = SpectreReport.CreateConsole(writer);
        if (!console.Profile.Capabilities.Ansi)
            return;
        console.Progress()
            .AutoClear(true)
            .Columns(new ProgressBarColumn { Width = console.Profile.Width < 80 ? 10 : 30 }, new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context =>
            {
                ProgressTask task = context.AddTask("0 %", maxValue: 1);
                do
                {
                    MergeProgress now = progress();
                    task.Value = Math.Min(now.Share, 0.999);
                    task.Description = Markup.Escape(Describe(now));
                }
                while (!waitForEnd());
            });
    }

    private static string Describe(MergeProgress now)
    {
        string share = string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(now.Share * 100)} %");
        return now.Remaining is { } left ? $"{share}  {Engine.Text.Bytes(now.BytesPerSecond)}/s  {Left(left)} left" : share;
    }

    // whole seconds: finer ones would flicker
    private static string Left(TimeSpan time) => time.TotalSeconds < 59
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(Math.Max(0, time.TotalSeconds))} s")
        : Engine.Text.Time(time);
}
