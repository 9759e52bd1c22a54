<#
.SYNOPSIS
Builds Cabs and runs its tests.
.DESCRIPTION
Build makes the engine, the command line and the module (into module/bin). Test runs the .NET tests. Pester runs the module's tests
in a fresh pwsh. All of it is what `dotnet build`, `dotnet test` and Invoke-Pester do; this is the short form.
.EXAMPLE
./build.ps1
.EXAMPLE
./build.ps1 -Task Build, Pester -Configuration Debug
#>
[CmdletBinding()]
param(
    # What to do, in this order.
    [ValidateSet('Build', 'Test', 'Pester')] [string[]] $Task = @('Build', 'Test', 'Pester'),
    [ValidateSet('Release', 'Debug')] [string] $Configuration = 'Release'
)
$ErrorActionPreference = 'Stop'
$solution = Join-Path $PSScriptRoot 'CabsPs.sln'

function Invoke-Native([string] $Command, [string[]] $Arguments) {
    & $Command @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$Command $($Arguments -join ' ') failed with exit code $LASTEXITCODE" }
}

# the torch engine is built where its package can be restored
$torch = @()
if ($Task -contains 'Build' -or $Task -contains 'Test') {
    $null = & dotnet restore (Join-Path $PSScriptRoot 'src/CabsPs.Torch') '-p:WithTorch=true' 2>&1
    if ($LASTEXITCODE -eq 0) { $torch = @('-p:WithTorch=true') }
    else { Write-Warning 'Without the torch engine: the TorchSharp package cannot be restored. The managed engine does not need it.' }
}
if ($Task -contains 'Build') { Invoke-Native dotnet (@('build', $solution, '-c', $Configuration) + $torch) }
if ($Task -contains 'Test') { Invoke-Native dotnet (@('test', $solution, '-c', $Configuration) + $torch) }
if ($Task -contains 'Pester') {
    # a process of its own, because an imported assembly stays loaded
    Invoke-Native ([Environment]::ProcessPath) '-NoProfile', '-NonInteractive', '-File', (Join-Path $PSScriptRoot 'tests/pester/Invoke-Tests.ps1')
}
