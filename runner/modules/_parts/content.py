"""What modules that give one file its content share: parameters, plan, apply, return values."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Generator, Mapping
from typing import Any, Final

from pydantic import Field, field_validator

from runner.errors import DependsOnUnknown, ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Read, Reply, Request, read
from runner.interfaces.local_file import LocalFile
from runner.interfaces.loose import Text
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import file_change, restoring_posix
from runner.modules._parts.file_change import Writing
from runner.modules._parts.file_state import (
    ABSENT,
    FILE,
    FOLDER,
    LINK,
    FileParams,
    FileState,
    sha1,
    shown,
    state_of,
    wanted_mode,
    with_attributes,
)
from runner.posix import modes
from runner.posix.look import look
from runner.posix.seen import Account, Seen, read_answer

LARGEST_TEXT: Final = 16 * 1024 * 1024
"""Bytes of a file whose lines are edited."""
CONTENT: Final = "content of a file"
"""Modules that share the predicted state of a file with its content."""
FRESH: Final = 0o666
"""What a new file may have before the umask is taken off."""


class ContentParams(FileParams):
    """Parameters that modules share which write a file."""

    backup: bool = Field(False, description="leave a copy with the date in its name beside it")
    validate_: Text | None = Field(
        None,
        validation_alias="validate",
        description="a command that checks the new file, %s, before it takes its place",
    )

    @field_validator("validate_")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if "%s" not in value:
            raise ValueError("must contain %s, which stands for the new file")
        if "%" in re.sub("%[s%]", "", value):
            raise ValueError("has a percent sign too many: write %% for one")
        if not shlex.split(value):
            raise ValueError("is empty")
        return value

    @property
    def writing(self) -> Writing:
        """How content is put into place."""
        words = tuple(shlex.split(self.validate_)) if self.validate_ else ()
        return Writing(self.backup, words, self.unsafe_writes)


def see(
    params: FileParams, *paths: str, **how: Any
) -> Generator[Read, Reply, tuple[Account, tuple[Seen, ...]]]:
    """Look at paths of the host, and at the account that shall own something."""
    owner = params.owner if params.owner and not params.owner.isdigit() else ""
    command, nonce = look(paths, owner=owner, **how)
    (output,) = yield from read(command)
    return read_answer(output, nonce)


def see_text(params: FileParams, path: str) -> Generator[Read, Reply, FileState]:
    """A file whose lines are edited; links are followed, as Ansible does there."""
    account, (seen,) = yield from see(
        params, path, follow=True, checksum="sha1", content=LARGEST_TEXT
    )
    if seen.kind == FILE and seen.data is None:
        assert seen.raw is not None
        if "r" not in seen.can:
            raise ModuleError(f"{path} cannot be read", hint="use become: true")
        raise ModuleError(
            f"{path} has {seen.raw.size} bytes; up to {LARGEST_TEXT} can be edited here"
        )
    return state_of(seen, account, params)


def text_of(before: FileState) -> bytes:
    """The text that is there. Raises DependsOnUnknown where a dry run cannot know it."""
    if before.kind == FILE and before.data is None:
        raise DependsOnUnknown(f"what {before.path} will hold")
    return before.data or b""


def require_file(before: FileState, path: str) -> None:
    """Raises Refused where something else than a file is."""
    if before.kind == FOLDER:
        raise Refused(f"Path {path} is a directory !")
    if before.kind not in (FILE, ABSENT, LINK):
        raise Refused(f"{path} is a {before.kind}: it cannot be replaced by a file")


def with_content(
    params: FileParams,
    before: FileState,
    checksum: str,
    data: bytes | None,
    source_mode: int | None = None,
) -> FileState:
    """The wanted state: this content, and the attributes that the task wants.

    ``source_mode`` is what ``mode: preserve`` stands for.
    """
    kept = before if before.kind == FILE else dataclasses.replace(before, at_raw=None)
    after = FileState(
        kind=FILE,
        checksum=checksum,
        path=before.path,
        at=before.path,
        umask=before.umask,
        above=before.above,
        reachable=before.reachable,
        data=data,
    )
    after = unchanged(params, kept, source_mode, after)
    mode = final_mode(params, before, after)
    return dataclasses.replace(after, content=_planned_text(before, data, mode))


def unchanged(
    params: FileParams,
    before: FileState,
    source_mode: int | None = None,
    after: FileState | None = None,
) -> FileState:
    """The wanted state of a file whose content stays: the attributes that the task wants."""
    found = with_attributes(params, before, after or before, fresh=FRESH, is_folder=False)
    if source_mode is not None and params.mode == modes.PRESERVE:
        found = dataclasses.replace(found, mode=modes.octal(source_mode))
    return found


def _planned_text(before: FileState, data: bytes | None, mode: int) -> Any:
    if before.kind == ABSENT and _folder(before.path) != before.above:
        return UNKNOWN  # what its folders will be like is not known yet
    return shown(data, mode, reachable=before.reachable)


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def final_mode(params: FileParams, before: FileState, after: FileState) -> int:
    """The mode that the new file is given."""
    if after.mode:
        return int(after.mode, 8)
    kept = before if before.kind == FILE else dataclasses.replace(before, at_raw=None)
    return wanted_mode(params, kept, fresh=FRESH, is_folder=False)


def apply_content(
    params: ContentParams, change: Change[FileState], content: LocalFile
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Write the content where it differs, else only set attributes."""
    before, after = change.before, change.after
    if before.kind == FILE and before.checksum == after.checksum:
        yield from file_change.set_attributes(before, after)
        return {}
    mode = final_mode(params, before, after)
    return (yield from file_change.write_content(before, after, mode, content, params.writing))


