BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $vectors = $Tasks | ForEach-Object { Get-TaskVector $Models/$_ -BasePath $Models/base }
    function Get-Overlap($Vectors) { (($Vectors | Merge-TaskVector $TestDrive/$([guid]::NewGuid()) 3>$null).Overlaps.SharedCount | Measure-Object -Sum).Sum }
}

Describe 'Invoke-CabsSparsify' {
    It 'keeps 64 of 256 in order unless told otherwise, and leaves what came in as it was' {
        $sparse = $vectors | Invoke-CabsSparsify
        $sparse.Name | Should -Be $Tasks
        $sparse.Sparsification | Select-Object -Unique | Should -Be 'cabs 64:256 sequential'
        $vectors | Where-Object Sparsification | Should -BeNullOrEmpty
    }

    It 'takes n and m by position' { ($vectors | Invoke-CabsSparsify 3 9)[0].Sparsification | Should -Be 'cabs 3:9 sequential' }

    It 'keeps vectors apart by -Assignment <assignment>' -ForEach @{ assignment = 'Sequential'; shared = $false }, @{ assignment = 'Joint'; shared = $false }, @{ assignment = 'None'; shared = $true } {
        # 4 x 32 of 256 fit side by side, unless nobody minds
        (Get-Overlap ($vectors | Invoke-CabsSparsify -N 32 -M 256 -Assignment $assignment)) -gt 0 | Should -Be $shared
    }

    It 'takes the tail as -Tail says' {
        # a bias of 64 weights is an incomplete block of 100
        $kept = foreach ($tail in 'Drop', 'Proportional', 'Keep') {
            ($vectors[0] | Invoke-CabsSparsify -N 1 -M 100 -Tail $tail | Merge-TaskVector $TestDrive/$tail 3>$null).TaskVectors[0].KeptCount
        }
        $kept | Should -Be ($kept | Sort-Object)
        $kept[2] | Should -BeGreaterThan $kept[0]
    }

    It 'emits nothing for nothing' { @() | Invoke-CabsSparsify | Should -BeNullOrEmpty }
}
