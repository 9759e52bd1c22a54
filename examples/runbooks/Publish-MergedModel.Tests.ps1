# The tests of Publish-MergedModel.ps1, as an example of a runbook that is tested: Invoke-Pester ./Publish-MergedModel.Tests.ps1
BeforeAll {
    $script = Join-Path $PSScriptRoot 'Publish-MergedModel.ps1'
    $digits = Join-Path $PSScriptRoot '../digits'
    Import-Module (Join-Path $PSScriptRoot '../../module/Cabs.psd1')

    function Publish([hashtable] $Parameter) {
        $errors, $output = (& $script -ReleasePath $releases @Parameter 2>&1).Where({ $_ -is [System.Management.Automation.ErrorRecord] }, 'Split')
        [pscustomobject]@{ ExitCode = $LASTEXITCODE; Output = $output; Said = "$errors" }
    }
    function Get-Current { Get-Content -LiteralPath (Join-Path $releases current.txt) -ErrorAction Ignore }
}

Describe 'Publish-MergedModel' {
    BeforeEach { $releases = Join-Path $TestDrive ([guid]::NewGuid()) }

    It 'publishes a model that is good enough' {
        $run = Publish @{ Recipe = "$digits/cabs.yml"; Name = 'first' }
        $run.ExitCode | Should -Be 0 -Because $run.Said
        Get-Current | Should -Be 'first'
        $run.Output.Overlap | Should -Be 0
        (Get-ModelCheckpoint (Join-Path $releases first)).TensorCount | Should -Be 8
    }

    It 'keeps the current release when the new one loses too much' {
        (Publish @{ Recipe = "$digits/cabs.yml"; Name = 'first' }).ExitCode | Should -Be 0
        $run = Publish @{ Recipe = "$digits/cabs.yml"; Name = 'second'; MinimumNormKept = 0.9 }
        $run.ExitCode | Should -Be 3
        $run.Said | Should -Match 'scrambled kept 61'
        Get-Current | Should -Be 'first'
        Get-ChildItem $releases | ForEach-Object Name | Sort-Object | Should -Be 'current.txt', 'first'
    }

    It 'does not accept task vectors that run over each other' {
        # without assignment each takes its largest weights, wherever the others are
        (Get-Content $digits/cabs.yml) -replace 'models/', "$digits/models/" -replace 'lambda: .*', 'assignment: none' | Set-Content $TestDrive/none.yml
        $run = Publish @{ Recipe = "$TestDrive/none.yml"; MaximumOverlap = 0.01 }
        $run.ExitCode | Should -Be 3
        $run.Said | Should -Match 'upright and rotated overlap by'
        Get-Current | Should -BeNullOrEmpty
    }

    It 'says what is wrong with a recipe, and touches nothing' {
        Set-Content $TestDrive/wrong.yml "merge_method: cabs`nbase_model: $digits/models/base`nmodels: [{ model: $digits/models/nobody }]"
        $run = Publish @{ Recipe = "$TestDrive/wrong.yml" }
        $run.ExitCode | Should -Be 2
        $run.Said | Should -Match 'nobody'
        Test-Path $releases | Should -BeFalse
    }

    It 'does not take the name of a release that exists' {
        (Publish @{ Recipe = "$digits/cabs.yml"; Name = 'first' }).ExitCode | Should -Be 0
        (Publish @{ Recipe = "$digits/cabs.yml"; Name = 'first' }).ExitCode | Should -Be 2
        Get-Current | Should -Be 'first'
    }

    It 'does nothing with -WhatIf' {
        (Publish @{ Recipe = "$digits/cabs.yml"; WhatIf = $true }).ExitCode | Should -Be 0
        Test-Path $releases | Should -BeFalse
    }
}
