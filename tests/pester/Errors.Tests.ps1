BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')

    # a safetensors file from a header and its data, so that each lie can be told on purpose
    function New-Safetensors([string] $Folder, [string] $Header, [byte[]] $Data) {
        $null = New-Item -ItemType Directory -Force $Folder
        $json = [Text.Encoding]::UTF8.GetBytes($Header)
        [IO.File]::WriteAllBytes((Join-Path $Folder model.safetensors), [byte[]]([BitConverter]::GetBytes([long] $json.Length) + $json + $Data))
        $Folder
    }

    function New-Recipe([string] $Text) {
        $file = Join-Path $TestDrive "$([guid]::NewGuid().ToString('n')).yml"
        Set-Content $file $Text
        $file
    }

    $base = New-Safetensors $TestDrive/base '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}' ([byte[]]::new(12))
    $good = New-Safetensors $TestDrive/good '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}' ([byte[]] (1..12))
    $out = Join-Path $TestDrive 'out'
}

Describe 'One mistake, one error, nothing half-written' {
    AfterEach {
        Get-ChildItem $TestDrive -Force | Where-Object Name -Match '^\.?out' | ForEach-Object Name | Should -BeNullOrEmpty -Because 'a failed merge leaves nothing'
    }

    It 'names a missing tensor and both models' {
        $lacks = New-Safetensors $TestDrive/lacks '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}' ([byte[]]::new(8))
        $e = Get-OnlyError { Get-TaskVector -BasePath $base -Path $lacks | Merge-TaskVector -OutputPath $out }
        $e.FullyQualifiedErrorId | Should -Be 'TensorMissing,CabsPs.Commands.MergeTaskVectorCommand'
        $e.Exception.Message | Should -Match "'b'"
        $e.Exception.Message | Should -Match ([regex]::Escape($lacks))
        $e.Exception.Message | Should -Match ([regex]::Escape($base))
    }

    It 'names both shapes and both files' {
        $other = New-Safetensors $TestDrive/other '{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}' ([byte[]]::new(12))
        $e = Get-OnlyError { Get-TaskVector -BasePath $base -Path $other | Merge-TaskVector -OutputPath $out }
        $e.FullyQualifiedErrorId | Should -Be 'TensorShapeMismatch,CabsPs.Commands.MergeTaskVectorCommand'
        $e.Exception.Message | Should -Match '\[2\].*base.*\[1, 2\].*other'
    }

    It 'refuses vocabularies of different size, and cuts them when told to' {
        $tall = New-Safetensors $TestDrive/tall '{"model.embed_tokens.weight":{"dtype":"F32","shape":[3,1],"data_offsets":[0,12]}}' ([byte[]]::new(12))
        $short = New-Safetensors $TestDrive/short '{"model.embed_tokens.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}' ([byte[]]::new(8))
        $e = Get-OnlyError { Get-TaskVector -BasePath $tall -Path $short | Merge-TaskVector -OutputPath $out }
        $e.FullyQualifiedErrorId | Should -Be 'TensorShapeMismatch,CabsPs.Commands.MergeTaskVectorCommand'
        $result = Get-TaskVector -BasePath $tall -Path $short | Merge-TaskVector -UnsafeTruncateEmbedding -OutputPath $TestDrive/cut-to-fit -WarningAction SilentlyContinue
        (Get-ModelTensor $result.Path).Shape | Should -Be 2, 1
    }

    It 'names a truncated file' {
        $cut = New-Safetensors $TestDrive/cut '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}' ([byte[]]::new(10))
        $e = Get-OnlyError { Get-TaskVector -BasePath $base -Path $cut }
        $e.FullyQualifiedErrorId | Should -Be 'FileTruncated,CabsPs.Commands.GetTaskVectorCommand'
        $e.CategoryInfo.Category | Should -Be 'InvalidData'
        $e.Exception.Message | Should -Match 'cut.*model\.safetensors'
    }

    It 'names a header that lies about offsets' {
        $lies = New-Safetensors $TestDrive/lies '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}' ([byte[]]::new(8))
        $e = Get-OnlyError { Get-TaskVector -BasePath $base -Path $lies }
        $e.FullyQualifiedErrorId | Should -Be 'CheckpointInvalid,CabsPs.Commands.GetTaskVectorCommand'
        $e.Exception.Message | Should -Match "'a' and 'b' overlap"
    }

    It 'names line, key and nearest key of a recipe' {
        $recipe = New-Recipe "merge_method: cabs`nbase_model: $base`nmodel:`n  - model: $good"
        $e = Get-OnlyError { Invoke-MergeRecipe $recipe -OutputPath $out }
        $e.FullyQualifiedErrorId | Should -Be 'RecipeInvalid,CabsPs.Commands.InvokeMergeRecipeCommand'
        $e.Exception.Message | Should -Match "line 3: unknown key 'model'; did you mean 'models'\?"
        $e.TargetObject | Should -Be 'model'
    }

    It 'refuses n = <n> of m = <m>' -ForEach @{ n = 300; m = 256 }, @{ n = 0; m = 256 }, @{ n = -1; m = 256 }, @{ n = 1; m = 0 }, @{ n = 1; m = -4 } {
        $e = Get-OnlyError { Get-TaskVector -BasePath $base -Path $good | Invoke-CabsSparsify -N $n -M $m }
        $e.FullyQualifiedErrorId | Should -Be 'ParameterInvalid,CabsPs.Commands.InvokeCabsSparsifyCommand'
        $recipe = New-Recipe "merge_method: cabs`nbase_model: $base`nmodels:`n  - model: $good`n    parameters: { weight: 1 }`nparameters: { n: $n, m: $m }"
        $e = Get-OnlyError { Invoke-MergeRecipe $recipe -OutputPath $out }
        $e.FullyQualifiedErrorId | Should -Be 'ParameterInvalid,CabsPs.Commands.InvokeMergeRecipeCommand'
    }

    It 'refuses an expert that is the base' {
        $e = Get-OnlyError { Get-TaskVector -BasePath $base -Path "$TestDrive/./base" }
        $e.FullyQualifiedErrorId | Should -Be 'ExpertIsBase,CabsPs.Commands.GetTaskVectorCommand'
    }

    It 'lets the base stand in a recipe, where it adds nothing' {
        $with = New-Recipe "merge_method: task_arithmetic`nbase_model: $base`nmodels:`n  - model: $base`n  - model: $good`n    parameters: { weight: 1 }"
        $result = Invoke-MergeRecipe $with -OutputPath $TestDrive/with
        $result.TaskVectors.Name | Should -Be 'good'
    }

    It 'refuses an output folder that is not empty, and keeps it' {
        $null = New-Item -ItemType Directory $TestDrive/full
        Set-Content $TestDrive/full/notes.txt 'mine'
        $e = Get-OnlyError { Get-TaskVector -BasePath $base -Path $good | Merge-TaskVector -OutputPath $TestDrive/full }
        $e.FullyQualifiedErrorId | Should -Be 'OutputNotEmpty,CabsPs.Commands.MergeTaskVectorCommand'
        Get-ChildItem $TestDrive/full | ForEach-Object Name | Should -Be 'notes.txt'
    }

    It 'refuses to write into an input' {
        $e = Get-OnlyError { Get-TaskVector -BasePath $base -Path $good | Merge-TaskVector -OutputPath $good/merged }
        $e.FullyQualifiedErrorId | Should -Be 'OutputIsInput,CabsPs.Commands.MergeTaskVectorCommand'
    }

    It 'goes on with the good inputs after a bad one' {
        $vectors = Get-TaskVector -BasePath $base -Path $base, $TestDrive/nothing, $good -ErrorAction SilentlyContinue -ErrorVariable errors
        $vectors.Name | Should -Be 'good'
        $errors.FullyQualifiedErrorId | Should -Be 'ExpertIsBase,CabsPs.Commands.GetTaskVectorCommand', 'CheckpointNotFound,CabsPs.Commands.GetTaskVectorCommand'
    }

    It 'stops at a base that is not there' {
        { Get-TaskVector -BasePath $TestDrive/nothing -Path $good } | Should -Throw -ErrorId 'CheckpointNotFound,CabsPs.Commands.GetTaskVectorCommand'
    }

    It 'says that nothing came in, that weights do not fit, that a method or parameter is unknown' {
        { @() | Merge-TaskVector -OutputPath $out } | Should -Throw -ErrorId 'NothingToMerge,CabsPs.Commands.MergeTaskVectorCommand'
        $vector = Get-TaskVector -BasePath $base -Path $good
        { $vector | Merge-TaskVector -Weight 1, 2 -OutputPath $out } | Should -Throw -ErrorId 'WeightCountMismatch,CabsPs.Commands.MergeTaskVectorCommand'
        { $vector | Merge-TaskVector -Method cab -OutputPath $out } | Should -Throw "*did you mean 'cabs'*"
        { $vector | Merge-TaskVector -Parameter @{ lamda = 1 } -OutputPath $out } | Should -Throw "*did you mean 'lambda'*"
        { $vector, $vector | Merge-TaskVector -OutputPath $out } | Should -Throw -ErrorId 'DuplicateModel,CabsPs.Commands.MergeTaskVectorCommand'
        { $vector | Invoke-CabsSparsify | Invoke-CabsSparsify } | Should -Throw -ErrorId 'AlreadySparsified,CabsPs.Commands.InvokeCabsSparsifyCommand'
    }

    It 'refuses paths outside the file system' {
        $e = Get-OnlyError { Get-ModelCheckpoint Env:/PATH }
        $e.FullyQualifiedErrorId | Should -Be 'PathNotFileSystem,CabsPs.Commands.GetModelCheckpointCommand'
    }

    It 'names the tensor and index of a NaN, and lets it through when asked' {
        $nan = New-Safetensors $TestDrive/nan '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}' ([byte[]]([byte[]]::new(4) + [BitConverter]::GetBytes([float]::NaN) + [byte[]]::new(4)))
        $e = Get-OnlyError { Get-TaskVector -BasePath $base -Path $nan | Merge-TaskVector -OutputPath $out }
        $e.FullyQualifiedErrorId | Should -Be 'NonFiniteInput,CabsPs.Commands.MergeTaskVectorCommand'
        $e.Exception.Message | Should -Match "'a' holds NaN at index 1"
        Get-TaskVector -BasePath $base -Path $nan | Merge-TaskVector -AllowNonFinite -OutputPath $TestDrive/through | Should -Not -BeNullOrEmpty
    }
}
