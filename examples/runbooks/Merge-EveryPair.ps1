<#
.SYNOPSIS
Merges every pair of experts, several at a time.
.DESCRIPTION
Which experts get on with each other? Each pair is merged into the base with CABS into a folder A+B. Emits one object for each pair: what
each expert kept of its norm, how far their masks overlap, and where the model is; or why there is none. Pairs whose folder is there
already are left alone, so a run that was stopped can be repeated.

The merges run in threads of this process, each with its share of the cores.

Exit codes: 0 all merged · 1 at least one pair failed · 2 there are fewer than two experts.
.EXAMPLE
./Merge-EveryPair.ps1 -OutputPath out/pairs | Sort-Object Overlap | Format-Table
.EXAMPLE
./Merge-EveryPair.ps1 -BasePath base -ExpertPath experts/* -OutputPath out/pairs -N 128 -Lambda 0.8 -Parallel 4
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # The base; the digits' without.
    [ValidateNotNullOrEmpty()] [string] $BasePath = (Join-Path $PSScriptRoot '../digits/models/base'),
    # The experts; wildcards are allowed. The digits' without.
    [SupportsWildcards()] [string[]] $ExpertPath = (Join-Path $PSScriptRoot '../digits/models/*'),
    # The folder that gets the merged models.
    [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string] $OutputPath,
    # Weights of every block of M that each expert keeps.
    [ValidateRange(1, 1MB)] [int] $N = 64,
    # Consecutive weights in a block.
    [ValidateRange(1, 1MB)] [int] $M = 256,
    # Scales the sum of the two.
    [double] $Lambda = 1,
    # Merges at a time.
    [ValidateRange(1, 64)] [int] $Parallel = 2
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 3
if (-not (Get-Module Cabs)) { Import-Module (Join-Path $PSScriptRoot '../../module/Cabs.psd1') -Verbose:$false }

$base = (Get-ModelCheckpoint $BasePath).Path
$experts = @(Get-ModelCheckpoint $ExpertPath | Where-Object Path -NE $base | Sort-Object Name)
if ($experts.Count -lt 2) {
    Write-Error "$ExpertPath names $($experts.Count) expert(s); a pair takes two" -ErrorAction Continue
    exit 2
}

$OutputPath = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($OutputPath)
$pairs = for ($i = 0; $i -lt $experts.Count; $i++) {
    for ($j = $i + 1; $j -lt $experts.Count; $j++) {
        $destination = Join-Path $OutputPath "$($experts[$i].Name)+$($experts[$j].Name)"
        if (Test-Path -LiteralPath $destination) { Write-Verbose "$destination is there already" }
        elseif ($PSCmdlet.ShouldProcess($destination, 'Merge')) {
            [pscustomobject]@{ First = $experts[$i].Name; Second = $experts[$j].Name; Paths = $experts[$i].Path, $experts[$j].Path; Destination = $destination }
        }
    }
}

# the cores are shared, so that merges side by side are not slower than one after the other
$threads = [math]::Max(1, [int] ([Environment]::ProcessorCount / $Parallel))
$module = (Get-Module Cabs).Path
$results = @($pairs | ForEach-Object -ThrottleLimit $Parallel -Parallel {
        $pair = $_
        Import-Module $using:module
        $out = [ordered]@{ First = $pair.First; Second = $pair.Second; FirstNormKept = $null; SecondNormKept = $null; Overlap = $null; Path = $null; Error = $null }
        try {
            $result = Get-TaskVector -BasePath $using:base -LiteralPath $pair.Paths | Invoke-CabsSparsify -N $using:N -M $using:M |
                Merge-TaskVector -Lambda $using:Lambda -ThrottleLimit $using:threads -OutputPath $pair.Destination -ErrorAction Stop -WarningAction Ignore -ProgressAction Ignore
            $out.FirstNormKept, $out.SecondNormKept = $result.TaskVectors.NormKept
            $out.Overlap = $result.Overlaps[0].Jaccard
            $out.Path = $result.Path
        }
        catch { $out.Error = "$($_.Exception.Message) [$($_.FullyQualifiedErrorId)]" }
        [pscustomobject] $out
    })
$results | Sort-Object First, Second
$failures = @($results | Where-Object Error)
foreach ($failure in $failures) { Write-Error "$($failure.First) and $($failure.Second): $($failure.Error)" -ErrorAction Continue }
exit [int]($failures.Count -gt 0)
