"""As much of PowerShell as it takes to start cmd from it: statements, strings, one .NET class; and
to say which PowerShell it is.

The lab has no PowerShell. Where a host's OpenSSH starts one, a client that only wants a program
run can say so with ``Diagnostics.ProcessStartInfo`` (Microsoft, "ProcessStartInfo Class"); that is
understood here, and nothing else is.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

_NAME: Final = r"\$([A-Za-z_]\w*)"
_STRING: Final = r"'(?:[^']|'')*'"
_NEW: Final = re.compile(
    rf"{_NAME}\s*=\s*New-Object\s+(?:System\.)?Diagnostics\.ProcessStartInfo", re.IGNORECASE
)
_PROPERTY: Final = re.compile(rf"{_NAME}\.(\w+)\s*=\s*(.+)", re.DOTALL)
_STARTED: Final = re.compile(
    rf"{_NAME}\s*=\s*\[(?:System\.)?Diagnostics\.Process\]::Start\({_NAME}\)", re.IGNORECASE
)
_WAIT: Final = re.compile(rf"{_NAME}\.WaitForExit\(\)", re.IGNORECASE)
_EXIT: Final = re.compile(rf"exit\s+{_NAME}\.ExitCode", re.IGNORECASE)
_DECODED: Final = re.compile(
    r"\[(?:System\.)?Text\.Encoding\]::UTF8\.GetString\("
    rf"\[(?:System\.)?Convert\]::FromBase64String\(({_STRING})\)\)",
    re.IGNORECASE,
)
_CMD: Final = re.compile(r"(?:.*\\)?cmd(?:\.exe)?", re.IGNORECASE)
_COMSPEC: Final = r"C:\Windows\system32\cmd.exe"
_SWITCHES: Final = re.compile(
    r'(?:/d\s+)?(?:/v:off\s+)?/s\s+/c\s+"(.*)"', re.IGNORECASE | re.DOTALL
)


_EXIT_NUMBER: Final = re.compile(r"exit\s+(\d{1,9})", re.IGNORECASE)
_ECHO: Final = re.compile(r"echo\s+([^$'\"`]+)", re.IGNORECASE)
_MAJOR: Final = re.compile(r"\$PSVersionTable\.PSVersion\.Major", re.IGNORECASE)
_VERSION: Final = "5"


class NotUnderstood(Exception):
    """More PowerShell than there is here."""


def cmd_line_of(text: str) -> str:
    """The line that a script has cmd run, whose exit code it ends with. Raises NotUnderstood."""
    made: dict[str, dict[str, str]] = {}
    started: dict[str, dict[str, str]] = {}
    waited: set[str] = set()
    for statement in _statements(text):
        if found := _NEW.fullmatch(statement):
            made[found[1]] = {}
        elif found := _STARTED.fullmatch(statement):
            started[found[1]] = _known(made, found[2])
        elif found := _WAIT.fullmatch(statement):
            _known(started, found[1])
            waited.add(found[1])
        elif found := _EXIT.fullmatch(statement):
            if found[1] not in waited:
                raise NotUnderstood("an exit code that nobody waited for")
            return _line(_known(started, found[1]))
        elif found := _PROPERTY.fullmatch(statement):
            _known(made, found[1])[found[2].lower()] = _value(found[3])
        else:
            raise NotUnderstood(statement[:80])
    raise NotUnderstood("a script that does not end with a program's exit code")


def spoken(text: str) -> tuple[str, int] | None:
    """What a script prints, and its exit code, when it starts no program; None for other ones."""
    said = ""
    for statement in _statements(text):
        if found := _EXIT_NUMBER.fullmatch(statement):
            return said, int(found[1])
        if found := _ECHO.fullmatch(statement):
            said += f"{found[1].strip()}\r\n"
        elif _MAJOR.fullmatch(statement):
            said += f"{_VERSION}\r\n"
        else:
            return None
    return said, 0


def _statements(text: str) -> list[str]:
    """Split at semicolons and line breaks that are not in a string."""
    parts = re.findall(rf"(?:{_STRING}|[^';\n])+", text)
    return [part.strip() for part in parts if part.strip()]


def _known(names: dict[str, dict[str, str]], name: str) -> dict[str, str]:
    if name not in names:
        raise NotUnderstood(f"${name}")
    return names[name]


def _value(text: str) -> str:
    text = text.strip()
    if re.fullmatch(_STRING, text):
        return text[1:-1].replace("''", "'")
    if text.lower() in ("$true", "$false"):
        return text.lower()
    if text.lower() == "$env:comspec":
        return _COMSPEC
    if found := _DECODED.fullmatch(text):
        try:
            return base64.b64decode(_value(found[1]), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise NotUnderstood(f"not base64 of UTF-8: {error}") from error
    raise NotUnderstood(text[:80])


def _line(process: dict[str, str]) -> str:
    if process.get("useshellexecute") != "$false":
        raise NotUnderstood("a process that does not inherit the streams")
    if not _CMD.fullmatch(process.get("filename", "")):
        raise NotUnderstood(f"starting {process.get('filename', 'nothing')}")
    found = _SWITCHES.fullmatch(process.get("arguments", ""))
    if not found:
        raise NotUnderstood(f"cmd {process.get('arguments', '')[:80]}")
    return found[1]
