"""Render a template of the controller and put what it gives onto a Windows host.

The template is rendered on the controller with the host's variables; from there on it is a copy
of a text (see ``win_copy``). The text itself is not on record with the change.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import PurePath
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.interfaces.local_file import LocalFile
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts import restoring, win_files
from runner.modules._parts.rendered import check_encoding, encoded
from runner.modules._parts.win_backup import backup_path
from runner.modules._parts.win_files import PathText, WinFileModule, WinFileState
from runner.windows.looking import ABSENT, FILE


class Params(base.Params):
    """Parameters of Ansible's win_template."""

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"rendered"})

    src: Text = Field(min_length=1, description="the template, a file of the controller")
    dest: PathText = Field(description=r"where it goes; a folder, or \ at its end: into it")
    backup: bool = Field(False, description="leave a copy with the date in its name beside it")
    force: bool = Field(True, description="replace a file that has another content")
    newline_sequence: Literal["\n", "\r", "\r\n", "\\n", "\\r", "\\r\\n"] = Field(
        "\r\n", description="the line breaks of the result"
    )
    block_start_string: Text = Field("{%", min_length=1, description="where a block begins")
    block_end_string: Text = Field("%}", min_length=1, description="where a block ends")
    variable_start_string: Text = Field("{{", min_length=1, description="where a value begins")
    variable_end_string: Text = Field("}}", min_length=1, description="where a value ends")
    comment_start_string: Text = Field("{#", min_length=1, description="where a comment begins")
    comment_end_string: Text = Field("#}", min_length=1, description="where a comment ends")
    trim_blocks: bool = Field(True, description="no line break behind a block")
    lstrip_blocks: bool = Field(False, description="no white space before a block")
    output_encoding: Text = Field("utf-8", description="how the result is encoded")
    rendered: str | None = Field(None, exclude=True)
    """What the template gives."""

    @model_validator(mode="after")
    def _fits(self) -> Params:
        check_encoding(self.rendered, self.output_encoding)
        return self

    @property
    def content(self) -> LocalFile:
        """What the file shall hold."""
        return LocalFile(self.dest, encoded(self.rendered, self.output_encoding))


class Module(WinFileModule):
    """Brings a file to what a template gives."""

    params = Params
    controller_files: ClassVar[Mapping[str, str]] = {"src": "templates"}
    renders: ClassVar[Mapping[str, str]] = {"src": "rendered"}
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_template_module.html"
    guide = Guide(
        example=("win_template:\n  src: agent.ini.j2\n  dest: C:\\agent\\agent.ini"),
        using=(Using("cmd, certutil, attrib, icacls, findstr"),),
    )

    def subject(self, params: Params) -> str:
        return f"file {params.dest}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, WinFileState]:
        win_files.require_windows(facts, "win_template", "template")
        return (yield from win_files.find_in(params.dest, PurePath(params.src).name))

    def plan(self, params: Params, before: WinFileState, facts: base.Facts) -> WinFileState:
        win_files.require_file(before)
        if before.kind != ABSENT and not params.force:
            return before
        if not params.dest.endswith("\\"):
            win_files.require_folder(before)
        content = params.content
        return win_files.wanted(before, content.sha1, content.size)

    def apply(
        self, params: Params, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        backup = backup_path(after.path) if params.backup and before.kind == FILE else ""
        return (yield from win_files.write_content(before, after, params.content, backup))

    def restore(self, params: Params, change: Change[WinFileState]) -> tuple[base.Restoring, ...]:
        return restoring.file(change)

    def result(
        self,
        params: Params,
        change: Change[WinFileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        after = change.after
        return {
            "dest": after.path, "src": params.src, "checksum": after.checksum,
            "size": after.size, **applied,
        }  # fmt: skip
