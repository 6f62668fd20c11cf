"""What goes around a script of the POSIX shell: variables of its environment, another user.

Secrets reach the host on the script's standard input, ahead of its own input: never on a command
line, where every user of the host could read them in the list of processes.

With another user, marks are printed on both streams once that user's shell runs. What comes
before them (prompts, lectures) is no answer; without them the command never ran.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Invocation, RawOutput
from runner.model.secret import MASK, Secret
from runner.posix.quoting import check, quote
from runner.shells.cmd_bundle import new_nonce
from runner.shells.posix_become import METHODS, refusal, way

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# Lines ahead of the mark are answers to a prompt that never came.
_SKIP: Final = 'while IFS= read -r l;do [ "$l" = %s ]&&break;done;'


class Dress:
    """Puts a setting around scripts, and takes what belongs to it off their answers."""

    def __init__(self, setting: Setting) -> None:
        if setting.become and setting.become not in METHODS:
            raise ModuleError(
                f"become method '{setting.become}' is not possible with the shell 'posix'",
                hint=f"there are: {', '.join(METHODS)} (become_method, ansible_become_method)",
            )
        self._setting = setting
        self._nonce = new_nonce()
        self._exports, self._lines = _environment(setting.environment)

    def on(self, body: str, data: bytes | None, shown: str) -> Invocation:
        """The invocation that runs ``body``, a simple command, in this setting.

        ``data`` is its standard input; ``shown`` what people see of it.
        """
        if not self._setting:
            return Invocation(body, data, shown)
        setting = self._setting
        script = self._exports + body
        sent = b"".join(line + b"\n" for line in self._lines)
        if setting.become:
            mark = f"{self._nonce[:5]}''{self._nonce[5:]}"
            skip = _SKIP % quote(self._nonce) if self._has_answers else ""
            script = f"echo {mark};echo {mark} >&2;{skip}{script}"
            answers = b"".join(line + b"\n" for line in self._answers())
            script, sent = way(setting, script, mark), answers + sent
        stdin = sent + (data or b"") if sent or data is not None else None
        return Invocation(f"/bin/sh -c {quote(script)}", stdin, f"{self._prefix()}{shown}")

    def off(self, raw: RawOutput) -> RawOutput:
        """The answer of the command alone.

        Raises ModuleError, with advice, when the other user's shell never ran.
        """
        if not self._setting.become:
            return raw
        mark = self._nonce.encode() + b"\n"
        stdout, stderr = raw.stdout.partition(mark), raw.stderr.partition(mark)
        if not (stdout[1] and stderr[1]):
            raise refusal(self._setting, raw, self._nonce)
        return dataclasses.replace(raw, stdout=stdout[2], stderr=stderr[2])

    def is_mark(self, line: str) -> bool:
        """Whether a line is our mark, with a prompt before it perhaps."""
        return line.endswith(self._nonce)

    @property
    def _has_answers(self) -> bool:
        return self._setting.password is not None or self._setting.become == "su"

    def _answers(self) -> list[bytes]:
        """What a prompt for a password finds on standard input, and the mark behind it."""
        if not self._has_answers:
            return []
        password = self._setting.password
        line = _one_line(password.reveal()) if password is not None else b""
        times = 2 if self._setting.become == "sudo" else 1  # sudo is asked twice: see ``way``
        return [*[line] * times, self._nonce.encode()]

    def _prefix(self) -> str:
        setting = self._setting
        words = [f"{setting.become} -u {setting.user or 'root'}"] if setting.become else []
        for name, value in setting.environment.items():
            words.append(f"{name}={MASK if isinstance(value, Secret) else quote(str(value))}")
        return " ".join([*words, ""])


def _environment(variables: Mapping[str, str | Secret]) -> tuple[str, list[bytes]]:
    """The text that sets them, and the lines of standard input that it reads."""
    parts: list[str] = []
    lines: list[bytes] = []
    for name, value in variables.items():
        if not _NAME.fullmatch(name):
            raise ModuleError(
                f"not a name for an environment variable: {name!r}",
                hint="letters, digits and underscores, not beginning with a digit",
            )
        if not isinstance(value, Secret):
            parts.append(f"export {name}={quote(str(value))};")
            continue
        secret = check(value.reveal())
        parts.append(f"IFS= read -r {name};")
        if "\n" in secret:
            secret = secret.replace("\\", "\\\\").replace("\n", "\\n")
            parts.append(f"{name}=$(printf '%b.' \"${name}\");{name}=${{{name}%.}};")
        parts.append(f"export {name};")
        lines.append(secret.encode())
    return "".join(parts), lines


def _one_line(password: str) -> bytes:
    if "\n" in password:
        raise ModuleError("a become password cannot hold a line break")
    return check(password).encode()
