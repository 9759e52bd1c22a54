<#
.SYNOPSIS
Compares merge methods on the four digit tasks: λ chosen on the validation images, accuracy on the test images, with intervals.
.DESCRIPTION
Task arithmetic, magnitude, DARE, TIES, TIES + DARE, balanced sparsification (BS), CABS in several orders and joint CABS, each with the same
share of weights kept, on the four experts of this folder. Per method λ is the best of a grid by mean accuracy on the 200 validation images:
0.1, 0.2 … 2.0, further while the best is the last, then 0.05 to either side of it. The chosen model then answers the 597 test images, which
choose nothing. All four tasks show the same drawings, so intervals are bootstrapped over drawings: the middle 95 % of the mean accuracy of
2000 draws. Two methods are compared drawing by drawing (paired bootstrap); where the interval of their difference holds 0, the difference
is called noise. No correction is made for comparing many methods. Random methods run once for every seed, and their accuracy is the mean.

Writes results.csv, results.md and report.html into the folder, and emits the rows.
.EXAMPLE
./examples/digits/Compare-Digits.ps1 -OutputPath out/digits-paper | Format-Table Method, Lambda, Mean, Low, High, Verdict -GroupBy Sparsity
.EXAMPLE
./examples/digits/Compare-Digits.ps1 -OutputPath out/quick -Quick
A coarse grid, one seed and two orders at 90 % sparsity: a few seconds.
#>
[CmdletBinding()]
param(
    # The folder that gets the tables and the report; it must not hold them already, unless -Force is given.
    [Parameter(Mandatory)] [string] $OutputPath,
    # Weights of every 256 that each expert keeps: 64 is 75 % sparsity, 26 is 90 %.
    [ValidateRange(1, 256)] [int[]] $N = @(64, 26),
    # Seeds of the random methods.
    [long[]] $Seed = @(1, 2, 3),
    # How often images are drawn for an interval.
    [ValidateRange(100, 1000000)] [int] $Resample = 2000,
    # A coarse grid, the first seed, two orders and the last of N.
    [switch] $Quick,
    # Replaces the files of an earlier run.
    [switch] $Force
)
$ErrorActionPreference = 'Stop'
Import-Module (Join-Path $PSScriptRoot '../../module/Cabs.psd1') -Verbose:$false
if (-not ('DigitsNetwork' -as [type])) { Add-Type -Path (Join-Path $PSScriptRoot 'DigitsNetwork.cs') }
if (-not ('Bootstrap' -as [type])) { Add-Type -Path (Join-Path $PSScriptRoot 'Bootstrap.cs') }
$clock = [Diagnostics.Stopwatch]::StartNew()

$tasks = 'upright', 'rotated', 'inverted', 'scrambled'
$models = Join-Path $PSScriptRoot 'models'
$data = Join-Path $PSScriptRoot 'digits.safetensors'
$base = Join-Path $models 'base'
$OutputPath = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($OutputPath)
$files = 'results.csv', 'results.md', 'report.html' | ForEach-Object { Join-Path $OutputPath $_ }
if (-not $Force -and ($old = $files | Where-Object { Test-Path $_ } | Select-Object -First 1)) { throw "${old}: exists already; give another folder, or -Force" }
$null = New-Item -ItemType Directory -Force $OutputPath
if ($Quick) { $Seed = $Seed[0]; $N = $N[-1] }
$orders = @(0..3 | ForEach-Object { $first = $_; , @(0..3 | ForEach-Object { $tasks[($first + $_) % 4] }) })
if ($Quick) { $orders = $orders[0, 3] }

$dense = Get-TaskVector -BasePath $base -Path ($tasks | ForEach-Object { Join-Path $models $_ })
$trial = Join-Path $OutputPath 'trial'

# per task a 1 or 0 per drawing
function Get-Right([string] $Body, [string] $Split) {
    , @($tasks | ForEach-Object { , [DigitsNetwork]::Right($Body, (Join-Path $models $_), $data, $_, $Split) })
}

# merges with one λ, and lets the merged body answer a split
function Test-Lambda($Way, [double] $Lambda, [string] $Split) {
    $options = @{ Lambda = $Lambda; OutputPath = $trial; Force = $true; WarningAction = 'Ignore'; Verbose = $false } + $Way.Merge
    $null = $Way.Vectors | Merge-TaskVector @options
    Get-Right $trial $Split
}

function Get-Mean($Right) { ($Right | ForEach-Object { ($_ | Measure-Object -Average).Average } | Measure-Object -Average).Average }

