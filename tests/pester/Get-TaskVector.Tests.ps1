BeforeAll { . (Join-Path $PSScriptRoot 'Common.ps1') }

Describe 'Get-TaskVector' {
    It 'describes what base and model share' {
        $vector = Get-TaskVector $Models/upright -BasePath $Models/base
        $vector | Should -BeOfType CabsPs.TaskVector
        $vector.Name, $vector.Weight, $vector.Sparsification | Should -Be 'upright', 1, $null
        $vector.TensorCount | Should -Be (Get-ModelTensor $Models/base | Measure-Object).Count
        $vector.ParameterCount | Should -Be (Get-ModelCheckpoint $Models/base).ParameterCount
    }

    It 'takes a folder of experts' {
        $vectors = Get-ChildItem $Models -Exclude base | Get-TaskVector -BasePath $Models/base
        $vectors.Name | Sort-Object | Should -Be ($Tasks | Sort-Object)
    }

    It 'takes path, base and weight from the lines of a table' {
        "Path,BasePath,Weight`n$Models/upright,$Models/base,0.5`n$Models/rotated,$Models/base,-1" | ConvertFrom-Csv | Get-TaskVector | ForEach-Object Weight | Should -Be 0.5, -1
    }

    It 'goes on after a line whose base is wrong, and ends where the base of all is' {
        $lines = "Path,BasePath`n$Models/upright,$TestDrive/none`n$Models/rotated,$Models/base" | ConvertFrom-Csv
        $vectors = $lines | Get-TaskVector -ErrorAction SilentlyContinue -ErrorVariable errors
        $vectors.Name | Should -Be 'rotated'
        $errors.FullyQualifiedErrorId | Should -Be 'CheckpointNotFound,CabsPs.Commands.GetTaskVectorCommand'
        { Get-TaskVector $Models/upright -BasePath Env:/HOME } | Should -Throw -ErrorId 'PathNotFileSystem,CabsPs.Commands.GetTaskVectorCommand'
    }

    It 'opens no file until there is work, and holds none' {
        $vector = Get-TaskVector $Models/upright -BasePath $Models/base
        Copy-Item -Recurse $Models/upright $TestDrive/moved
        $gone = Get-TaskVector $TestDrive/moved -BasePath $Models/base
        Remove-Item -Recurse $TestDrive/moved
        $gone.Name | Should -Be 'moved'
        { $vector, $gone | Merge-TaskVector $TestDrive/out } | Should -Throw -ErrorId 'CheckpointNotFound,CabsPs.Commands.MergeTaskVectorCommand'
    }
}
