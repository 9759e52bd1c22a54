BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $version = (Import-PowerShellDataFile $Module).ModuleVersion
    $folder = Split-Path $Module

    # imports Cabs by name, with one folder on the module path, and uses it
    function Get-Imported([string] $ModulePath) {
        & ([Environment]::ProcessPath) -NoProfile -NonInteractive -OutputFormat XML -Command {
            param($path, $recipe)
            $env:PSModulePath = $path
            Import-Module Cabs -ErrorAction Stop
            @{ Base = (Get-Module Cabs).ModuleBase; Version = (Get-Module Cabs).Version.ToString(); Runs = Test-MergeRecipe $recipe; Help = (Get-Help Merge-TaskVector).Synopsis }
        } -args $ModulePath, (Join-Path $Digits cabs.yml)
    }
}

Describe 'The package' -Skip:(-not $env:CABS_MODULE) {
    It 'is a folder of its version that Import-Module takes from a clean module path' {
        (Split-Path -Leaf $folder), (Split-Path -Leaf (Split-Path $folder)) | Should -Be $version, 'Cabs'
        $seen = Get-Imported (Split-Path (Split-Path $folder))
        $seen.Base | Should -Be $folder
        $seen.Runs | Should -BeTrue
        $seen.Version | Should -Be $version
    }

    It 'is a .nupkg that, unpacked, is taken too' {
        $package = Join-Path (Split-Path (Split-Path $folder)) "Cabs.$version.nupkg"
        [IO.Compression.ZipFile]::ExtractToDirectory($package, "$TestDrive/Modules/Cabs/$version")
        $nuspec = [xml](Get-Content -Raw "$TestDrive/Modules/Cabs/$version/Cabs.nuspec")
        $nuspec.package.metadata.id, $nuspec.package.metadata.version | Should -Be 'Cabs', $version
        $nuspec.package.metadata.tags -split ' ' | Should -Contain 'PSModule'
        # what a client of a repository leaves out
        '_rels', '[Content_Types].xml', 'Cabs.nuspec' | ForEach-Object { Remove-Item -Recurse -Force -LiteralPath "$TestDrive/Modules/Cabs/$version/$_" }
        $seen = Get-Imported "$TestDrive/Modules"
        $seen.Base | Should -Be (Join-Path $TestDrive Modules Cabs $version)
        $seen.Runs | Should -BeTrue
        (Get-ChildItem -Recurse -File $seen.Base | ForEach-Object { [IO.Path]::GetRelativePath($seen.Base, $_) }) | Sort-Object |
            Should -Be (Get-ChildItem -Recurse -File $folder | ForEach-Object { [IO.Path]::GetRelativePath($folder, $_) } | Sort-Object)
    }

    It 'holds no dll beside the cmdlets, and neither PowerShell nor a package it does not use' {
        Get-ChildItem $folder/bin -Filter *.dll | ForEach-Object Name | Should -Be 'CabsPs.dll'
        Get-ChildItem $folder -Recurse -Filter System.Management.Automation*.dll | Should -BeNullOrEmpty
    }
}
