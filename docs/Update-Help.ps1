<#
.SYNOPSIS
Brings the machine-made parts of the cmdlets' help pages up to date.
.DESCRIPTION
A page docs/en-US/<Cmdlet>.md holds what people write (texts, examples) and what follows from the code: the syntax, and the block of
yaml under each parameter. This script writes the latter from the built module, makes the page of a cmdlet that has none, adds
parameters that are new and takes out those that are gone. Words still to be written stand as {{ ... }}; the build refuses them.

With -Example it also runs the examples of each page, in a scope and a copy of examples/digits of its own, and writes what they
print into the block of ```output that follows a block of ```powershell. Blocks without such a follower are run, too. Figures that
differ from run to run (times, memory) stay as they stand when nothing else changed.

Run it in a fresh pwsh after building src/CabsPs. Emits the paths of the pages that changed.
.EXAMPLE
pwsh -NoProfile -File docs/Update-Help.ps1 -Example
.EXAMPLE
docs/Update-Help.ps1 -WhatIf

Tells which pages are out of date.
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # Cmdlets whose pages are wanted; wildcards are allowed.
    [SupportsWildcards()] [string] $Name = '*',
    # Runs the examples and writes what they print.
    [switch] $Example
)
$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot
Import-Module ($env:CABS_MODULE ? $env:CABS_MODULE : (Join-Path $root 'module/Cabs.psd1')) -Force -Verbose:$false
. (Join-Path $PSScriptRoot 'HelpExamples.ps1')

$usual = [System.Management.Automation.Cmdlet]::CommonParameters + 'ProgressAction'
$texts = @{
    WhatIf  = 'Shows what would happen. Nothing is written.'
    Confirm = 'Asks before anything is written.'
}

# a type as people write it: String[], TensorType
function Get-TypeName([type] $Type) {
    $bare = [Nullable]::GetUnderlyingType($Type) ?? $Type
    $bare.Name
}

# what the property holds when the parameter is not given
function Get-DefaultText($Instance, $Parameter) {
    $value = try { $Instance.($Parameter.Name) } catch { $null }
    if ($value -is [switch]) { return 'False' }
    if ($null -eq $value -or "$value" -eq '' -or $value -is [hashtable] -or ($Parameter.Name -eq 'ThrottleLimit' -and $value -eq 0)) { return 'None' }
    ($value | ForEach-Object { [Convert]::ToString($_, [cultureinfo]::InvariantCulture) }) -join ', '
}

function Get-Yaml($Command, $Instance, $Parameter) {
    $type = Get-TypeName $Parameter.ParameterType
    $element = $Parameter.ParameterType.IsArray ? $Parameter.ParameterType.GetElementType() : ([Nullable]::GetUnderlyingType($Parameter.ParameterType) ?? $Parameter.ParameterType)
    $words = if ($element.IsEnum) { [enum]::GetNames($element) } else { $Parameter.Attributes.Where({ $_ -is [ValidateSet] }).ValidValues }
    $uses = foreach ($set in $Command.ParameterSets | Sort-Object { -not $_.IsDefault }) {
        $use = $set.Parameters | Where-Object Name -EQ $Parameter.Name
        if ($use) {
            $from = @(if ($use.ValueFromPipelineByPropertyName) { 'ByPropertyName' }; if ($use.ValueFromPipeline) { 'ByValue' })
            [pscustomobject]@{
                Set      = $set.Name
                Required = $use.IsMandatory
                Position = $use.Position -lt 0 ? 'Named' : $use.Position
                Pipeline = $from ? "True ($($from -join ', '))" : 'False'
            }
        }
    }
    foreach ($group in $uses | Group-Object Required, Position, Pipeline) {
        $first = $group.Group[0]
        '```yaml'
        "Type: $type"
        "Parameter Sets: $($group.Count -eq $Command.ParameterSets.Count ? '(All)' : $group.Group.Set -join ', ')"
        "Aliases: $($Parameter.Aliases -join ', ')".TrimEnd()
        if ($words) { "Accepted values: $($words -join ', ')" }
        ''
        "Required: $($first.Required)"
        "Position: $($first.Position)"
        "Default value: $(Get-DefaultText $Instance $Parameter)"
        "Accept pipeline input: $($first.Pipeline)"
        "Accept wildcard characters: $([bool] $Parameter.Attributes.Where({ $_ -is [SupportsWildcards] }))"
        '```'
        ''
    }
}

