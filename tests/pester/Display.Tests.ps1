BeforeDiscovery {
    $cmdlets = (Import-PowerShellDataFile (Join-Path $PSScriptRoot '../../module/Cabs.psd1')).CmdletsToExport | ForEach-Object { @{ name = $_ } }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')

    # the lines a person sees, without the empty ones and without colours
    function Get-Shown([Parameter(ValueFromPipeline)] $Object, [int] $Width = 120) {
        begin { $all = [System.Collections.Generic.List[object]]::new() }
        process { $all.Add($Object) }
        end { ($all | Out-String -Width $Width) -replace '\x1b\[[\d;]*m' -split '\r?\n' | ForEach-Object TrimEnd | Where-Object { $_ } }
    }

    # a file of one tensor; the file need not hold what the header promises when only its length is looked at
    function New-Tensor([string] $Path, [string] $DType, [long] $Count, [int] $Size, [byte[]] $Data) {
        $header = [Text.Encoding]::UTF8.GetBytes("{""t"":{""dtype"":""$DType"",""shape"":[$Count],""data_offsets"":[0,$($Count * $Size)]}}")
        $file = [IO.File]::Create($Path)
        $file.Write([BitConverter]::GetBytes([long] $header.Length))
        $file.Write($header)
        if ($Data) { $file.Write($Data) } else { $file.SetLength(8 + $header.Length + $Count * $Size) }
        $file.Dispose()
    }
}

Describe 'What <name> emits' -ForEach $cmdlets {
    It 'has a view of its own, and so have the objects in its properties' {
        $types = [System.Collections.Generic.Queue[type]]::new()
        (Get-Command $name).OutputType.Type | Where-Object { $_ } | ForEach-Object { $types.Enqueue($_) }
        $types.Count | Should -BeGreaterThan 0
        while ($types.Count -gt 0) {
            $type = $types.Dequeue()
            if ($type.Assembly.GetName().Name -ne 'CabsPs' -or $type.IsEnum) { continue }
            Get-FormatData -TypeName $type.FullName | Should -Not -BeNullOrEmpty -Because "$type is shown"
            $type.GetProperties().PropertyType | ForEach-Object { $_.IsArray ? $_.GetElementType() : $_ } | ForEach-Object { $types.Enqueue($_) }
        }
    }
}

Describe 'Numbers' {
    It 'shows <value> bytes as <shown>' -ForEach @(
        @{ value = 14483464192; shown = '14.5 GB' }, @{ value = 640; shown = '640 B' }, @{ value = 999600; shown = '1.00 MB' }, @{ value = 0; shown = '0 B' }
    ) { [CabsPs.Display]::Bytes($value) | Should -BeExactly $shown }

    It 'shows a count of <value> as <shown>' -ForEach @(
        @{ value = 7241732096; shown = '7.24 B' }, @{ value = 148736; shown = '149 K' }, @{ value = 12; shown = '12' }
    ) { [CabsPs.Display]::Count($value) | Should -BeExactly $shown }

    It 'shows <value> as <shown>, never as 0.00' -ForEach @(
        @{ value = 0.0000123; shown = '1.23e-5' }, @{ value = -0.000004; shown = '-4e-6' }, @{ value = 0.0042; shown = '0.0042' }, @{ value = 1; shown = '1.00' }, @{ value = 0; shown = '0' }, @{ value = [double]::NaN; shown = 'NaN' }
    ) { [CabsPs.Display]::Number($value) | Should -BeExactly $shown }

    It 'shows a share of <value> as <shown>' -ForEach @(
        @{ value = 0.1016; shown = '10.2 %' }, @{ value = 0.0000001; shown = '1e-5 %' }, @{ value = 1; shown = '100 %' }, @{ value = $null; shown = '' }
    ) { [CabsPs.Display]::Percent($value) | Should -BeExactly $shown }

    It 'does not depend on the culture' {
        $old = [cultureinfo]::CurrentCulture
        try {
            [cultureinfo]::CurrentCulture = 'de-DE'
            [CabsPs.Display]::Bytes(14483464192), [CabsPs.Display]::Exact(1234567), [CabsPs.Display]::Number(0.25), [CabsPs.Display]::Scores([ordered]@{ a = 0.92875; b = 1.0 }) |
                Should -BeExactly '14.5 GB', '1,234,567', '0.25', 'a: 0.9288, b: 1'
        }
        finally { [cultureinfo]::CurrentCulture = $old }
    }
}

