"""The parameters of the module ``win_copy``."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.local_file import LocalFile, SourceEntry
from runner.interfaces.loose import Text, said_yes
from runner.interfaces.on_host import HostText
from runner.interfaces.serving import Offering
from runner.model.secret import Secret
from runner.modules._parts.win_files import PathText
from runner.windows import paths, variables

_ON_HOST: Final = HostText(
    variables.holds, variables.filled, lambda raw: said_yes(raw, "remote_src", default=False)
)


class Params(base.Params):
    """Parameters of Ansible's win_copy."""

    HIDDEN: ClassVar[frozenset[str]] = frozenset({"origin", "sources", "opened", "offering"})

    src: Annotated[Text, _ON_HOST] | None = Field(
        None,
        description="a file or folder of the controller; with / at its end what is in the folder",
    )
    content: Any = Field(
        None, exclude=True, description="the content itself; lists and mappings become JSON"
    )
    dest: PathText = Field(description=r"where it goes; \ at its end: into that folder")
    backup: bool = Field(False, description="leave a copy with the date in its name beside it")
    force: bool = Field(True, description="replace a file that has another content")
    remote_src: bool = Field(False, description="'src' is on the host")
    local_follow: bool = Field(True, description="copy what links lead to")
    decrypt: bool = Field(True, description="copy what an encrypted file holds")
    origin: Literal["content", "file", "directory", "host"] | None = None
    """Where the content comes from."""
    sources: tuple[SourceEntry, ...] = ()
    """What the controller's file or folder was when the task began."""
    opened: Mapping[str, bytes] = Field(default={}, exclude=True)
    """What its encrypted files hold."""
    offering: Any = Field(None, exclude=True, repr=False)
    """What offers large files to the host over HTTP, where the inventory asks for it."""

    @field_validator("offering")
    @classmethod
    def _offering(cls, value: Any) -> Any:
        if value is not None and not isinstance(value, Offering):
            raise ValueError("is no parameter")
        return value

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

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.src is None and self.content is None and self.origin != "content":
            raise ValueError("'src' or 'content' is required")
        if self.src is not None and self.content is not None:
            raise ValueError("'src' and 'content' exclude each other")
        if self.src is None and self.dest.endswith("\\"):
            raise ValueError("'content' needs a file as 'dest', not a folder")
        if self.remote_src:
            if self.src is None:
                raise ValueError("'remote_src' needs 'src'")
            paths.named(self.src, shares=True)
        if any(source.kind == "link" for source in self.sources):
            raise ValueError(
                "a link that leads nowhere, or back, is among the sources: it cannot be copied"
            )
        for source in self.sources if self.origin == "directory" else ():
            paths.checked(paths.join(self.root, source.name))
        return self

    @property
    def origin_path(self) -> str:
        """The source on the host."""
        return paths.checked(self.src or "", shares=True).rstrip("\\")

    @property
    def name(self) -> str:
        """The name that the copy has in a folder; empty where it has none."""
        if self.src is None:
            return ""
        return posixpath.basename(self.src.replace("\\", "/").rstrip("/"))

    @property
    def root(self) -> str:
        """The folder on the host that a copied folder becomes."""
        into = self.src is not None and not self.src.endswith(("/", "\\"))
        return paths.join(self.dest, self.name) if into else self.dest.rstrip("\\")

    @property
    def file(self) -> LocalFile:
        """The content of one file. Raises InputError when it cannot be read any more."""
        if self.origin == "content":
            return LocalFile(self.dest, str(self.content).encode("utf-8", "surrogateescape"))
        return self.source_file(self.sources[0])

    def source_file(self, entry: SourceEntry) -> LocalFile:
        """The content of one of the sources."""
        return LocalFile(entry.path, self.opened.get(entry.path))
