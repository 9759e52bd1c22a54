BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')

    # what the Tab key offers at the end of a line
    function Get-Completion([string] $Line) { (TabExpansion2 -inputScript $Line -cursorColumn $Line.Length).CompletionMatches }
    function Get-CompletionText([string] $Line) { Get-Completion $Line | ForEach-Object CompletionText }
    $shared = 'embed.bias', 'embed.weight', 'layers.0.bias', 'layers.0.weight', 'layers.1.bias', 'layers.1.weight', 'norm.bias', 'norm.weight'
}

Describe 'The Tab key' {
    BeforeEach { Push-Location $Digits }
    AfterEach { Pop-Location }

    It 'offers the tensors of the given model' {
        Get-CompletionText 'Get-ModelTensor models/base -Name ' | Should -Be $shared
        Get-CompletionText 'Get-ModelTensor models/upright cl' | Should -Be 'classifier.bias', 'classifier.weight'
        Get-CompletionText 'Get-ModelTensor -LiteralPath models/base -Name *weight' | Should -Be ($shared -like '*weight')
        Get-CompletionText 'Get-ModelTensor models/base -Name norm.bias, emb' | Should -Be 'embed.bias', 'embed.weight'
        (Get-Completion 'Get-ModelTensor models/base embed.w').ToolTip | Should -Be 'F16 [256, 64]'
    }

    It 'offers them through a variable and from another drive' {
        $global:CabsModel = Join-Path $Models base
        Get-CompletionText 'Get-ModelTensor $CabsModel embed.b' | Should -Be 'embed.bias'
        $null = New-PSDrive -Name Zoo -PSProvider FileSystem -Root $Models -Scope Global
        Get-CompletionText 'Get-ModelTensor Zoo:/base embed.b' | Should -Be 'embed.bias'
        Remove-PSDrive Zoo
        Remove-Variable CabsModel -Scope Global
    }

    It 'quotes a name that is more than one word' {
        $header = [Text.Encoding]::UTF8.GetBytes('{"it''s one":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}')
        [IO.File]::WriteAllBytes("$TestDrive/odd.safetensors", [byte[]]([BitConverter]::GetBytes([long] $header.Length) + $header + [byte[]]::new(4)))
        $text = Get-CompletionText "Get-ModelTensor $TestDrive/odd.safetensors -Name it"
        $text | Should -BeExactly "'it''s one'"
        (Invoke-Expression "Get-ModelTensor $TestDrive/odd.safetensors -Name $text").Name | Should -Be "it's one"
    }

    It 'offers the base''s tensors where a merge includes or excludes some' {
        Get-CompletionText 'Get-TaskVector -BasePath models/base -Path models/upright | Merge-TaskVector -Include ' | Should -Be $shared
        Get-CompletionText 'Get-TaskVector -BasePath models/base -Path models/upright | Invoke-CabsSparsify | Merge-TaskVector -OutputPath out -Exclude norm' | Should -Be 'norm.bias', 'norm.weight'
        $global:CabsVectors = Get-TaskVector -BasePath models/base -Path models/upright
        Get-CompletionText '$CabsVectors | Merge-TaskVector -Include norm' | Should -Be 'norm.bias', 'norm.weight'
        Get-CompletionText 'Merge-TaskVector -InputObject $CabsVectors -Include norm' | Should -Be 'norm.bias', 'norm.weight'
        Remove-Variable CabsVectors -Scope Global
    }

    It 'offers the task vectors that come down the pipeline' {
        Get-CompletionText 'Get-TaskVector -BasePath models/base -Path models/upright, models/rotated | Invoke-CabsSparsify -Order ' | Should -Be 'upright', 'rotated'
        Get-CompletionText 'Get-TaskVector -BasePath models/base -Path models/[ru]* | Invoke-CabsSparsify -Order up' | Should -Be 'upright'
        $global:CabsVectors = Get-TaskVector -BasePath models/base -Path models/upright, models/inverted
        Get-CompletionText '$CabsVectors | Invoke-CabsSparsify -Order ' | Should -Be 'upright', 'inverted'
        Remove-Variable CabsVectors -Scope Global
    }

    It 'offers methods and sparsifiers, each with what it does' {
        Get-CompletionText 'Merge-TaskVector -Method dare' | Should -Be 'dare_linear', 'dare_ties'
        (Get-Completion 'Merge-TaskVector -Method ties').ToolTip | Should -Match 'elects a sign'
        Get-CompletionText 'Invoke-TaskVectorSparsify ' | Should -Be 'cabs', 'magnitude', 'random', 'della', 'outliers'
    }

    It 'offers the parameters of the given method, in a form that can be run' {
        $offered = Get-Completion 'Merge-TaskVector -Method ties -Parameter '
        $offered.ListItemText | Should -Be 'density', 'scope', 'assignment', 'rescale'
        $offered[0].ToolTip | Should -Match 'share of a task vector.*a number from 0 up'
        Get-CompletionText 'Merge-TaskVector -Method ties -Parameter sc' | Should -BeExactly "@{ scope = 'tensor' }"
        Get-CompletionText 'Invoke-TaskVectorSparsify outliers -Parameter g' | Should -BeExactly '@{ gamma = 0.01 }'
        $vector = Get-TaskVector -BasePath models/base -Path models/upright
        foreach ($sparsifier in 'magnitude', 'random', 'della', 'outliers') {
            foreach ($text in Get-CompletionText "Invoke-TaskVectorSparsify $sparsifier -Parameter ") {
                Invoke-Expression "`$vector | Invoke-TaskVectorSparsify $sparsifier 0.5 -Parameter $text" | Should -HaveCount 1
            }
        }
    }

    It 'offers folders and recipes where a path is wanted' {
        Get-CompletionText 'Get-ModelCheckpoint models/b' | Should -Be (Join-Path . models base)
        Get-CompletionText 'Get-TaskVector -BasePath models/b' | Should -Be (Join-Path . models base)
        Get-CompletionText 'Invoke-MergeRecipe ca' | Should -Be (Join-Path . cabs.yml)
    }

    It 'offers the words of <line>' -ForEach @(
        @{ line = 'Invoke-CabsSparsify -Assignment '; words = 'Joint', 'None', 'Sequential' }
        @{ line = 'Invoke-CabsSparsify -Tail '; words = 'Drop', 'Keep', 'Proportional' }
        @{ line = 'Merge-TaskVector -Overlap '; words = 'Sum', 'Ties' }
        @{ line = 'Merge-TaskVector -DType '; words = 'BFloat16', 'Float16', 'Float32', 'Float64' }
    ) {
        Get-CompletionText $line | Sort-Object | Should -Be $words
    }

    It 'offers nothing, and says nothing, where there is no model' {
        $Error.Clear()
        Get-CompletionText 'Get-ModelTensor models/nothing -Name zzz' | Should -BeNullOrEmpty
        Get-CompletionText 'Merge-TaskVector -Include zzz' | Should -BeNullOrEmpty
        Get-CompletionText "Get-ModelTensor $Digits/cabs.yml -Name zzz" | Should -BeNullOrEmpty
        $Error | Should -BeNullOrEmpty
    }
}

