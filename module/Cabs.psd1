@{
    RootModule           = 'bin/CabsPs.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '5f2f5b1e-7f0c-4a43-9c39-0d7c1f6f9a54'
    Author               = 'The Cabs authors'
    CompanyName          = 'The Cabs authors'
    Copyright            = '(c) The Cabs authors. MIT licence.'
    Description          = 'Merges fine-tuned neural networks by their task vectors: CABS (Conflict-Aware and Balanced Sparsification) and the methods it is compared to, streamed over safetensors in constant memory.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('Cabs.Format.ps1xml')
    CmdletsToExport      = @(
        'Compare-CabsAssignment'
        'Compare-ModelCheckpoint'
        'Export-MergeReport'
        'Export-TaskVector'
        'Get-CabsEngine'
        'Get-ModelCheckpoint'
        'Get-ModelTensor'
        'Get-TaskVector'
        'Import-TaskVector'
        'Invoke-CabsSparsify'
        'Invoke-MergeRecipe'
        'Invoke-TaskVectorSparsify'
        'Measure-TaskVector'
        'Merge-TaskVector'
        'Optimize-MergeWeight'
        'Test-MergeRecipe'
        'Test-ModelCheckpoint'
    )
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('model-merging', 'task-vector', 'safetensors', 'CABS', 'TIES', 'mergekit', 'machine-learning', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
