BeforeDiscovery {
    $runbooks = Get-ChildItem (Join-Path $PSScriptRoot '../../examples/runbooks') -Filter *.ps1 | Where-Object Name -NotLike *.Tests.ps1 | ForEach-Object { @{ name = $_.BaseName } }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $Runbooks = Join-Path $Root 'examples/runbooks'

    # a runbook as a scheduler starts it: in a process of its own, in some other folder
    function Invoke-Runbook([string] $Name, [string[]] $Argument) {
        Push-Location $TestDrive
        $env:NO_COLOR = '1'
        try { $said = & ([Environment]::ProcessPath) -NoProfile -NonInteractive -File (Join-Path $Runbooks "$Name.ps1") @Argument 2>&1 | Out-String -Width 300 }
        finally { Pop-Location; $env:NO_COLOR = $null }
        [pscustomobject]@{ ExitCode = $LASTEXITCODE; Said = $said }
    }

    function Get-Names([string] $Folder) { Get-ChildItem -LiteralPath $Folder -Force | ForEach-Object Name | Sort-Object }
}

Describe 'Runbook <name>' -ForEach $runbooks {
    It 'has help with an example, and a text for every parameter' {
        $help = Get-Help (Join-Path $Runbooks "$name.ps1")
        $help.Synopsis | Should -Match '^\S.{20,}\.$'
        $help.description.Text -join ' ' | Should -Match 'Exit codes: 0 '
        @($help.examples.example).Count | Should -BeGreaterOrEqual 2
        $help.parameters.parameter | Where-Object name -NotIn 'WhatIf', 'Confirm' | ForEach-Object { $_.description.Text | Should -Not -BeNullOrEmpty -Because $_.name }
    }

    It 'writes nothing with -WhatIf' {
        $out = Join-Path $TestDrive "whatif-$name"
        $given = $name -eq 'Publish-MergedModel' ? @('-Recipe', "$Digits/cabs.yml", '-ReleasePath', $out) : @('-OutputPath', $out)
        $run = Invoke-Runbook $name ($given + '-WhatIf')
        $run.ExitCode | Should -Be 0 -Because $run.Said
        $run.Said | Should -Match 'What if: '
        Test-Path $out | Should -BeFalse
    }
}

Describe 'Invoke-NightlyMerge' {
    BeforeAll {
        $first = Invoke-Runbook Invoke-NightlyMerge '-OutputPath', 'nights', '-Date', '2026-11-01T02:00', '-DType', 'float32'
    }

    It 'merges every recipe, with a transcript and a table' {
        $first.ExitCode | Should -Be 0 -Because $first.Said
        Get-Names $TestDrive/nights | Should -Be '2026-11-01T0200', 'logs'
        $table = Import-Csv $TestDrive/nights/2026-11-01T0200/merges.csv
        $table.Recipe | Should -Contain 'cabs.yml'
        $table.Recipe | Should -Contain 'task-arithmetic.yml'
        $models = Get-ModelCheckpoint $table.Path
        $models.Count | Should -Be $table.Count
        $models.DType | Sort-Object -Unique | Should -Be 'F32'
        $log = Get-Content $TestDrive/nights/logs/2026-11-01T0200.log -Raw
        $log | Should -Match 'cabs\.yml'
        $log | Should -Match 'upright: weight 1\.00, kept 7\.06 %, norm kept 66\.6 %'
    }

    It 'keeps the last nights' {
        (Invoke-Runbook Invoke-NightlyMerge '-OutputPath', 'nights', '-Date', '2026-11-02T02:00', '-Keep', '1').ExitCode | Should -Be 0
        Get-Names $TestDrive/nights | Should -Be '2026-11-02T0200', 'logs'
    }

    It 'goes on after a recipe that cannot run, says so, and removes no older night' {
        $null = New-Item -ItemType Directory $TestDrive/recipes
        Set-Content $TestDrive/recipes/a-wrong.yml "merge_method: cabs`nbase_model: $Models/base`nmodels: [{ model: $Models/nobody }]"
        (Get-Content $Digits/cabs.yml) -replace 'models/', "$Models/" | Set-Content $TestDrive/recipes/b-right.yml
        $run = Invoke-Runbook Invoke-NightlyMerge '-RecipePath', "$TestDrive/recipes", '-OutputPath', 'nights', '-Date', '2026-11-03T02:00', '-Keep', '1'
        $run.ExitCode | Should -Be 1
        $run.Said | Should -Match 'a-wrong\.yml: .*nobody.*\[CheckpointNotFound,'
        Get-Names $TestDrive/nights | Should -Be '2026-11-02T0200', '2026-11-03T0200', 'logs'
        Get-Names $TestDrive/nights/2026-11-03T0200 | Should -Be 'b-right', 'merges.csv'
    }

    It 'has nothing to do without recipes' {
        $null = New-Item -ItemType Directory $TestDrive/empty
        (Invoke-Runbook Invoke-NightlyMerge '-RecipePath', "$TestDrive/empty", '-OutputPath', 'none').ExitCode | Should -Be 2
        Test-Path $TestDrive/none | Should -BeFalse
    }

    It 'does not run twice at a time' {
        $null = New-Item -ItemType Directory $TestDrive/busy
        $other = [IO.File]::Open("$TestDrive/busy/run.lock", 'OpenOrCreate', 'ReadWrite', 'None')
        try { (Invoke-Runbook Invoke-NightlyMerge '-OutputPath', 'busy').ExitCode | Should -Be 3 }
        finally { $other.Dispose() }
        Get-ChildItem $TestDrive/busy -Directory | ForEach-Object Name | Should -Be 'logs'
    }
}

