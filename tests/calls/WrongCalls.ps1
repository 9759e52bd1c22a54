# Calls that must fail, each with the one id that about_Cabs_Errors gives for it. Run in a session that has Cabs, with an empty folder; makes
# the inputs there and emits Id, Cmdlet, Script (run in that folder) and the part of the message that names what is wrong.
param([Parameter(Mandatory)] [string] $Folder)
$ErrorActionPreference = 'Stop'
$repository = (Resolve-Path (Join-Path $PSScriptRoot '../..')).Path

# a safetensors file from a header and its data, so that each lie can be told on purpose
function New-Model([string] $Name, [string] $Header, [byte[]] $Data) {
    $path = New-Item -ItemType Directory -Force (Join-Path $Folder $Name)
    $json = [Text.Encoding]::UTF8.GetBytes($Header)
    [IO.File]::WriteAllBytes((Join-Path $path model.safetensors), [byte[]]([BitConverter]::GetBytes([long] $json.Length) + $json + $Data))
}
function New-Text([string] $Name, [string] $Text) { $null = New-Item -Force -ItemType File -Path (Join-Path $Folder $Name) -Value $Text }

$plain = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}'
$integer = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"I32","shape":[1],"data_offsets":[8,12]}}'
New-Model base $plain ([byte[]]::new(12))
New-Model good $plain ([byte[]](1..12))
New-Model other $plain ([byte[]](2..13))
New-Model base2 $plain ([byte[]](3..14))
New-Model lacks '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}' ([byte[]]::new(8))
New-Model shaped '{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}' ([byte[]]::new(12))
New-Model counts $integer ([byte[]]::new(12))
New-Model counted $integer ([byte[]](1..12))
New-Model lies '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}' ([byte[]]::new(8))
New-Model cut $plain ([byte[]]::new(10))
New-Model nan $plain ([byte[]]([byte[]]::new(4) + [BitConverter]::GetBytes([float]::NaN) + [byte[]]::new(4)))
New-Model config $plain ([byte[]]::new(12))
New-Text config/config.json '{broken'
New-Text full/notes.txt 'mine'
New-Text file 'not a folder'
New-Text key.yml "merge_method: cabs`nbase_model: base`nmodel: []"
New-Text good.yml "merge_method: task_arithmetic`nbase_model: base`nmodels:`n  - {model: good, parameters: {weight: 1}}"
$null = Get-TaskVector -BasePath (Join-Path $Folder base) -Path (Join-Path $Folder good) | Export-TaskVector (Join-Path $Folder good.safetensors)
# vocabularies need models with tokenizers
$recipes = Join-Path $repository tests/golden-recipes
Copy-Item -Recurse (Join-Path $recipes models/base) (Join-Path $Folder speaks)
Copy-Item -Recurse (Join-Path $recipes models/base) (Join-Path $Folder mumbles)
New-Text mumbles/tokenizer.json '{'
$vocabulary = "merge_method: linear`nmodels:`n  - {model: speaks, parameters: {weight: 1}}`n  - {model: MODEL, parameters: {weight: 1}}`ntokenizer: {source: union, tokens: {'<|nobody|>': {source: speaks}}}"
New-Text mumbles.yml ($vocabulary -creplace 'MODEL', 'mumbles')
Copy-Item -Recurse (Join-Path $recipes models/bravo) (Join-Path $Folder bravo)
New-Text nobody.yml ($vocabulary -creplace 'MODEL', 'bravo')

# a result of another merge, and a merge that is told to have statistics of tensors that no file has
$null = Get-TaskVector -BasePath (Join-Path $Folder base) -Path (Join-Path $Folder good) | Merge-TaskVector (Join-Path $Folder done) -WarningAction Ignore
New-Text fisher.yml "merge_method: fisher`nmodels:`n  - {model: good, parameters: {fisher_path: good}}`n  - {model: other, parameters: {fisher_path: lacks}}"

