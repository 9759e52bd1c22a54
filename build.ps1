<#
.SYNOPSIS
Builds Cabs, runs its tests and packs the module.
.DESCRIPTION
Build makes the engine, the command line and the module (into module/bin). Pack lays out output/Cabs/<version>, the folder that
Import-Module takes, and output/Cabs.<version>.nupkg for a repository. Test runs the .NET tests, then the Pester tests against the packed
module in a fresh pwsh. Clean takes away what the others make.

Where the package Microsoft.PowerShell.SDK restores, Test also runs the module in runspaces of its own process (tests/CabsPs.Hosted.Tests);
where TorchSharp restores, the engine that uses it is built too. A folder feed can be named by the environment variable
RestoreAdditionalProjectSources.
.EXAMPLE
./build.ps1
.EXAMPLE
./build.ps1 -Task Clean, Build, Pack
#>
[CmdletBinding()]
param(
    # What to do; always in the order Clean, Build, Pack, Test.
    [ValidateSet('Build', 'Test', 'Pack', 'Clean')] [string[]] $Task = @('Build', 'Pack', 'Test'),
    [ValidateSet('Release', 'Debug')] [string] $Configuration = 'Release'
)
$ErrorActionPreference = 'Stop'
$solution = Join-Path $PSScriptRoot 'CabsPs.sln'
$output = Join-Path $PSScriptRoot 'output'

function Invoke-Native([string] $Command, [string[]] $Arguments) {
    & $Command @Arguments
    if ($LASTEXITCODE -ne 0) { throw "$Command $($Arguments -join ' ') failed with exit code $LASTEXITCODE" }
}

# the switches of the build for packages that not every registry has
function Get-OptionalSwitch {
    $projects = [ordered]@{ WithPowerShellSdk = 'tests/CabsPs.Hosted.Tests'; WithTorch = 'src/CabsPs.Torch' }
    foreach ($name in $projects.Keys) {
        $project = Join-Path $PSScriptRoot $projects[$name]
        if (-not (Test-Path $project)) { continue }
        $null = dotnet restore $project "-p:$name=true" 2>&1
        if ($LASTEXITCODE -eq 0) { "-p:$name=true" }
        else { Write-Host "$($projects[$name]) is left out: its package does not restore." }
    }
}

# the module as a package: a zip with the folder's files, a description, and the two files that packages have
function New-Package([string] $Folder, [hashtable] $Manifest, [string] $Path) {
    $data = $Manifest.PrivateData.PSData
    $escaped = @{ Author = $Manifest.Author; Company = $Manifest.CompanyName; Description = $Manifest.Description; Notes = $data.ReleaseNotes; Copyright = $Manifest.Copyright; Tags = "PSModule $($data.Tags)" }
    foreach ($key in @($escaped.Keys)) { $escaped[$key] = [Security.SecurityElement]::Escape($escaped[$key]) }
    $types = Get-ChildItem -Recurse -File $Folder | Where-Object Extension | ForEach-Object { $_.Extension.Substring(1) } | Sort-Object -Unique |
        ForEach-Object { '<Default Extension="{0}" ContentType="application/octet" />' -f $_ }
    $parts = [ordered]@{
        'Cabs.nuspec'         = @"
<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2011/08/nuspec.xsd">
  <metadata>
    <id>Cabs</id>
    <version>$($Manifest.ModuleVersion)</version>
    <authors>$($escaped.Author)</authors>
    <owners>$($escaped.Company)</owners>
    <requireLicenseAcceptance>false</requireLicenseAcceptance>
    <description>$($escaped.Description)</description>
    <releaseNotes>$($escaped.Notes)</releaseNotes>
    <copyright>$($escaped.Copyright)</copyright>
    <tags>$($escaped.Tags)</tags>
  </metadata>
</package>
"@
        '_rels/.rels'         = @'
<?xml version="1.0" encoding="utf-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/Cabs.nuspec" Id="manifest" />
</Relationships>
'@
        '[Content_Types].xml' = @"
<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" />
  <Default Extension="nuspec" ContentType="application/octet" />
  $types
  <Override PartName="/LICENSE" ContentType="application/octet" />
</Types>
"@
    }
    $zip = [IO.Compression.ZipFile]::Open($Path, 'Create')
    try {
        foreach ($name in $parts.Keys) {
            $stream = $zip.CreateEntry($name).Open()
            $stream.Write([Text.UTF8Encoding]::new($false).GetBytes($parts[$name]))
            $stream.Dispose()
        }
        foreach ($file in Get-ChildItem -Recurse -File $Folder) {
            $null = [IO.Compression.ZipFileExtensions]::CreateEntryFromFile($zip, $file.FullName, [IO.Path]::GetRelativePath($Folder, $file.FullName).Replace('\', '/'))
        }
    }
    finally { $zip.Dispose() }
}

if ($Task -contains 'Clean') {
    # what git ignores of the build, and nothing else
    $made = 'output', 'module/bin', 'module/en-US' + (Get-ChildItem -Recurse -Filter *.csproj $PSScriptRoot | ForEach-Object { foreach ($name in 'bin', 'obj') { Join-Path ([IO.Path]::GetRelativePath($PSScriptRoot, $_.DirectoryName)) $name } })
    $made | ForEach-Object { Join-Path $PSScriptRoot $_ } | Where-Object { Test-Path $_ } | Remove-Item -Recurse -Force
}

$optional = @(if ($Task -contains 'Build' -or $Task -contains 'Test') { Get-OptionalSwitch })
if ($Task -contains 'Build') { Invoke-Native dotnet (@('build', $solution, '-c', $Configuration) + $optional) }

if ($Task -contains 'Pack') {
    $module = Join-Path $PSScriptRoot 'module'
    if (-not (Test-Path (Join-Path $module 'bin/CabsPs.dll'))) { throw 'module/bin is empty; run ./build.ps1 -Task Build first' }
    $manifest = Import-PowerShellDataFile (Join-Path $module 'Cabs.psd1')
    $folder = Join-Path $output 'Cabs' $manifest.ModuleVersion
    $package = Join-Path $output "Cabs.$($manifest.ModuleVersion).nupkg"
    $folder, $package | Where-Object { Test-Path $_ } | Remove-Item -Recurse -Force
    $null = New-Item -ItemType Directory $folder
    Copy-Item -Recurse (Join-Path $module '*') $folder
    Copy-Item (Join-Path $PSScriptRoot 'LICENSE') $folder
    New-Package $folder $manifest $package
    $folder, $package
}

if ($Task -contains 'Test') {
    Invoke-Native dotnet (@('test', $solution, '-c', $Configuration) + $optional)
    # a process of its own, because an imported assembly stays loaded
    Invoke-Native ([Environment]::ProcessPath) '-NoProfile', '-NonInteractive', '-File', (Join-Path $PSScriptRoot 'tests/pester/Invoke-Tests.ps1')
}
