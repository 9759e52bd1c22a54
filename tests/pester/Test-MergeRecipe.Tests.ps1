BeforeAll { . (Join-Path $PSScriptRoot 'Common.ps1') }

Describe 'Test-MergeRecipe' {
    BeforeEach { Push-Location $Digits }
    AfterEach { Pop-Location }

    It 'answers for each recipe, piped or matched' {
        Get-Item cabs.yml, task-arithmetic.yml | Test-MergeRecipe | Should -Be $true, $true
        Test-MergeRecipe *.yml | Should -Be (Get-Item *.yml | ForEach-Object { $true })
    }

    It 'tells costs with -Verbose and is a condition' {
        $said = Test-MergeRecipe cabs.yml -Verbose 4>&1
        "$said" | Should -Match 'merge .* into base by cabs: read'
        if (Test-MergeRecipe cabs.yml) { $yes = $true }
        $yes | Should -BeTrue
    }

    It 'says false and the reason for a destination that cannot be used' {
        $answer = Test-MergeRecipe cabs.yml -OutputPath models/base -ErrorAction SilentlyContinue -ErrorVariable errors
        $answer | Should -BeFalse
        $errors[0].FullyQualifiedErrorId | Should -BeIn 'OutputIsInput,CabsPs.Commands.TestMergeRecipeCommand', 'OutputNotEmpty,CabsPs.Commands.TestMergeRecipeCommand'
    }
}
