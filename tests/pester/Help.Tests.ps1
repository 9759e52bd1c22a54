BeforeDiscovery {
    $root = Join-Path $PSScriptRoot '../..'
    $cmdlets = (Import-PowerShellDataFile (Join-Path $root 'module/Cabs.psd1')).CmdletsToExport | ForEach-Object { @{ name = $_ } }
    $topics = Get-ChildItem (Join-Path $root 'docs/en-US') -Filter about_*.md | ForEach-Object { @{ topic = $_.BaseName } }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    . (Join-Path $Root 'docs/HelpExamples.ps1')
}

Describe 'Help of <name>' -ForEach $cmdlets {
    BeforeAll {
        $help = Get-Help $name
        $command = Get-Command $name
    }

    It 'has a synopsis, a description, inputs and outputs' {
        # without a page PowerShell makes a synopsis of the syntax
        $help.Synopsis | Should -Not -Match '\[<CommonParameters>\]'
        $help.Synopsis | Should -Match '^\S.{15,}\.$'
        ($help.description.Text -join '').Length | Should -BeGreaterThan 100
        $help.inputTypes.inputType.type.name | Should -Not -BeNullOrEmpty
        $help.returnValues.returnValue.type.name | Sort-Object -Unique | Should -Be ($command.OutputType.Name | Sort-Object -Unique)
    }

    It 'has at least two examples with what they print' {
        $examples = @($help.examples.example)
        $examples.Count | Should -BeGreaterOrEqual 2
        foreach ($example in $examples) {
            $example.title | Should -Match 'Example \d+: \S'
            $example.code.Trim() | Should -Not -BeNullOrEmpty
        }
    }

    It 'describes every parameter, and none that is not there' {
        $own = $command.Parameters.Keys | Where-Object { $_ -notin [System.Management.Automation.Cmdlet]::CommonParameters -and $_ -ne 'ProgressAction' }
        foreach ($parameter in $own) {
            $found = $help.parameters.parameter | Where-Object name -CEQ $parameter
            ($found.description.Text -join '').Length | Should -BeGreaterThan 10 -Because "$name -$parameter needs a text"
        }
        $help.parameters.parameter.name | Sort-Object | Should -Be ($own | Sort-Object)
        @($help.syntax.syntaxItem).Count | Should -Be $command.ParameterSets.Count
    }
}

Describe 'The pages' {
    It 'have the syntax and parameters that the code has (docs/Update-Help.ps1 renews them)' {
        $stale = & ([Environment]::ProcessPath) -NoProfile -NonInteractive -File (Join-Path $Root 'docs/Update-Help.ps1') -WhatIf
        $stale | Should -BeNullOrEmpty
    }

    It 'show what their examples print (docs/Update-Help.ps1 -Example renews it)' {
        $pages = Get-ChildItem (Join-Path $Root 'docs/en-US') -Filter *-*.md
        $blocks = @($pages | ForEach-Object { , @(Get-ExampleBlock (Get-Content $_ -Raw)) })
        $outputs = @(Invoke-ExampleBlock $blocks)
        for ($page = 0; $page -lt $pages.Count; $page++) {
            for ($i = 0; $i -lt $blocks[$page].Count; $i++) {
                if ($null -ne $blocks[$page][$i].Output) {
                    Get-StableText $outputs[$page][$i] | Should -BeExactly (Get-StableText $blocks[$page][$i].Output) -Because "$($pages[$page].Name): $($blocks[$page][$i].Code)"
                }
            }
        }
    }

    It 'are found in any language' -ForEach @{ language = 'C' }, @{ language = 'de_DE.UTF-8' }, @{ language = 'ja_JP.UTF-8' } {
        $old = $env:LC_ALL
        $env:LC_ALL = $language
        try {
            $seen = & ([Environment]::ProcessPath) -NoProfile -NonInteractive -Command "Import-Module '$Module'; (Get-Help Get-ModelTensor).Synopsis; (Get-Help about_Cabs_Recipes).Length -gt 1000"
        }
        finally { $env:LC_ALL = $old }
        $seen | Should -Be 'Lists the tensors of models, on request with figures of their values.', 'True'
    }
}

Describe 'Topic <topic>' -ForEach $topics {
    It 'is found, with a synopsis, in lines that fit a terminal' {
        $text = Get-Help $topic
        $text | Should -BeOfType string
        (Get-Help "$topic*" | Where-Object Name -EQ $topic).Synopsis | Should -Match '^\S.{15,}\.$'
        # code may be wider
        $text -split '\n' | Where-Object { $_.Length -gt 79 -and $_ -notmatch '^ {8}\S' } | Should -BeNullOrEmpty
    }
}

Describe 'about_Cabs_Methods' {
    It 'has every method and sparsifier that the cmdlets complete, each with formula and source' {
        $text = Get-Help about_Cabs_Methods
        foreach ($line in 'Merge-TaskVector -Method ', 'Invoke-TaskVectorSparsify ') {
            $names = [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText
            $names.Count | Should -BeGreaterOrEqual 5
            foreach ($method in $names) { $text | Should -Match "(?m)^  $method\r?$" }
        }
        $methods = ($text -split '(?m)^METHODS\r?$')[1] -split '(?m)^STEPS AFTER'
        $parts = $methods[0] -split '(?m)^  (?=\w+\r?$)' | Where-Object { $_.Trim() }
        foreach ($part in $parts) { $part | Should -Match '(?s)Formula: \S.*Source: \S.*(- \w+: |takes no parameters)' }
    }
}

Describe 'about_Cabs_Recipes' {
    It 'shows recipes that can run' {
        $recipes = [regex]::Matches((Get-Content (Join-Path $Root 'docs/en-US/about_Cabs_Recipes.md') -Raw), '(?ms)^```yaml\n(.*?)^```')
        $recipes.Count | Should -BeGreaterOrEqual 5
        Push-Location $Digits
        try {
            foreach ($recipe in $recipes) {
                Set-Content $TestDrive/recipe.yml $recipe.Groups[1].Value
                Test-MergeRecipe $TestDrive/recipe.yml -ErrorAction Stop -WarningAction Ignore | Should -BeTrue
            }
        }
        finally { Pop-Location }
    }
}

Describe 'The build of help' {
    It 'refuses a page, naming file and line' -ForEach @(
        @{ text = "# Get-Thing`n`n## SYNOPSIS`n{{ one sentence }}`n"; line = 4; message = 'has no text yet' }
        @{ text = "# Get-Think`n"; line = 1; message = "'# Get-Thing' has to stand here" }
        @{ text = "# Get-Thing`n## SYNOPSIS`nA thing.`n## DESCRIPTION`n"; line = 4; message = "'## SYNTAX' has to stand here" }
    ) {
        $tool = Get-ChildItem (Join-Path $Root 'src/CabsPs.Help/bin') -Recurse -Filter CabsPs.Help.dll | Sort-Object LastWriteTime | Select-Object -Last 1
        $null = New-Item -ItemType Directory -Force $TestDrive/pages
        Set-Content $TestDrive/pages/Get-Thing.md $text
        $said = & dotnet $tool.FullName $TestDrive/pages $TestDrive/help 2>&1 | Out-String
        $LASTEXITCODE | Should -Be 1
        $said | Should -Match ([regex]::Escape("$(Join-Path $TestDrive pages Get-Thing.md)($line): error HELP001: "))
        $said | Should -Match ([regex]::Escape($message))
        Test-Path $TestDrive/help | Should -BeFalse
    }
}
