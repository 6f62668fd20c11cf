"""Local security policy through ``secedit``: its template exported and read, and one applied.

A template is an INI file in UTF-16 with English names of sections and keys on every Windows; it
travels as base64, so nothing in it meets a code page or cmd. Source: Microsoft, "secedit",
[MS-GPSB] 2.2. Files lie in the account's temporary folder while a command runs.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Generator, Mapping
from typing import Final, TypeAlias

from runner.errors import ModuleError
from runner.interfaces.exchange import Output, Reply, Request, Script, write
from runner.windows.exit_codes import PROGRAM_MISSING
from runner.windows.put_lines import CERTUTIL, SYSTEM

Template: TypeAlias = Mapping[str, Mapping[str, str]]
"""Section -> key -> value, as they are spelled."""

ACCESS: Final = "System Access"
RIGHTS: Final = "Privilege Rights"
AREAS: Final = {
    ACCESS: "SECURITYPOLICY",
    "Event Audit": "SECURITYPOLICY",
    "Kerberos Policy": "SECURITYPOLICY",
    RIGHTS: "USER_RIGHTS",
}
"""Sections that secedit exports -> what it calls their area."""

_SECEDIT: Final = rf"{SYSTEM}\secedit.exe"
_NO_EXPORT: Final = 84
_NO_ENCODE: Final = 85
_NO_DECODE: Final = 86
_SECONDS: Final = 300.0
_MOST: Final = 5400
"""Characters of base64 that fit into a line of cmd with what is around them."""


def _files() -> tuple[str, str, str, str]:
    """A template, its base64, secedit's database, and all of them (it makes more than one)."""
    base = f"%TEMP%\\runner-{secrets.token_hex(6)}"
    return f'"{base}.inf"', f'"{base}.b64"', f'"{base}.sdb"', f'"{base}.*"'


def export(section: str) -> Script:
    """The line that prints the template with this section; its output goes to ``parse``."""
    inf, text, _, files = _files()
    line = (
        f"({_SECEDIT} /export /cfg {inf} /areas {AREAS[section]} /quiet>nul"
        f"&if exist {inf} ({CERTUTIL} -f -encode {inf} {text}>nul||exit {_NO_ENCODE}) "
        f"else exit {_NO_EXPORT})&type {text}&del /f /q {files}"
    )
    return Script("cmd", line, timeout=_SECONDS)


def parse(output: Output) -> Template:
    """What the exported template says. Raises ModuleError when there is none."""
    lines = [line.strip() for line in output.stdout.splitlines()]
    text = "".join(line for line in lines if line and not line.startswith("-----"))
    try:
        if output.code == 0 and text:
            return sections(base64.b64decode(text, validate=True).decode("utf-16"))
    except (binascii.Error, UnicodeDecodeError):
        pass
    raise ModuleError(
        f"the security policy of this host cannot be exported (exit code {output.signed}): "
        f"{_first_line(output)}",
        hint="secedit needs an administrator; certutil must be there, too",
    )


def sections(text: str) -> Template:
    """An INI text as a template."""
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            section = found.setdefault(stripped[1:-1], {})
        elif "=" in stripped and not stripped.startswith(";"):
            key, _, value = stripped.partition("=")
            section[key.strip()] = value.strip()
    return found


def configure(section: str, key: str, value: str) -> Generator[Request, Reply, Output]:
    """Applies one line of a template. Raises ModuleError when secedit refuses."""
    inf, text, base, files = _files()
    content = (
        "[Unicode]\r\nUnicode=yes\r\n[Version]\r\n"
        f'signature="$CHICAGO$"\r\nRevision=1\r\n[{section}]\r\n{key} = {value}\r\n'
    )
    data = base64.b64encode(b"\xff\xfe" + content.encode("utf-16-le")).decode("ascii")
    if len(data) > _MOST:
        raise ModuleError(
            f"the value of {key} is too long for one command ({len(value)} characters)",
            hint="apply it with secedit from a file of your own (win_copy, win_command)",
        )
    line = (
        f"(echo {data}>{text})&({CERTUTIL} -f -decode {text} {inf}>nul||exit {_NO_DECODE})"
        f"&{_SECEDIT} /configure /db {base} /cfg {inf} /areas {AREAS[section]} /quiet"
    )
    # The code of secedit is the line's own: what is behind it runs only when that went well.
    line += f"&&del /f /q {files}"
    output = yield from write(Script("cmd", line, timeout=_SECONDS))
    if output.code == 0:
        return output
    yield from write(Script("cmd", f"del /f /q {files}"))
    reason = {_NO_DECODE: "its template could not be written (certutil -decode)",
              PROGRAM_MISSING: "secedit is not on this host"}  # fmt: skip
    why = reason.get(output.code, f"secedit answered {output.signed}: {_first_line(output)}")
    raise ModuleError(
        f"set {key} in [{section}]: {why}",
        hint="the host says more in %windir%\\security\\logs\\scesrv.log; is the value one that "
        "this key can have?",
    )


def _first_line(output: Output) -> str:
    said = output.stderr.strip() or output.stdout.strip() or "nothing was said"
    return said.splitlines()[0].strip()
