BeforeAll { . (Join-Path $PSScriptRoot 'Common.ps1') }

Describe 'The module' {
    It 'has a manifest that passes and exports what it says' {
        $manifest = Test-ModuleManifest (Join-Path $Root 'module/Cabs.psd1')
        (Get-Command -Module Cabs).Name | Sort-Object | Should -Be ($manifest.ExportedCmdlets.Keys | Sort-Object)
    }

    It 'uses approved verbs and says what each cmdlet returns' {
        foreach ($command in Get-Command -Module Cabs) {
            $command.Verb | Should -BeIn (Get-Verb).Verb
            $command.OutputType.Count | Should -BeGreaterThan 0 -Because $command.Name
        }
    }

    It 'keeps the engine and its packages behind a load context of its own' {
        $null = Get-ModelCheckpoint (Join-Path $Models base)
        $context = [System.Runtime.Loader.AssemblyLoadContext]::All | Where-Object Name -EQ 'Cabs'
        $context.Assemblies.GetName().Name | Should -Contain 'CabsPs.Engine'
        [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.GetName().Name | Should -Not -Contain 'CabsPs.Engine'
        Get-ChildItem (Join-Path $Root 'module/bin') -Filter *.dll | ForEach-Object Name | Should -Be 'CabsPs.dll'
    }

    It 'works after being imported again, in several runspaces at once, and over objects made before' {
        $vector = Get-TaskVector -BasePath $Models/base -Path $Models/upright
        Remove-Module Cabs
        Import-Module (Join-Path $Root 'module/Cabs.psd1') -Force
        ($vector | Invoke-CabsSparsify -N 8 -M 32).Sparsification | Should -Be 'cabs 8:32 sequential'
        $names = 1..3 | ForEach-Object -Parallel {
            Import-Module $using:Root/module/Cabs.psd1
            ($using:vector | Invoke-CabsSparsify -N $_ -M 32).Sparsification
        }
        $names | Sort-Object | Should -Be 'cabs 1:32 sequential', 'cabs 2:32 sequential', 'cabs 3:32 sequential'
    }

    It 'completes methods and tensor names' {
        $complete = { param($line) [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText }
        & $complete 'Merge-TaskVector -Method ' | Should -Contain 'task_arithmetic'
        & $complete "Get-ModelTensor $Models/base -Name norm" | Should -Be 'norm.bias', 'norm.weight'
        & $complete 'Invoke-CabsSparsify -Assignment ' | Should -Be 'Joint', 'None', 'Sequential'
    }

    It 'measures tensors' {
        # 8 weights that a person can check: -1, 0, 0, 2 and so on
        $header = [Text.Encoding]::UTF8.GetBytes('{"t":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}')
        $data = -1, 0, 0, 2 | ForEach-Object { [BitConverter]::GetBytes([float] $_) }
        [IO.File]::WriteAllBytes("$TestDrive/t.safetensors", [byte[]]([BitConverter]::GetBytes([long] $header.Length) + $header + $data))
        $tensor = Get-ModelTensor $TestDrive/t.safetensors -Statistics
        $tensor.Min, $tensor.Max, $tensor.Mean, $tensor.Norm, $tensor.ZeroFraction | Should -Be -1, 2, 0.25, ([math]::Sqrt(5)), 0.5
        (Get-ModelTensor $TestDrive/t.safetensors).Norm | Should -BeNullOrEmpty
    }
}

Describe 'The example' {
    It 'merges the digits and scores them' {
        $scores = & (Join-Path $Digits 'Merge-Digits.ps1') -OutputPath $TestDrive/digits
        $scores.Task | Should -Be 'upright', 'rotated', 'inverted', 'scrambled', 'mean'
        # what the zoo's own notes say of the experts and of the base's body
        $scores[0..3].Expert | ForEach-Object { [math]::Round($_, 3) } | Should -Be 0.970, 0.978, 0.970, 0.978
        $scores[0..3].Base | ForEach-Object { [math]::Round($_, 3) } | Should -Be 0.948, 0.946, 0.874, 0.906
        $scores[4].Cabs | Should -BeGreaterThan $scores[4].Base
    }
}
