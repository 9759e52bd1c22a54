# Runs the examples of help pages. Used by Update-Help.ps1 and by the tests.

# the blocks of commands of a page, each with the output that follows it, or null
function Get-ExampleBlock([string] $Page) {
    [regex]::Matches($Page, '(?ms)^```powershell\n(?<code>.*?)^```$(?:\s*^```output\n(?<output>.*?)^```$)?') | ForEach-Object {
        [pscustomobject]@{
            Code   = $_.Groups['code'].Value
            Output = $_.Groups['output'].Success ? $_.Groups['output'].Value.TrimEnd() : $null
            Start  = $_.Groups['output'].Index
            Length = $_.Groups['output'].Length
        }
    }
}

# runs the blocks of each page in a pwsh of its own, in a fresh copy of examples/digits; emits what each prints, as a person would see it
function Invoke-ExampleBlock([object[]] $Block) {
    $root = Split-Path $PSScriptRoot
    $work = Join-Path ([IO.Path]::GetTempPath()) "cabs-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
    $folder = Join-Path $work 'digits'
    $mark = '>>>>'
    $null = New-Item -ItemType Directory $work
    try {
        Copy-Item -Recurse (Join-Path $root 'examples/digits') $folder
        # a file of code, because that is what a child takes without changing a character
        $lines = @(
            "Import-Module '$(Join-Path $root 'module/Cabs.psd1')'"
            "Set-Location '$folder'"
            '$PSStyle.OutputRendering = "PlainText"; $ProgressPreference = "Ignore"'
            foreach ($one in $Block) {
                "`$code = [scriptblock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('$([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($one.Code.TrimEnd())))')))"
                "[Console]::WriteLine('$mark')"
                '. $code 2>&1 | Out-String -Stream -Width 120 | ForEach-Object { [Console]::WriteLine($_) }'
            })
        $lines | Set-Content (Join-Path $work run.ps1)
        $text = & ([Environment]::ProcessPath) -NoProfile -NonInteractive -File (Join-Path $work run.ps1) | Out-String
        foreach ($part in ($text -replace '\r' -split "$mark\n" | Select-Object -Skip 1)) {
            (($part -split '\n' | ForEach-Object { $_.Replace($folder, '/digits').TrimEnd() }) -join "`n").Trim("`n")
        }
    }
    finally {
        Remove-Item -Recurse -Force $work
    }
}

# an output without what differs from run to run (times, speeds, memory) and from console to console (where lines break)
function Get-StableText([string] $Output) {
    $Output -replace '(?m)^(Duration|PeakMemory) *: .*$', '$1' -replace 'about \S+ \S+ of memory', 'memory' -replace '\b\d+(\.\d+)?(e-?\d+)? (s|ms)\b', 'time' -replace '-{4,}', '----' -replace '\s+', ' '
}

# a page with the outputs its examples have now
function Update-ExampleOutput([string] $Page) {
    $blocks = @(Get-ExampleBlock $Page)
    $outputs = @(Invoke-ExampleBlock $blocks)
    for ($i = $blocks.Count - 1; $i -ge 0; $i--) {
        if ($null -ne $blocks[$i].Output -and (Get-StableText $outputs[$i]) -cne (Get-StableText $blocks[$i].Output)) {
            $Page = $Page.Remove($blocks[$i].Start, $blocks[$i].Length).Insert($blocks[$i].Start, "$($outputs[$i])`n")
        }
    }
    $Page
}
