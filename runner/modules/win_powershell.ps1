# Runs a script in a runspace of its own and reports what came out of it as one line of base64 JSON,
# which no code page can change. Windows PowerShell 2.0 syntax throughout.

$runnerDepth = [int]$params.depth
$secrets = @()
if ([int]$params.sensitive) { $secrets = @($input) }

function Convert-Plain($value, $depth) {
    # Anything -> what JSON has: text, numbers, booleans, lists and tables, down to a depth.
    if ($value -eq $null) { return $null }
    $base = $value
    if ($value -is [Management.Automation.PSObject]) { $base = $value.PSObject.BaseObject }
    if ($base -is [string] -or $base -is [bool]) { return $base }
    if ($base -is [char] -or $base -is [guid] -or $base -is [uri] -or $base -is [version]) { return $base.ToString() }
    if ($base -is [datetime]) { return $base.ToUniversalTime().ToString('o') }
    if ($base -is [enum]) { return @{ Type = $base.GetType().FullName; String = $base.ToString(); Value = [long]$base } }
    if ($base -is [type]) { return @{ Name = $base.Name; FullName = $base.FullName } }
    if ($base.GetType().IsPrimitive -or $base -is [decimal]) { return $base }
    if ($depth -lt 0) { return $base.ToString() }
    if ($base -is [Collections.IDictionary]) {
        $table = @{}
        foreach ($key in @($base.Keys)) { $table[$key.ToString()] = Convert-Plain $base[$key] ($depth - 1) }
        return $table
    }
    if ($base -is [Collections.IEnumerable]) {
        $list = New-Object Collections.ArrayList
        foreach ($item in @($base)) { [void]$list.Add((Convert-Plain $item ($depth - 1))) }
        return , $list.ToArray()
    }
    $table = @{}
    foreach ($property in @($value.PSObject.Properties)) {
        $found = $null
        try { $found = $property.Value } catch { }
        $table[$property.Name] = Convert-Plain $found ($depth - 1)
    }
    return $table
}

function Convert-Error($record) {
    $exception = $record.Exception
    $details = $null
    if ($record.ErrorDetails) { $details = @{ message = $record.ErrorDetails.Message; recommended_action = $record.ErrorDetails.RecommendedAction } }
    return @{
        output = ($record | Out-String)
        error_details = $details
        exception = @{ message = $exception.Message; type = $exception.GetType().FullName; help_link = $exception.HelpLink; source = $exception.Source }
        category_info = @{
            category = $record.CategoryInfo.Category.ToString(); category_id = [int]$record.CategoryInfo.Category
            activity = $record.CategoryInfo.Activity; reason = $record.CategoryInfo.Reason
            target_name = $record.CategoryInfo.TargetName; target_type = $record.CategoryInfo.TargetType
        }
        fully_qualified_error_id = $record.FullyQualifiedErrorId
        script_stack_trace = [string]$record.ScriptStackTrace
        target_object = (Convert-Plain $record.TargetObject 0)
    }
}

function Convert-Stream($records) {
    $list = @()
    foreach ($record in @($records)) { $list += [string]$record.Message }
    return , $list
}

function ConvertTo-Text($value) {
    if ($PSVersionTable.PSVersion.Major -ge 3) { return ConvertTo-Json -InputObject $value -Depth 99 -Compress }
    [void][Reflection.Assembly]::LoadWithPartialName('System.Web.Extensions')
    $writer = New-Object Web.Script.Serialization.JavaScriptSerializer
    $writer.MaxJsonLength = [int]::MaxValue
    return $writer.Serialize($value)
}

$Ansible = New-Object PSObject -Property @{
    Result = @{}; Changed = $true; Failed = $false; Diff = @{}; CheckMode = $false; Verbosity = 0
    Tmpdir = [IO.Path]::Combine([IO.Path]::GetTempPath(), 'runner-' + [guid]::NewGuid().ToString('N'))
}
[void][IO.Directory]::CreateDirectory($Ansible.Tmpdir)
$failure = $null
$output = @()
$space = [Management.Automation.Runspaces.RunspaceFactory]::CreateRunspace($Host)
$space.Open()
$shell = [PowerShell]::Create()
try {
    $shell.Runspace = $space
    $space.SessionStateProxy.SetVariable('Ansible', $Ansible)
    $space.SessionStateProxy.SetVariable('ErrorActionPreference', [string]$params.error_action)
    $space.SessionStateProxy.SetVariable('ProgressPreference', 'SilentlyContinue')
    if ($params.chdir) {
        [void]$shell.AddCommand('Set-Location').AddParameter('LiteralPath', [string]$params.chdir).AddParameter('ErrorAction', 'Stop')
        [void]$shell.Invoke()
        $shell.Commands.Clear()
    }
    $text = [string]$params.script
    if ($params.path) { $text = [IO.File]::ReadAllText([string]$params.path) }
    [void]$shell.AddScript($text)
    foreach ($pair in @($params.parameters)) {
        if ($pair -ne $null) { [void]$shell.AddParameter([string]$pair.name, $pair.value) }
    }
    foreach ($line in @($secrets)) {
        if (-not $line) { continue }
        $said = @(([string]$line).Split(';') | ForEach-Object { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($_)) })
        $value = New-Object Security.SecureString
        foreach ($char in @(([string]$said[2]).ToCharArray())) { $value.AppendChar($char) }
        if ($said[1]) { $value = New-Object Management.Automation.PSCredential([string]$said[1], $value) }
        [void]$shell.AddParameter([string]$said[0], $value)
    }
    $output = $shell.Invoke()
} catch {
    $failure = $_
    # What Invoke throws is wrapped; the script's own error stands inside.
    $inner = $_.Exception
    while ($inner.InnerException) { $inner = $inner.InnerException }
    if ($inner.ErrorRecord) { $failure = $inner.ErrorRecord }
}

$errors = @()
foreach ($record in @($shell.Streams.Error)) { $errors += Convert-Error $record }
if ($failure) { $errors += Convert-Error $failure }
$objects = @()
foreach ($item in @($output)) { $objects += , (Convert-Plain $item $runnerDepth) }
$information = @()
if ($shell.Streams.PSObject.Properties['Information']) {
    foreach ($record in @($shell.Streams.Information)) {
        $information += @{ message_data = (Convert-Plain $record.MessageData $runnerDepth); source = $record.Source; time_generated = $record.TimeGenerated.ToUniversalTime().ToString('o'); tags = @($record.Tags) }
    }
}
$report = @{
    result = (Convert-Plain $Ansible.Result $runnerDepth); changed = [bool]$Ansible.Changed; failed = [bool]($Ansible.Failed -or $failure)
    message = $(if ($failure) { $failure.Exception.Message } else { '' })
    output = $objects; error = $errors; information = $information
    warning = (Convert-Stream $shell.Streams.Warning); verbose = (Convert-Stream $shell.Streams.Verbose); debug = (Convert-Stream $shell.Streams.Debug)
}
$shell.Dispose()
$space.Close()
[IO.Directory]::Delete($Ansible.Tmpdir, $true)
$json = ConvertTo-Text $report
[Console]::Out.WriteLine('')
[Console]::Out.WriteLine('runner-report ' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($json)))
