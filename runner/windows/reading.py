"""Reading a file of a Windows host byte for byte.

cmd prints files as text only. ``certutil -encode`` makes base64 of one; it writes that to a file,
which lies in the account's temporary folder while it is printed.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Output, Script
from runner.windows.paths import quoted
from runner.windows.put_lines import CERTUTIL

_NOT_READ: Final = 84
_SECONDS: Final = 600.0


def encoded(path: str) -> Script:
    """The line that prints a file in base64; its output goes to ``bytes_of``."""
    copy = f'"%TEMP%\\runner-{secrets.token_hex(6)}.b64"'
    made = f"({CERTUTIL} -f -encode {quoted(path)} {copy}>nul||exit {_NOT_READ})"
    return Script("cmd", f"{made}&type {copy}&del /f /q {copy}", timeout=_SECONDS)


def bytes_of(output: Output, path: str) -> bytes:
    """What the file holds. Raises ModuleError."""
    lines = [line.strip() for line in output.stdout.splitlines()]
    text = "".join(line for line in lines if line and not line.startswith("-----"))
    try:
        if output.code == 0 and text:
            return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise ModuleError(
        f"{path} could not be read on the host (certutil -encode): exit code {output.signed}",
        hint="another program may hold it, or the account may have no right to read it",
    )