# λ of the best validation score, the smallest of equal ones; the search is kept for the report
function Find-Lambda($Way) {
    $scores = [ordered]@{}
    $measure = { param($lambda) $key = [math]::Round($lambda, 4); if (-not $scores.Contains([string] $key)) { $scores[[string] $key] = Get-Mean (Test-Lambda $Way $key validation) } }
    $best = { [double] ($scores.GetEnumerator() | Sort-Object @{ Expression = 'Value'; Descending = $true }, { [double] $_.Key } | Select-Object -First 1).Key }
    $step = $Quick ? 0.4 : 0.1
    for ($lambda = $step; $lambda -le 2.0 + 1e-9; $lambda += $step) { & $measure $lambda }
    while ((& $best) -ge $lambda - $step - 1e-9 -and $lambda -lt 5) { & $measure $lambda; $lambda += $step }
    $middle = & $best
    & $measure ($middle - ($step / 2))
    & $measure ($middle + ($step / 2))
    [pscustomobject]@{ Lambda = & $best; Scores = $scores }
}

# a method is one or more ways to merge: one per seed where it is random
function New-Way($Vectors, [hashtable] $Merge = @{}) { [pscustomobject]@{ Vectors = $Vectors; Merge = $Merge } }

function New-Row([string] $Sparsity, [string] $Method, $Ways) {
    $chosen = @($Ways | ForEach-Object { Find-Lambda $_ })
    $answers = @(0..($Ways.Count - 1) | ForEach-Object { , (Test-Lambda $Ways[$_] $chosen[$_].Lambda test) })
    # the seeds' answers, averaged drawing by drawing
    $right = @(0..3 | ForEach-Object { $task = $_; , [Bootstrap]::Mean([double[][]] @($answers | ForEach-Object { , $_[$task] })) })
    $row = New-Result $Sparsity $Method $right
    $row.Lambda = ($chosen.Lambda | ForEach-Object { $_.ToString('0.##', [cultureinfo]::InvariantCulture) }) -join ' '
    Write-Verbose "$Sparsity, ${Method}: λ $($row.Lambda), $($row.Mean.ToString('0.0000'))"
    $row
}

function New-Result([string] $Sparsity, [string] $Method, $Right) {
    $drawings = [Bootstrap]::Mean([double[][]] $Right)
    $interval = [Bootstrap]::Interval($drawings, $Resample)
    $row = [ordered]@{ Sparsity = $Sparsity; Method = $Method; Lambda = '' }
    for ($i = 0; $i -lt 4; $i++) { $row[$tasks[$i]] = ($Right[$i] | Measure-Object -Average).Average }
    $row += @{ Mean = ($drawings | Measure-Object -Average).Average; Low = $interval[0]; High = $interval[1]; Verdict = ''; Drawings = $drawings }
    [pscustomobject] $row
}

$rows = [System.Collections.Generic.List[object]]::new()
$rows.Add((New-Result 'For comparison' "base's body" (Get-Right $base test)))
$ideal = @($tasks | ForEach-Object { , [DigitsNetwork]::Right((Join-Path $models $_), (Join-Path $models $_), $data, $_, 'test') })
$rows.Add((New-Result 'For comparison' 'ideal: each task by its expert' $ideal))
$rows.Add((New-Row 'For comparison' 'task arithmetic (dense)' (New-Way $dense)))
foreach ($kept in $N) {
    $density = $kept / 256
    $sparsity = '{0:0} % sparsity' -f (100 * (1 - $density))
    $rows.Add((New-Row $sparsity 'magnitude' (New-Way ($dense | Invoke-TaskVectorSparsify -Method magnitude -Density $density))))
    $rows.Add((New-Row $sparsity 'DARE' @($Seed | ForEach-Object { New-Way ($dense | Invoke-TaskVectorSparsify -Method random -Density $density) @{ Seed = $_ } })))
    $rows.Add((New-Row $sparsity 'TIES' (New-Way $dense @{ Method = 'ties'; Parameter = @{ density = $density } })))
    $rows.Add((New-Row $sparsity 'TIES + DARE' @($Seed | ForEach-Object { New-Way $dense @{ Method = 'dare_ties'; Parameter = @{ density = $density }; Seed = $_ } })))
    $rows.Add((New-Row $sparsity 'BS' (New-Way ($dense | Invoke-CabsSparsify -N $kept -M 256 -Assignment None))))
    foreach ($order in $orders) {
        $rows.Add((New-Row $sparsity "CABS, $($order[0]) first" (New-Way ($dense | Invoke-CabsSparsify -N $kept -M 256 -Order $order))))
    }
    $rows.Add((New-Row $sparsity 'CABS joint' (New-Way ($dense | Invoke-CabsSparsify -N $kept -M 256 -Assignment Joint))))
}
$rows | Format-Table Sparsity, Method, Lambda, upright, rotated, inverted, scrambled, Mean, Low, High
$clock.Elapsed.TotalSeconds
