<#
.SYNOPSIS
Merges a recipe, accepts the result or not, and makes it the current release.
.DESCRIPTION
A release is a folder with the date as its name; the file current.txt names the one in use. It is written last and in one step, so that
whoever reads it always finds a complete, accepted model. A model is accepted when

- every task vector kept at least -MinimumNormKept of its norm,
- no two masks overlap by more than -MaximumOverlap (Jaccard),
- it has the tensors of the base, no more and no fewer.

A model that is not accepted is removed, and current.txt stays as it is. Publish-MergedModel.Tests.ps1 tests all of this.

Exit codes: 0 published · 1 the merge failed · 2 the recipe cannot run · 3 the model was not accepted.
.EXAMPLE
./Publish-MergedModel.ps1 -Recipe ../digits/cabs.yml -ReleasePath out/releases -MinimumNormKept 0.5
.EXAMPLE
Get-Content out/releases/current.txt | ForEach-Object { Get-ModelCheckpoint (Join-Path out/releases $_) }

How a reader finds the model in use.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # The recipe; it needs a base model.
    [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string] $Recipe,
    # The folder of the releases.
    [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string] $ReleasePath,
    # The least share of its norm that each task vector keeps.
    [ValidateRange(0.0, 1.0)] [double] $MinimumNormKept = 0.5,
    # The largest overlap of two masks: shared positions / positions either keeps.
    [ValidateRange(0.0, 1.0)] [double] $MaximumOverlap = 0.1,
    # The release's name.
    [ValidatePattern('^[\w.-]+$')] [string] $Name = [datetime]::UtcNow.ToString('yyyyMMddTHHmmssZ', [cultureinfo]::InvariantCulture)
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 3
if (-not (Get-Module Cabs)) { Import-Module (Join-Path $PSScriptRoot '../../module/Cabs.psd1') -Verbose:$false }

$ReleasePath = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($ReleasePath)
$release = Join-Path $ReleasePath $Name
if (-not (Test-MergeRecipe $Recipe -OutputPath $release -WarningAction Ignore -ErrorAction Continue)) { exit 2 }
if (-not $PSCmdlet.ShouldProcess($release, "Merge $Recipe and make it the current release")) { exit 0 }

try {
    $result = Invoke-MergeRecipe $Recipe -OutputPath $release -WarningAction Ignore
}
catch {
    Write-Error "$Recipe was not merged: $($_.Exception.Message) [$($_.FullyQualifiedErrorId)]" -ErrorAction Continue
    exit 1
}

$reasons = @(
    $result.TaskVectors | Where-Object NormKept -LT $MinimumNormKept | ForEach-Object { '{0} kept {1:p1} of its norm' -f $_.Name, $_.NormKept }
    $result.Overlaps | Where-Object Jaccard -GT $MaximumOverlap | ForEach-Object { '{0} and {1} overlap by {2:p1}' -f $_.First, $_.Second, $_.Jaccard }
    # the result is read back from disk: what is published is what a reader finds
    $found = (Get-ModelTensor $release).Name
    Compare-Object @($result.MergedTensors + $result.CopiedTensors) @($found) | ForEach-Object { "tensor $($_.InputObject) is $($_.SideIndicator -eq '=>' ? 'not of the base' : 'missing')" }
)
if ($reasons) {
    Remove-Item -Recurse -LiteralPath $release
    Write-Error "$Recipe is not accepted: $($reasons -join '; ')" -ErrorAction Continue
    exit 3
}

# a file is replaced in one step by a move within its folder
$next = Join-Path $ReleasePath "current.$PID.tmp"
Set-Content -LiteralPath $next $Name
Move-Item -LiteralPath $next (Join-Path $ReleasePath current.txt) -Force
[pscustomobject]@{
    Release  = $Name
    Path     = $release
    NormKept = $result.TaskVectors | Sort-Object NormKept | Select-Object -First 1 -ExpandProperty NormKept
    Overlap  = $result.Overlaps | Sort-Object Jaccard | Select-Object -Last 1 -ExpandProperty Jaccard
}
exit 0
