BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $folder = (New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "cabs-calls-$([guid]::NewGuid().ToString('n').Substring(0, 8))")).FullName
    $calls = & (Join-Path $Root 'tests/calls/WrongCalls.ps1') $folder
}

Describe 'Wrong calls' -ForEach @{ Folder = $folder; Calls = $calls } {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        $topic = Get-Content -Raw (Join-Path $Root 'docs/en-US/about_Cabs_Errors.md')
        # id and categories of each row of the topic's tables
        $rows = [regex]::Matches($topic, '(?m)^\| (\w+) \| ([\w, ]+) \| .+ \| .+ \|$') | Where-Object { $_.Groups[1].Value -ne 'Id' }
        $categories = @{}
        foreach ($row in $rows) { $categories.Add($row.Groups[1].Value, @($row.Groups[2].Value -split ', ')) }
        $before = Get-ChildItem -Recurse -Force $Folder | ForEach-Object { "$($_.FullName) $($_.Length)" }
        Push-Location $Folder
    }

    AfterAll {
        Pop-Location
        Remove-Item -Recurse -Force $Folder
    }

    It '<Id>: <Script>' -ForEach $calls {
        $e = Get-OnlyError ([scriptblock]::Create("param() $Script 3>`$null"))
        $command = Get-Command $Cmdlet
        $e.FullyQualifiedErrorId | Should -Be "$Id,$($command.ImplementingType)"
        $e.Exception.Message | Should -Match $Message
        $e.TargetObject | Should -Not -BeNullOrEmpty
        $categories.Keys | Should -Contain $Id -Because 'about_Cabs_Errors lists it'
        $categories[$Id] | Should -Contain $e.CategoryInfo.Category.ToString()
        Get-ChildItem -Recurse -Force $Folder | ForEach-Object { "$($_.FullName) $($_.Length)" } | Should -Be $before -Because 'a wrong call leaves everything as it was'
    }

    It 'are at least thirty, each with an id of its own' {
        $Calls.Count | Should -BeGreaterOrEqual 30
        ($Calls.Id | Select-Object -Unique).Count | Should -Be $Calls.Count
    }

    It 'and the topic have the ids of the engine' {
        $engine = [System.Runtime.Loader.AssemblyLoadContext]::All | Where-Object Name -EQ Cabs | ForEach-Object Assemblies | Where-Object { $_.GetName().Name -eq 'CabsPs.Engine' }
        [enum]::GetNames($engine.GetType('CabsPs.Engine.CabsError')) | Where-Object { $_ -notin $categories.Keys } | Should -BeNullOrEmpty -Because 'about_Cabs_Errors lists every id'
    }

    It 'do not stop the good inputs, unless -ErrorAction Stop says so' {
        $vectors = Get-TaskVector lies, good, nothing, cut, other -BasePath base -ErrorAction SilentlyContinue -ErrorVariable errors
        $vectors.Name | Should -Be 'good', 'other'
        $errors.FullyQualifiedErrorId -replace ',.*' | Should -Be 'CheckpointInvalid', 'CheckpointNotFound', 'FileTruncated'
        $seen = [System.Collections.Generic.List[string]]::new()
        { Get-TaskVector good, lies, other -BasePath base -ErrorAction Stop | ForEach-Object { $seen.Add($_.Name) } } | Should -Throw -ErrorId 'CheckpointInvalid,*'
        $seen | Should -Be 'good'
    }
}
