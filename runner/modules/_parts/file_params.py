"""The parameters of the module ``file``."""

from __future__ import annotations

import time
from typing import Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.interfaces.loose import Text
from runner.modules._parts.file_state import FileParams, checked_path

PRESERVE = "preserve"
NOW = "now"
_FORMAT = "%Y%m%d%H%M.%S"


class Params(FileParams):
    """Parameters of Ansible's file, and ``keep``."""

    path: Text = Field(
        validation_alias=AliasChoices("path", "dest", "name"), description="what it is about"
    )
    state: Literal["absent", "directory", "file", "hard", "link", "touch"] | None = Field(
        None, description="what shall be there; left out: what is there keeps its kind"
    )
    src: Text | None = Field(None, description="where a link leads")
    recurse: bool = Field(False, description="set mode and owner of everything in a folder too")
    force: bool = Field(
        False, description="link to what does not exist; put a link in place of a file"
    )
    follow: bool = Field(True, description="attributes are those of what a link leads to")
    modification_time: Text | None = Field(None, description="preserve, now, or a time")
    modification_time_format: Text = Field(_FORMAT, description="how that time is written")
    access_time: Text | None = Field(None, description="preserve, now, or a time")
    access_time_format: Text = Field(_FORMAT, description="how that time is written")
    keep: bool = Field(
        True,
        description="keep what is removed, for a rollback; without it, it is gone and its room "
        "on the disk is free",
    )

    @field_validator("path", "src")
    @classmethod
    def _path(cls, path: str | None) -> str | None:
        return path if path is None else checked_path(path)

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.src is not None and self.state not in ("link", "hard", None):
            raise ValueError("'src' needs state: link or hard")
        if self.recurse and self.state not in ("directory", None):
            raise ValueError("'recurse' needs state: directory")
        if self.state == "absent" and self.path.rstrip("/.") == "":
            raise ValueError(f"'{self.path}' cannot be removed")
        for value, written in (
            (self.modification_time, self.modification_time_format),
            (self.access_time, self.access_time_format),
        ):
            if value not in (None, PRESERVE, NOW):
                _moment(value or "", written)
        return self

    @property
    def trimmed(self) -> str:
        """The path without slashes at its end."""
        return self.path.rstrip("/") or "/"

    @property
    def modified(self) -> str:
        """``preserve``, ``now``, or a moment as touch takes it, by the host's clock."""
        return self._time(self.modification_time, self.modification_time_format)

    @property
    def accessed(self) -> str:
        """The same for the access."""
        return self._time(self.access_time, self.access_time_format)

    def _time(self, value: str | None, written: str) -> str:
        if value is None:
            return NOW if self.state == "touch" else PRESERVE
        return value if value in (PRESERVE, NOW) else _moment(value, written)


def _moment(value: str, written: str) -> str:
    try:
        return time.strftime(_FORMAT, time.strptime(value, written))
    except ValueError as error:
        raise ValueError(f"'{value}' is no time in the format {written}: {error}") from None
