BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $HasTorch = (Get-CabsEngine torch).IsAvailable
}

BeforeAll { . (Join-Path $PSScriptRoot 'Common.ps1') }

Describe 'Engines' {
    It 'lists the managed engine with its device, and what is missing of the other' {
        $managed, $torch = Get-CabsEngine
        $managed.Name | Should -Be 'managed'
        $managed.IsAvailable | Should -BeTrue
        $managed.Device.Name | Should -Be 'cpu'
        $managed.Device[0].MemoryBytes | Should -BeGreaterThan 0
        $managed.Missing | Should -BeNullOrEmpty
        $torch.Name | Should -Be 'torch'
        if (-not $torch.IsAvailable) { $torch.Missing | Should -Not -BeNullOrEmpty }
        (Get-CabsEngine man*).Name | Should -Be 'managed'
    }

    It 'refuses an engine or device that is not there and says what to do' {
        $vector = Get-TaskVector -BasePath $Models/base -Path $Models/upright
        { $vector | Merge-TaskVector -OutputPath TestDrive:/out -Engine toch } | Should -Throw -ErrorId 'ParameterInvalid,*' -ExpectedMessage '*did you mean ''torch''*'
        { $vector | Merge-TaskVector -OutputPath TestDrive:/out -Device cuda:0 } | Should -Throw -ErrorId 'ParameterInvalid,*' -ExpectedMessage '*choose engine torch*'
        { $vector | Merge-TaskVector -OutputPath TestDrive:/out -Engine Torch -Device cuda:99 } | Should -Throw -ErrorId 'EngineUnavailable,*'
        Test-Path TestDrive:/out | Should -BeFalse
    }

    It 'completes engines and devices' {
        $complete = { param($line) [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText }
        & $complete 'Merge-TaskVector -Engine ' | Should -Be 'managed', 'torch'
        & $complete 'Invoke-MergeRecipe -Device ' | Should -Contain 'cpu'
    }

    It 'gives the same bytes on both engines' -Skip:(-not $HasTorch) {
        $vectors = Get-TaskVector -BasePath $Models/base -Path $Models/upright, $Models/rotated | Invoke-CabsSparsify -N 8 -M 32
        foreach ($engine in 'Managed', 'Torch') { $null = $vectors | Merge-TaskVector -OutputPath TestDrive:/$engine -Engine $engine -Device cpu }
        $hashes = Get-ChildItem TestDrive:/Managed/*.safetensors, TestDrive:/Torch/*.safetensors | Get-FileHash
        $hashes.Count | Should -Be 2
        $hashes[0].Hash | Should -Be $hashes[1].Hash
        [System.Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.GetName().Name | Should -Not -Contain 'TorchSharp'
    }
}
