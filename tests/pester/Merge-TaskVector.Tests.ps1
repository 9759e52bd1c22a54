BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $vectors = 'upright', 'rotated' | ForEach-Object { Get-TaskVector $Models/$_ -BasePath $Models/base }
}

Describe 'Merge-TaskVector' {
    It 'adds a whole task vector: base + 1 · (expert − base)' {
        $null = $vectors[0] | Merge-TaskVector $TestDrive/whole 3>$null
        $difference = Compare-ModelCheckpoint $Models/upright $TestDrive/whole -Tolerance 1e-3
        $difference.Tensors | Where-Object Relation -EQ Values | Should -BeNullOrEmpty
        ($difference.Tensors | Where-Object Relation -EQ OnlyInReference).Name | Should -Be 'classifier.bias', 'classifier.weight'
    }

    It 'gives back the base with a weight of 0' {
        $null = $vectors | Merge-TaskVector $TestDrive/zero -Weight 0 3>$null
        (Compare-ModelCheckpoint $Models/base $TestDrive/zero).AreEqual | Should -BeTrue
    }

    It 'takes -OutputPath by position, relative to $PWD, on a PSDrive, with brackets' {
        $null = New-PSDrive -Name Results -PSProvider FileSystem -Root $TestDrive
        ($vectors | Merge-TaskVector 'Results:/one[1]' 3>$null).Path | Should -Be (Join-Path $TestDrive 'one[1]')
        Push-Location $TestDrive
        try { ($vectors | Merge-TaskVector two/deep 3>$null).Path | Should -Be (Join-Path $TestDrive two deep) } finally { Pop-Location }
    }

    It 'merges only what -Include and -Exclude let through' {
        $result = $vectors | Merge-TaskVector $TestDrive/some -Include layers.* -Exclude *.bias 3>$null
        $result.MergedTensors | Should -Be (Get-ModelTensor $Models/base layers.*.weight).Name
        (Compare-ModelCheckpoint $Models/base $TestDrive/some).DifferentTensors.Name | Should -Be $result.MergedTensors
    }

    It 'refuses -Weight together with -AutoWeight' {
        { $vectors | Merge-TaskVector $TestDrive/no -Weight 1 -AutoWeight } | Should -Throw -ErrorId 'AmbiguousParameterSet,*'
    }

    It 'asks with -Confirm where nobody can answer, and writes nothing' {
        { $vectors | Merge-TaskVector $TestDrive/asked -Confirm 3>$null } | Should -Throw
        Test-Path $TestDrive/asked | Should -BeFalse
    }

    It 'tells an operator what it is about to do and what it did, with -Verbose' {
        $said = $vectors | Merge-TaskVector $TestDrive/said -Verbose 3>$null 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | ForEach-Object Message
        "$said" | Should -Match '8 tensors are merged, 0 copied, on \d+ thread'
        "$said" | Should -Match 'merge upright, rotated into base by task_arithmetic: read .* write .* about .* of memory'
        "$said" | Should -Match "$([regex]::Escape((Join-Path $TestDrive said))): .*/s; at most .* of memory in use"
    }

    It 'writes nothing to the console' {
        $text = & ([Environment]::ProcessPath) -NoProfile -NonInteractive -Command "Import-Module '$Module'; `$null = Get-TaskVector '$Models/upright' -BasePath '$Models/base' | Merge-TaskVector '$TestDrive/quiet' 3>`$null" 2>&1
        $text | Should -BeNullOrEmpty
    }
}
