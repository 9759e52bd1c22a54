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

Every row of results.csv and results.md says whether its difference from the best of its sparsity, and from dense task arithmetic, is noise.
trials.csv has every λ tried; report.html shows it all, and what CABS keeps of the experts. The rows are emitted too.
.EXAMPLE
./examples/digits/Compare-Digits.ps1 -OutputPath out/digits-paper | Format-Table Method, Lambda, Mean, Low, High, FromBest -GroupBy Sparsity
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
# a plain Add-Type compiles for a debugger: four times slower here
foreach ($type in 'DigitsNetwork', 'Bootstrap') {
    if (-not ($type -as [type])) { Add-Type -Path (Join-Path $PSScriptRoot "$type.cs") -CompilerOptions '/optimize+' }
}
$clock = [Diagnostics.Stopwatch]::StartNew()

$tasks = 'upright', 'rotated', 'inverted', 'scrambled'
$models = Join-Path $PSScriptRoot 'models'
$data = Join-Path $PSScriptRoot 'digits.safetensors'
$base = Join-Path $models 'base'
$OutputPath = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($OutputPath)
$files = 'results.csv', 'results.md', 'trials.csv', 'report.html' | ForEach-Object { Join-Path $OutputPath $_ }
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

# λ of the best validation score, the smallest of equal ones
function Find-Lambda($Way, [string] $Sparsity, [string] $Method) {
    $step = $Quick ? 0.4 : 0.1
    $best = @{ Lambda = 0; Score = -1 }
    $try = {
        param([double] $lambda)
        $score = Get-Mean (Test-Lambda $Way $lambda validation)
        $trials.Add([pscustomobject]@{ Sparsity = $Sparsity; Method = $Method; Seed = $Way.Merge.Seed; Lambda = $lambda; Validation = $score })
        if ($score -gt $best.Score -or ($score -eq $best.Score -and $lambda -lt $best.Lambda)) { $best.Lambda, $best.Score = $lambda, $score }
    }
    for ($i = 1; $i * $step -le 2 -or ($best.Lambda -gt ($i - 1.5) * $step -and $i * $step -le 5); $i++) { & $try ([math]::Round($i * $step, 4)) }
    $middle = $best.Lambda
    foreach ($side in -0.5, 0.5) { & $try ([math]::Round($middle + ($side * $step), 4)) }
    $best.Lambda
}

# a method is one or more ways to merge: one per seed where it is random
function New-Way($Vectors, [hashtable] $Merge = @{}) { [pscustomobject]@{ Vectors = $Vectors; Merge = $Merge } }

function Add-Method([string] $Sparsity, [string] $Method, $Ways) {
    $chosen = @($Ways | ForEach-Object { Find-Lambda $_ $Sparsity $Method })
    $answers = @(0..($Ways.Count - 1) | ForEach-Object { , (Test-Lambda $Ways[$_] $chosen[$_] test) })
    # the seeds' answers, averaged drawing by drawing
    Add-Row $Sparsity $Method @(0..3 | ForEach-Object { $task = $_; , [Bootstrap]::Mean([double[][]] @($answers | ForEach-Object { , $_[$task] })) }) $chosen
}

function Add-Row([string] $Sparsity, [string] $Method, $Right, [double[]] $Lambda = @()) {
    $drawings = [Bootstrap]::Mean([double[][]] $Right)
    $interval = [Bootstrap]::Interval($drawings, $Resample)
    $row = [ordered]@{ Sparsity = $Sparsity; Method = $Method; Lambda = ($Lambda | ForEach-Object { Format-Number $_ '0.##' }) -join ' ' }
    for ($i = 0; $i -lt 4; $i++) { $row[$tasks[$i]] = ($Right[$i] | Measure-Object -Average).Average }
    $row.Mean, $row.Low, $row.High = ($drawings | Measure-Object -Average).Average, $interval[0], $interval[1]
    $row.FromBest = ''
    $row.FromDense = ''
    $row.FromBase = ''
    Write-Verbose "$Sparsity, ${Method}: λ $($row.Lambda), $(Format-Number $row.Mean '0.0000')"
    $rows.Add([pscustomobject] $row)
    $perDrawing[$rows.Count - 1] = $drawings
}

# one row against another, drawing by drawing
function Compare-Row([int] $Row, [int] $Other) {
    if ($Row -eq $Other) { return 'itself' }
    $difference = $rows[$Row].Mean - $rows[$Other].Mean
    $low, $high = [Bootstrap]::Interval([Bootstrap]::Difference($perDrawing[$Row], $perDrawing[$Other]), $Resample)
    $word = if ($low -gt 0) { 'better' } elseif ($high -lt 0) { 'worse' } else { 'noise' }
    "$word ($(Format-Number $difference '+0.000;-0.000;0.000'), $(Format-Number $low '+0.000;-0.000;0.000') to $(Format-Number $high '+0.000;-0.000;0.000'))"
}

function Format-Number([double] $Value, [string] $Format = '0.000') { $Value.ToString($Format, [cultureinfo]::InvariantCulture) }

