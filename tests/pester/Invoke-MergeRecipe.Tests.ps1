BeforeAll { . (Join-Path $PSScriptRoot 'Common.ps1') }

Describe 'Invoke-MergeRecipe' {
    BeforeEach { Push-Location $Digits }
    AfterEach { Pop-Location }

    It 'takes a recipe by position, from Get-Item, and by the names Path and OutputPath' {
        $expected = Get-WeightHash (Invoke-MergeRecipe cabs.yml $TestDrive/position 3>$null).Path
        Get-WeightHash (Get-Item cabs.yml | Invoke-MergeRecipe -OutputPath $TestDrive/item 3>$null).Path | Should -Be $expected
        Get-WeightHash ('cabs.yml' | Invoke-MergeRecipe -OutputPath $TestDrive/value 3>$null).Path | Should -Be $expected
        Get-WeightHash ([pscustomobject]@{ Path = 'cabs.yml'; OutputPath = "$TestDrive/table" } | Invoke-MergeRecipe 3>$null).Path | Should -Be $expected
    }

    It 'takes several recipes, and goes on after a bad one' {
        $null = New-Item $TestDrive/bad.yml -Value 'merge_method: nothing'
        $results = @"
Path,OutputPath
cabs.yml,$TestDrive/a
$TestDrive/bad.yml,$TestDrive/b
task-arithmetic.yml,$TestDrive/c
"@ | ConvertFrom-Csv | Invoke-MergeRecipe -ErrorAction SilentlyContinue -ErrorVariable errors 3>$null
        $results.Method | Should -Be 'cabs', 'task_arithmetic'
        $errors.FullyQualifiedErrorId | Should -Be 'RecipeInvalid,CabsPs.Commands.InvokeMergeRecipeCommand'
        Test-Path $TestDrive/b | Should -BeFalse
    }

    It 'takes brackets as they are written with -LiteralPath' {
        Copy-Item cabs.yml "$TestDrive/recipe[1].yml"
        (Invoke-MergeRecipe -LiteralPath "$TestDrive/recipe[1].yml" -OutputPath $TestDrive/literal 3>$null).Method | Should -Be 'cabs'
    }
}
