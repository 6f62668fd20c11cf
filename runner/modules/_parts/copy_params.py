"""The parameters of the module ``copy``."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from runner.interfaces.local_file import LocalFile, SourceEntry
from runner.interfaces.loose import Text
from runner.model.secret import Secret
from runner.modules._parts.content import ContentParams
from runner.modules._parts.file_state import checked_path
from runner.posix import modes


class Params(ContentParams):
    """Parameters of Ansible's copy."""

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"origin", "sources", "opened"})

    PRESERVES: ClassVar[bool] = True

    src: Text | None = Field(
        None,
        description="a file or folder of the controller; with / at its end what is in the folder",
    )
    content: Any = Field(
        None, exclude=True, description="the content itself; lists and mappings become JSON"
    )
    dest: Text = Field(description="where it goes; / at its end: into that folder")
    force: bool = Field(True, description="replace a file that has another content")
    remote_src: bool = Field(False, description="'src' is on the host")
    follow: bool = Field(False, description="where 'dest' is a link, write what it leads to")
    local_follow: bool | None = Field(None, description="copy what links lead to, not the links")
    directory_mode: Any = Field(None, description="the mode of folders that are made")
    checksum: Text | None = Field(None, description="the SHA-1 that the source must have")
    decrypt: bool = Field(True, description="copy what an encrypted file holds")
    origin: Literal["content", "file", "directory", "host"] | None = None
    """Where the content comes from."""
    sources: tuple[SourceEntry, ...] = ()
    """What the controller's file or folder was when the task began."""
    opened: Mapping[str, bytes] = Field(default={}, exclude=True)
    """What its encrypted files hold."""

    @field_validator("src", "dest")
    @classmethod
    def _path(cls, path: str | None) -> str | None:
        return path if path is None else checked_path(path)

    @field_validator("content")
    @classmethod
    def _content(cls, value: Any) -> Any:
        if isinstance(value, Secret):
            return value.reveal()
        if isinstance(value, Mapping | list | tuple):
            try:
                return json.dumps(value)
            except TypeError as error:
                raise ValueError(f"cannot be written as JSON: {error}") from None
        return value if value is None else str(value)

    @field_validator("directory_mode")
    @classmethod
    def _directory_mode(cls, value: Any) -> Any:
        if value is not None:
            modes.parse(value)
        return value

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.src is None and self.content is None and self.origin != "content":
            raise ValueError("'src' or 'content' is required")
        if self.src is not None and self.content is not None:
            raise ValueError("'src' and 'content' exclude each other")
        if self.src is not None:
            return self
        if self.dest.endswith("/"):
            raise ValueError("can not use content with a dir as dest")
        if self.mode == modes.PRESERVE:
            raise ValueError("'mode: preserve' needs 'src'")
        if self.remote_src:
            raise ValueError("'remote_src' needs 'src'")
        return self

    @property
    def name(self) -> str:
        """The name that the copy has in a folder; empty where it has none."""
        return "" if self.src is None else posixpath.basename(self.src.rstrip("/"))

    @property
    def root(self) -> str:
        """The folder on the host that a copied folder becomes."""
        into = self.src is not None and not self.src.endswith("/")
        return posixpath.join(self.dest, self.name) if into else self.dest.rstrip("/") or "/"

    @property
    def file(self) -> LocalFile:
        """The content of one file. Raises InputError when it cannot be read any more."""
        if self.origin == "content":
            return LocalFile(self.dest, str(self.content).encode("utf-8", "surrogateescape"))
        return self.source_file(self.sources[0])

    def source_file(self, entry: SourceEntry) -> LocalFile:
        """The content of one of the sources."""
        return LocalFile(entry.path, self.opened.get(entry.path))
