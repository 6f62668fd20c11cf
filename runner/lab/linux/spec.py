"""How a simulated Linux host differs from a fresh installation of its system."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ["LinuxSpec", "UnitSpec"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _absolute(path: str) -> str:
    if not path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path!r} is not an absolute path such as /etc/motd")
    return path


class UnitSpec(_Frozen):
    """A service: whether it runs, and whether it starts at boot."""

    running: bool = True
    enabled: bool = True


class LinuxSpec(_Frozen):
    """``packages`` maps a name to its versions: the installed one, then what the repositories have
    in newer ones. ``samba``: it serves files. ``files`` are texts by absolute path."""

    samba: bool = False
    packages: dict[str, Annotated[list[str], Field(min_length=1)]] = {}
    services: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9@._-]+$")], UnitSpec] = {}
    files: dict[Annotated[str, AfterValidator(_absolute)], str] = {}
