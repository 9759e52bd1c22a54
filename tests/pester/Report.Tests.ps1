BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $merged = Get-TaskVector -BasePath $Models/base -Path ($Tasks | ForEach-Object { "$Models/$_" }) | Invoke-CabsSparsify -N 26 -M 256 |
        Merge-TaskVector -Lambda 0.6 -OutputPath $TestDrive/merged -WarningAction Ignore
    function Read-Page([string] $Path) {
        $settings = [System.Xml.XmlReaderSettings]@{ DtdProcessing = 'Ignore' }
        $reader = [System.Xml.XmlReader]::Create($Path, $settings)
        try { $page = [xml]::new(); $page.Load($reader); $page } finally { $reader.Dispose() }
    }
    # the cells of the table with this caption, a list per row
    function Get-Cell($Page, [string] $Caption) {
        foreach ($row in $Page.SelectNodes("(//table[caption='$Caption'])[1]/tbody/tr")) { , @($row.ChildNodes | ForEach-Object InnerText) }
    }
}

Describe 'Export-MergeReport' {
    It 'writes what a merge did as one page, and emits the file only when asked' {
        $merged | Export-MergeReport $TestDrive/report.html | Should -BeNullOrEmpty
        $page = Read-Page $TestDrive/report.html
        $page.html.head.title | Should -Be 'merged: what the merge did'
        $rows = Get-Cell $page 'Experts'
        $rows | ForEach-Object { $_[0] } | Should -Be $Tasks
        $rows | ForEach-Object { $_[6] -replace '\s' } | Should -Be ($merged.TaskVectors | ForEach-Object { [CabsPs.Display]::Percent($_.NormKept) -replace '\s' })
        (Get-Cell $page 'Left out').Count | Should -Be 8
        $page.SelectNodes('//script').Count | Should -Be 0
        # layers are there because the models were measured again
        (Get-Cell $page 'Norm kept by layer' | ForEach-Object { $_[0] }) | Should -Be '0', '1', 'outside the layers'
        $file = $merged | Export-MergeReport $TestDrive/report.html -Force -PassThru -SkipMeasurement
        $file | Should -BeOfType ([IO.FileInfo])
        Get-Cell (Read-Page $file) 'Norm kept by layer' | Should -BeNullOrEmpty
    }

    It 'plans and measures a recipe without merging it' {
        Export-MergeReport $TestDrive/recipe.html -RecipePath (Join-Path $Digits cabs.yml) -Title 'Before merging'
        $page = Read-Page $TestDrive/recipe.html
        $page.html.body.header.h1 | Should -Be 'Before merging'
        (Get-Cell $page 'Experts').Count | Should -Be 4
        $page.OuterXml | Should -Match 'Planned, not carried out'
    }

    It 'takes measurements, comparisons of assignments and searches in any order' {
        $vectors = Get-TaskVector -BasePath $Models/base -Path $Models/upright, $Models/rotated
        $sparse = $vectors | Invoke-CabsSparsify -N 26 -M 256
        $measured = $sparse | Measure-TaskVector
        $rows = @($vectors | Compare-CabsAssignment -Shape 26:256)
        $search = $sparse | Optimize-MergeWeight -Strategy grid -Step 0.5 -FineStep 0 -Evaluate { param($Model) (Get-ModelTensor $Model norm.weight -Statistics).Norm }
        $rows + $search + $measured | Export-MergeReport $TestDrive/parts.html
        $page = Read-Page $TestDrive/parts.html
        (Get-Cell $page 'Experts' | ForEach-Object { $_[6] -replace '\s' }) | Should -Be ($measured.TaskVectors | ForEach-Object { [CabsPs.Display]::Percent($_.NormKept) -replace '\s' })
        (Get-Cell $page 'Every setting').Count | Should -Be $rows.Count
        $effects = @($vectors | Compare-CabsAssignment -Shape 26:256 -OrderEffect)
        (Get-Cell $page 'Norm kept over the orders' | ForEach-Object { $_[6] -replace '\s' }) | Should -Be ($effects | ForEach-Object { [CabsPs.Display]::Percent($_.Effect) -replace '\s' })
        (Get-Cell $page 'Trials').Count | Should -Be $search.Trials.Count
        $page.OuterXml | Should -Match "Chosen: lambda $($search.Weights['lambda'])"
    }

    It 'shows scores with their intervals, and other properties as columns' {
        $scores = [pscustomobject]@{ Name = 'base'; Score = 0.9; IsReference = $true }, [pscustomobject]@{ Name = 'CABS'; Score = 0.93; Low = 0.91; High = 0.95; upright = 0.94; Note = 'within noise' }
        Export-MergeReport $TestDrive/scores.html -Score $scores -ScoreTitle 'Accuracy'
        $rows = Get-Cell (Read-Page $TestDrive/scores.html) 'Accuracy'
        $rows[1] | Should -Be 'CABS', '0.930', '0.910', '0.950', '0.94', 'within noise'
        $rows[0][0..3] | Should -Be 'base', '0.900', '–', '–'
    }

    It 'replaces nothing unless told, and -WhatIf writes nothing' {
        'mine' | Set-Content $TestDrive/mine.html
        $problem = Get-OnlyError { $merged | Export-MergeReport $TestDrive/mine.html @args }
        $problem.FullyQualifiedErrorId | Should -Be 'OutputNotEmpty,CabsPs.Commands.ExportMergeReportCommand'
        Get-Content $TestDrive/mine.html | Should -Be 'mine'
        $merged | Export-MergeReport $TestDrive/no.html -WhatIf
        Test-Path $TestDrive/no.html | Should -BeFalse
    }

    It 'says in one line what it has no use for' {
        (Get-OnlyError { 1 | Export-MergeReport $TestDrive/x.html @args }).Exception.Message | Should -Match 'no use for a Int32'
        (Get-OnlyError { Export-MergeReport $TestDrive/x.html @args }).Exception.Message | Should -Match 'nothing to report'
        (Get-OnlyError { Export-MergeReport $TestDrive/x.html -Score ([pscustomobject]@{ Name = 'a'; Score = 'much' }) @args }).Exception.Message | Should -Match "Score of 'a' is 'much'"
        Test-Path $TestDrive/x.html | Should -BeFalse
    }
}

