BeforeAll { . (Join-Path $PSScriptRoot 'Common.ps1') }

Describe 'Get-ModelCheckpoint' {
    It 'tells what headers and config.json say' {
        $model = Get-ModelCheckpoint $Models/upright
        $model | Should -BeOfType CabsPs.ModelCheckpoint
        $model.Name, $model.DType, $model.TensorCount, $model.ShardCount | Should -Be 'upright', 'F16', 10, 1
        $model.ParameterCount | Should -Be (Get-ModelTensor $Models/upright | Measure-Object Count -Sum).Sum
        $model.SizeBytes | Should -Be (2 * $model.ParameterCount)
    }

    It 'takes paths by position, from the pipeline, and by the names Path and PSPath' {
        (Get-ModelCheckpoint $Models/base, $Models/upright).Name | Should -Be 'base', 'upright'
        ("$Models/base", "$Models/upright" | Get-ModelCheckpoint).Name | Should -Be 'base', 'upright'
        ([pscustomobject]@{ Path = "$Models/base" } | Get-ModelCheckpoint).Name | Should -Be 'base'
        (Get-Item $Models/base | Get-ModelCheckpoint).Name | Should -Be 'base'
        (Get-ModelCheckpoint $Models/base | Get-ModelCheckpoint).Name | Should -Be 'base'
    }

    It 'takes a folder or its file, and names a lone file without its extension' {
        (Get-ModelCheckpoint $Models/base/model.safetensors).Name | Should -Be 'model'
    }

    It 'takes wildcards as wildcards, and brackets that exist as they are written' {
        (Get-ModelCheckpoint $Models/*ri*).Name | Should -Be 'upright'
        Copy-Item -Recurse $Models/base "$TestDrive/m[12]"
        Copy-Item -Recurse $Models/base "$TestDrive/m1"
        (Get-ModelCheckpoint "$TestDrive/m[12]").Name | Should -Be 'm[12]'
        (Get-ModelCheckpoint -LiteralPath "$TestDrive/m[12]").Name | Should -Be 'm[12]'
        (Get-Item -LiteralPath "$TestDrive/m[12]" | Get-ModelCheckpoint).Name | Should -Be 'm[12]'
        (Get-ModelCheckpoint "$TestDrive/m?").Name | Should -Be 'm1'
    }

    It 'resolves the home folder, PSDrives and $PWD' {
        $null = New-PSDrive -Name Shelf -PSProvider FileSystem -Root $Models
        Push-Location Shelf:/
        try { (Get-ModelCheckpoint ./base).Path | Should -Be (Join-Path $Models base) } finally { Pop-Location }
        (Get-ModelCheckpoint Shelf:/up*).Path | Should -Be (Join-Path $Models upright)
    }
}
