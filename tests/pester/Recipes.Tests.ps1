BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    Add-Type -Path (Join-Path $PSScriptRoot 'SafetensorsDifference.cs')
    $Cases = Join-Path $Root 'tests/golden-recipes'
    $named = Join-Path $Cases 'recipes/documents_named_only.yml'

    # two documents: an average, and a merge that uses it
    function New-Staged([string] $Last) {
        $file = Join-Path $TestDrive "$([guid]::NewGuid().ToString('n')).yml"
        Set-Content $file @"
name: middle
merge_method: linear
models:
  - {model: $Models/upright, parameters: {weight: 1}}
  - {model: $Models/rotated, parameters: {weight: 1}}
---
merge_method: task_arithmetic
base_model: $Models/base
models:
  - {model: middle, parameters: {weight: 0.5}}
$Last
"@
        $file
    }
}

Describe 'Recipes of several documents' {
    BeforeEach { Push-Location $Cases }
    AfterEach { Pop-Location }

    It 'keeps the results of named documents in -StagesPath' {
        $results = Invoke-MergeRecipe $named -StagesPath $TestDrive/named -WarningAction SilentlyContinue
        $results.Path | Sort-Object | Should -Be ('stack', 'stack-two', 'tall' | ForEach-Object { Join-Path $TestDrive named $_ })
        foreach ($name in 'stack', 'stack-two', 'tall') {
            [SafetensorsDifference]::Largest("$Cases/expected/documents_named_only.$name.safetensors", "$TestDrive/named/$name/model.safetensors", $true) | Should -Be 0
        }
    }

    It 'needs -StagesPath, and takes no -OutputPath, when all documents have names' {
        (Get-OnlyError { Invoke-MergeRecipe $named }).Exception.Message | Should -Match 'give -StagesPath'
        (Get-OnlyError { Invoke-MergeRecipe $named -OutputPath $TestDrive/none }).Exception.Message | Should -Match 'nothing goes to -OutputPath'
        Test-Path $TestDrive/none | Should -BeFalse
    }

    It 'writes the result alone without -StagesPath, and the same with it' {
        $recipe = New-Staged
        $result = Invoke-MergeRecipe $recipe -OutputPath $TestDrive/alone
        $result.Path | Should -Be (Join-Path $TestDrive alone)
        Get-ChildItem $TestDrive -Force | Where-Object Name -Match 'stages' | Should -BeNullOrEmpty -Because 'results that nobody asked for go again'
        $both = Invoke-MergeRecipe $recipe -OutputPath $TestDrive/both -StagesPath $TestDrive/kept
        $both.Path | Should -Be (Join-Path $TestDrive kept middle), (Join-Path $TestDrive both)
        Get-WeightHash $TestDrive/both | Should -Be (Get-WeightHash $TestDrive/alone)
    }

    It 'needs a place for the result' {
        (Get-OnlyError { Invoke-MergeRecipe (New-Staged) }).FullyQualifiedErrorId | Should -Be 'OutputMissing,CabsPs.Commands.InvokeMergeRecipeCommand'
    }

    It 'writes nothing with -WhatIf' {
        Invoke-MergeRecipe (New-Staged) -OutputPath $TestDrive/what -StagesPath $TestDrive/if -WhatIf
        Test-Path $TestDrive/what, $TestDrive/if | Should -Be $false, $false
    }
}

Describe 'Test-MergeRecipe' {
    It 'is true for a recipe that can run, and writes nothing' {
        Test-MergeRecipe (New-Staged) -OutputPath $TestDrive/checked | Should -BeTrue
        Test-MergeRecipe (Join-Path $Digits cabs.yml) | Should -BeTrue
        Test-Path $TestDrive/checked | Should -BeFalse
    }

    It 'tells all problems at once, each as an error with its line and key' {
        $recipe = New-Staged "parameters: {lambd: 1}`ndtyp: float32`nexclude: [nothing*]"
        $answer = Test-MergeRecipe $recipe -ErrorVariable problems -ErrorAction SilentlyContinue
        $answer | Should -BeFalse
        $problems.Count | Should -Be 2
        $problems[0].Exception.Message | Should -Match 'line 11: .*lambd'
        $problems[1].Exception.Message | Should -Match 'line 12: .*dtyp'
        $problems[1].TargetObject | Should -Be 'dtyp'
        $problems.FullyQualifiedErrorId | Select-Object -Unique | Should -Be 'RecipeInvalid,CabsPs.Commands.TestMergeRecipeCommand'
    }

    It 'warns of what may not be meant' {
        Test-MergeRecipe (New-Staged 'exclude: [nothing*]') -WarningVariable said -WarningAction SilentlyContinue | Should -BeTrue
        "$said" | Should -Match "exclude 'nothing\*' fits no tensor"
    }

    It 'is false for a file that is no recipe, one answer per file' {
        Set-Content $TestDrive/a.yml '[broken'
        Set-Content $TestDrive/b.yml (Get-Content (New-Staged) -Raw)
        Test-MergeRecipe $TestDrive/[ab].yml -ErrorAction SilentlyContinue | Should -Be $false, $true
    }

    It 'refuses a destination that Invoke-MergeRecipe would refuse' {
        Test-MergeRecipe (New-Staged) -OutputPath $Models/base -Force -ErrorAction SilentlyContinue | Should -BeFalse
    }
}
