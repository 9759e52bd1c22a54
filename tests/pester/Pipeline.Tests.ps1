BeforeAll { . (Join-Path $PSScriptRoot 'Common.ps1') }

Describe 'The main pipeline' {
    BeforeAll {
        Push-Location $Models
        $result = Get-TaskVector -BasePath base -Path upright, rotated, inverted, scrambled |
            Invoke-CabsSparsify -N 26 -M 256 |
            Merge-TaskVector -Lambda 0.6 -OutputPath (Join-Path $TestDrive 'merged') -WarningVariable warnings -WarningAction SilentlyContinue
        Pop-Location
    }

    It 'gives the same bytes as the recipe' {
        $recipe = Invoke-MergeRecipe (Join-Path $Digits 'cabs.yml') -OutputPath (Join-Path $TestDrive 'recipe') -WarningAction SilentlyContinue
        Get-WeightHash $result.Path | Should -Be (Get-WeightHash $recipe.Path)
        Get-Content (Join-Path $result.Path config.json) -Raw | Should -Be (Get-Content (Join-Path $Models base/config.json) -Raw)
    }

    It 'returns what was done' {
        $result | Should -BeOfType CabsPs.MergeResult
        $result.Path | Should -Be (Join-Path $TestDrive 'merged')
        $result.TaskVectors.Name | Should -Be $Tasks
        $result.TaskVectors.Weight | Should -Be 1, 1, 1, 1
        $result.Overlaps.Count | Should -Be 6
        ($result.Overlaps.SharedCount | Measure-Object -Sum).Sum | Should -Be 0 -Because '4 x 26 of 256 positions fit without overlap'
        $result.Files.Name | Should -Be 'README.md', 'cabs.json', 'config.json', 'model.safetensors'
        $result.Files.Hash | ForEach-Object { $_ | Should -Match '^[0-9a-f]{32}$' }
        $result.MergedTensors.Count | Should -Be 8
        $result.LeftOut.Count | Should -Be 8
        foreach ($vector in $result.TaskVectors) {
            # 26 of 256, less the positions whose delta is exactly zero
            $vector.Density | Should -BeLessOrEqual (26 / 256 + 1e-9)
            $vector.NormKept | Should -BeGreaterThan $vector.Density
        }
    }

    It 'warns once that the task heads stay behind' {
        $warnings.Count | Should -Be 1
        $warnings[0].Message | Should -Match 'classifier'
    }

    It 'keeps the names, shapes and types of the base' {
        $merged = Get-ModelTensor $result.Path
        $base = Get-ModelTensor (Join-Path $Models base)
        $merged.Name | Should -Be $base.Name
        $merged.DType | Should -Be $base.DType
        ($merged.Shape -join ' ') | Should -Be ($base.Shape -join ' ')
    }

    It 'makes the same masks for a part of the group' {
        $sparse = Get-TaskVector -BasePath $Models/base -Path ($Tasks | ForEach-Object { "$Models/$_" }) | Invoke-CabsSparsify -N 128 -M 256
        $sparse[1].Sparsification | Should -Be 'cabs 128:256 sequential'
        $alone = Get-TaskVector -BasePath $Models/base -Path $Models/rotated | Invoke-CabsSparsify -N 128 -M 256
        $null = $sparse[1] | Merge-TaskVector -OutputPath $TestDrive/member 3>$null
        $null = $alone | Merge-TaskVector -OutputPath $TestDrive/alone 3>$null
        Get-WeightHash $TestDrive/member | Should -Not -Be (Get-WeightHash $TestDrive/alone)
        $again = $sparse[1] | Merge-TaskVector -OutputPath $TestDrive/again 3>$null
        Get-WeightHash $TestDrive/member | Should -Be (Get-WeightHash $TestDrive/again)
        $again.TaskVectors.Name | Should -Be 'rotated'
    }

    It 'claims in the order of -Order and emits in the order of the pipeline' {
        $dense = Get-TaskVector -BasePath $Models/base -Path $Models/upright, $Models/rotated
        $swapped = $dense | Invoke-CabsSparsify -N 200 -M 256 -Order rotated
        $swapped.Name | Should -Be 'upright', 'rotated'
        $null = $swapped | Merge-TaskVector -OutputPath $TestDrive/swapped 3>$null
        $null = $dense[1, 0] | Invoke-CabsSparsify -N 200 -M 256 | Merge-TaskVector -OutputPath $TestDrive/reversed 3>$null
        $null = $dense | Invoke-CabsSparsify -N 200 -M 256 | Merge-TaskVector -OutputPath $TestDrive/straight 3>$null
        Get-WeightHash $TestDrive/swapped | Should -Not -Be (Get-WeightHash $TestDrive/straight)
        $difference = (Get-ModelTensor $TestDrive/swapped -Statistics).Norm
        $difference | Should -Be (Get-ModelTensor $TestDrive/reversed -Statistics).Norm
    }

    It 'takes folders from Get-ChildItem and checkpoints from Get-ModelCheckpoint' {
        $names = Get-ChildItem $Models -Exclude base | Get-TaskVector -BasePath $Models/base | ForEach-Object Name
        $names | Sort-Object | Should -Be ($Tasks | Sort-Object)
        (Get-ModelCheckpoint $Models/[ru]* | Get-TaskVector -BasePath $Models/base).Name | Should -Be 'rotated', 'upright'
        ([pscustomobject]@{ Path = "$Models/upright"; Weight = 0.25 } | Get-TaskVector -BasePath $Models/base).Weight | Should -Be 0.25
    }

    It 'gives one weight to each vector in pipeline order' {
        $dense = Get-TaskVector -BasePath $Models/base -Path $Models/upright, $Models/rotated
        $named = $dense | Merge-TaskVector -Weight 0.3, 0.7 -OutputPath $TestDrive/weights -WarningAction SilentlyContinue
        $named.TaskVectors.Weight | Should -Be 0.3, 0.7
        $one = $dense | Merge-TaskVector -Weight 0.5 -OutputPath $TestDrive/one 3>$null
        $lambda = $dense | Merge-TaskVector -Lambda 0.5 -OutputPath $TestDrive/lambda 3>$null
        $one.TaskVectors.Weight | Should -Be 0.5, 0.5
        $lambda.TaskVectors.Weight | Should -Be 1, 1
    }

    It 'restores the norm with -AutoWeight' {
        $auto = Get-TaskVector -BasePath $Models/base -Path $Models/upright | Invoke-CabsSparsify -N 26 -M 256 |
            Merge-TaskVector -AutoWeight -OutputPath $TestDrive/auto 3>$null
        $auto.TaskVectors[0].Weight | Should -BeGreaterThan 1.2
    }

    It 'stores what is asked for, in shards of the size asked for' {
        $result = Get-TaskVector -BasePath $Models/base -Path $Models/upright |
            Merge-TaskVector -DType bfloat16 -ShardSize 150KB -ThrottleLimit 1 -OutputPath $TestDrive/shards -WarningAction SilentlyContinue
        $model = Get-ModelCheckpoint $result.Path
        $model.DType | Should -Be 'BF16'
        $model.ShardCount | Should -Be 3
        (Get-ModelCheckpoint (Get-TaskVector -BasePath $Models/base -Path $Models/upright | Merge-TaskVector -DType bf16 -OutputPath $TestDrive/bf16 3>$null).Path).DType | Should -Be 'BF16'
        (Get-Content $TestDrive/shards/config.json | ConvertFrom-Json).torch_dtype | Should -Be 'bfloat16'
    }

    It 'writes nothing with -WhatIf' {
        $result = Get-TaskVector -BasePath $Models/base -Path $Models/upright | Merge-TaskVector -OutputPath $TestDrive/whatif -WhatIf 3>$null
        $result | Should -BeNullOrEmpty
        Test-Path $TestDrive/whatif | Should -BeFalse
    }

    It 'replaces a result only with -Force' {
        $vector = Get-TaskVector -BasePath $Models/base -Path $Models/upright
        $null = $vector | Merge-TaskVector -OutputPath $TestDrive/force 3>$null
        $first = Get-WeightHash $TestDrive/force
        { $vector | Merge-TaskVector -Lambda 2 -OutputPath $TestDrive/force 3>$null } | Should -Throw -ErrorId 'OutputNotEmpty,CabsPs.Commands.MergeTaskVectorCommand'
        Get-WeightHash $TestDrive/force | Should -Be $first
        $null = $vector | Merge-TaskVector -Lambda 2 -OutputPath $TestDrive/force -Force 3>$null
        Get-WeightHash $TestDrive/force | Should -Not -Be $first
    }

    It 'resolves paths against $PWD and PSDrives, not the process folder' {
        $null = New-PSDrive -Name Zoo -PSProvider FileSystem -Root $Models
        (Get-ModelCheckpoint Zoo:/base).Path | Should -Be (Get-ModelCheckpoint $Models/base).Path
        Push-Location $Models
        try { (Get-ModelCheckpoint base).Path | Should -Be (Join-Path $Models base) } finally { Pop-Location }
        Copy-Item -Recurse $Models/base $TestDrive/'model[1]'
        (Get-ModelCheckpoint -LiteralPath "$TestDrive/model[1]").Name | Should -Be 'model[1]'
    }

    It 'sparsifies by <method>, the same for the same seed' -ForEach @{ method = 'magnitude' }, @{ method = 'random' }, @{ method = 'della' }, @{ method = 'outliers' } {
        $sparse = Get-TaskVector -BasePath $Models/base -Path $Models/upright, $Models/rotated | Invoke-TaskVectorSparsify $method -Density 0.3
        $sparse[0].Sparsification | Should -Match "^$method density=0.3"
        $result = $sparse | Merge-TaskVector -Lambda 0.5 -Seed 1 -ThrottleLimit 1 -OutputPath $TestDrive/$method 3>$null
        $result.TaskVectors[0].Density | Should -BeGreaterThan 0.15
        $result.TaskVectors[0].Density | Should -BeLessThan 0.31
        $null = $sparse | Merge-TaskVector -Lambda 0.5 -Seed 1 -ThrottleLimit 7 -OutputPath $TestDrive/$method-again 3>$null
        Get-WeightHash $TestDrive/$method | Should -Be (Get-WeightHash $TestDrive/$method-again)
        $null = $sparse | Merge-TaskVector -Lambda 0.5 -Seed 2 -OutputPath $TestDrive/$method-other 3>$null
        (Get-WeightHash $TestDrive/$method-other) -eq (Get-WeightHash $TestDrive/$method) | Should -Be ($method -in 'magnitude', 'outliers')
    }

    It 'elects signs over masks of any kind, which changes nothing where masks are disjoint' {
        $dense = Get-TaskVector -BasePath $Models/base -Path $Models/upright, $Models/rotated
        $disjoint = $dense | Invoke-CabsSparsify -N 64 -M 256
        $null = $disjoint | Merge-TaskVector -OutputPath $TestDrive/added 3>$null
        $null = $disjoint | Merge-TaskVector -Method ties -Normalize:$false -OutputPath $TestDrive/elected 3>$null
        Get-WeightHash $TestDrive/elected | Should -Be (Get-WeightHash $TestDrive/added)
        $magnitude = $dense | Invoke-TaskVectorSparsify magnitude -Density 0.25
        $null = $magnitude | Merge-TaskVector -Method ties -OutputPath $TestDrive/trimmed-before 3>$null
        $null = $dense | Merge-TaskVector -Method ties -Parameter @{ density = 0.25 } -OutputPath $TestDrive/trimmed-within 3>$null
        Get-WeightHash $TestDrive/trimmed-before | Should -Be (Get-WeightHash $TestDrive/trimmed-within)
    }

    It 'is stopped and leaves nothing' {
        # merges one after the other, so that the stop falls into one
        $shell = [powershell]::Create().AddScript({
                param($module, $models, $out)
                Import-Module $module
                $vectors = Get-TaskVector -BasePath $models/base -Path (Get-ChildItem $models -Exclude base).FullName
                while ($true) { $null = $vectors | Invoke-CabsSparsify -N 100 -M 256 -Assignment Joint | Merge-TaskVector -ThrottleLimit 1 -OutputPath $out -Force 3>$null }
            }).AddArgument($Module).AddArgument($Models).AddArgument("$TestDrive/stopped/merged")
        $null = New-Item -ItemType Directory $TestDrive/stopped
        $running = $shell.BeginInvoke()
        while (-not (Test-Path $TestDrive/stopped/merged) -and -not $running.IsCompleted) { Start-Sleep -Milliseconds 20 }
        $shell.Stop()
        $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        Get-ChildItem $TestDrive/stopped -Force | ForEach-Object Name | Should -BeIn 'merged' -Because 'no partial folder stays behind'
    }
}
