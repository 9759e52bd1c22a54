using System.Collections;
using System.Management.Automation;

namespace CabsPs.Hosted.Tests;

/// <summary>The table of wrong calls, each with the one error that it must give, in a runspace that a program opened.</summary>
public sealed class WrongCallTests(HostedModule module) : IClassFixture<HostedModule>
{
    [Fact]
    public void Each_gives_its_own_error()
    {
        string folder = Directory.CreateDirectory(Path.Combine(module.Folder, "wrong")).FullName;
        IReadOnlyList<PSObject> calls = module.Call("& $args[0] $args[1]", Path.Combine(HostedModule.Root, "tests", "calls", "WrongCalls.ps1"), folder);
        Assert.True(calls.Count >= 30);
        var problems = new List<string>();
        foreach (IDictionary call in calls.Select(c => (IDictionary)c.BaseObject))
        {
            (IReadOnlyList<PSObject> output, IReadOnlyList<ErrorRecord> errors) = module.Try($"Push-Location $args[0]; try {{ {call["Script"]} 3>$null }} finally {{ Pop-Location }}", folder);
            string id = $"{call["Id"]},CabsPs.Commands.{call["Cmdlet"]!.ToString()!.Replace("-", string.Empty, StringComparison.Ordinal)}Command";
            if (errors.Count != 1 || errors[0].FullyQualifiedErrorId != id || errors[0].TargetObject is null || errors[0].CategoryInfo.Category == ErrorCategory.NotSpecified)
                problems.Add($"{call["Script"]}: expected {id}, got {string.Join(" and ", errors.Select(e => $"{e.FullyQualifiedErrorId} ({e.Exception.Message})"))}");
        }

        Assert.Empty(problems);
    }
}
