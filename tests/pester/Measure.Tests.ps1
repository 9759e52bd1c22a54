BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $dense = Get-TaskVector -BasePath $Models/base -Path ($Tasks | ForEach-Object { "$Models/$_" })
}

Describe 'Measure-TaskVector' {
    BeforeAll { $found = $dense | Invoke-CabsSparsify -N 26 -M 256 | Measure-TaskVector }

    It 'says what a merge says, and writes nothing' {
        $merged = $dense | Invoke-CabsSparsify -N 26 -M 256 | Merge-TaskVector -OutputPath $TestDrive/merged 3>$null
        $found | Should -BeOfType CabsPs.TaskVectorMeasurement
        $found.TaskVectors.Name | Should -Be $Tasks
        $found.TaskVectors.KeptCount | Should -Be $merged.TaskVectors.KeptCount
        for ($i = 0; $i -lt 4; $i++) { $found.TaskVectors[$i].NormKept | Should -BeGreaterThan ($merged.TaskVectors[$i].NormKept - 1e-5); $found.TaskVectors[$i].NormKept | Should -BeLessThan ($merged.TaskVectors[$i].NormKept + 1e-5) }
        $found.Overlaps.SharedCount | Should -Be 0, 0, 0, 0, 0, 0
        $found.TaskVectors[0].Sparsification | Should -Be 'cabs 26:256 sequential'
    }

    It 'adds tensors up to layers and layers to the total' {
        $found.Tensors.Count | Should -Be (8 * 4)
        ($found.Layers | Where-Object Name -EQ upright).Part | Should -Be 'layers.0', 'layers.1', '(outside the layers)'
        foreach ($name in $Tasks) {
            $kept = ($found.TaskVectors | Where-Object Name -EQ $name).KeptCount
            ($found.Tensors | Where-Object Name -EQ $name | Measure-Object KeptCount -Sum).Sum | Should -Be $kept
            ($found.Layers | Where-Object Name -EQ $name | Measure-Object KeptCount -Sum).Sum | Should -Be $kept
        }
    }

    It 'gives objects to sort, group, export and convert' {
        $rows = $found.Tensors | Sort-Object NormKept -Descending | ConvertTo-Csv | ConvertFrom-Csv
        $rows.Count | Should -Be 32
        [double]$rows[0].NormKept | Should -BeGreaterThan ([double]$rows[-1].NormKept)
        ($found.TensorOverlaps | ConvertTo-Json | ConvertFrom-Json).Count | Should -Be (8 * 6)
    }

    It 'measures a recipe as the pipeline' {
        $recipe = Measure-TaskVector -RecipePath $Digits/cabs.yml
        $recipe.Method | Should -Be 'cabs'
        $recipe.TaskVectors.NormKept | Should -Be $found.TaskVectors.NormKept
    }

    It 'measures dense vectors' {
        $plain = $dense[0, 1] | Measure-TaskVector -Include 'layers.*'
        $plain.TaskVectors.Density | Should -Be 1, 1
        $plain.Overlaps.Count | Should -Be 1
        $plain.Overlaps.Cosine | Should -Be $plain.Overlaps.CosineKept
        $plain.Tensors.Part | Should -Not -Contain 'embed.weight'
    }

    It 'shows figures a person can read' { ($found | Out-String) | Should -Match 'upright: cabs 26:256 sequential, kept 7.06 %, norm kept 66.6 %' }

    It 'names what cannot be measured' { (Get-OnlyError { Measure-TaskVector -RecipePath $TestDrive/none.yml }).FullyQualifiedErrorId | Should -Match 'RecipeNotFound' }
}