$rows = [System.Collections.Generic.List[object]]::new()
$perDrawing = @{}
$trials = [System.Collections.Generic.List[object]]::new()
$beside = 'For comparison'
Add-Row $beside "the base's body" (Get-Right $base test)
Add-Row $beside 'ideal: every task by its own expert' @($tasks | ForEach-Object { , [DigitsNetwork]::Right((Join-Path $models $_), (Join-Path $models $_), $data, $_, 'test') })
Add-Method $beside 'task arithmetic, dense' (New-Way $dense)
foreach ($kept in $N) {
    $density = $kept / 256
    $sparsity = "$(Format-Number (100 * (1 - $density)) '0') % sparsity"
    Add-Method $sparsity 'magnitude' (New-Way ($dense | Invoke-TaskVectorSparsify -Method magnitude -Density $density))
    Add-Method $sparsity 'DARE' @($Seed | ForEach-Object { New-Way ($dense | Invoke-TaskVectorSparsify -Method random -Density $density -Parameter @{ rescale = 'density' }) @{ Seed = $_ } })
    Add-Method $sparsity 'TIES' (New-Way $dense @{ Method = 'ties'; Parameter = @{ density = $density } })
    Add-Method $sparsity 'TIES + DARE' @($Seed | ForEach-Object { New-Way $dense @{ Method = 'dare_ties'; Parameter = @{ density = $density; rescale = 'density' }; Seed = $_ } })
    Add-Method $sparsity 'BS' (New-Way ($dense | Invoke-CabsSparsify -N $kept -M 256 -Assignment None))
    foreach ($order in $orders) { Add-Method $sparsity "CABS, $($order[0]) first" (New-Way ($dense | Invoke-CabsSparsify -N $kept -M 256 -Order $order)) }
    Add-Method $sparsity 'CABS joint' (New-Way ($dense | Invoke-CabsSparsify -N $kept -M 256 -Assignment Joint))
}

for ($i = 3; $i -lt $rows.Count; $i++) {
    $best = 3..($rows.Count - 1) | Where-Object { $rows[$_].Sparsity -eq $rows[$i].Sparsity } | Sort-Object { -$rows[$_].Mean }, { $_ } | Select-Object -First 1
    $rows[$i].FromBest = Compare-Row $i $best
    $rows[$i].FromDense = Compare-Row $i 2
    $rows[$i].FromBase = Compare-Row $i 0
}

$rows | Export-Csv (Join-Path $OutputPath results.csv) -NoTypeInformation
$trials | Export-Csv (Join-Path $OutputPath trials.csv) -NoTypeInformation
& {
    '| | λ | ' + ($tasks -join ' | ') + ' | mean | 95 % interval | against the best of its sparsity | against dense task arithmetic | against the base |'
    '|---|---|' + ('---|' * 9)
    foreach ($group in $rows.Sparsity | Select-Object -Unique) {
        "| **$group** |$(' |' * 10)"
        foreach ($row in $rows | Where-Object Sparsity -EQ $group) {
            "| $($row.Method) | $($row.Lambda) | $(($tasks | ForEach-Object { Format-Number $row.$_ }) -join ' | ') | $(Format-Number $row.Mean) | $(Format-Number $row.Low) to $(Format-Number $row.High) | $($row.FromBest) | $($row.FromDense) | $($row.FromBase) |"
        }
    }
} | Set-Content (Join-Path $OutputPath results.md)

# what CABS keeps, at the last of N, in the first order; and what the order does
$cabs = $dense | Invoke-CabsSparsify -N $N[-1] -M 256
$merged = $cabs | Merge-TaskVector -Lambda ([double] ($rows | Where-Object { $_.Method -like "CABS, $($tasks[0])*" })[-1].Lambda) -OutputPath $trial -Force -WarningAction Ignore -Verbose:$false
$scores = foreach ($row in $rows) {
    $score = [ordered]@{ Name = $row.Method; Score = $row.Mean; Low = $row.Low; High = $row.High; Group = $row.Sparsity; Note = "$($row.FromBest)" -replace ' \(.*'; IsReference = $row.Sparsity -eq $beside; 'λ' = $row.Lambda }
    if ($score.Note) { $score.Note = @{ itself = 'best of its sparsity'; noise = 'within noise of the best'; worse = 'below the best' }[$score.Note] }
    foreach ($task in $tasks) { $score[$task] = $row.$task }
    $score['against task arithmetic'] = $row.FromDense
    $score['against the base'] = $row.FromBase
    [pscustomobject] $score
}
# the curves of the methods that are not random, at the same sparsity
$curves = foreach ($method in 'magnitude', 'TIES', 'BS', "CABS, $($tasks[0]) first", 'CABS joint') {
    $path = Join-Path $trial "$method.jsonl"
    $trials | Where-Object { $_.Method -eq $method -and $_.Sparsity -eq $rows[-1].Sparsity } |
        ForEach-Object { [ordered]@{ weights = @{ lambda = $_.Lambda }; score = $_.Validation } | ConvertTo-Json -Compress } | Set-Content $path
    $path
}
$orderRows = $dense | Compare-CabsAssignment -Shape ($N | ForEach-Object { "${_}:256" })
@($merged) + @($orderRows) | Export-MergeReport (Join-Path $OutputPath report.html) -TrialsPath $curves -Title 'Merging four digit recognisers' -Score $scores -ScoreTitle 'Mean accuracy on the test images' -Force
Remove-Item -Recurse $trial
Write-Verbose "$(Format-Number $clock.Elapsed.TotalSeconds '0') s"
$rows
