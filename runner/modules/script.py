"""Run a script of the controller on a host.

It is sent to a new folder that only the account may enter, run there, and removed again, whatever
came of it. Its arguments are the shell's: as in Ansible, ``$NAME``, pipes and the like work.
Windows is the business of ``script_windows``.
"""

from __future__ import annotations

import io
import ntpath
import posixpath
import secrets
import shlex
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from pydantic import Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Command, Query, Reply, Request, Script, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.local_file import PIECE, LocalFile
from runner.interfaces.loose import Text, said_yes
from runner.interfaces.module import CommandState
from runner.model.playbook import FREE_FORM
from runner.model.state import Change
from runner.modules._parts import command as _command
from runner.modules._parts import posix as _posix
from runner.modules._parts import script_windows
from runner.posix.quoting import path as expanded
from runner.posix.quoting import quote
from runner.posix.tools import expect

_SEND: Final = """\
d=
for b in "$HOME" "${TMPDIR:-/tmp}"; do
mkdir -m 700 "$b/.runner-script-$k" 2>/dev/null && d=$b/.runner-script-$k && break
done
[ -n "$d" ] || { echo "neither $HOME nor ${TMPDIR:-/tmp} takes the script" >&2; exit 125; }
cat >"$d/$f" || { rm -rf "$d"; exit 125; }
"""
_FIND: Final = """\
for b in "$HOME" "${TMPDIR:-/tmp}"; do d=$b/.runner-script-$k; [ ! -d "$d" ] || break; done
"""
_MORE: Final = 'cat >>"$d/$f" || exit 125\n'
_RUN: Final = """\
s=$d/$f
trap 'rm -rf "$d"' 0
trap 'exit 143' 1 2 15
chmod 700 "$s" || exit 125
"""


class Params(_command.GuardedParams):
    """Parameters of Ansible's script."""

    FREE_FORM: ClassVar[str | None] = "cmd"
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"script", "opened"})

    cmd: Text = Field(description="the script, a file of the controller, and its arguments")
    chdir: Text | None = Field(None, description="folder on the host to run it in")
    executable: Text | None = Field(None, description="program on the host that runs it")
    decrypt: bool = Field(True, description="run what an encrypted file holds")
    script: str = ""
    """Where it is on the controller."""
    opened: bytes | None = Field(None, exclude=True)
    """What an encrypted one holds."""

    @field_validator("cmd")
    @classmethod
    def _named(cls, value: str) -> str:
        if not split(value)[0]:
            raise ValueError("names no script")
        return value

    @field_validator("chdir")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("/") and not ntpath.splitdrive(value)[0]:
            raise ValueError("must be an absolute path")
        return value


class Module(_command.CommandModule[Params]):
    """Runs a script."""

    params = Params
    controller_files: ClassVar[Mapping[str, str]] = {"script": "files"}
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/script_module.html"
    )
    guide = Guide(
        example="script: collect.sh",
        using=(
            Using("cmd, certutil, findstr"),
            Using("cscript", part="scripts for it"),
            Using("powershell", since="2008r2", powershell=True, part="scripts for it"),
        ),
        where="both",
    )

    def controller_file(self, parameter: str, args: Mapping[str, Any]) -> str | None:
        line = args.get(FREE_FORM) or args.get("cmd")
        try:
            return split(line)[0] or None if isinstance(line, str) else None
        except ValueError:
            return None  # refused with its place when the arguments are checked

    def filled_in(self, args: Mapping[str, Any], decrypt: base.Decrypt) -> Mapping[str, Any]:
        path = args.get("script")
        if not path or not said_yes(args, "decrypt", default=True):
            return {}
        found = LocalFile(str(path))
        if not found.is_encrypted:
            return {}
        return {"opened": decrypt(b"".join(found.pieces()), Path(found.path))}

    def subject(self, params: Params) -> str:
        return f"script {params.cmd}"

    def shown(self, params: Params) -> str:
        return params.cmd

    def check_command(self, params: Params) -> Command | None:
        return None

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, CommandState]:
        if _is_windows(facts):
            script_windows.program_of(params.script or split(params.cmd)[0], params.executable)
            return (yield from _command.probe(params))
        look = _command.Looking(lambda path: [_posix.look(path, params.chdir)], _posix.found)
        return (yield from _command.probe(params, None, look))

    def apply(
        self, params: Params, change: Change[CommandState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        name, rest = split(params.cmd)
        content = LocalFile(params.script, params.opened)
        if _is_windows(facts):
            begun = _command.now()
            how = {"executable": params.executable, "chdir": params.chdir}
            output = yield from script_windows.ran(content, params.script or name, rest, **how)
            return _command.returned(output, params.cmd, begun)
        file = posixpath.basename(name)
        head = f"k={secrets.token_hex(8)} f={quote(file)}\n"
        body, pieces = _SEND, content.pieces(PIECE)
        piece, following = next(pieces), next(pieces, None)
        while following is not None:
            expect((yield from write(_sent(head + body, piece))), f"send the script {file}")
            body, piece, following = _FIND + _MORE, following, next(pieces, None)
        begun = _command.now()
        # The last piece goes along with the command that runs it: mostly that is all there is.
        output = yield from write(_sent(head + body + _run(params, rest), piece))
        return _command.returned(output, params.cmd, begun)


def _is_windows(facts: base.Facts) -> bool:
    return facts.get("shell_type", _posix.SHELLS[0]) not in _posix.SHELLS


def _sent(text: str, piece: bytes) -> Script:
    return Script("posix", text, stdin=piece.decode("utf-8", "surrogateescape"))


def split(line: str) -> tuple[str, str]:
    """The script's name, and the rest of the line as it is written. Raises ValueError."""
    stream = io.StringIO(line.strip())
    words = shlex.shlex(stream, posix=True, punctuation_chars=False)
    words.whitespace_split = True
    words.commenters = ""
    name = words.get_token() or ""
    return name, stream.read()


def _run(params: Params, rest: str) -> str:
    inside = f"cd -- {expanded(params.chdir)} || exit 1\n" if params.chdir else ""
    program = f"{params.executable} " if params.executable else ""
    return f'{_RUN}{inside}( {program}"$s" {rest}\n) </dev/null\n'
