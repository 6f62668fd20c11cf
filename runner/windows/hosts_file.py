"""The hosts file: lines of an address and the names that it has, and comments.

Source: Microsoft's own comment in the file ("each entry should be kept on an individual line, the
IP address in the first column followed by the corresponding host name") and RFC 952. Pure: from
text to text. Lines that are not meant stay as they are, byte for byte.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

KEY: Final = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
VALUE: Final = "DataBasePath"
"""Where the folder of the file stands; it holds a reference to the system's folder."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line that names somebody; ``comment`` from its number sign on."""

    address: str
    name: str
    aliases: tuple[str, ...] = ()
    comment: str = ""

    @property
    def line(self) -> str:
        """The line as it is written."""
        words = " ".join([self.address, self.name, *self.aliases])
        return f"{words} {self.comment}" if self.comment else words


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a task asks for. Empty means: any, in a task that takes entries away."""

    name: str = ""
    address: str = ""
    aliases: tuple[str, ...] = ()
    action: str = "set"


def parse(line: str) -> Entry | None:
    """The entry on a line; None for a comment, an empty line and what is no entry."""
    text, mark, comment = line.partition("#")
    words = text.split()
    if len(words) < 2 or family(words[0]) is None:
        return None
    return Entry(words[0], words[1], tuple(words[2:]), f"{mark}{comment}".rstrip())


def family(address: str) -> int | None:
    """4 or 6; None for what is no address."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).version
    except ValueError:
        return None


def same_address(one: str, other: str) -> bool:
    """Whether two spellings mean the same address."""
    try:
        return ipaddress.ip_address(one) == ipaddress.ip_address(other)
    except ValueError:
        return one.casefold() == other.casefold()


def present(text: str, wanted: Wanted) -> str:
    """With one entry for the name in the address's family, and its aliases."""

    def is_meant(entry: Entry) -> bool:
        same = entry.name.casefold() == wanted.name.casefold()
        return same and family(entry.address) == family(wanted.address)

    lines, ending = _lines(text)
    for at, line in enumerate(lines):
        entry = parse(line)
        if entry is None or not is_meant(entry):
            continue
        address = entry.address if same_address(entry.address, wanted.address) else wanted.address
        aliases = _aliases(entry.aliases, wanted)
        if (address, aliases) == (entry.address, entry.aliases):
            return text
        lines[at] = Entry(address, entry.name, aliases, entry.comment).line
        return ending.join(lines)
    aliases = () if wanted.action == "remove" else wanted.aliases
    new = Entry(wanted.address, wanted.name, aliases).line
    # The file may lack the line break at its end, which would put both entries on one line.
    before = text if not text or text.endswith("\n") else f"{text}{ending}"
    return f"{before}{new}{ending}"


def absent(text: str, wanted: Wanted) -> str:
    """Without the entries of that name, that address, or both; without any, of nobody."""

    def goes(entry: Entry) -> bool:
        by_name = not wanted.name or entry.name.casefold() == wanted.name.casefold()
        by_address = not wanted.address or same_address(entry.address, wanted.address)
        return by_name and by_address

    return _without(text, goes)


def _without(text: str, goes: Callable[[Entry], bool]) -> str:
    lines, ending = _lines(text)
    kept = [line for line in lines if (entry := parse(line)) is None or not goes(entry)]
    return ending.join(kept)


def _lines(text: str) -> tuple[list[str], str]:
    ending = "\r\n" if "\r\n" in text or "\n" not in text else "\n"
    return text.split(ending), ending


def _aliases(found: Sequence[str], wanted: Wanted) -> tuple[str, ...]:
    folded = {alias.casefold() for alias in wanted.aliases}
    there = {alias.casefold() for alias in found}
    match wanted.action:
        case "add":
            new = (alias for alias in wanted.aliases if alias.casefold() not in there)
            return (*found, *new)
        case "remove":
            return tuple(alias for alias in found if alias.casefold() not in folded)
    return tuple(found) if folded == there else tuple(wanted.aliases)
