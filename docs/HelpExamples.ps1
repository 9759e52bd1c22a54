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

# runs the blocks of pages, each page in a fresh copy of examples/digits and a scope of its own, all in one new pwsh (with the module that
# CABS_MODULE names, or the one built here); emits for each page the texts its blocks print, as a person would see them
function Invoke-ExampleBlock([object[][]] $Page) {
    # a caller's -WhatIf is about pages, not about this folder
    $WhatIfPreference = $false
    $root = Split-Path $PSScriptRoot
    $work = Join-Path ([IO.Path]::GetTempPath()) "cabs-$([guid]::NewGuid().ToString('n').Substring(0, 8))"
    $null = New-Item -ItemType Directory $work
    try {
        $code = @(
            "Import-Module '$($env:CABS_MODULE ? $env:CABS_MODULE : (Join-Path $root 'module/Cabs.psd1'))'"
            '$PSStyle.OutputRendering = "PlainText"; $ProgressPreference = "Ignore"'
            for ($i = 0; $i -lt $Page.Count; $i++) {
                Copy-Item -Recurse (Join-Path $root 'examples/digits') (Join-Path $work $i digits)
                "Set-Location '$(Join-Path $work $i digits)'"
                '[Console]::WriteLine("<page>"); & {'
                foreach ($block in $Page[$i]) {
                    # in a form that takes any character, and as a block of its own, so that errors show what a prompt shows
                    "`$block = [scriptblock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('$([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($block.Code.TrimEnd())))')))"
                    '[Console]::WriteLine("<block>"); . $block 2>&1 | Out-String -Stream -Width 120 | ForEach-Object { [Console]::WriteLine($_) }'
                }
                '}'
            })
        $code | Set-Content (Join-Path $work run.ps1)
        $text = & ([Environment]::ProcessPath) -NoProfile -NonInteractive -File (Join-Path $work run.ps1) | Out-String
        foreach ($part in ($text -replace '\r' -split '<page>\n' | Select-Object -Skip 1)) {
            $printed = foreach ($one in ($part -split '<block>\n' | Select-Object -Skip 1)) {
                (($one -split '\n' | ForEach-Object { ($_ -replace "$([regex]::Escape($work))[/\\]\d+[/\\]digits", '/digits').TrimEnd() }) -join "`n").Trim("`n")
            }
            , @($printed)
        }
    }
    finally {
        Remove-Item -Recurse -Force $work
    }
}

# an output without what differs from run to run (times, speeds, memory), from folder to folder (a result's cabs.json names its models) and from console to console (where lines break)
function Get-StableText([string] $Output) {
    $Output -replace '(?m)^(Size|Duration|PeakMemory) *: .*$', '$1' -replace 'about \S+ \S+ of memory', 'memory' -replace '\b\d+(\.\d+)?(e-?\d+)? (s|ms)\b', 'time' -replace '-{4,}', '----' -replace '\s+', ' '
}

# pages with the outputs their examples have now
function Update-ExampleOutput([string[]] $Page) {
    $blocks = @($Page | ForEach-Object { , @(Get-ExampleBlock $_) })
    $outputs = @(Invoke-ExampleBlock $blocks)
    for ($p = 0; $p -lt $Page.Count; $p++) {
        $text = $Page[$p]
        for ($i = $blocks[$p].Count - 1; $i -ge 0; $i--) {
            $block = $blocks[$p][$i]
            if ($null -ne $block.Output -and (Get-StableText $outputs[$p][$i]) -cne (Get-StableText $block.Output)) {
                $text = $text.Remove($block.Start, $block.Length).Insert($block.Start, "$($outputs[$p][$i])`n")
            }
        }
        $text
    }
}
