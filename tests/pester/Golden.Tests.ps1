BeforeDiscovery {
    $root = Join-Path $PSScriptRoot '../..'
    $golden = (Join-Path $root '../shared/golden'), (Join-Path $root 'tests/golden') | Where-Object { Test-Path $_ } | Select-Object -First 1
    $cases = Get-Content (Join-Path $golden cases.json) -Raw | ConvertFrom-Json -AsHashtable |
        Where-Object { (Select-String -Path (Join-Path $golden $_.recipe) -Pattern '^merge_method:\s*(\S+)').Matches.Groups[1].Value -in 'cabs', 'task_arithmetic' }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    Add-Type -Path (Join-Path $PSScriptRoot 'SafetensorsDifference.cs')
}

Describe 'Golden recipes through Invoke-MergeRecipe' {
    It '<case>' -ForEach $cases {
        Push-Location $Golden
        try { $result = Invoke-MergeRecipe $recipe -OutputPath (Join-Path $TestDrive $case) -WarningAction SilentlyContinue }
        finally { Pop-Location }
        # -1 where a type or shape differs or a tensor is missing; with a tolerance of 0 the bits must be the same
        $difference = [SafetensorsDifference]::Largest((Join-Path $Golden $expected), (Join-Path $result.Path model.safetensors), $max_abs_error -eq 0)
        $difference | Should -BeGreaterOrEqual 0
        $difference | Should -BeLessOrEqual $max_abs_error
    }
}
