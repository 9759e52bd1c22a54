BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $vectors = $Tasks | ForEach-Object { Get-TaskVector $Models/$_ -BasePath $Models/base -Weight 0.5 }
    $sparse = $vectors | Invoke-CabsSparsify -N 26 -M 256
}

Describe 'Export-TaskVector and Import-TaskVector' {
    It 'bring <what> back, as <format>, to merge to the same bytes' -ForEach @(
        @{ what = 'dense vectors'; format = 'Auto'; stored = 'Dense' }, @{ what = 'dense vectors'; format = 'Packed'; stored = 'Packed' }
        @{ what = 'sparsified vectors'; format = 'Auto'; stored = 'Packed' }, @{ what = 'sparsified vectors'; format = 'Dense'; stored = 'Dense' }
    ) {
        $given = $what -like 'dense*' ? $vectors : $sparse
        $folder = "$TestDrive/$what-$format"
        $files = $given | Export-TaskVector $folder -Format $format 3>$null
        $files | Should -BeOfType CabsPs.TaskVectorFile
        $files.Format | Select-Object -Unique | Should -Be $stored
        $files.Path | Should -Be ($Tasks | ForEach-Object { Join-Path $folder "$_.safetensors" })
        $back = $files | Import-TaskVector -BasePath $Models/base
        $back | Should -BeOfType CabsPs.TaskVector
        $back.Name | Should -Be $Tasks
        $back.Weight | Should -Be 0.5, 0.5, 0.5, 0.5
        $back.Sparsification | Should -Be $given.Sparsification
        $back.ParameterCount | Should -Be $given.ParameterCount
        $expected = $given | Merge-TaskVector "$folder/expected" 3>$null
        $result = $back | Merge-TaskVector "$folder/result" 3>$null
        Get-WeightHash $result.Path | Should -Be (Get-WeightHash $expected.Path)
        ($result.TaskVectors | ForEach-Object { "$($_.Name) $($_.Weight) $($_.KeptCount) $($_.NormKept.ToString('F6'))" }) | Should -Be ($expected.TaskVectors | ForEach-Object { "$($_.Name) $($_.Weight) $($_.KeptCount) $($_.NormKept.ToString('F6'))" })
        $result.Overlaps.SharedCount | Should -Be $expected.Overlaps.SharedCount
    }

    It 'store a sparsified vector in a tenth of the room of a dense one' {
        $small = $sparse[0] | Export-TaskVector $TestDrive/small.safetensors 3>$null
        $large = $vectors[0] | Export-TaskVector $TestDrive/large.safetensors 3>$null
        $small.Path | Should -Be (Join-Path $TestDrive small.safetensors)
        $small.SizeBytes | Should -BeLessThan ($large.SizeBytes / 5)
        $small.KeptCount | Should -Be ($sparse[0] | Merge-TaskVector $TestDrive/counted 3>$null).TaskVectors[0].KeptCount
        # deltas in float32, and a header
        $large.SizeBytes | Should -BeGreaterThan (4 * $vectors[0].ParameterCount)
    }

    It 'export a dense file that any reader of safetensors understands' {
        $file = $vectors[0] | Export-TaskVector $TestDrive/plain.safetensors 3>$null
        (Get-ModelTensor $file.Path).Name | Should -Be (Get-ModelTensor $Models/base).Name
        (Get-ModelTensor $file.Path).DType | Select-Object -Unique | Should -Be 'F32'
    }

    It 'take files from Get-ChildItem, and a weight' {
        $null = $vectors | Export-TaskVector $TestDrive/list 3>$null
        (Get-ChildItem $TestDrive/list | Import-TaskVector -BasePath $Models/base -Weight 2).Weight | Should -Be 2, 2, 2, 2
        (Import-TaskVector $TestDrive/list/*ted.safetensors -BasePath $Models/base).Name | Should -Be 'inverted', 'rotated'
    }

    It 'sparsify what was imported dense' {
        $null = $vectors | Export-TaskVector $TestDrive/later 3>$null
        $later = $Tasks | ForEach-Object { Import-TaskVector $TestDrive/later/$_.safetensors -BasePath $Models/base } | Invoke-CabsSparsify -N 26 -M 256
        Get-WeightHash ($later | Merge-TaskVector $TestDrive/later-merged 3>$null).Path | Should -Be (Get-WeightHash ($sparse | Merge-TaskVector $TestDrive/now-merged 3>$null).Path)
    }

    It 'replace a file only with -Force, never two vectors in one, and write nothing with -WhatIf' {
        $first = $vectors[0] | Export-TaskVector $TestDrive/one.safetensors 3>$null
        (Get-OnlyError { param() $vectors[1] | Export-TaskVector $TestDrive/one.safetensors 3>$null }).FullyQualifiedErrorId | Should -Be 'OutputNotEmpty,CabsPs.Commands.ExportTaskVectorCommand'
        (Get-OnlyError { param() $vectors[0, 1] | Export-TaskVector $TestDrive/two.safetensors -Force 3>$null }).FullyQualifiedErrorId | Should -Be 'DuplicateModel,CabsPs.Commands.ExportTaskVectorCommand'
        (Import-TaskVector $TestDrive/two.safetensors -BasePath $Models/base).Name | Should -Be $Tasks[0]
        ($vectors[1] | Export-TaskVector $first.Path -Force 3>$null).Name | Should -Be $Tasks[1]
        $vectors | Export-TaskVector $TestDrive/if -WhatIf 3>$null | Should -BeNullOrEmpty
        Test-Path $TestDrive/if | Should -BeFalse
    }

    It 'go on with the next vector after one that fails' {
        Copy-Item -Recurse $Models/rotated $TestDrive/short
        $short = Get-TaskVector $TestDrive/short -BasePath $Models/base
        Remove-Item $TestDrive/short/model.safetensors
        $files = $vectors[0], $short, $vectors[2] | Export-TaskVector $TestDrive/rest -ErrorAction SilentlyContinue -ErrorVariable errors 3>$null
        $files.Name | Should -Be 'upright', 'inverted'
        $errors.FullyQualifiedErrorId | Should -Be 'CheckpointNotFound,CabsPs.Commands.ExportTaskVectorCommand'
    }
}