Describe 'Validation' {
    # a user's own out may lie where the tests are started
    BeforeAll { Push-Location $TestDrive }
    AfterAll { Pop-Location }

    It 'refuses <line> before anything is read' -ForEach @(
        @{ line = 'Merge-TaskVector -InputObject $null -OutputPath out' }
        @{ line = '$vector | Merge-TaskVector -OutputPath ""' }
        @{ line = '$vector | Merge-TaskVector -OutputPath out -ThrottleLimit 0' }
        @{ line = '$vector | Merge-TaskVector -OutputPath out -MaxMemory 0' }
        @{ line = '$vector | Merge-TaskVector -OutputPath out -ShardSize -1' }
        @{ line = '$vector | Merge-TaskVector -OutputPath out -DType int8' }
        @{ line = '$vector | Merge-TaskVector -OutputPath out -Weight 1 -AutoWeight' }
        @{ line = '$vector | Invoke-TaskVectorSparsify magnitude -Density 1.5' }
        @{ line = '$vector | Invoke-TaskVectorSparsify magnitude -Density NaN' }
        @{ line = '$vector | Invoke-CabsSparsify -Assignment first' }
        @{ line = 'Get-ModelTensor ""' }
    ) {
        $vector = Get-TaskVector -BasePath $Models/base -Path $Models/upright
        { Invoke-Expression $line } | Should -Throw -ExceptionType ([System.Management.Automation.ParameterBindingException])
        Test-Path out | Should -BeFalse
    }
}
