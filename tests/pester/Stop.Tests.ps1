BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')

    # a model of one bfloat16 tensor of 8 M weights; ranking its rows takes long enough that a merge can be caught at work
    function New-LargeModel([string] $Name, [int] $Seed) {
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive $Name)
        $count = 8MB
        $json = [Text.Encoding]::UTF8.GetBytes('{"w":{"dtype":"BF16","shape":[1024,8192],"data_offsets":[0,' + 2 * $count + ']}}')
        $block = [byte[]]::new(1MB)
        [Random]::new($Seed).NextBytes($block)
        # exponents of finite numbers near 0.01
        for ($i = 1; $i -lt 64KB; $i += 2) { $block[$i] = 0x3C }
        for ($i = 64KB; $i -lt $block.Length; $i += 64KB) { [Array]::Copy($block, 0, $block, $i, 64KB) }
        $stream = [IO.File]::Create((Join-Path $folder model.safetensors))
        $stream.Write([BitConverter]::GetBytes([long] $json.Length))
        $stream.Write($json)
        for ($i = 0; $i -lt 2 * $count; $i += $block.Length) { $stream.Write($block) }
        $stream.Dispose()
        $folder.FullName
    }
    $large = New-LargeModel base 1
    $experts = (New-LargeModel one 2), (New-LargeModel two 3)

    # files under a folder that this process has open
    function Get-OpenFile([string] $Folder) {
        if (-not $IsLinux) { return }
        Get-ChildItem /proc/self/fd -ErrorAction SilentlyContinue | ForEach-Object { $_.LinkTarget } | Where-Object { $_ -and $_.StartsWith($Folder) }
    }

    function Assert-NothingLeft([string] $Folder) {
        Get-ChildItem $Folder -Force | ForEach-Object Name | Should -BeNullOrEmpty -Because 'neither a result nor a part of one stays'
        Get-OpenFile $TestDrive | Should -BeNullOrEmpty -Because 'no file stays open'
    }
    $work = @(
        'Get-TaskVector one, two -BasePath base | Invoke-TaskVectorSparsify della 0.5 | Merge-TaskVector results/merged -ThrottleLimit 1 -Verbose'
        'Get-TaskVector one, two -BasePath base | Invoke-TaskVectorSparsify della 0.5 | Export-TaskVector results -ThrottleLimit 1 -Verbose'
    )
}

Describe 'What stops a merge leaves nothing' {
    BeforeEach {
        $results = (New-Item -ItemType Directory -Force $TestDrive/results).FullName
        Push-Location $TestDrive
    }
    AfterEach {
        Pop-Location
        Remove-Item -Recurse -Force $results
    }

    It 'Ctrl+C, during <what>' -Skip:(-not $IsLinux) -ForEach @{ what = 'a merge'; i = 0 }, @{ what = 'an export'; i = 1 } {
        # a process of its own, in which the signal is not ignored
        Set-Content run.ps1 "Import-Module '$Module'; Set-Location '$TestDrive'; $($work[$i]); 'it ended'"
        $start = [Diagnostics.ProcessStartInfo]::new('env')
        foreach ($argument in '--default-signal=INT', [Environment]::ProcessPath, '-NoProfile', '-NonInteractive', '-File', "$TestDrive/run.ps1") { $start.ArgumentList.Add($argument) }
        $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $process = [Diagnostics.Process]::Start($start)
        $output = $process.StandardOutput.ReadToEndAsync()
        $null = $process.StandardError.ReadToEndAsync()
        while (-not (Get-ChildItem $results -Force) -and -not $process.HasExited) { Start-Sleep -Milliseconds 20 }
        $process.HasExited | Should -BeFalse -Because 'the signal must fall into the work'
        & kill -INT $process.Id
        $process.WaitForExit(60000) | Should -BeTrue
        $output.Result | Should -Not -Match 'it ended'
        Assert-NothingLeft $results
    }

    It 'a stopped pipeline, during <what>, whose progress is completed' -ForEach @{ what = 'a merge'; i = 0 }, @{ what = 'an export'; i = 1 } {
        $shell = [powershell]::Create().AddScript("Import-Module '$Module'; Set-Location '$TestDrive'; $($work[$i])")
        $running = $shell.BeginInvoke()
        while ($shell.Streams.Progress.Count -lt 4 -and -not $running.IsCompleted) { Start-Sleep -Milliseconds 20 }
        $running.IsCompleted | Should -BeFalse -Because 'the stop must fall into the work'
        $shell.Stop()
        $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        Assert-NothingLeft $results
        foreach ($activity in $shell.Streams.Progress | Group-Object ActivityId) {
            $activity.Group[-1].RecordType | Should -Be 'Completed'
        }
    }

    It 'Select-Object -First 1 downstream, before <what> begins' -ForEach @{ what = 'a merge'; i = 0 }, @{ what = 'an export'; i = 1 } {
        & ([scriptblock]::Create("$($work[$i]) 4>&1")) | Select-Object -First 1 | Should -BeOfType System.Management.Automation.VerboseRecord
        Assert-NothingLeft $results
    }

    It 'a terminating error downstream, before <what> begins' -ForEach @{ what = 'a merge'; i = 0 }, @{ what = 'an export'; i = 1 } {
        { & ([scriptblock]::Create("$($work[$i]) 4>&1")) | ForEach-Object { throw 'enough' } } | Should -Throw 'enough'
        Assert-NothingLeft $results
    }

    It 'a terminating error upstream' {
        $vector = Get-TaskVector one -BasePath base
        { & { $vector; throw 'enough' } | Merge-TaskVector results/merged } | Should -Throw 'enough'
        Assert-NothingLeft $results
    }
}

