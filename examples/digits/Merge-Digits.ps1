<#
.SYNOPSIS
Merges four digit recognisers with CABS and with task arithmetic, and scores both on the four tasks.
.DESCRIPTION
Each expert was fine-tuned from the same base and has a classifier of its own. A merged body is scored on the 597 test images of a
task with that task's classifier. Emits one object per task and one for the mean: the base's body, the expert itself, and the two
merged bodies. The default λ of each method are the best of 0.1, 0.2 … 1.0 by mean accuracy on the validation images; -Search
looks for them again.
.EXAMPLE
./examples/digits/Merge-Digits.ps1 -OutputPath out/digits-runbook | Format-Table
#>
[CmdletBinding()]
param(
    # The folder that gets the two merged models, cabs and task-arithmetic; it must not hold them already, unless -Force is given.
    [Parameter(Mandatory)] [string] $OutputPath,
    # Weights of every block of M that each expert keeps.
    [ValidateRange(1, 1MB)] [int] $N = 26,
    # Consecutive weights in a block.
    [ValidateRange(1, 1MB)] [int] $M = 256,
    # Scales the sum of the CABS task vectors.
    [double] $Lambda = 0.6,
    # Scales the sum of the dense task vectors.
    [double] $DenseLambda = 0.4,
    # Chooses both λ on the validation images instead.
    [switch] $Search,
    # Replaces models of an earlier run.
    [switch] $Force
)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot '../../module/Cabs.psd1') -Verbose:$false
if (-not ('DigitsNetwork' -as [type])) { Add-Type -Path (Join-Path $PSScriptRoot 'DigitsNetwork.cs') -CompilerOptions '/optimize+' }

$tasks = 'upright', 'rotated', 'inverted', 'scrambled'
$models = Join-Path $PSScriptRoot 'models'
$data = Join-Path $PSScriptRoot 'digits.safetensors'
$base = Join-Path $models 'base'
$OutputPath = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($OutputPath)

function Get-Accuracy([string] $Body, [string] $Task, [string] $Split = 'test') {
    [DigitsNetwork]::Accuracy($Body, (Join-Path $models $Task), $data, $Task, $Split)
}

# the experts' classifiers are meant to be left out of the merged body, so their warning is of no use here
$dense = Get-TaskVector -BasePath $base -Path ($tasks | ForEach-Object { Join-Path $models $_ })
$sparse = $dense | Invoke-CabsSparsify -N $N -M $M

function Find-Lambda($Vectors) {
    $trial = Join-Path $OutputPath 'trial'
    $best = 1..10 | ForEach-Object { $_ / 10 } | ForEach-Object {
        $null = $Vectors | Merge-TaskVector -Lambda $_ -OutputPath $trial -Force -WarningAction Ignore -Verbose:$false
        [pscustomobject]@{ Lambda = $_; Mean = ($tasks | ForEach-Object { Get-Accuracy $trial $_ validation } | Measure-Object -Average).Average }
    } | Sort-Object -Property @{ Expression = 'Mean'; Descending = $true }, Lambda | Select-Object -First 1
    Remove-Item -Recurse $trial
    $best.Lambda
}

if ($Search) {
    $Lambda = Find-Lambda $sparse
    $DenseLambda = Find-Lambda $dense
    Write-Verbose "lambda $Lambda for CABS, $DenseLambda for task arithmetic"
}

$cabs = $sparse | Merge-TaskVector -Lambda $Lambda -OutputPath (Join-Path $OutputPath 'cabs') -Force:$Force -WarningAction Ignore
$sum = $dense | Merge-TaskVector -Lambda $DenseLambda -OutputPath (Join-Path $OutputPath 'task-arithmetic') -Force:$Force -WarningAction Ignore

$scores = foreach ($task in $tasks) {
    [pscustomobject]@{
        Task           = $task
        Base           = Get-Accuracy $base $task
        Expert         = Get-Accuracy (Join-Path $models $task) $task
        TaskArithmetic = Get-Accuracy $sum.Path $task
        Cabs           = Get-Accuracy $cabs.Path $task
    }
}
$scores
[pscustomobject]@{
    Task           = 'mean'
    Base           = ($scores | Measure-Object Base -Average).Average
    Expert         = ($scores | Measure-Object Expert -Average).Average
    TaskArithmetic = ($scores | Measure-Object TaskArithmetic -Average).Average
    Cabs           = ($scores | Measure-Object Cabs -Average).Average
}
