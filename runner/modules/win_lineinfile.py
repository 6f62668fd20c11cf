"""One line of a text file of a Windows host: there, replaced, or gone.

The file is read byte for byte (see ``win_lines`` for what is a line), the new text is worked out
here and compared by its checksum, and takes the place of the old one in one step; the old file is
kept for the way back. Regular expressions are Python's, which differ from .NET's in rare constructs
only; references in ``line`` are .NET's: ``$1``, ``${name}``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Generator, Mapping
from typing import Any, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.interfaces.local_file import LocalFile
from runner.interfaces.loose import Text
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import restoring, win_files, win_lines, win_text
from runner.modules._parts.win_backup import backup_path
from runner.modules._parts.win_files import PathText, WinFileModule, WinFileState
from runner.windows.looking import ABSENT, FILE


class Params(base.Params):
    """Parameters of Ansible's win_lineinfile."""

    path: PathText = Field(
        validation_alias=AliasChoices("path", "dest", "destfile", "name"), description="the file"
    )
    state: Literal["absent", "present"] = Field("present", description="whether it shall be there")
    line: Text | None = Field(None, description="the line")
    regex: Text | None = Field(
        None,
        validation_alias=AliasChoices("regex", "regexp"),
        description="finds the line to replace or remove; the last one that fits is replaced",
    )
    backrefs: bool = Field(
        False, description="$1 in 'line' is what the regex found; nothing found: nothing is done"
    )
    insertafter: Text | None = Field(
        None, description="EOF, BOF or a regex: behind which line it goes"
    )
    insertbefore: Text | None = Field(None, description="BOF or a regex: before which line it goes")
    create: bool = Field(False, description="make the file, and its folders, if it is not there")
    backup: bool = Field(False, description="leave a copy of the old file beside it")
    validate_: Text | None = Field(
        None,
        validation_alias="validate",
        description="a command that must end with 0 on the new content, which is %s in it",
    )
    encoding: Text = Field(
        "auto", description="how the file is encoded; auto: by its byte order mark, else UTF-8"
    )
    newline: Literal["unix", "windows"] = Field(
        "windows", description="the line breaks of a file that is changed, all of them"
    )

    @field_validator("regex", "insertafter", "insertbefore")
    @classmethod
    def _regex(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, name: str) -> str:
        if name != "auto":
            try:
                win_lines.python_name(name)
            except LookupError:
                raise ValueError(f"there is no encoding '{name}'") from None
        return name

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.state == "present":
            if not self.line:
                raise ValueError("'line' is needed with state: present")
            if self.backrefs and not self.regex:
                raise ValueError("'backrefs' needs a 'regex'")
        elif not (self.regex or self.line):
            raise ValueError("state: absent needs 'line' or 'regex'")
        if self.line and re.search(r"[\r\n]", self.line):
            raise ValueError(
                "'line' holds a line break, so it would never be found again: one task for each"
            )
        if self.validate_ is not None and "%s" not in self.validate_:
            raise ValueError("'validate' needs a %s, in place of the file")
        return self

    @property
    def wanted(self) -> win_lines.Wanted:
        """The line and its place; before one line beats behind another."""
        return win_lines.Wanted(
            line=self.line or "",
            regex=re.compile(self.regex) if self.regex else None,
            after="" if self.insertbefore else self.insertafter or "",
            before=self.insertbefore or "",
            backrefs=self.backrefs,
        )


class Module(WinFileModule):
    """Brings one line to a state."""

    params = Params
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/community/windows/"
        "win_lineinfile_module.html"
    )
    guide = Guide(
        example="win_lineinfile:\n  path: C:\\agent\\agent.ini\n  regex: '^server='\n"
        "  line: server=10.0.0.5",
        using=(Using("cmd, certutil, attrib, icacls, findstr"),),
    )

    def subject(self, params: Params) -> str:
        return f"file {params.path}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, WinFileState]:
        win_files.require_windows(facts, "win_lineinfile", "lineinfile")
        state = yield from win_files.find(params.path.rstrip("\\"))
        if state.kind != FILE or not state.size:
            return dataclasses.replace(state, told="")
        data = yield from win_text.content_of(state, facts)
        return dataclasses.replace(state, told=data.decode("latin-1"))

    def plan(self, params: Params, before: WinFileState, facts: base.Facts) -> WinFileState:
        win_files.require_file(before)
        if before.kind == ABSENT and (params.state == "absent" or not params.create):
            raise Refused(
                f"Path {before.path} does not exist !",
                hint="'create: true' makes it" if params.state == "present" else "",
            )
        if before.kind == FILE and before.told is None:
            # In a dry run another task is to write it before: only then it is known.
            return win_files.wanted(before, UNKNOWN)
        _edit, data = _edited(params, before)
        if data is None:
            return before
        digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        after = win_files.wanted(before, digest, len(data))
        return dataclasses.replace(after, told=data.decode("latin-1"))

    def apply(
        self, params: Params, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        content = LocalFile(after.path, str(after.told).encode("latin-1"))
        if params.validate_ is not None:
            yield from win_text.validated(after, content, params.validate_)
        backup = backup_path(after.path) if params.backup and before.kind == FILE else ""
        return (yield from win_files.write_content(before, after, content, backup))

    def restore(self, params: Params, change: Change[WinFileState]) -> tuple[base.Restoring, ...]:
        return restoring.file(change)

    def result(
        self,
        params: Params,
        change: Change[WinFileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        backup = str(applied.get("backup_file", ""))
        found: dict[str, Any] = {"backup": backup}
        if backup:
            found["backup_file"] = backup
        if change.before.told is None:
            return {**found, "msg": UNKNOWN, "encoding": UNKNOWN}
        edit, _ = _edited(params, change.before)
        if params.state == "absent":
            found["found"] = edit.found
        data = str(change.before.told).encode("latin-1")
        name = win_lines.encoding_of(data, params.encoding).name
        return {**found, "msg": edit.message, "encoding": name}

    def message(self, params: Params, change: Change[WinFileState], facts: base.Facts) -> str:
        if params.insertbefore and params.insertafter:
            return "'insertbefore' counts, 'insertafter' does not"
        return ""


def _edited(params: Params, before: WinFileState) -> tuple[win_lines.Edit, bytes | None]:
    """What becomes of the lines, and the new content; None where nothing changes."""
    data = str(before.told).encode("latin-1")
    encoding = win_lines.encoding_of(data, params.encoding)
    try:
        lines, ends = win_lines.split(encoding.decoded(data))
        change = win_lines.present if params.state == "present" else win_lines.absent
        edit = change(lines, params.wanted)
        if edit.lines == lines and before.kind == FILE:
            return edit, None
        newline = "\n" if params.newline == "unix" else "\r\n"
        ends = ends or before.kind == ABSENT
        return edit, encoding.encoded(win_lines.joined(edit.lines, newline, ends=ends))
    except UnicodeError as error:
        raise Refused(
            f"{before.path} or the line is no text in {encoding.name}: {error}",
            hint="say the file's 'encoding'",
        ) from None
