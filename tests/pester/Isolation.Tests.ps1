BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $other = Get-ChildItem (Join-Path $Root 'tests/OtherYaml/bin') -Recurse -Filter OtherYaml.dll | Sort-Object LastWriteTime | Select-Object -Last 1 -ExpandProperty FullName

    # runs a script in a fresh pwsh and returns what it emits
    function Invoke-Fresh([scriptblock] $Script, [object[]] $Arguments) {
        $result = & ([Environment]::ProcessPath) -NoProfile -NonInteractive -OutputFormat XML -Command $Script -args $Arguments
        $LASTEXITCODE | Should -Be 0
        $result
    }
}

Describe 'Cabs beside other modules' {
    It 'works after a module with another YamlDotNet, which works too' {
        $seen = Invoke-Fresh {
            param($module, $other, $recipe)
            Import-Module $other
            $before = ConvertFrom-OtherYaml 'a: [1, 2]'
            Import-Module $module
            $runs = Test-MergeRecipe $recipe
            $after = ConvertFrom-OtherYaml 'b: c'
            $cabs = [System.Runtime.Loader.AssemblyLoadContext]::All | Where-Object Name -EQ Cabs
            @{
                Before = "$($before.Version) $($before.Value['a'][1])"
                After  = "$($after.Version) $($after.Value['b'])"
                Runs   = $runs
                Own    = ($cabs.Assemblies.GetName() | Where-Object Name -EQ YamlDotNet).Version.ToString()
            }
        } $Module, $other, (Join-Path $Digits cabs.yml)
        $seen.Before | Should -Be '15.0.0.0 2'
        $seen.After | Should -Be '15.0.0.0 c'
        $seen.Runs | Should -BeTrue
        $seen.Own | Should -Be '16.0.0.0'
    }

    It 'works before such a module, which works too' {
        $seen = Invoke-Fresh {
            param($module, $other, $recipe)
            Import-Module $module
            $runs = Test-MergeRecipe $recipe
            Import-Module $other
            @{ Runs = $runs; Version = (ConvertFrom-OtherYaml 'a: 1').Version.ToString() }
        } $Module, $other, (Join-Path $Digits cabs.yml)
        $seen.Runs | Should -BeTrue
        $seen.Version | Should -Be '15.0.0.0'
    }

    It 'loads nothing of its own but the cmdlets before it is needed' {
        # pwsh compiles in the background what earlier runs of it used, and keeps what that was in its cache
        $cache = $env:XDG_CACHE_HOME
        $env:XDG_CACHE_HOME = (New-Item -ItemType Directory $TestDrive/cache).FullName
        $seen = Invoke-Fresh {
            param($module, $models)
            $own = { [AppDomain]::CurrentDomain.GetAssemblies().GetName().Name | Where-Object { $_ -in 'CabsPs', 'CabsPs.Engine', 'YamlDotNet', 'System.Numerics.Tensors', 'System.IO.Hashing', 'TorchSharp' } | Sort-Object }
            Import-Module $module
            @{ Imported = & $own; Used = $(Get-ModelCheckpoint $models/base; & $own) | Select-Object -Skip 1 }
        } $Module, $Models
        $env:XDG_CACHE_HOME = $cache
        $seen.Imported | Should -Be 'CabsPs'
        $seen.Used | Should -Be 'CabsPs', 'CabsPs.Engine' -Because 'no recipe was read and nothing was merged'
    }
}

Describe 'Imports' {
    It 'has a manifest that Test-ModuleManifest takes' {
        (Test-ModuleManifest $Module -ErrorAction Stop).Version | Should -BeGreaterThan '0.0'
    }

    It 'can be imported again with -Force, and its commands stay' {
        $seen = Invoke-Fresh {
            param($module, $models)
            Import-Module $module
            $vector = Get-TaskVector $models/upright -BasePath $models/base
            $first = (Get-Command -Module Cabs).Count
            1..3 | ForEach-Object { Import-Module $module -Force }
            @{ First = $first; Again = (Get-Command -Module Cabs).Count; Bound = ($vector | Invoke-CabsSparsify -N 1 -M 4).Sparsification }
        } $Module, $Models
        $seen.Again | Should -Be $seen.First
        $seen.Bound | Should -Be 'cabs 1:4 sequential'
    }

    It 'is imported by three runspaces at once, and objects go from one to the other' {
        $seen = Invoke-Fresh {
            param($module, $models)
            $gate = [System.Threading.Barrier]::new(3)
            $shells = 1..3 | ForEach-Object {
                [powershell]::Create().AddScript({
                        param($gate, $module, $models)
                        $null = $gate.SignalAndWait()
                        Import-Module $module -ErrorAction Stop
                        Get-TaskVector $models/upright -BasePath $models/base
                    }).AddArgument($gate).AddArgument($module).AddArgument($models)
            }
            $running = $shells | ForEach-Object { $_.BeginInvoke() }
            $vectors = for ($i = 0; $i -lt 3; $i++) { $shells[$i].EndInvoke($running[$i]) }
            Import-Module $module
            $vectors | ForEach-Object { ($_ | Invoke-CabsSparsify -N 2 -M 8).Sparsification }
            ($shells.Streams.Error | Measure-Object).Count
        } $Module, $Models
        $seen | Should -Be 'cabs 2:8 sequential', 'cabs 2:8 sequential', 'cabs 2:8 sequential', 0
    }
}

Describe 'Several at once' {
    BeforeAll {
        $vectors = Get-ChildItem $Models -Exclude base | Sort-Object Name | Get-TaskVector -BasePath $Models/base
        $hashes = $vectors | ForEach-Object {
            $null = $_ | Invoke-CabsSparsify -N 8 -M 32 | Merge-TaskVector $TestDrive/alone/$($_.Name) 3>$null
            Get-WeightHash $TestDrive/alone/$($_.Name)
        }
    }

    It 'merges task vectors in ForEach-Object -Parallel to the same bytes as one after the other' {
        $results = $vectors | ForEach-Object -ThrottleLimit 4 -Parallel {
            Import-Module $using:Module
            $_ | Invoke-CabsSparsify -N 8 -M 32 | Merge-TaskVector $using:TestDrive/parallel/$($_.Name) -WarningAction Ignore
        }
        ($results | Sort-Object Path | ForEach-Object { Get-WeightHash $_.Path }) | Should -Be $hashes
    }

    It 'merges task vectors in thread jobs to the same bytes' {
        $jobs = $vectors | ForEach-Object {
            Start-ThreadJob {
                param($vector, $module, $out)
                Import-Module $module
                $vector | Invoke-CabsSparsify -N 8 -M 32 | Merge-TaskVector $out/$($vector.Name) -WarningAction Ignore
            } -ArgumentList $_, $Module, "$TestDrive/jobs"
        }
        $results = $jobs | Receive-Job -Wait -AutoRemoveJob
        ($results | Sort-Object Path | ForEach-Object { Get-WeightHash $_.Path }) | Should -Be $hashes
    }

    It 'uses one sparsified group from several runspaces' {
        $group = $vectors | Invoke-CabsSparsify -N 100 -M 256
        $null = $group[2] | Merge-TaskVector $TestDrive/member 3>$null
        $parallel = 1..3 | ForEach-Object -Parallel {
            Import-Module $using:Module
            $group = $using:group
            $group[2] | Merge-TaskVector "$using:TestDrive/member-$_" -WarningAction Ignore
        }
        $parallel | ForEach-Object { Get-WeightHash $_.Path } | Select-Object -Unique | Should -Be (Get-WeightHash $TestDrive/member)
    }
}