Describe 'Invoke-GuardedMerge' {
    It 'merges experts that have room' {
        $run = Invoke-Runbook Invoke-GuardedMerge '-OutputPath', 'guarded/model'
        $run.ExitCode | Should -Be 0 -Because $run.Said
        Get-Names $TestDrive/guarded | Should -Be 'model'
        # the same as without a guard
        $null = Get-TaskVector -BasePath $Models/base -Path ($Tasks | ForEach-Object { "$Models/$_" }) | Invoke-CabsSparsify -N 64 -M 256 | Merge-TaskVector -Lambda 0.6 -OutputPath $TestDrive/plain -WarningAction Ignore
        Get-WeightHash $TestDrive/guarded/model | Should -Be (Get-WeightHash $TestDrive/plain)
    }

    It 'refuses experts that have not, names them, and leaves nothing' {
        $run = Invoke-Runbook Invoke-GuardedMerge '-OutputPath', 'refused/model', '-N', '128', '-MaximumOverlap', '0.1'
        $run.ExitCode | Should -Be 3
        $run.Said | Should -Match 'refused'
        $run.Said | Should -Match 'upright and '
        Test-Path $TestDrive/refused/model | Should -BeFalse
        if (Test-Path $TestDrive/refused) { Get-Names $TestDrive/refused | Should -BeNullOrEmpty }
    }

    It 'does not touch a model that is there, nor begin without a base' {
        (Invoke-Runbook Invoke-GuardedMerge '-OutputPath', $Models).ExitCode | Should -Be 2
        (Invoke-Runbook Invoke-GuardedMerge '-OutputPath', 'nobase', '-BasePath', 'nowhere').ExitCode | Should -Be 2
        Test-Path $TestDrive/nobase | Should -BeFalse
    }
}

Describe 'Merge-EveryPair' {
    It 'merges all pairs side by side, to the same bytes as one at a time' {
        Push-Location $TestDrive
        try { $pairs = & (Join-Path $Runbooks Merge-EveryPair.ps1) -OutputPath pairs -Parallel 3 }
        finally { Pop-Location }
        $LASTEXITCODE | Should -Be 0
        $pairs | Should -HaveCount 6
        $pairs | ForEach-Object { "$($_.First)+$($_.Second)" } | Should -Be (Get-Names $TestDrive/pairs)
        $pairs | Where-Object Error | Should -BeNullOrEmpty
        $pairs.Overlap | ForEach-Object { $_ | Should -BeLessThan 0.001 }
        $null = Get-TaskVector -BasePath $Models/base -Path $Models/inverted, $Models/rotated | Invoke-CabsSparsify -N 64 -M 256 | Merge-TaskVector -OutputPath $TestDrive/pair -WarningAction Ignore
        Get-WeightHash $TestDrive/pairs/inverted+rotated | Should -Be (Get-WeightHash $TestDrive/pair)
    }

    It 'does what is left to do, and says which pair failed' {
        Copy-Item -Recurse $Models/base $TestDrive/odd
        # a model of another shape
        $header = [Text.Encoding]::UTF8.GetBytes('{"embed.bias":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}')
        [IO.File]::WriteAllBytes("$TestDrive/odd/model.safetensors", [byte[]]([BitConverter]::GetBytes([long] $header.Length) + $header + 0, 0))
        Remove-Item -Recurse $TestDrive/pairs/rotated+scrambled
        $run = Invoke-Runbook Merge-EveryPair '-OutputPath', 'pairs', '-ExpertPath', "$Models/rotated"
        $run.ExitCode | Should -Be 2
        $all = & (Join-Path $Runbooks Merge-EveryPair.ps1) -OutputPath $TestDrive/pairs -ExpertPath $Models/rotated, $Models/scrambled, $TestDrive/odd 2>$null
        $LASTEXITCODE | Should -Be 1
        ($all | Where-Object Path).Path | Should -Be (Join-Path $TestDrive pairs rotated+scrambled)
        ($all | Where-Object Error).Error | ForEach-Object { $_ | Should -Match 'odd' }
        Test-Path $TestDrive/pairs/odd+rotated | Should -BeFalse
    }
}

Describe 'Publish-MergedModel' {
    It 'passes its own tests' {
        $said = & ([Environment]::ProcessPath) -NoProfile -NonInteractive -Command "
            `$r = Invoke-Pester '$Runbooks/Publish-MergedModel.Tests.ps1' -PassThru -Output None; ""`$(`$r.PassedCount) passed, `$(`$r.FailedCount) failed"""
        $said | Select-Object -Last 1 | Should -Be '6 passed, 0 failed'
    }
}
