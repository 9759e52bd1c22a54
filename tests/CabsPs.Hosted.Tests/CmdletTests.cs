using System.Management.Automation;

namespace CabsPs.Hosted.Tests;

/// <summary>Every cmdlet does its work once, in a runspace that a program opened.</summary>
public sealed class CmdletTests(HostedModule module) : IClassFixture<HostedModule>
{
    private const string Vectors = "Get-ChildItem models -Exclude base | Sort-Object Name | Get-TaskVector -BasePath models/base";

    // per cmdlet a call in the folder of the example, and what it comes to; $out is a path that nothing has yet
    private static readonly Dictionary<string, (string Script, string Expected)> s_calls = new()
    {
        ["Get-ModelCheckpoint"] = ("(Get-ModelCheckpoint models/*).Name -join ' '", "base inverted rotated scrambled upright"),
        ["Get-ModelTensor"] = ("Get-ModelTensor models/base norm.weight -Statistics | ForEach-Object { \"$($_.Name) $($_.DType) $($_.Shape) $($_.Min -le $_.Mean -and $_.Mean -le $_.Max)\" }", "norm.weight F16 256 True"),
        ["Get-TaskVector"] = ($"(Import-Csv (New-Item table.csv -Value \"Path,BasePath,Weight`nmodels/upright,models/base,0.5\") | Get-TaskVector).Weight", "0.5"),
        ["Invoke-CabsSparsify"] = ($"({Vectors} | Invoke-CabsSparsify -N 8 -M 32 -Order upright).Sparsification | Select-Object -Unique", "cabs 8:32 sequential"),
        ["Invoke-TaskVectorSparsify"] = ($"({Vectors} | Select-Object -First 1 | Invoke-TaskVectorSparsify magnitude 0.5).Sparsification", "magnitude density=0.5"),
        ["Merge-TaskVector"] = ($"$r = {Vectors} | Merge-TaskVector $out 3>$null; \"$($r.Method) $(Test-Path $out/model.safetensors)\"", "task_arithmetic True"),
        ["Export-TaskVector"] = ($"({Vectors} | Invoke-CabsSparsify | Export-TaskVector $out 3>$null | ForEach-Object {{ \"$($_.Name) $($_.Format)\" }}) -join ', '", "inverted Packed, rotated Packed, scrambled Packed, upright Packed"),
        ["Import-TaskVector"] = ($"{Vectors} | Export-TaskVector $out 3>$null | Import-TaskVector -BasePath models/base | Merge-TaskVector $out/a | Out-Null; {Vectors} | Merge-TaskVector $out/b 3>$null | Out-Null; (Compare-ModelCheckpoint $out/a $out/b).AreEqual", "True"),
        ["Compare-ModelCheckpoint"] = ("(Compare-ModelCheckpoint models/base models/upright).DifferentTensors.Relation | Group-Object | Sort-Object Name | ForEach-Object { \"$($_.Name) $($_.Count)\" } | Join-String -Separator ', '", "OnlyInDifference 2, Values 8"),
        ["Compare-CabsAssignment"] = ($"@({Vectors} | Compare-CabsAssignment 8:32 Sequential).Count", "24"),
        ["Measure-TaskVector"] = ($"({Vectors} | Invoke-CabsSparsify 8 32 | Measure-TaskVector).TaskVectors.Name -join ' '", "inverted rotated scrambled upright"),
        ["Optimize-MergeWeight"] = ($"$found = {Vectors} | Select-Object -First 1 | Optimize-MergeWeight -Strategy grid -Minimum 1 -Maximum 1.2 -FineStep 0 -Evaluate {{ (Get-ModelTensor $args[0] norm.weight -Statistics).Norm }} -LowerIsBetter 3>$null; \"$($found.Trials.Count) $($found.Weights.lambda)\"", "3 1"),
        ["Export-MergeReport"] = ($"$null = New-Item -ItemType Directory $out; {Vectors} | Compare-CabsAssignment 8:32 | Export-MergeReport $out/report.html -PassThru | ForEach-Object Name", "report.html"),
        ["Test-ModelCheckpoint"] = ($"$null = {Vectors} | Merge-TaskVector $out 3>$null; $found = Test-ModelCheckpoint $out; \"$($found.IsGood) $($found.HashesCompared)\"", "True True"),
        ["Invoke-MergeRecipe"] = ("(Get-Item cabs.yml | Invoke-MergeRecipe -OutputPath $out 3>$null).Method", "cabs"),
        ["Get-CabsEngine"] = ("(Get-CabsEngine).Name -join ' '", "managed torch"),
        ["Test-MergeRecipe"] = ("Test-MergeRecipe cabs.yml", "True"),
    };

    public static TheoryData<string> Cmdlets => [.. s_calls.Keys];

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Works(string cmdlet)
    {
        (string script, string expected) = s_calls[cmdlet];
        Assert.Contains(cmdlet, script, StringComparison.Ordinal);
        IReadOnlyList<PSObject> output = module.Call($"$out = Join-Path results ([guid]::NewGuid()); {script}");
        Assert.Equal(expected, Assert.Single(output).ToString());
    }

    [Fact]
    public void All_cmdlets_are_driven() =>
        Assert.Equal([], module.Call("(Get-Command -Module Cabs).Name").Select(n => n.ToString()).Except(s_calls.Keys));

    [Fact]
    public void Nothing_is_written_with_WhatIf()
    {
        module.Call($"{Vectors} | Merge-TaskVector what -WhatIf 3>$null; {Vectors} | Export-TaskVector if -WhatIf 3>$null; Invoke-MergeRecipe cabs.yml whatif -WhatIf 3>$null");
        Assert.Equal("0", Assert.Single(module.Call("@(Get-ChildItem what, if, whatif -ErrorAction Ignore).Count")).ToString());
    }

    [Fact]
    public void A_merge_is_stopped_with_the_pipeline()
    {
        using var other = new HostedModule();
        Thread? stopper = null;
        using var shell = PowerShell.Create();
        shell.AddScript("param($module, $folder) Import-Module $module; Set-Location $folder; while ($true) { Get-ChildItem models -Exclude base | Get-TaskVector -BasePath models/base | Invoke-CabsSparsify | Merge-TaskVector stopped/merged -Force -WarningAction Ignore | Out-Null }")
            .AddArgument(Path.Combine(HostedModule.Root, "module", "Cabs.psd1")).AddArgument(other.Folder);
        IAsyncResult running = shell.BeginInvoke();
        stopper = new Thread(() =>
        {
            while (!Directory.Exists(Path.Combine(other.Folder, "stopped", "merged")) && !running.IsCompleted)
                Thread.Sleep(10);
            shell.Stop();
        });
        stopper.Start();
        Assert.Throws<PipelineStoppedException>(() => shell.EndInvoke(running));
        stopper.Join();
        Assert.Equal(["merged"], new DirectoryInfo(Path.Combine(other.Folder, "stopped")).GetFileSystemInfos().Select(f => f.Name));
    }
}