# the syntax, broken where a line would become too long
function Get-Syntax($Command, $Set) {
    $line = ''
    $words = [regex]::Matches("$($Command.Name) $($Set.ToString())", '\[\[[^\]]*\] <[^>]*>\]|\[-[^\]]*?( <[^>]*>)?\]|\[<CommonParameters>\]|-\w+ <[^>]*>|\S+').Value
    foreach ($word in $words) {
        if ($line.Length + $word.Length -gt 99) { $line; $line = ' ' }
        $line = $line ? "$line $word" : $word
    }
    $line
}

# a page as an ordered table: the text under each '## HEADING'
function Read-Section([string] $Text, [string] $Mark) {
    $sections = [ordered]@{}
    $current = ''
    $fence = $false
    foreach ($line in $Text -split '\r?\n') {
        if ($line.StartsWith('```')) { $fence = -not $fence }
        if (-not $fence -and $line.StartsWith($Mark)) { $current = $line.Substring($Mark.Length); $sections[$current] = [System.Collections.Generic.List[string]]::new() }
        elseif ($current) { $sections[$current].Add($line) }
    }
    $sections
}

function Join-Text($Lines) { (@($Lines) -join "`n").Trim() }

function New-Page($Command, [string] $Old) {
    $instance = [Activator]::CreateInstance($Command.ImplementingType)
    $sections = Read-Section $Old '## '
    $parts = if ($sections['PARAMETERS']) { Read-Section (Join-Text $sections['PARAMETERS']) '### ' } else { @{} }
    $prose = { param($heading, $default) $sections[$heading] ? (Join-Text $sections[$heading]) : $default }
    $lines = @(
        '---'
        'external help file: CabsPs.dll-Help.xml'
        'Module Name: Cabs'
        'online version:'
        'schema: 2.0.0'
        '---'
        ''
        "# $($Command.Name)"
        ''
        '## SYNOPSIS'
        & $prose 'SYNOPSIS' '{{ one sentence }}'
        ''
        '## SYNTAX'
        ''
        foreach ($set in $Command.ParameterSets | Sort-Object { -not $_.IsDefault }) {
            if ($Command.ParameterSets.Count -gt 1) { "### $($set.Name)$($set.IsDefault ? ' (Default)' : '')" }
            '```'
            Get-Syntax $Command $set
            '```'
            ''
        }
        '## DESCRIPTION'
        & $prose 'DESCRIPTION' '{{ what it does, what it needs, what it leaves alone }}'
        ''
        '## EXAMPLES'
        ''
        & $prose 'EXAMPLES' "### Example 1: {{ title }}`n``````powershell`n$($Command.Name)`n```````n`n``````output`n``````"
        ''
        '## PARAMETERS'
        ''
        $parameters = $Command.Parameters.Values | Where-Object Name -NotIn $usual
        foreach ($parameter in @($parameters | Where-Object Name -NotIn $texts.Keys | Sort-Object Name) + @($parameters | Where-Object Name -In $texts.Keys | Sort-Object Name)) {
            $kept = $parts["-$($parameter.Name)"]
            $text = if ($kept) { (Join-Text $kept) -replace '(?s)```yaml.*?```', '' } else { $texts[$parameter.Name] ?? '{{ what it does, and without it }}' }
            "### -$($parameter.Name)"
            Join-Text $text
            ''
            Get-Yaml $Command $instance $parameter
        }
        '### CommonParameters'
        'Those of every cmdlet, such as -Verbose, -ErrorAction and -WarningAction: see about_CommonParameters.'
        ''
        '## INPUTS'
        ''
        & $prose 'INPUTS' "### System.String`n{{ what may come from the pipeline }}"
        ''
        '## OUTPUTS'
        ''
        & $prose 'OUTPUTS' "### $($Command.OutputType[0].Name)`n{{ what comes out }}"
        ''
        '## NOTES'
        & $prose 'NOTES' ''
        ''
        '## RELATED LINKS'
        ''
        & $prose 'RELATED LINKS' '[about_Cabs](about_Cabs.md)'
        ''
    )
    ($lines -join "`n") -replace "`n{3,}", "`n`n"
}

$commands = @(Get-Command -Module Cabs -Name $Name)
$files = @($commands | ForEach-Object { Join-Path $PSScriptRoot "en-US/$($_.Name).md" })
$old = @($files | ForEach-Object { (Test-Path $_) ? [IO.File]::ReadAllText($_) : '' })
$new = @(for ($i = 0; $i -lt $commands.Count; $i++) { New-Page $commands[$i] $old[$i] })
if ($Example) { $new = @(Update-ExampleOutput $new) }
for ($i = 0; $i -lt $commands.Count; $i++) {
    if ($new[$i] -ceq $old[$i]) { continue }
    if ($PSCmdlet.ShouldProcess($files[$i], 'Update')) { [IO.File]::WriteAllText($files[$i], $new[$i]) }
    $files[$i]
}
