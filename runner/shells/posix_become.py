"""Becoming another user on a POSIX host: sudo and su, and what their refusals mean.

sudo(8): -S reads the password from standard input, one character after the other up to a line
break; -n never asks; -v only asks. su of util-linux and PAM's misc_conv(3) read one line of
standard input where there is no terminal.
"""

from __future__ import annotations

import re
import shlex
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.setting import Setting
from runner.interfaces.shell import RawOutput
from runner.posix.quoting import check, join

METHODS: Final = ("sudo", "su")
_SUDO_FLAGS: Final = "-H"
_NON_INTERACTIVE: Final = re.compile(r"^(-[A-Za-z]*)n([A-Za-z]*)$")

_WRONG: Final = re.compile(
    r"incorrect password|no password was provided|sorry, try again|authentication failure"
    r"|a password is required",
    re.IGNORECASE,
)
_MAY_NOT: Final = re.compile(
    r"not in the sudoers|may not run sudo|is not allowed to|unknown user|does not exist"
    r"|permission denied|not currently available|account is currently",
    re.IGNORECASE,
)
_TERMINAL: Final = re.compile(r"must be run from a terminal|must have a tty|terminal is required",
                              re.IGNORECASE)  # fmt: skip
_ABSENT: Final = re.compile(r"not found|no such file", re.IGNORECASE)


def way(setting: Setting, script: str, mark: str) -> str:
    """The script that runs ``script`` as the other user.

    With a password sudo is first asked whether it is right, with nothing else to read: else a
    wrong one would make it take the lines that follow for further tries, and lock the account.
    It goes on with a line of its own for the password, which it may or may not want.
    """
    user = check(setting.user or "root")
    if user.startswith("-"):
        raise ModuleError(f"not a user name: {user!r}")
    flags = _flags(setting)
    exe = setting.exe or setting.become
    inner = ["/bin/sh", "-c", script]
    if setting.become == "su":
        return f"exec {join([exe, *flags, user, '-c', 'exec ' + join(inner)])}"
    as_user = ["-p", "", "-u", user]
    call = f"exec {join([exe, *flags, *as_user, '--', *inner])}"
    if setting.password is None:
        return call
    ask = join([exe, "-S", *as_user, "-v"])
    return (
        f"IFS= read -r p;printf '%s\\n' \"$p\"|LC_ALL=C {ask} >/dev/null"
        f"||{{ echo {mark}.refused >&2;exit 1; }};unset p;{call}"
    )


def _flags(setting: Setting) -> list[str]:
    try:
        flags = shlex.split(setting.flags or (_SUDO_FLAGS if setting.become == "sudo" else ""))
    except ValueError as error:
        raise ModuleError(f"become flags that cannot be read: {setting.flags!r}: {error}") from None
    if setting.become == "su":
        return flags
    asks = [_NON_INTERACTIVE.sub(r"\1\2", word) for word in flags if word != "--non-interactive"]
    flags = [word for word in asks if word != "-"]
    return [*flags, "-S"] if setting.password is not None else [*flags, "-n"]


def refusal(setting: Setting, raw: RawOutput, nonce: str) -> ModuleError:
    """What to tell people when the other user's shell never ran."""
    lines = (raw.stderr + b"\n" + raw.stdout).decode("utf-8", "replace").splitlines()
    kept = [line.strip() for line in lines if nonce not in line]
    said = [line for line in kept if line and not line.endswith((":", ": "))]
    text = "\n".join(kept)
    method, user = setting.become, setting.user or "root"
    last = said[-1] if said else ""
    # A prompt stays on the line of what follows it.
    last = last[max(last.rfind(f"{method}: "), 0) :]
    detail = f": {last}" if last else ""
    if _ABSENT.search(text) or raw.code == 127:
        return ModuleError(
            f"become: there is no {setting.exe or method} on the host{detail}",
            hint="install it, or choose another become_method or become_exe",
        )
    if _TERMINAL.search(text):
        return ModuleError(
            f"become: {method} wants a terminal{detail}",
            hint="remove 'requiretty' from sudoers for this account, or use become_method sudo",
        )
    if _MAY_NOT.search(text):
        return ModuleError(
            f"become: this account may not become {user} with {method}{detail}",
            hint="look at sudoers (sudo -l on the host) and at become_user",
        )
    if setting.password is None:
        return ModuleError(
            f"missing become password: {method} asks for one to become {user}{detail}",
            hint="set ansible_become_password (better in a vault), or let sudoers say NOPASSWD",
        )
    if _WRONG.search(text) or f"{nonce}.refused".encode() in raw.stderr:
        return ModuleError(
            f"incorrect become password: {method} refuses to become {user}{detail}",
            hint="check ansible_become_password; it was tried once, to not lock the account",
        )
    return ModuleError(
        f"become: {method} did not become {user} (exit code {raw.code}){detail}",
        hint=f"try on the host: {method} -u {user} true" if method == "sudo" else "",
    )
