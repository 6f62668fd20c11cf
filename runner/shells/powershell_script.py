"""What is put around a PowerShell script so that it behaves the same from version 2.0 on.

Values travel as base64 of UTF-8, never as PowerShell text, so nothing in them can be code.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from runner.errors import ModuleError
from runner.model.secret import Secret
from runner.shells.cmd_setting import name_of

_PROGRAM: Final = "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass"
_NO_INPUT: Final = " -InputFormat None"
"""Version 2.0 waits at its end for a standard input that nobody closes, unless told so."""

_PRELUDE: Final = """\
$ProgressPreference='SilentlyContinue'
$OutputEncoding=New-Object Text.UTF8Encoding $false
try{[Console]::OutputEncoding=$OutputEncoding}catch{}
"""

_SET_VARIABLE: Final = "[Environment]::SetEnvironmentVariable(%s,%s)\n"
_TEXT_OF: Final = "[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('%s'))"

# ConvertFrom-Json came with version 3.0; before it .NET's own reader, whose dictionaries are
# turned into hash tables so that $params.name works everywhere.
_PARAMS: Final = """\
$j=%s
if($PSVersionTable.PSVersion.Major -ge 3){$params=$j|ConvertFrom-Json}else{
[void][Reflection.Assembly]::LoadWithPartialName('System.Web.Extensions')
function ConvertTo-Plain($v){
if($v -is [Collections.IDictionary]){
$h=@{};foreach($k in @($v.Keys)){$h[$k]=ConvertTo-Plain $v[$k]};return $h}
if($v -is [Collections.IList]){$a=@();foreach($i in @($v)){$a+=,(ConvertTo-Plain $i)};return ,$a}
return $v}
$s=New-Object Web.Script.Serialization.JavaScriptSerializer
$s.MaxJsonLength=[int]::MaxValue
$params=ConvertTo-Plain $s.DeserializeObject($j)}
"""

# The user's text stands on lines of its own: it may end in a comment or hold a here-string.
# A native program's exit code is the script's; an error that ended the script is 1.
_BODY: Final = """\
$global:LASTEXITCODE=0
try{
%(chdir)s%(input)s&{
%(text)s
}}catch{
[Console]::Error.WriteLine(($_|Out-String))
exit 1}
exit $global:LASTEXITCODE
"""

_CHDIR: Final = "Set-Location -LiteralPath %s -ErrorAction Stop\n"

# The host reads standard input itself and hands it over as $input, line by line. It is base64, so
# no code page can change it: the script (or nothing), then its own input, a full stop behind each.
# Where its lines break does not matter.
_READ_STDIN: Final = """\
$l=(@($input)-join'').Split('.')
$d={param($i)if($l.Count -le $i){return ''}
[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($l[$i]))}
"""
_SPLIT_INPUT: Final = """\
$in=&$d %d
[Console]::SetIn((New-Object IO.StringReader $in))
$lines=@();$r=New-Object IO.StringReader $in
while(($x=$r.ReadLine()) -ne $null){$lines+=$x}
"""
_RUN_SENT: Final = "&([ScriptBlock]::Create((&$d 0)))\nexit $LASTEXITCODE\n"


def encoded_command(text: str, *, reads_input: bool = False) -> str:
    """The command line that runs a short script."""
    encoded = base64.b64encode(text.encode("utf-16-le")).decode("ascii")
    return f"{_PROGRAM}{'' if reads_input else _NO_INPUT} -EncodedCommand {encoded}"


def variables(environment: Mapping[str, str | Secret]) -> str:
    """The script's text that sets variables of its environment. An empty value removes one."""
    return "".join(
        _SET_VARIABLE
        % (
            text_of(name_of(name)),
            text_of(value.reveal() if isinstance(value, Secret) else str(value)),
        )
        for name, value in environment.items()
    )


def wrapped(
    text: str,
    *,
    params: Mapping[str, Any],
    chdir: str | None,
    input_line: int | None = None,
    before: str = "",
) -> str:
    """The whole script: settings, ``$params``, folder, the user's text, exit code.

    ``input_line`` is the part of standard input that holds the script's own input, if any.
    ``before`` runs ahead of everything that the user wrote.
    """
    parts = [_PRELUDE, before]
    if input_line is not None:
        parts.append(_SPLIT_INPUT % input_line)
    if params:
        parts.append(_PARAMS % text_of(_json(params)))
    body = {
        "chdir": _CHDIR % text_of(chdir) if chdir is not None else "",
        "input": "$lines|" if input_line is not None else "",
        "text": text,
    }
    return "".join(parts) + _BODY % body


def reading_stdin(text: str) -> str:
    """The same script, started so that it can look at its standard input."""
    return _READ_STDIN + text


def bootstrap() -> str:
    """A script that runs the one sent to it on the first line of standard input."""
    return _READ_STDIN + _RUN_SENT


def stdin_lines(*texts: str) -> bytes:
    """Texts as lines of base64, each with a full stop at its end."""
    lines = (base64.b64encode(text.encode("utf-8")) for text in texts)
    return b"".join(line + b".\r\n" for line in lines)


def text_of(value: str) -> str:
    """A PowerShell expression with this value."""
    return _TEXT_OF % base64.b64encode(value.encode("utf-8")).decode("ascii")


def _json(params: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(params), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ModuleError(f"params that cannot be sent as JSON: {error}") from error
