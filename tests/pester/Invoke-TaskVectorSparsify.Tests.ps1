BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $vector = Get-TaskVector $Models/upright -BasePath $Models/base
}

Describe 'Invoke-TaskVectorSparsify' {
    It 'says what it did' {
        ($vector | Invoke-TaskVectorSparsify magnitude 0.25).Sparsification | Should -Be 'magnitude density=0.25'
        ($vector | Invoke-TaskVectorSparsify random 0.25 -Parameter @{ rescale = 'none' }).Sparsification | Should -Match '^random .*rescale=none'
    }

    It 'keeps the largest, exactly the share asked for' {
        $result = $vector | Invoke-TaskVectorSparsify magnitude 0.25 | Merge-TaskVector $TestDrive/quarter 3>$null
        # per tensor the floor of a quarter
        $expected = (Get-ModelTensor $Models/base | ForEach-Object { [Math]::Floor($_.Count / 4) } | Measure-Object -Sum).Sum
        $result.TaskVectors[0].KeptCount | Should -Be $expected
    }

    It 'refuses a density of <density> before anything is read' -ForEach @{ density = -0.1 }, @{ density = 1.1 }, @{ density = [double]::NaN } {
        { $vector | Invoke-TaskVectorSparsify magnitude $density } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }

    It 'completes the names of sparsifiers' {
        $line = 'Invoke-TaskVectorSparsify -Method ma'
        [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText | Should -Be 'magnitude'
    }
}
