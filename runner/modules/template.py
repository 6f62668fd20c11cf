"""Render a template of the controller and put what it gives onto a host.

The template is rendered on the controller with the host's variables; from there on it is a copy
of a text (see ``copy``). The text itself is not on record with the change.
"""

from __future__ import annotations

import posixpath
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide
from runner.interfaces.local_file import LocalFile
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts import content as _content
from runner.modules._parts import file_change, restoring_posix
from runner.modules._parts.content import ContentParams
from runner.modules._parts.file_state import (
    ABSENT,
    FILE,
    FOLDER,
    RECORDED,
    FileState,
    checked_path,
    sha1,
    state_of,
)
from runner.modules._parts.posix import require_posix
from runner.modules._parts.rendered import check_encoding, encoded
from runner.posix import modes


class Params(ContentParams):
    """Parameters of Ansible's template."""

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"rendered", "source_mode"})

    PRESERVES: ClassVar[bool] = True

    src: Text = Field(min_length=1, description="the template, a file of the controller")
    dest: Text = Field(description="where it goes; a folder, or / at its end: into that folder")
    force: bool = Field(True, description="replace a file that has another content")
    follow: bool = Field(False, description="where 'dest' is a link, write what it leads to")
    newline_sequence: Literal["\n", "\r", "\r\n", "\\n", "\\r", "\\r\\n"] = Field(
        "\n", description="the line breaks of the result"
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
    source_mode: int = 0o644
    """The template's own permissions."""

    @field_validator("dest")
    @classmethod
    def _path(cls, path: str) -> str:
        return checked_path(path)

    @model_validator(mode="after")
    def _fits(self) -> Params:
        check_encoding(self.rendered, self.output_encoding)
        return self

    @property
    def content(self) -> bytes:
        """What the file shall hold."""
        return encoded(self.rendered, self.output_encoding)


class Module(base.Module[Params, FileState]):
    """Brings a file to what a template gives."""

    params = Params
    state = FileState
    shares = _content.CONTENT
    controller_files: ClassVar[Mapping[str, str]] = {"src": "templates"}
    renders: ClassVar[Mapping[str, str]] = {"src": "rendered"}
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/template_module.html"
    )
    guide = Guide(
        example=("template:\n  src: smb.conf.j2\n  dest: /etc/samba/smb.conf"),
        where="posix",
    )

    def filled_in(self, args: Mapping[str, Any], decrypt: base.Decrypt) -> Mapping[str, Any]:
        return {"source_mode": Path(str(args["src"])).stat().st_mode & modes.PERMISSIONS}

    def subject(self, params: Params) -> str:
        return f"file {params.dest}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, FileState]:
        require_posix(facts, "template", "win_template")
        inside = posixpath.join(params.dest, posixpath.basename(params.src))
        paths = [inside] if params.dest.endswith("/") else [params.dest, inside]
        how = {"follow": params.follow, "checksum": "sha1", "content": RECORDED, "only_open": True}
        account, seen = yield from _content.see(params, *paths, **how)
        return state_of(seen[-1] if seen[0].is_folder else seen[0], account, params)

    def plan(self, params: Params, before: FileState, facts: base.Facts) -> FileState:
        if before.kind == FOLDER:
            raise Refused(f"{before.path} is a folder: it cannot be replaced by a file")
        _content.require_file(before, before.path)
        if before.kind != ABSENT and not params.force:
            return before
        checksum = sha1(params.content)
        if before.kind == FILE and before.checksum == checksum:
            return _content.unchanged(params, before, params.source_mode)
        mode = params.source_mode
        return _content.with_content(params, before, checksum, params.content, mode)

    def apply(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        if params.dest.endswith("/") and before.kind == ABSENT:
            yield from _content.make_folders(after.path, before.above)
        content = LocalFile(after.path, params.content)
        return (yield from _content.apply_content(params, change, content))

    def undo(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from file_change.take_back(change.before, change.after)
        return {}

    def sweep(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        yield from file_change.sweep(change.before)

    def restore(self, params: Params, change: Change[FileState]) -> tuple[base.Restoring, ...]:
        return restoring_posix.file(change)

    def result(
        self,
        params: Params,
        change: Change[FileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {**_content.file_returned(change, applied), "src": params.src}
