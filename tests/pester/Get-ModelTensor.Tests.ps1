BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    # -1, 0, 2, 0 as float32
    $null = New-Item -ItemType Directory $TestDrive/tiny
    $json = [Text.Encoding]::UTF8.GetBytes('{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"ids":{"dtype":"I64","shape":[1],"data_offsets":[16,24]}}')
    $data = foreach ($value in -1, 0, 2, 0) { [BitConverter]::GetBytes([float] $value) }
    [IO.File]::WriteAllBytes("$TestDrive/tiny/model.safetensors", [byte[]]([BitConverter]::GetBytes([long] $json.Length) + $json + $data + [byte[]]::new(8)))
}

Describe 'Get-ModelTensor' {
    It 'lists names, types, shapes and places without reading values' {
        $tensor = Get-ModelTensor $TestDrive/tiny w
        $tensor | Should -BeOfType CabsPs.TensorInfo
        $tensor.DType, $tensor.Count, $tensor.SizeBytes | Should -Be 'F32', 4, 16
        $tensor.Shape | Should -Be 2, 2
        $tensor.File | Should -Be (Join-Path $TestDrive tiny model.safetensors)
        $tensor.Norm | Should -BeNullOrEmpty
    }

    It 'adds figures of the values with -Statistics, and none for integers' {
        $ids, $w = Get-ModelTensor $TestDrive/tiny -Statistics | Sort-Object Name
        $w.Min, $w.Max, $w.Mean, $w.ZeroFraction | Should -Be -1, 2, 0.25, 0.5
        [Math]::Abs($w.Norm - [Math]::Sqrt(5)) | Should -BeLessThan 1e-12
        $ids.Norm | Should -BeNullOrEmpty
    }

    It 'filters by name, in the order of the model, each tensor once' {
        (Get-ModelTensor $Models/base -Name *.bias, norm.*).Name | Should -Be (Get-ModelTensor $Models/base | Where-Object Name -Match 'bias$|^norm').Name
        (Get-ModelTensor $Models/base NORM.*).Name | Should -BeNullOrEmpty -Because 'names of tensors are case-sensitive'
    }

    It 'suggests a name that is near, and goes on with the others' {
        $found = Get-ModelTensor $Models/base norm.wieght, norm.bias -ErrorAction SilentlyContinue -ErrorVariable errors
        $found.Name | Should -Be 'norm.bias'
        $errors.Count | Should -Be 1
        $errors[0].Exception.Message | Should -Match "did you mean 'norm.weight'\?"
        $errors[0].TargetObject | Should -Be 'norm.wieght'
    }

    It 'stops at the first when that is all the pipeline wants' {
        @(Get-ModelTensor $Models/* -Statistics | Select-Object -First 1).Count | Should -Be 1
    }
}
