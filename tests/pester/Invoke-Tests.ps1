# Packs the module as it was built, runs all Pester tests against the package and ends with a line a script can read. Exit code 3: Pester
# is not installed. Run it in a fresh pwsh, because an imported assembly stays loaded.
param(
    # Files to run; all without.
    [string[]] $Path = $PSScriptRoot
)
if (-not (Get-Module -ListAvailable Pester | Where-Object Version -GE '5.5')) {
    Write-Warning 'Pester 5.5 or newer is not installed (Install-PSResource Pester); the module tests did not run'
    exit 3
}
Import-Module Pester -MinimumVersion 5.5
$folder, $null = & (Join-Path $PSScriptRoot '../../build.ps1') -Task Pack
$env:CABS_MODULE = Join-Path $folder 'Cabs.psd1'
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
$result = Invoke-Pester -Configuration $configuration
"Pester: $($result.PassedCount) passed, $($result.FailedCount) failed"
exit [int]($result.FailedCount -gt 0 -or $result.PassedCount -eq 0 -or $result.FailedContainersCount -gt 0 -or $result.FailedBlocksCount -gt 0)
