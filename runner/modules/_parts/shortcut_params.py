"""The parameters of ``win_shortcut``."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.loose import Text
from runner.interfaces.on_host import HostText
from runner.modules._parts.win_files import PathText
from runner.windows import paths, shell_link, variables

_ICON: Final = re.compile(r"(.*?)(?:,\s*(-?\d+))?")
_PROGRAM: Final = re.compile(r"[^\\/:*?\"<>|%!\x00-\x1f]+")
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:[^\s\"<>]*")
_MOST: Final = 259
"""Characters of the texts of a link that the shell reads back whole (MAX_PATH)."""
_MOST_ARGUMENTS: Final = 32_000
"""Somewhat fewer than CreateProcess takes in its whole line (32,767)."""

Filled = Annotated[Text, HostText(variables.holds, variables.expanded)]
"""Text in which variables of the host may stand; names that it has not stay as they are."""


class Params(base.Params):
    """Parameters of Ansible's win_shortcut."""

    dest: PathText = Field(description="the shortcut, which ends in .lnk or .url")
    src: Filled | None = Field(
        None, description="what it leads to: a path, a program in PATH, or for .url an address"
    )
    state: Literal["absent", "present"] = Field("present", description="whether it shall be there")
    arguments: Filled | None = Field(
        None,
        validation_alias=AliasChoices("arguments", "args"),
        description="arguments of the program",
    )
    directory: Filled | None = Field(None, description="the folder that it starts in")
    description: Filled | None = Field(None, description="text for people")
    icon: Filled | None = Field(None, description="file of its icon, and after a comma which")
    hotkey: Text | None = Field(None, description="keys that start it, such as Ctrl+Alt+F")
    windowstyle: Literal["maximized", "minimized", "normal"] | None = Field(
        None, description="how the window opens; a new one: normal"
    )
    run_as_admin: bool = Field(False, description="whether it is opened as an administrator")

    @property
    def is_address(self) -> bool:
        """Whether it is of the kind that holds an address and nothing else."""
        return self.dest.lower().endswith(".url")

    @field_validator("dest")
    @classmethod
    def _kind(cls, dest: str) -> str:
        if not dest.lower().endswith((".lnk", ".url")):
            raise ValueError("must end in .lnk or .url")
        return dest

    @field_validator("hotkey")
    @classmethod
    def _hotkey(cls, text: str | None) -> str | None:
        return None if text is None else shell_link.hotkey_text(shell_link.hotkey_number(text))

    @field_validator("arguments", "directory", "description", "icon")
    @classmethod
    def _plain(cls, text: str | None) -> str | None:
        if text is not None and any(ord(char) < 0x20 for char in text):
            raise ValueError("holds a line end or another control character")
        if text is not None and _units(text) > _MOST_ARGUMENTS:
            raise ValueError(f"has more than {_MOST_ARGUMENTS} characters")
        return text

    @field_validator("directory", "description", "icon")
    @classmethod
    def _short(cls, text: str | None) -> str | None:
        if text is not None and _units(text) > _MOST:
            raise ValueError(f"has more than {_MOST} characters, which a shortcut cannot hold")
        return text

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.src is None:
            return self
        if self.is_address:
            self._address(self.src)
        elif not _PROGRAM.fullmatch(self.src):
            if _ADDRESS.fullmatch(self.src):
                raise ValueError(
                    f"'{self.src}' is an address: let 'dest' end in .url, or start explorer.exe "
                    "with it in 'arguments'"
                )
            if _units(paths.named(self.src, shares=True)) > shell_link.MOST:
                raise ValueError(f"'src' has more than {shell_link.MOST} characters")
        return self

    def _address(self, src: str) -> None:
        if not _ADDRESS.fullmatch(src) or not src.isascii():
            raise ValueError(
                f"a shortcut .url leads to an address such as https://host/, not to '{src}'; "
                "what is not ASCII in it stands as %XX"
            )
        names = ("arguments", "directory", "description", "icon", "hotkey", "windowstyle")
        given = [name for name in names if getattr(self, name) is not None]
        if given or self.run_as_admin:
            named = ", ".join([*given, *["run_as_admin"] * self.run_as_admin])
            raise ValueError(f"a shortcut .url has an address alone, no {named}")

    @property
    def program(self) -> str | None:
        """The name of a program that is to be looked for in PATH."""
        found = self.src is not None and not self.is_address and _PROGRAM.fullmatch(self.src)
        return self.src if found else None

    @property
    def icon_parts(self) -> tuple[str, int]:
        """File and number of the icon."""
        found = _ICON.fullmatch(self.icon or "")
        return (found[1].strip(), int(found[2] or 0)) if found else ("", 0)


def _units(text: str) -> int:
    """How long a text is to Windows. Raises ValueError for one that is no Unicode."""
    try:
        return len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair") from None
