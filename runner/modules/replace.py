"""Everything in a text file that fits a regular expression, replaced."""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts import content
from runner.modules._parts import text as _text
from runner.modules._parts.file_state import ABSENT, FileState
from runner.modules._parts.posix import require_posix


class Params(_text.TextParams):
    """Parameters of Ansible's replace."""

    regexp: Text = Field(
        validation_alias=AliasChoices("regexp", "regex"),
        description="what is replaced; ^ and $ fit at every line",
    )
    replace: Text = Field("", description="what takes its place; \\1 is the first group")
    after: Text | None = Field(None, description="a regexp: only what is behind it is replaced")
    before: Text | None = Field(None, description="a regexp: only what is before it is replaced")
    encoding: Text = Field("utf-8", description="how the file is encoded")

    @field_validator("regexp", "after", "before")
    @classmethod
    def _regexp(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"is no regular expression: {error}") from None
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError(f"there is no encoding '{value}'") from None
        return value

    @model_validator(mode="after")
    def _section(self) -> Params:
        try:
            re.compile(self.section)
        except re.error as error:
            raise ValueError(f"'after' and 'before' do not go together: {error}") from None
        return self

    @property
    def section(self) -> str:
        """The expression whose group is the part in which something is replaced; or empty."""
        if self.after and self.before:
            return f"{self.after}(?P<subsection>.*?){self.before}"
        if self.after:
            return f"{self.after}(?P<subsection>.*)"
        return f"(?P<subsection>.*){self.before}" if self.before else ""


@dataclass(frozen=True, slots=True)
class _Edit:
    """The new text. ``missed`` says that there is no such section."""

    text: bytes
    message: str = ""
    missed: bool = False


class Module(content.TextModule):
    """Replaces what fits."""

    params = Params
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/replace_module.html"
    )
    guide = Guide(
        example=("replace:\n  path: /etc/samba/smb.conf\n  regexp: NT1\n  replace: SMB2"),
        where="posix",
    )

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, FileState]:
        require_posix(facts, "replace", "win_shell")
        return (yield from content.see_text(params, params.path))

    def plan(self, params: Params, before: FileState, facts: base.Facts) -> FileState:
        content.require_file(before, params.path)
        if before.kind == ABSENT:
            raise Refused(f"Path {params.path} does not exist !")
        edit = _edit(params, before)
        return before if edit.missed else content.edited(params, before, edit.text)

    def result(
        self,
        params: Params,
        change: Change[FileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        message = _edit(params, change.before).message
        return {**_text.returned(change, message), "rc": 0, **applied}


def _edit(params: Params, before: FileState) -> _Edit:
    data = content.text_of(before)
    try:
        text = data.decode(params.encoding, "surrogateescape")
    except UnicodeError as error:
        raise Refused(f"{params.path} is not encoded in {params.encoding}: {error}") from None
    start, end = 0, len(text)
    if params.section:
        match = re.search(params.section, text, re.DOTALL)
        if match is None:
            said = "Pattern for before/after params did not match the given file"
            return _Edit(data, f"{said}: {params.section}", missed=True)
        start, end = match.span("subsection")
    try:
        new, count = re.compile(params.regexp, re.MULTILINE).subn(params.replace, text[start:end])
        if not count or new == text[start:end]:
            return _Edit(data)
        whole = f"{text[:start]}{new}{text[end:]}"
        return _Edit(whole.encode(params.encoding, "surrogateescape"), f"{count} replacements made")
    except (re.error, IndexError) as error:
        raise Refused(f"Unable to process replace due to error: {error}") from None
    except UnicodeError as error:
        raise Refused(f"'replace' cannot be written in {params.encoding}: {error}") from None