$merge = 'Get-TaskVector good -BasePath base | Merge-TaskVector out'
$calls = @(
    , @('CheckpointNotFound', 'Get-ModelCheckpoint nothing', 'no such folder')
    , @('CheckpointInvalid', 'Get-ModelCheckpoint lies', "'a' and 'b' overlap")
    , @('FileTruncated', 'Get-ModelTensor cut', 'cut.model.safetensors')
    , @('ConfigInvalid', 'Get-ModelCheckpoint config', 'config.json')
    , @('PathNotFound', 'Get-ModelCheckpoint Nowhere:/model', 'Nowhere')
    , @('PathNotFileSystem', 'Get-ModelCheckpoint Env:/PATH', 'Environment provider')
    , @('WildcardMatchesNothing', 'Get-ModelCheckpoint none*', 'matches no file or folder')
    , @('TensorNotFound', 'Get-ModelTensor base -Name c', "no tensor 'c'")
    , @('ExpertIsBase', 'Get-TaskVector ./base -BasePath base', 'is the base itself')
    , @('TensorMissing', 'Get-TaskVector lacks -BasePath base | Merge-TaskVector out', "lacks tensor 'b'")
    , @('TensorShapeMismatch', 'Get-TaskVector shaped -BasePath base | Merge-TaskVector out', '\[2\].*\[1, 2\]')
    , @('TensorTypeMismatch', 'Get-TaskVector counts -BasePath base | Merge-TaskVector out', 'F32.*I32')
    , @('IntegerTensorDiffers', 'Get-TaskVector counted -BasePath counts | Merge-TaskVector out', "'b' is I32")
    , @('NonFiniteInput', 'Get-TaskVector nan -BasePath base | Merge-TaskVector out', "'a' holds NaN at index 1")
    , @('ParameterInvalid', 'Get-TaskVector good -BasePath base | Invoke-CabsSparsify -N 5 -M 4', 'n is 5 and m is 4')
    , @('NumberNotFinite', "$merge -Lambda NaN", "'lambda' is 'NaN'")
    , @('ParameterUnknown', "$merge -Parameter @{ lamda = 1 }", "did you mean 'lambda'")
    , @('MethodUnknown', "$merge -Method cab", "did you mean 'cabs'")
    , @('MethodNeedsModels', "$merge -Method linear", 'merges whole models')
    , @('SparsifierUnknown', 'Get-TaskVector good -BasePath base | Invoke-TaskVectorSparsify magnitud', "did you mean 'magnitude'")
    , @('AlreadySparsified', 'Get-TaskVector good -BasePath base | Invoke-CabsSparsify | Invoke-CabsSparsify', 'sparsified already')
    , @('VectorUnknown', 'Get-TaskVector good -BasePath base | Invoke-CabsSparsify -Order nobody', "'nobody' names no task vector")
    , @('BasesDiffer', '(Get-TaskVector good -BasePath base), (Get-TaskVector good -BasePath base2) | Merge-TaskVector out', 'different bases')
    , @('DuplicateModel', 'Get-TaskVector good, good -BasePath base | Merge-TaskVector out', 'stands twice')
    , @('NothingToMerge', '@() | Merge-TaskVector out', 'no task vector came in')
    , @('WeightCountMismatch', "$merge -Weight 1, 2", '2 values for 1 task vector')
    , @('OutputNotEmpty', 'Get-TaskVector good -BasePath base | Merge-TaskVector full', 'holds files already')
    , @('OutputIsInput', 'Get-TaskVector good -BasePath base | Merge-TaskVector good/merged', 'good')
    , @('OutputIsFile', 'Get-TaskVector good -BasePath base | Merge-TaskVector file', 'is a file')
    , @('OutputMissing', 'Invoke-MergeRecipe good.yml', 'no -OutputPath')
    , @('WriteFailed', 'Get-TaskVector good -BasePath base | Merge-TaskVector file/out', 'cannot be written')
    , @('MemoryLimit', "$merge -MaxMemory 1", 'the limit is')
    , @('RecipeNotFound', 'Test-MergeRecipe none.yml', 'no such recipe file')
    , @('RecipeInvalid', 'Invoke-MergeRecipe key.yml out', "line 3: unknown key 'model'")
    , @('VectorInvalid', 'Import-TaskVector base/model.safetensors -BasePath base', 'is not a task vector')
    , @('BaseMismatch', 'Import-TaskVector good.safetensors -BasePath base2', 'was not taken from')
    , @('TokenizerInvalid', 'Invoke-MergeRecipe mumbles.yml out', 'tokenizer.json')
    , @('VocabularyInvalid', 'Invoke-MergeRecipe nobody.yml out', 'nobody')
    , @('StatisticInvalid', 'Invoke-MergeRecipe fisher.yml out', "lacks tensor 'b'")
    , @('ResumeMismatch', 'Get-TaskVector other -BasePath base | Merge-TaskVector done -Resume', 'holds the result of another merge')
    , @('JudgeFailed', 'Get-TaskVector good -BasePath base | Optimize-MergeWeight -Evaluate { throw "no such benchmark" }', 'no such benchmark')
    , @('SearchLogInvalid', 'Get-TaskVector good -BasePath base | Optimize-MergeWeight -Evaluate { 1 } -LogPath file', 'is not a line of a search.s log')
)
if ($IsLinux) {
    # a file of the system that is there and that nobody may read, not even root
    $null = New-Item -ItemType Directory -Force (Join-Path $Folder sick)
    $null = New-Item -ItemType SymbolicLink -Path (Join-Path $Folder sick/model.safetensors) -Target /sys/bus/platform/drivers_probe
    $calls += , @('ReadFailed', 'Get-ModelCheckpoint sick', 'cannot be read')
    # models with a hole of eight million million bytes: they take no room, and their merge would
    foreach ($huge in 'huge', 'huger') {
        New-Model $huge '{"a":{"dtype":"F16","shape":[4000000000000],"data_offsets":[0,8000000000000]}}' ([byte[]]::new(2))
        $file = [IO.File]::OpenWrite((Join-Path $Folder $huge/model.safetensors))
        $file.SetLength($file.Length - 2 + 8000000000000)
        $file.Dispose()
    }
    $calls += , @('DiskFull', 'Get-TaskVector huger -BasePath huge | Merge-TaskVector out', 'make room')
}
foreach ($call in $calls) {
    $names = @([regex]::Matches($call[1], '[A-Z]\w+-[A-Z]\w+').Value)
    @{ Id = $call[0]; Cmdlet = $names[-1]; Script = $call[1]; Message = $call[2] }
}