Describe 'What stops a list of merges keeps those that were complete' {
    BeforeEach {
        $results = (New-Item -ItemType Directory -Force $TestDrive/lists).FullName
        $list = 'first', 'second' | ForEach-Object { [pscustomobject]@{ Path = "$Digits/cabs.yml"; OutputPath = "$results/$_" } }
        Push-Location $Digits
    }
    AfterEach {
        Pop-Location
        Remove-Item -Recurse -Force $results
    }

    It 'Select-Object -First 1' {
        $one = $list | Invoke-MergeRecipe -WarningAction SilentlyContinue | Select-Object -First 1
        $one.Path | Should -Be "$results/first"
        Get-ChildItem $results -Force | ForEach-Object Name | Should -Be 'first'
        Get-OpenFile $results | Should -BeNullOrEmpty
        Get-OpenFile $Digits | Should -BeNullOrEmpty
    }

    It 'a terminating error downstream' {
        { $list | Invoke-MergeRecipe -WarningAction SilentlyContinue | ForEach-Object { throw 'enough' } } | Should -Throw 'enough'
        Get-ChildItem $results -Force | ForEach-Object Name | Should -Be 'first'
        Get-OpenFile $results | Should -BeNullOrEmpty
    }

    It 'break downstream' {
        while ($true) { $list | Invoke-MergeRecipe -WarningAction SilentlyContinue | ForEach-Object { break } }
        Get-ChildItem $results -Force | ForEach-Object Name | Should -Be 'first'
        Get-OpenFile $results | Should -BeNullOrEmpty
    }
}

Describe 'Progress' {
    It 'moves, names model and tensor, comes at most ten times a second and is completed' {
        $shell = [powershell]::Create().AddScript("Import-Module '$Module'; Set-Location '$TestDrive'; Get-TaskVector one, two -BasePath base | Invoke-TaskVectorSparsify della 0.5 | Merge-TaskVector moves -ThrottleLimit 1")
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $shell.Invoke() | Should -Not -BeNullOrEmpty
        $watch.Stop()
        $model, $tensor = $shell.Streams.Progress | Group-Object ParentActivityId | Sort-Object Name | ForEach-Object { , $_.Group }
        # -1 is no parent
        $model[0].ParentActivityId | Should -Be -1
        $model[0].Activity | Should -Be "Merging into $TestDrive/moves"
        $model[0].StatusDescription | Should -Match '^\S+ \S+ of \S+ \S+, \S+ \S+/s$'
        $tensor[0].ParentActivityId | Should -Be $model[0].ActivityId
        $tensor[0].Activity | Should -Be 'Tensor 1 of 1'
        $tensor[0].StatusDescription | Should -Be 'w'
        $shares = $model[0..($model.Count - 2)].PercentComplete
        $shares | Should -Be ($shares | Sort-Object)
        ($shares | Select-Object -Unique).Count | Should -BeGreaterThan 1
        $model[-2].SecondsRemaining | Should -BeGreaterOrEqual 0
        $model[-1].RecordType, $tensor[-1].RecordType | Should -Be 'Completed', 'Completed'
        # each tick is a tenth of a second apart, and one record ends it
        $model.Count | Should -BeLessOrEqual ([Math]::Ceiling($watch.Elapsed.TotalSeconds * 10) + 1)
    }

    It 'is completed after an error too' {
        # somebody else takes the destination while the merge is at work, so it fails at its end
        $shell = [powershell]::Create().AddScript("Import-Module '$Module'; Set-Location '$TestDrive'; Get-TaskVector one, two -BasePath base | Invoke-TaskVectorSparsify della 0.5 | Merge-TaskVector fails -ThrottleLimit 1")
        $running = $shell.BeginInvoke()
        while ($shell.Streams.Progress.Count -lt 4 -and -not $running.IsCompleted) { Start-Sleep -Milliseconds 20 }
        $null = New-Item -Force -Path $TestDrive/fails/theirs.txt
        $shell.EndInvoke($running)
        $shell.Streams.Error.FullyQualifiedErrorId | Should -Be 'OutputNotEmpty,CabsPs.Commands.MergeTaskVectorCommand'
        foreach ($activity in $shell.Streams.Progress | Group-Object ActivityId) { $activity.Group[-1].RecordType | Should -Be 'Completed' }
        Get-ChildItem $TestDrive -Force | Where-Object Name -Match 'fails' | Get-ChildItem -Force | ForEach-Object Name | Should -Be 'theirs.txt'
        Get-OpenFile $TestDrive | Should -BeNullOrEmpty
    }
}
