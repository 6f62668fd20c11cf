"""What a template gave, as the bytes of a file."""

from __future__ import annotations

from typing import Final

from runner.errors import Refused

_STRAY: Final = "surrogateescape"
"""Bytes of a template that are no text stay as they are."""


def check_encoding(rendered: str | None, encoding: str) -> None:
    """Raises ValueError where there is no such encoding, or it has no bytes for the text."""
    try:
        (rendered or "").encode(encoding, _STRAY)
    except LookupError:
        raise ValueError(f"there is no encoding '{encoding}'") from None
    except UnicodeError as error:
        raise ValueError(f"what the template gives is not {error}") from None


def encoded(rendered: str | None, encoding: str) -> bytes:
    """The bytes. Raises Refused when the template was not rendered."""
    if rendered is None:
        raise Refused("the template was not rendered")
    return rendered.encode(encoding, _STRAY)
