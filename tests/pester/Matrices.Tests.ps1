BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    Add-Type -Path (Join-Path $PSScriptRoot 'SafetensorsDifference.cs')
    $Small = Join-Path $Root 'tests/golden-methods'
    function Get-Difference([string] $Case, [string] $Folder) {
        $difference = [SafetensorsDifference]::Largest("$Small/expected/$Case.safetensors", "$Folder/model.safetensors", $false)
        $difference | Should -BeGreaterOrEqual 0 -Because 'all tensors must be there'
        $difference
    }
}

Describe 'Methods of whole matrices' {
    BeforeEach { Push-Location $Small }
    AfterEach { Pop-Location }

    It 'are not loaded, nor what they are made of, before they are used' {
        # in a process of its own: a loaded assembly stays
        $loaded = & ([Environment]::ProcessPath) -NoProfile -NonInteractive -Command @"
Import-Module '$Root/module/Cabs.psd1'
`$assemblies = { [System.Runtime.Loader.AssemblyLoadContext]::All.Assemblies.GetName().Name -contains 'MathNet.Numerics' }
Get-TaskVector -BasePath models/base -Path models/math, models/code | Invoke-CabsSparsify | Merge-TaskVector -OutputPath '$TestDrive/cabs' | Out-Null
& `$assemblies
Get-TaskVector -BasePath models/base -Path models/math, models/code | Merge-TaskVector -Method iso_c -OutputPath '$TestDrive/iso' | Out-Null
& `$assemblies
"@
        $loaded | Should -Be 'False', 'True'
    }

    It 'take task vectors from the pipeline' {
        Get-TaskVector -BasePath models/base -Path models/math, models/code, models/chat | Merge-TaskVector -Method tsv_m -OutputPath $TestDrive/tsv | Should -BeOfType CabsPs.MergeResult
        Get-Difference tsv_m $TestDrive/tsv | Should -BeLessThan 1e-6
        Get-TaskVector -BasePath models/base -Path models/math, models/code, models/chat, models/law |
            Merge-TaskVector -Method wudi -Parameter @{ exclude_keys = 'model.embed_tokens.weight', 'lm_head.weight' } -OutputPath $TestDrive/wudi | Should -Not -BeNullOrEmpty
        Get-Difference wudi_four $TestDrive/wudi | Should -BeLessThan 1e-6
    }

    It 'warn after the merge of what only the weights can tell' {
        $result = Get-TaskVector -BasePath models/base -Path models/lora-a, models/lora-b | Merge-TaskVector -Method iso_c -OutputPath $TestDrive/noise -WarningVariable warnings -WarningAction SilentlyContinue
        "$warnings" | Should -Match 'rounding noise.*rcond'
        $result.Warnings | Should -Be $warnings.Message
    }

    It 'read statistics beside the models, found from $PWD' {
        Push-Location $Small/stats
        try {
            Get-TaskVector -BasePath ../models/base -Path ../models/math |
                Merge-TaskVector -Method ffg -Parameter @{ preconditioner_path = 'math-exp_avg_sq.safetensors' } -OutputPath $TestDrive/ffg | Should -Not -BeNullOrEmpty
        }
        finally { Pop-Location }
        Get-Difference ffg $TestDrive/ffg | Should -BeLessThan 1e-6
        $null = Invoke-MergeRecipe recipes/fisher.yml -OutputPath $TestDrive/fisher
        Get-Difference fisher $TestDrive/fisher | Should -BeLessThan 1e-6
        (Get-OnlyError { Get-TaskVector -BasePath models/base -Path models/math | Merge-TaskVector -Method ota -OutputPath $TestDrive/ota }).Exception.Message | Should -Match 'preconditioner_path.*no value'
        (Get-OnlyError { Get-TaskVector -BasePath models/base -Path models/math | Merge-TaskVector -Method fisher -OutputPath $TestDrive/f }).Exception.Message | Should -Match 'write a recipe'
    }
}