Describe 'Compare-CabsAssignment' {
    It 'compares none, joint and every order in one table' {
        $rows = $dense | Compare-CabsAssignment -Shape 64:256, 0.1:256
        $rows.Count | Should -Be (2 * (1 + 1 + 24))
        $rows[0] | Should -BeOfType CabsPs.AssignmentComparison
        ($rows | Where-Object { $_.N -eq 26 -and $_.Assignment -eq 'Sequential' -and $_.Order[0] -eq 'scrambled' }).Count | Should -Be 6
        $first = $rows | Where-Object { $_.N -eq 26 -and $_.Assignment -eq 'Sequential' -and ($_.Order -join ' ') -eq ($Tasks -join ' ') }
        $first.NormKept_upright | Should -Be ($dense | Invoke-CabsSparsify -N 26 -M 256 | Measure-TaskVector).TaskVectors[0].NormKept
        $rows | Export-Csv $TestDrive/study.csv
        (Import-Csv $TestDrive/study.csv)[0].NormKept_rotated | Should -Not -BeNullOrEmpty
    }

    It 'makes the order effect a number' {
        $effects = $dense | Compare-CabsAssignment -OrderEffect -MaxOrder 6 -Seed 3
        $effects.Name | Should -Be $Tasks
        $effects.OrderCount | Should -Be 6, 6, 6, 6
        foreach ($e in $effects) { $e.Effect | Should -Be ($e.Most - $e.Least) }
    }

    It 'says what a shape is' { (Get-OnlyError { $dense | Compare-CabsAssignment -Shape 300:256 }).Exception.Message | Should -Match "-Shape is '300:256'; it takes n:m" }
}