Describe 'The comparison of methods on the digits' {
    It 'chooses on validation, reports on test, and calls noise noise' {
        $rows = & (Join-Path $Digits Compare-Digits.ps1) -OutputPath $TestDrive/paper -Quick -Resample 500
        $rows.Method | Should -Be "the base's body", 'ideal: every task by its own expert', 'task arithmetic, dense', 'magnitude', 'DARE', 'TIES', 'TIES + DARE', 'BS', 'CABS, upright first', 'CABS, scrambled first', 'CABS joint'
        # what the zoo's own notes say of the base's body and of the experts
        $Tasks | ForEach-Object { [math]::Round($rows[0].$_, 3) } | Should -Be 0.948, 0.946, 0.874, 0.906
        $Tasks | ForEach-Object { [math]::Round($rows[1].$_, 3) } | Should -Be 0.970, 0.978, 0.970, 0.978
        foreach ($row in $rows) {
            $row.Mean | Should -BeGreaterThan $row.Low
            $row.Mean | Should -BeLessThan $row.High
            # 597 drawings, four answers each: a standard error of about 0.007
            ($row.High - $row.Low) | Should -BeGreaterThan 0.01
            ($row.High - $row.Low) | Should -BeLessThan 0.05
        }
        # a difference of nothing is itself, and the best of a sparsity is worse than no other
        $best = $rows[3..10] | Sort-Object Mean -Descending | Select-Object -First 1
        $best.FromBest | Should -Be 'itself'
        $rows[3..10].FromBest | Where-Object { $_ -like 'better*' } | Should -BeNullOrEmpty
        (Import-Csv $TestDrive/paper/results.csv).Count | Should -Be 11
        (Get-Content $TestDrive/paper/results.md).Count | Should -Be 15
        $cells = Get-Cell (Read-Page $TestDrive/paper/report.html) 'Mean accuracy on the test images'
        $cells.Count | Should -Be 11
        $cells[10][0] | Should -Be 'CABS joint'
        Test-Path $TestDrive/paper/trial | Should -BeFalse
    }

    It 'draws intervals that a person can check' {
        # of zeros and ones alone the mean of a draw is a binomial share: 0.5 plus or minus 1.96 standard errors of 0.05
        $scores = [double[]] (1..100 | ForEach-Object { $_ % 2 })
        $low, $high = [Bootstrap]::Interval($scores, 20000, 7)
        $low | Should -BeGreaterThan 0.38
        $low | Should -BeLessThan 0.42
        $high | Should -BeGreaterThan 0.58
        $high | Should -BeLessThan 0.62
        [Bootstrap]::Interval([double[]] (1..50 | ForEach-Object { 0.25 }), 200) | Should -Be 0.25, 0.25
        [Bootstrap]::Difference([double[]] (1, 0), [double[]] (0, 0)) | Should -Be 1, 0
        [Bootstrap]::Interval($scores, 300, 7) | Should -Be ([Bootstrap]::Interval($scores, 300, 7))
    }
}
