<#
.SYNOPSIS
Merges experts with CABS only when their masks do not get into each other's way.
.DESCRIPTION
Where the masks of two task vectors meet, the experts overwrite each other's work. Before anything is written, the
overlap of every pair is measured; above -MaximumOverlap (Jaccard: shared positions / positions either keeps) the merge is refused, and
the pairs that are to blame are named. Emits a MergeResult when the model is written.

Measure-TaskVector computes the same masks as the merge, and reads the models once without writing.

Exit codes: 0 merged · 1 the merge failed · 2 a model or parameter is wrong · 3 refused.
.EXAMPLE
./Invoke-GuardedMerge.ps1 -OutputPath out/guarded

Four experts that keep 64 of 256 weights each have room for all of them.
.EXAMPLE
./Invoke-GuardedMerge.ps1 -OutputPath out/guarded -N 128 -MaximumOverlap 0.1

Four that keep half of the weights each have not: exit code 3.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # The base; the digits' without.
    [ValidateNotNullOrEmpty()] [string] $BasePath = (Join-Path $PSScriptRoot '../digits/models/base'),
    # The experts, in the order in which they claim positions; wildcards are allowed. The digits' without.
    [SupportsWildcards()] [string[]] $ExpertPath = ('upright', 'rotated', 'inverted', 'scrambled' | ForEach-Object { Join-Path $PSScriptRoot "../digits/models/$_" }),
    # The folder the merged model gets; it must not exist.
    [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string] $OutputPath,
    # Weights of every block of M that each expert keeps.
    [ValidateRange(1, 1MB)] [int] $N = 64,
    # Consecutive weights in a block.
    [ValidateRange(1, 1MB)] [int] $M = 256,
    # Scales the sum of the task vectors.
    [double] $Lambda = 0.6,
    # The largest overlap of a pair that is let through.
    [ValidateRange(0.0, 1.0)] [double] $MaximumOverlap = 0.05
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 3
if (-not (Get-Module Cabs)) { Import-Module (Join-Path $PSScriptRoot '../../module/Cabs.psd1') -Verbose:$false }

$OutputPath = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($OutputPath)
if (Test-Path -LiteralPath $OutputPath) {
    Write-Error "$OutputPath exists" -ErrorAction Continue
    exit 2
}

try { $vectors = @(Get-TaskVector -BasePath $BasePath -Path $ExpertPath | Invoke-CabsSparsify -N $N -M $M) }
catch {
    Write-Error "$($_.Exception.Message) [$($_.FullyQualifiedErrorId)]" -ErrorAction Continue
    exit 2
}

if (-not $PSCmdlet.ShouldProcess($OutputPath, "Merge $($vectors.Name -join ', ') if no two overlap by more than $($MaximumOverlap.ToString('p1', [cultureinfo]::InvariantCulture))")) { exit 0 }

try {
    $conflicts = @(($vectors | Measure-TaskVector -WarningAction Ignore).Overlaps | Where-Object Jaccard -GT $MaximumOverlap | Sort-Object Jaccard -Descending)
    if ($conflicts.Count -gt 0) {
        $named = $conflicts | ForEach-Object { '{0} and {1} {2}' -f $_.First, $_.Second, $_.Jaccard.ToString('p1', [cultureinfo]::InvariantCulture) }
        Write-Error "refused: more than $($MaximumOverlap.ToString('p1', [cultureinfo]::InvariantCulture)) of the masks overlap: $($named -join ', '); keep fewer weights (-N) or merge fewer experts" -ErrorAction Continue
        exit 3
    }

    $vectors | Merge-TaskVector -Lambda $Lambda -OutputPath $OutputPath -WarningAction Ignore
    exit 0
}
catch {
    Write-Error "$($_.Exception.Message) [$($_.FullyQualifiedErrorId)]" -ErrorAction Continue
    exit 1
}