Describe 'Models and tensors' {
    It 'shows a model of 7 billion weights without reading them' -Skip:$IsWindows {
        # a file with a hole: it takes no room on the disk
        $null = New-Item -ItemType Directory $TestDrive/big
        New-Tensor $TestDrive/big/model.safetensors BF16 7241732096 2
        $model = Get-ModelCheckpoint $TestDrive/big
        ($model | Get-Shown -Width 200)[2] | Should -Match '^big +BF16 +1 +7\.24 B +14\.5 GB +1 '
        $list = $model | Format-List | Get-Shown
        $list | Should -Contain 'Parameters   : 7.24 B (7,241,732,096)'
        $list | Should -Contain 'Size         : 14.5 GB (14,483,464,192 bytes)'
    }

    It 'shows tensors in a table' {
        $lines = Get-ModelTensor $Models/base embed.* | Get-Shown
        $lines | Should -BeExactly @(
            'Name         DType Shape      Count    Size File'
            '----         ----- -----      -----    ---- ----'
            'embed.bias   F16   [256]        256   512 B model.safetensors'
            'embed.weight F16   [256, 64] 16.4 K 32.8 KB model.safetensors')
    }

    It 'shows the figures of tensors in a table of their own, small ones too' {
        New-Tensor $TestDrive/small.safetensors F32 4 4 ([byte[]] (0.00002, 0, 0, -0.00001 | ForEach-Object { [BitConverter]::GetBytes([float] $_) }))
        $line = (Get-ModelTensor $TestDrive/small.safetensors -Statistics | Get-Shown -Width 80)[2]
        $line | Should -Match '^t +F32 +-1e-5 +2e-5 +2\.5e-6 +2\.24e-5 +50\.0 %$'
    }

    It 'fits the figures into 80 columns' {
        Get-ModelTensor $Models/base -Statistics | Get-Shown -Width 80 | ForEach-Object { $_.Length | Should -BeLessOrEqual 80 }
        (Get-ModelTensor $Models/base layers.0.weight -Statistics | Get-Shown -Width 80)[0] | Should -Match '^Name +DType +Min +Max +Mean +Norm +Zeros$'
    }

    It 'lists everything about a tensor' {
        $list = Get-ModelTensor $Models/base embed.weight -Statistics | Format-List | Get-Shown
        $list -replace ' *:.*' | Should -Be 'Name', 'DType', 'Shape', 'Count', 'Size', 'Min', 'Max', 'Mean', 'Norm', 'Zeros', 'File'
        $list | Should -Contain 'Count : 16.4 K (16,384)'
    }
}

Describe 'Task vectors and results' {
    BeforeAll {
        $vectors = Get-TaskVector -BasePath $Models/base -Path ($Tasks | ForEach-Object { "$Models/$_" }) -Weight 0.0005
        $result = $vectors | Invoke-CabsSparsify 100 256 | Merge-TaskVector -OutputPath $TestDrive/merged -WarningAction Ignore
    }

    It 'shows task vectors in a table and as a list' {
        ($vectors[0] | Get-Shown -Width 300)[0] | Should -Match '^Name +Weight +Sparsification +Tensors +Parameters +Base$'
        ($vectors[0] | Get-Shown -Width 300)[2] | Should -Match '^upright +5e-4 +dense +8 +149 K '
        $vectors[0] | Format-List | Get-Shown -Width 300 | Should -Contain 'Parameters     : 149 K (148,736)'
    }

    It 'shows a result as a list, and several as a table' {
        $list = $result | Get-Shown
        $list[0] | Should -BeExactly "Path        : $($result.Path)"
        $list | Should -Contain 'Tensors     : 8 merged, 0 copied, 8 left out'
        $list -match 'upright: weight 5e-4, kept \d\d\.\d %, norm kept \d\d\.\d %' | Should -HaveCount 1
        # four vectors of 100 in 256: the overlap is what does not fit, and the largest comes first
        $shares = ($list -match 'Jaccard') -replace '.*Jaccard ([\d.]+) %.*', '$1'
        $shares | Should -HaveCount 6
        $shares | Should -Be ($shares | Sort-Object { [double] $_ } -Descending)
        ($result | Format-Table | Get-Shown -Width 300)[2] | Should -Match '^task_arithmetic +4 +8 +0 +8 +30\d KB +\S+ s +/|^task_arithmetic .*:'
    }

    It 'cuts a long list of pairs, and says where the rest is' {
        # eight experts make 28 pairs
        foreach ($i in 1..8) { Copy-Item -Recurse $Models/upright $TestDrive/expert$i }
        $many = Get-TaskVector -BasePath $Models/base -Path (1..8 | ForEach-Object { "$TestDrive/expert$_" }) | Invoke-TaskVectorSparsify magnitude 0.1 |
            Merge-TaskVector -OutputPath $TestDrive/many -WarningAction Ignore
        $list = $many | Get-Shown
        $list -match 'Jaccard 100 %' | Should -HaveCount 9
        $list -match '… 19 more under Overlaps' | Should -HaveCount 1
        $many.Overlaps | Should -HaveCount 28
    }

    It 'shows what the properties of a result hold' {
        ($result.TaskVectors | Get-Shown)[0] | Should -BeExactly 'Name      Weight Density NormKept'
        ($result.Overlaps | Get-Shown)[0] | Should -BeExactly 'First    Second    Shared Jaccard ShareOfSmaller'
        ($result.Files | Get-Shown -Width 300)[0] | Should -Match '^Name +Size .*Path$'
        ($result.LeftOut | Get-Shown -Width 200)[2] | Should -Match '^upright +classifier\.bias +the base has no such tensor$'
    }
}

Describe 'Properties' {
    It 'never touch a file' {
        Copy-Item -Recurse $Models $TestDrive/gone
        $objects = @(
            Get-ModelCheckpoint $TestDrive/gone/base
            Get-ModelTensor $TestDrive/gone/base -Statistics
            $vectors = Get-TaskVector -BasePath $TestDrive/gone/base -Path $TestDrive/gone/upright, $TestDrive/gone/rotated
            $vectors
            $vectors | Invoke-CabsSparsify 8 32
            $vectors | Merge-TaskVector -OutputPath $TestDrive/gone/merged -WarningAction Ignore
        )
        $before = $objects | Format-List * | Get-Shown -Width 300
        $table = $objects | ForEach-Object { $_ | Get-Shown -Width 300 }
        Remove-Item -Recurse $TestDrive/gone
        $objects | Format-List * | Get-Shown -Width 300 | Should -Be $before
        $objects | ForEach-Object { $_ | Get-Shown -Width 300 } | Should -Be $table
    }
}