Describe 'Optimize-MergeWeight' {
    BeforeAll {
        # a judge whose best lambda is known: the norm of what the merge added, against a wanted one
        $wanted = 0.7
        $norm = (Get-ModelTensor $Models/base -Name layers.0.weight -Statistics).Norm
        function Get-Distance([string] $Model, [double] $Wanted) {
            # the merged tensor moves along a line in lambda, so one figure of it tells lambda
            $figure = { param($m) (Get-ModelTensor $m -Name layers.0.weight -Statistics).Mean }
            $zero = & $figure "$Models/base"
            if ($null -eq $script:slope) {
                $one = $dense | Merge-TaskVector -OutputPath "$TestDrive/one-$([guid]::NewGuid())" -Lambda 1 -DType Float32 -WarningAction Ignore
                $script:slope = (& $figure $one.Path) - $zero
            }
            [Math]::Abs(((& $figure $Model) - $zero) / $script:slope - $Wanted)
        }
        $recipe = Join-Path $TestDrive recipe.yml
        (Get-Content $Digits/task-arithmetic.yml -Raw) -replace 'models/', "$Models/" -replace 'parameters:', "dtype: float32`nparameters:" | Set-Content $recipe
    }

    It 'finds the lambda that the judge wants, with a script block on the pipeline thread' {
        $seen = [System.Collections.Generic.List[string]]::new()
        $found = Optimize-MergeWeight $recipe -Evaluate { param($Model) $seen.Add($Model); -(Get-Distance $Model 0.7) } -FineStep 0.01 -OutputPath $TestDrive/best -WarningAction Ignore
        [Math]::Abs($found.Weights['lambda'] - 0.7) | Should -BeLessOrEqual 0.011
        $found | Should -BeOfType CabsPs.WeightSearchResult
        $found.Trials.Count | Should -Be $seen.Count
        $found.JudgedCount | Should -Be $seen.Count
        $found.Best.Score | Should -Be ($found.Trials.Score | Measure-Object -Maximum).Maximum
        $seen | Where-Object { Test-Path $_ } | Should -BeNullOrEmpty -Because 'models of trials go'
        $other = Join-Path $TestDrive other.yml
        (Get-Content $recipe -Raw) -replace 'lambda: 0.4', "lambda: $($found.Weights['lambda'].ToString([cultureinfo]::InvariantCulture))" | Set-Content $other
        $null = Invoke-MergeRecipe $other -OutputPath $TestDrive/other -WarningAction Ignore
        Get-WeightHash $TestDrive/best | Should -Be (Get-WeightHash $TestDrive/other)
    }

    It 'searches a weight per task vector' {
        $found = $dense[0, 1] | Optimize-MergeWeight -Scope Vector -MaxTrial 9 -Evaluate { param($Model) (Get-ModelTensor $Model -Name embed.weight -Statistics).Norm } -WarningAction Ignore
        @($found.Weights.Keys) | Should -Be 'upright', 'rotated'
        $found.Trials.Count | Should -Be 9
        $found.Curve.Count | Should -BeGreaterThan 2
    }

    It 'does not judge again what stands in the log' {
        $log = Join-Path $TestDrive trials.jsonl
        $judge = { param($Model) -(Get-Distance $Model 0.7) }
        $first = Optimize-MergeWeight $recipe -Evaluate $judge -LogPath $log -WarningAction Ignore
        (Get-Content $log).Count | Should -Be ($first.Trials.Count + 1)
        $again = Optimize-MergeWeight $recipe -Evaluate $judge -LogPath $log -WarningAction Ignore
        $again.JudgedCount | Should -Be 0
        $again.Trials.Score | Should -Be $first.Trials.Score
        $failure = Get-OnlyError { Optimize-MergeWeight $recipe -Evaluate { 1 } -LogPath $log -WarningAction Ignore }
        $failure.FullyQualifiedErrorId | Should -Match 'SearchLogInvalid'
        $failure.Exception.Message | Should -Match 'another judge'
    }

    It 'takes task scores, examples and a test split' {
        $found = Optimize-MergeWeight $recipe -Strategy grid -Step 0.5 -FineStep 0 -Evaluate { @{ a = 1, 0, 1, 1; b = 0.5 } } -Test { [pscustomobject]@{ a = 0, 1; b = 0.25 } } -WarningAction Ignore
        $found.Score | Should -Be 0.625
        $found.Interval.Low | Should -BeLessThan 0.625
        $found.Interval.High | Should -BeGreaterThan 0.625
        $found.TestScore | Should -Be 0.375
        $found.Scores['a'] | Should -Be 0.75
        $found.Best.Number | Should -Be 1 -Because 'of equals the first is the best'
    }

    It 'judges side by side with the same result' {
        $factor = 2
        $judge = { param($Model) $using:factor * [System.IO.File]::ReadAllBytes("$Model/model.safetensors")[-1] }
        $one = Optimize-MergeWeight $recipe -Strategy grid -Step 0.5 -FineStep 0 -WarningAction Ignore -Evaluate { param($Model) 2 * [System.IO.File]::ReadAllBytes("$Model/model.safetensors")[-1] }
        $two = Optimize-MergeWeight $recipe -Strategy grid -Step 0.5 -FineStep 0 -WarningAction Ignore -Evaluate $judge -Parallel 2
        $two.Trials.Score | Should -Be $one.Trials.Score
        $two.Trials.Number | Should -Be (1..4)
        $two.Best.Number | Should -Be $one.Best.Number
    }

    It 'says in one line that a judge failed' {
        $failure = Get-OnlyError { Optimize-MergeWeight $recipe -Evaluate { throw 'no such benchmark' } -WarningAction Ignore }
        $failure.FullyQualifiedErrorId | Should -Match 'JudgeFailed'
        $failure.Exception.Message | Should -Be 'the judge failed: no such benchmark'
        (Get-OnlyError { Optimize-MergeWeight $recipe -Evaluate { 'good' } -WarningAction Ignore }).Exception.Message | Should -Match "score of 'score' is 'good'"
    }

    It 'does nothing with -WhatIf' {
        Optimize-MergeWeight $recipe -Evaluate { throw } -LogPath $TestDrive/whatif.jsonl -WhatIf | Should -BeNullOrEmpty
        Test-Path $TestDrive/whatif.jsonl | Should -BeFalse
    }
}
