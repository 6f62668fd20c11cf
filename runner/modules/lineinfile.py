"""One line of a text file: there, replaced, or gone.

The file is read as a whole and the new text is worked out before anything is written. What is not
touched stays byte for byte: other line ends, other encodings, a missing line feed at the end.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import Any, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts import content, lines
from runner.modules._parts import text as _text
from runner.modules._parts.file_state import ABSENT, FileState
from runner.modules._parts.posix import require_posix


class Params(_text.TextParams):
    """Parameters of Ansible's lineinfile."""

    state: Literal["absent", "present"] = Field("present", description="whether it shall be there")
    regexp: Text | None = Field(
        None,
        validation_alias=AliasChoices("regexp", "regex"),
        description="finds the line to replace or remove; the last one that fits is replaced",
    )
    search_string: Text | None = Field(None, description="the same with a text to be found in it")
    line: Text | None = Field(
        None, validation_alias=AliasChoices("line", "value"), description="the line"
    )
    backrefs: bool = Field(
        False, description="\\1 in 'line' is what the regexp found; nothing found: nothing is done"
    )
    insertafter: Text | None = Field(
        None, description="EOF, BOF or a regexp: behind which line it goes"
    )
    insertbefore: Text | None = Field(
        None, description="BOF or a regexp: before which line it goes"
    )
    create: bool = Field(False, description="make the file, and its folders, if it is not there")
    firstmatch: bool = Field(False, description="the first line that fits counts, not the last")

    @field_validator("regexp")
    @classmethod
    def _regexp(cls, value: str | None) -> str | None:
        return _text.checked_regexp(value)

    @field_validator("insertafter", "insertbefore")
    @classmethod
    def _anchor(cls, value: str | None) -> str | None:
        return value if value in ("EOF", "BOF") else _text.checked_regexp(value)

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.regexp is not None and self.search_string is not None:
            raise ValueError("'regexp' and 'search_string' exclude each other")
        if self.insertafter is not None and self.insertbefore is not None:
            raise ValueError("'insertafter' and 'insertbefore' exclude each other")
        if self.backrefs and self.search_string is not None:
            raise ValueError("'backrefs' and 'search_string' exclude each other")
        if "" in (self.regexp, self.search_string):
            raise ValueError("an empty regexp or search_string fits every line; write ^ for that")
        if self.state == "present":
            if self.backrefs and self.regexp is None:
                raise ValueError("'backrefs' needs a 'regexp'")
            if self.line is None:
                raise ValueError("'line' is needed with state: present")
        elif self.line is None and self.regexp is None and self.search_string is None:
            raise ValueError("state: absent needs 'line', 'regexp' or 'search_string'")
        return self

    @property
    def wanted(self) -> lines.Wanted:
        """The line as bytes."""
        after = self.insertafter
        if after is None and self.insertbefore is None:
            after = "EOF"
        return lines.Wanted(
            line=_text.encoded(self.line or ""),
            regexp=None if self.regexp is None else re.compile(_text.encoded(self.regexp)),
            search=None if self.search_string is None else _text.encoded(self.search_string),
            after=None if after is None else _text.encoded(after),
            before=None if self.insertbefore is None else _text.encoded(self.insertbefore),
            backrefs=self.backrefs,
            first=self.firstmatch,
        )


class Module(content.TextModule):
    """Brings one line to a state."""

    params = Params
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/lineinfile_module.html"
    )
    guide = Guide(
        example=(
            "lineinfile:\n"
            "  path: /etc/samba/smb.conf\n"
            "  regexp: ^\\s*server min protocol\n"
            "  line: server min protocol = SMB2"
        ),
        where="posix",
    )

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, FileState]:
        require_posix(facts, "lineinfile", "win_lineinfile")
        return (yield from content.see_text(params, params.path))

    def plan(self, params: Params, before: FileState, facts: base.Facts) -> FileState:
        content.require_file(before, params.path)
        if before.kind == ABSENT:
            if params.state == "absent":
                return before
            if not params.create:
                raise Refused(
                    f"Destination {params.path} does not exist !",
                    hint="'create: true' makes it",
                )
        return content.edited(params, before, _edit(params, before).text)

    def result(
        self,
        params: Params,
        change: Change[FileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        if change.before.kind == ABSENT and params.state == "absent":
            return {"msg": "file not present"}
        edit = _edit(params, change.before)
        found = {"found": edit.found} if params.state == "absent" else {}
        backup = {"backup": str(applied.get("backup_file", ""))}
        return {**_text.returned(change, edit.message), **found, **backup}


def _edit(params: Params, before: FileState) -> lines.Edit:
    try:
        change = lines.present if params.state == "present" else lines.absent
        return change(content.text_of(before), params.wanted)
    except (re.error, IndexError) as error:
        raise Refused(f"'line' refers to what the regexp does not have: {error}") from None
