BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    function New-Model([string] $Name, [float[]] $Values, [int[]] $Shape = $Values.Count) {
        $null = New-Item -ItemType Directory $TestDrive/$Name
        $json = [Text.Encoding]::UTF8.GetBytes("{`"w`":{`"dtype`":`"F32`",`"shape`":[$($Shape -join ',')],`"data_offsets`":[0,$(4 * $Values.Count)]}}")
        [IO.File]::WriteAllBytes("$TestDrive/$Name/model.safetensors", [byte[]]([BitConverter]::GetBytes([long] $json.Length) + $json + ($Values | ForEach-Object { [BitConverter]::GetBytes($_) })))
    }
    New-Model first 1, 2, 3, 4
    New-Model second 1, 2, 3.5, 2
    New-Model wide 1, 2, 3, 4 2, 2
}

Describe 'Compare-ModelCheckpoint' {
    It 'gives the figures a person would work out' {
        $comparison = Compare-ModelCheckpoint $TestDrive/first $TestDrive/second
        $comparison | Should -BeOfType CabsPs.ModelComparison
        $comparison.AreEqual | Should -BeFalse
        # differences 0, 0, 0.5 and 2
        $comparison.MaxDifference, $comparison.MeanDifference, $comparison.ChangedFraction, $comparison.Count | Should -Be 2, 0.625, 0.5, 4
        $comparison.DifferentTensors.Name | Should -Be 'w'
        $comparison.Tensors[0].Relation | Should -Be 'Values'
    }

    It 'counts as equal what lies within the tolerance' {
        (Compare-ModelCheckpoint $TestDrive/first $TestDrive/second -Tolerance 0.5).ChangedFraction | Should -Be 0.25
        (Compare-ModelCheckpoint $TestDrive/first $TestDrive/second -Tolerance 2).AreEqual | Should -BeTrue
        (Compare-ModelCheckpoint $TestDrive/first $TestDrive/first).AreEqual | Should -BeTrue
    }

    It 'tells shapes and missing tensors apart from values' {
        $shape = (Compare-ModelCheckpoint $TestDrive/first $TestDrive/wide).Tensors[0]
        $shape.Relation, $shape.MaxDifference | Should -Be 'Shape', $null
        $shape.ReferenceShape.Count, $shape.DifferenceShape.Count | Should -Be 1, 2
        $relations = (Compare-ModelCheckpoint $TestDrive/first $Models/base).Tensors.Relation | Select-Object -Unique | Sort-Object
        $relations | Should -Be 'OnlyInReference', 'OnlyInDifference'
    }

    It 'compares several, by value and by name, and goes on after a bad one' {
        $all = "$TestDrive/first", "$TestDrive/none", "$TestDrive/second" | Compare-ModelCheckpoint $TestDrive/first -ErrorAction SilentlyContinue -ErrorVariable errors
        $all.AreEqual | Should -Be $true, $false
        $errors.FullyQualifiedErrorId | Should -Be 'CheckpointNotFound,CabsPs.Commands.CompareModelCheckpointCommand'
        (Get-Item $TestDrive/first, $TestDrive/second | Compare-ModelCheckpoint $TestDrive/first).AreEqual | Should -Be $true, $false
        { Compare-ModelCheckpoint $TestDrive/none $TestDrive/first } | Should -Throw -ErrorId 'CheckpointNotFound,*'
    }
}
