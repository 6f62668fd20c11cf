"""Make a temporary file or folder on a Windows host, under a name that nobody else has.

A rollback removes it again; a folder only when it is empty by then.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Mapping
from typing import Any, Final, Literal

from pydantic import AliasChoices, Field, field_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, Script, read
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts import restoring, win_files
from runner.modules._parts.win_files import PathText, WinFileState, do
from runner.windows import paths
from runner.windows.looking import FILE, FOLDER
from runner.windows.paths import quoted

_TEMP: Final = Script("cmd", "echo %TEMP%")


class Params(base.Params):
    """Parameters of Ansible's win_tempfile."""

    path: PathText | None = Field(
        None,
        validation_alias=AliasChoices("path", "dest"),
        description="the folder that it is in; else %TEMP%",
    )
    prefix: Text = Field("ansible.", description="how its name begins")
    suffix: Text = Field("", description="how its name ends")
    state: Literal["file", "directory"] = Field("file", description="what it is")
    word: str = Field(default_factory=lambda: secrets.token_hex(6))
    """What makes its name one that nobody else has."""

    HIDDEN = frozenset({"word"})

    @field_validator("prefix", "suffix")
    @classmethod
    def _part(cls, value: str) -> str:
        if any(char in value for char in '\\/:"<>|*?%!'):
            raise ValueError("cannot be part of a name")
        return value

    @property
    def name(self) -> str:
        """Its name."""
        return f"{self.prefix}{self.word}{self.suffix}"


class Module(base.Module[Params, WinFileState]):
    """Makes a file or folder."""

    params = Params
    state = WinFileState
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_tempfile_module.html"
    guide = Guide(
        example=("win_tempfile:\n  state: directory"),
        using=(Using("cmd, attrib"),),
    )

    def subject(self, params: Params) -> str:
        return f"file {params.name}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, WinFileState]:
        win_files.require_windows(facts, "win_tempfile", "tempfile")
        folder = params.path
        if folder is None:
            (output,) = yield from read(_TEMP)
            folder = _checked(output.stdout.strip())
        return (yield from win_files.find(paths.join(folder, params.name), checksum=""))

    def plan(self, params: Params, before: WinFileState, facts: base.Facts) -> WinFileState:
        win_files.require_folder(before)
        kind = FOLDER if params.state == "directory" else FILE
        return WinFileState(kind, path=before.path, above=before.above)

    def apply(
        self, params: Params, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        path = change.after.path
        name = quoted(path)
        made = f"md {name}" if params.state == "directory" else f"type nul>{name}"
        yield from do(f"make {path}", f"(if not exist {name} ({made}))||exit 1")
        return {}

    def undo(
        self, params: Params, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from win_files.take_back(change.before, change.after)
        return {}

    def restore(self, params: Params, change: Change[WinFileState]) -> tuple[base.Restoring, ...]:
        return restoring.file(change)

    def result(
        self,
        params: Params,
        change: Change[WinFileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"path": change.after.path, "state": params.state}


def _checked(text: str) -> str:
    try:
        return paths.checked(text)
    except ValueError as error:
        raise ModuleError(
            f"the temporary folder of the account cannot be used: {text!r} {error}",
            hint="say 'path'",
        ) from None
