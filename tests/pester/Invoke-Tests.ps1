# Runs all Pester tests and ends with a line a script can read. Exit code 3: Pester is not installed.
if (-not (Get-Module -ListAvailable Pester | Where-Object Version -GE '5.5')) {
    Write-Warning 'Pester 5.5 or newer is not installed (Install-PSResource Pester); the module tests did not run'
    exit 3
}
Import-Module Pester -MinimumVersion 5.5
$configuration = New-PesterConfiguration
$configuration.Run.Path = $PSScriptRoot
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
$result = Invoke-Pester -Configuration $configuration
"Pester: $($result.PassedCount) passed, $($result.FailedCount) failed"
exit [int]($result.FailedCount -gt 0 -or $result.PassedCount -eq 0 -or $result.FailedContainersCount -gt 0 -or $result.FailedBlocksCount -gt 0)
