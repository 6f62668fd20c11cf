"""A block of lines between two markers in a text file."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts import content
from runner.modules._parts import text as _text
from runner.modules._parts.blocks import Block, with_block
from runner.modules._parts.file_state import ABSENT, FileState
from runner.modules._parts.posix import require_posix


class Params(_text.TextParams):
    """Parameters of Ansible's blockinfile."""

    state: Literal["absent", "present"] = Field("present", description="whether it shall be there")
    marker: Text = Field(
        "# {mark} ANSIBLE MANAGED BLOCK", description="the lines around it; {mark} is BEGIN or END"
    )
    marker_begin: Text = Field("BEGIN", description="what {mark} is before it")
    marker_end: Text = Field("END", description="what {mark} is behind it")
    block: Text = Field(
        "",
        validation_alias=AliasChoices("block", "content"),
        description="the lines; empty takes the block away",
    )
    insertafter: Text | None = Field(
        None, description="EOF or a regexp: behind which line it goes; the last that fits"
    )
    insertbefore: Text | None = Field(
        None, description="BOF or a regexp: before which line it goes"
    )
    create: bool = Field(False, description="make the file, and its folders, if it is not there")
    append_newline: bool = Field(False, description="put an empty line behind it")
    prepend_newline: bool = Field(False, description="put an empty line before it")

    @field_validator("insertafter", "insertbefore")
    @classmethod
    def _anchor(cls, value: str | None) -> str | None:
        return value if value in ("EOF", "BOF") else _text.checked_regexp(value)

    @field_validator("marker", "marker_begin", "marker_end")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if "\n" in value:
            raise ValueError("must be one line, or the block would never be found again")
        return value

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.insertafter is not None and self.insertbefore is not None:
            raise ValueError("'insertafter' and 'insertbefore' exclude each other")
        return self

    @property
    def wanted(self) -> Block:
        """The block as bytes."""
        present = self.state == "present"
        after, before = self.insertafter, self.insertbefore
        return Block(
            begin=_text.encoded(self.marker.replace("{mark}", self.marker_begin)),
            end=_text.encoded(self.marker.replace("{mark}", self.marker_end)),
            text=_text.encoded(self.block) if present else b"",
            after=None if after is None else _text.encoded(after),
            before=None if before is None else _text.encoded(before),
            blank_before=present and self.prepend_newline,
            blank_after=present and self.append_newline,
        )


class Module(content.TextModule):
    """Brings a block to a state."""

    params = Params
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/blockinfile_module.html"
    guide = Guide(
        example=("blockinfile:\n  path: /etc/hosts\n  block: 10.0.0.9 sink.example"),
        where="posix",
    )

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, FileState]:
        require_posix(facts, "blockinfile", "win_shell")
        return (yield from content.see_text(params, params.path))

    def plan(self, params: Params, before: FileState, facts: base.Facts) -> FileState:
        content.require_file(before, params.path)
        if before.kind == ABSENT:
            if not params.create:
                raise Refused(
                    f"Path {params.path} does not exist !", hint="'create: true' makes it"
                )
            if params.state == "absent":
                return before
        return content.edited(params, before, with_block(content.text_of(before), params.wanted))

    def result(
        self,
        params: Params,
        change: Change[FileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        before = change.before
        if before.kind == ABSENT and params.state == "absent":
            return {"msg": f"File {params.path} not present"}
        if before.kind == ABSENT:
            message = "File created"
        elif with_block(content.text_of(before), params.wanted) == before.data:
            message = ""
        else:
            message = "Block inserted" if params.wanted.text else "Block removed"
        return {**_text.returned(change, message), **applied}
