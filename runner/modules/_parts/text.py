"""What the modules that edit the text of a file share: parameters, encoding, return values."""

from __future__ import annotations

import re
from typing import Any

from pydantic import AliasChoices, Field, field_validator

from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts.content import ContentParams
from runner.modules._parts.file_state import FileState, checked_path


class TextParams(ContentParams):
    """Parameters that these modules share."""

    path: Text = Field(
        validation_alias=AliasChoices("path", "dest", "destfile", "name"),
        description="the file; links are followed",
    )

    @field_validator("path")
    @classmethod
    def _path(cls, path: str) -> str:
        return checked_path(path)


def encoded(text: str) -> bytes:
    """A parameter as the bytes that are looked for and written."""
    return text.encode("utf-8", "surrogateescape")


def checked_regexp(value: str | None) -> str | None:
    """The regular expression itself. Raises ValueError for what is none."""
    if value is not None:
        try:
            re.compile(encoded(value))
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
    return value


def returned(change: Change[FileState], message: str) -> dict[str, Any]:
    """Ansible's ``msg``: what became of the text, and of the file's attributes."""
    moved = any(change.touches(name) for name in ("mode", "owner", "group"))
    attributes = "ownership, perms or SE linux context changed"
    if moved and change.before.is_recorded:
        message = f"{message} and {attributes}" if message else attributes
    return {"msg": message}
