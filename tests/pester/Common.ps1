# What all Pester files share: the packed module (or, run by hand, the module as it was built), the example models, and a way to compare
# weights.
$Root = (Resolve-Path (Join-Path $PSScriptRoot '../..')).Path
$Module = $env:CABS_MODULE ? $env:CABS_MODULE : (Join-Path $Root 'module/Cabs.psd1')
Import-Module $Module -Force
$Digits = Join-Path $Root 'examples/digits'
$Models = Join-Path $Digits 'models'
$Tasks = 'upright', 'rotated', 'inverted', 'scrambled'
# the whole golden set lies beside the repository on the machines that develop it; a clone has a small copy
$Golden = (Join-Path $Root '../shared/golden'), (Join-Path $Root 'tests/golden') | Where-Object { Test-Path $_ } | Select-Object -First 1

function Get-WeightHash([string] $Folder) {
    Get-ChildItem $Folder -Filter *.safetensors | Sort-Object Name | ForEach-Object { (Get-FileHash $_ -Algorithm SHA256).Hash }
}

# the single error that a script block writes or throws
function Get-OnlyError([scriptblock] $Script) {
    $found = [System.Collections.Generic.List[object]]::new()
    try { & $Script -ErrorAction SilentlyContinue 2>&1 | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] } | ForEach-Object { $found.Add($_) } }
    catch { $found.Add($_) }
    $found.Count | Should -Be 1 -Because 'one mistake gives one error'
    $found[0].Exception.Message | Should -Not -Match "`n" -Because 'an error is one line'
    $found[0]
}
