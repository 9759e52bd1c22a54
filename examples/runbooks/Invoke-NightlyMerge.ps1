<#
.SYNOPSIS
Merges the recipes of a folder, unattended, with a transcript.
.DESCRIPTION
For a scheduler: every night the recipes are checked, merged into a folder of that night, and summarised in merges.csv beside the models.
A recipe that fails does not stop the others. Nights older than the last -Keep successful ones are removed. Two runs into the same
output folder exclude each other.

OUTPUT/
  2026-11-24T0200/            a night: a folder per recipe, and merges.csv
  logs/2026-11-24T0200.log    its transcript

Exit codes: 0 all merged · 1 something failed · 2 there is nothing to merge, or a parameter is wrong · 3 another run is under way.
.EXAMPLE
pwsh -NoProfile -NonInteractive -File Invoke-NightlyMerge.ps1 -RecipePath /srv/recipes -OutputPath /srv/nightly -Keep 7
.EXAMPLE
./Invoke-NightlyMerge.ps1 -OutputPath out/nightly -WhatIf

Tells what tonight's run would merge and remove.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # The folder with the recipes; the digits' without.
    [ValidateNotNullOrEmpty()] [string] $RecipePath = (Join-Path $PSScriptRoot '../digits'),
    # The folder that gets a folder for each night.
    [Parameter(Mandatory)] [ValidateNotNullOrEmpty()] [string] $OutputPath,
    # What the models are stored as; without it, what each recipe says.
    [ValidateSet('float32', 'bfloat16', 'float16')] [string] $DType,
    # Nights that stay.
    [ValidateRange(1, 1000)] [int] $Keep = 7,
    # What tonight is called.
    [datetime] $Date = [datetime]::Now
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 3
if (-not (Get-Module Cabs)) { Import-Module (Join-Path $PSScriptRoot '../../module/Cabs.psd1') -Verbose:$false }

$OutputPath = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($OutputPath)
$recipes = @(Get-ChildItem -Path (Join-Path $RecipePath *) -Include *.yml, *.yaml -File | Sort-Object Name)
if ($recipes.Count -eq 0) {
    Write-Error "$RecipePath holds no recipes (*.yml)" -ErrorAction Continue
    exit 2
}

$tonight = $Date.ToString('yyyy-MM-ddTHHmm', [cultureinfo]::InvariantCulture)
$night = Join-Path $OutputPath $tonight
$given = $DType ? @{ DType = $DType } : @{}

if (-not $PSCmdlet.ShouldProcess($night, "Merge $($recipes.BaseName -join ', ')")) { exit 0 }

$null = New-Item -ItemType Directory -Force (Join-Path $OutputPath logs)
# held open as long as this run lives; the system lets go of it however the run ends
try { $lock = [IO.FileStream]::new((Join-Path $OutputPath run.lock), 'OpenOrCreate', 'ReadWrite', 'None', 1, [IO.FileOptions]::DeleteOnClose) }
catch [IO.IOException] {
    Write-Error "another run is under way in $OutputPath" -ErrorAction Continue
    exit 3
}

$failed = 0
try {
    Start-Transcript (Join-Path $OutputPath "logs/$tonight.log") -Append -UseMinimalHeader | Write-Verbose
    $summary = foreach ($recipe in $recipes) {
        $destination = Join-Path $night $recipe.BaseName
        try {
            Write-Information "$(Get-Date -Format HH:mm:ss) $($recipe.Name)" -InformationAction Continue
            # a run that was cut off is taken up again: what is finished stays
            if (Test-Path $destination) { Write-Information "  $destination is there already" -InformationAction Continue; continue }
            if (-not (Test-MergeRecipe $recipe -OutputPath $destination -WarningAction Ignore -ErrorAction SilentlyContinue -ErrorVariable problems)) {
                $failed++
                # all that is wrong with it, each with an id that says what to do (about_Cabs_Errors)
                foreach ($problem in $problems) { Write-Error "$($recipe.Name): $($problem.Exception.Message) [$($problem.FullyQualifiedErrorId)]" -ErrorAction Continue }
                continue
            }
            $result = Invoke-MergeRecipe $recipe -OutputPath $destination @given -WarningVariable warnings -ProgressAction Ignore
            $result | Out-String -Width 120 | Write-Host
            [pscustomobject]@{
                Recipe   = $recipe.Name
                Method   = $result.Method
                Path     = $result.Path
                Bytes    = $result.SizeBytes
                Seconds  = [math]::Round($result.Duration.TotalSeconds, 3)
                NormKept = $result.TaskVectors | Sort-Object NormKept | Select-Object -First 1 -ExpandProperty NormKept
                Overlap  = $result.Overlaps | Sort-Object Jaccard | Select-Object -Last 1 -ExpandProperty Jaccard
                Warnings = $warnings.Count
            }
        }
        catch {
            $failed++
            Write-Error "$($recipe.Name): $($_.Exception.Message) [$($_.FullyQualifiedErrorId)]" -ErrorAction Continue
        }
    }
    if ($summary) { $summary | Export-Csv (Join-Path $night merges.csv) -Append }

    # a night that failed takes no older one's place
    if ($failed -eq 0) {
        Get-ChildItem $OutputPath -Directory | Where-Object Name -Match '^\d{4}-\d\d-\d\dT\d{4}$' | Sort-Object Name -Descending | Select-Object -Skip $Keep | Remove-Item -Recurse
    }
    $summary
}
catch {
    $failed++
    Write-Error $_ -ErrorAction Continue
}
finally {
    try { Stop-Transcript | Write-Verbose } catch [InvalidOperationException] { Write-Verbose 'no transcript was begun' }
    $lock.Dispose()
}
exit [int]($failed -gt 0)
