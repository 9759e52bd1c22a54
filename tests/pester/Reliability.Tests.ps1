BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $vectors = Get-TaskVector -BasePath $Models/base -Path $Models/upright, $Models/rotated
}

Describe 'Test-ModelCheckpoint' {
    It 'finds a result good, and names the tensor in which a byte has changed' {
        $result = $vectors | Merge-TaskVector -OutputPath $TestDrive/merged -Sha256 3>$null
        $found = $result | Test-ModelCheckpoint -Sha256
        $found.IsGood, $found.HashesCompared, $found.TensorCount | Should -Be $true, $true, 8
        $found.Files[0].Sha256 | Should -Be (Get-FileHash $found.Files[0].Path).Hash
        ($result.Files | Where-Object Name -EQ model.safetensors).Sha256 | Should -Be $found.Files[0].Sha256
        $bytes = [IO.File]::ReadAllBytes($found.Files[0].Path)
        $bytes[-1] = $bytes[-1] -bxor 1
        [IO.File]::WriteAllBytes($found.Files[0].Path, $bytes)
        $found = Test-ModelCheckpoint $TestDrive/merged
        $found.IsGood | Should -BeFalse
        $found.Problems.Kind | Should -Be 'TensorChanged'
        $found.Problems.Tensor | Should -BeIn (Get-ModelTensor $TestDrive/merged).Name
        Test-ModelCheckpoint $TestDrive/merged -Quiet | Should -BeFalse
    }

    It 'looks at models that no merge wrote, and says which path is none' {
        $found = Get-ChildItem $Models | Test-ModelCheckpoint
        $found.Count | Should -Be 5
        $found.IsGood | Should -Not -Contain $false
        $found.HashesCompared | Should -Not -Contain $true
        (Get-OnlyError { Test-ModelCheckpoint $TestDrive/nothing }).FullyQualifiedErrorId | Should -Be 'CheckpointNotFound,CabsPs.Commands.TestModelCheckpointCommand'
    }
}

Describe 'Merges that go on or meet' {
    It 'takes what is complete as done with -Resume, and refuses another plan' {
        $first = $vectors | Merge-TaskVector -OutputPath $TestDrive/again -Resume 3>$null
        $second = $vectors | Merge-TaskVector -OutputPath $TestDrive/again -Resume 3>$null
        $first.ResumedTensorCount, $second.ResumedTensorCount | Should -Be 0, 8
        $second.Files.Hash | Should -Be $first.Files.Hash
        $e = Get-OnlyError { $vectors | Merge-TaskVector -Lambda 0.5 -OutputPath $TestDrive/again -Resume 3>$null }
        $e.FullyQualifiedErrorId | Should -Be 'ResumeMismatch,CabsPs.Commands.MergeTaskVectorCommand'
        $e.Exception.Message | Should -Match "plan parameters lambda is '0.5'"
    }

    It 'lets one of several runspaces write a destination and tells the others; side by side all write' {
        $outcomes = 1..6 | ForEach-Object -Parallel {
            Import-Module $using:Module
            $vectors = Get-TaskVector -BasePath $using:Models/base -Path $using:Models/upright
            $own = $vectors | Merge-TaskVector -OutputPath "$using:TestDrive/side/$_" 3>$null
            try { $null = $vectors | Merge-TaskVector -OutputPath $using:TestDrive/one 3>$null; 'won' }
            catch { $_.FullyQualifiedErrorId.Split(',')[0] }
            $own.Files.Hash -join ' '
        } -ThrottleLimit 6
        @($outcomes -eq 'won').Count | Should -Be 1
        $outcomes | Where-Object { $_ -match '^Output' } | Should -BeIn 'OutputBusy', 'OutputNotEmpty'
        @($outcomes -match '^[0-9a-f]{32}').Count | Should -Be 6
        @($outcomes -match '^[0-9a-f]{32}' | Sort-Object -Unique).Count | Should -Be 1
        (Test-ModelCheckpoint $TestDrive/one).IsGood | Should -BeTrue
        Get-ChildItem $TestDrive, $TestDrive/side -Force -Filter '.*.partial' | Should -BeNullOrEmpty
    }
}