def make_folders(path: str, above: str) -> Generator[Request, Reply, None]:
    """The folders that a file is to be in."""
    folder = _folder(path)
    if file_change.missing(folder, above):
        yield from file_change.mkdir([folder])


def data_of(state: FileState) -> LocalFile:
    """The content that a plan computed."""
    assert state.data is not None
    return LocalFile(state.path, state.data)


def attributes_returned(state: FileState) -> dict[str, Any]:
    """Ansible's return values about a file that is there."""
    raw = state.at_raw
    if raw is None:
        return {}
    planned = {"mode": state.mode, "owner": state.owner, "group": state.group}
    return {
        "mode": modes.octal(raw.mode),
        "owner": raw.owner,
        "group": raw.group,
        "uid": raw.uid,
        "gid": raw.gid,
        "size": raw.size,
        "state": "hard" if raw.kind == FILE and raw.links > 1 else raw.kind,
        **({name: value for name, value in planned.items() if value} if state.planned else {}),
    }


def file_returned(change: Change[FileState], applied: Mapping[str, Any]) -> dict[str, Any]:
    """Ansible's return values of a module that writes a file."""
    after = change.after
    return {
        "dest": after.path,
        "checksum": after.checksum,
        **attributes_returned(after),
        **applied,
    }


class TextModule(base.Module[Any, FileState]):
    """A module that edits the text of a file: all of it is read, the new text is planned here."""

    state = FileState
    shares = CONTENT

    def subject(self, params: Any) -> str:
        return f"file {params.path}"

    def apply(
        self, params: Any, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if change.before.kind == ABSENT:
            yield from make_folders(change.after.path, change.before.above)
        content = data_of(change.after)
        return (yield from apply_content(params, change, content))

    def undo(
        self, params: Any, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from file_change.take_back(change.before, change.after)
        return {}

    def sweep(
        self, params: Any, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        yield from file_change.sweep(change.before)

    def restore(self, params: Any, change: Change[FileState]) -> tuple[base.Restoring, ...]:
        return restoring_posix.file(change)


def edited(params: FileParams, before: FileState, text: bytes) -> FileState:
    """The wanted state of a file whose text is edited."""
    if before.kind == FILE and before.data == text:
        return unchanged(params, before)
    return with_content(params, before, sha1(text), text)
