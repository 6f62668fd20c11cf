"""What ``look`` answers, read: how a path of a POSIX host was found."""

from __future__ import annotations

import base64
import binascii
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Output

ABSENT: Final = "absent"
FILE: Final = "file"
FOLDER: Final = "directory"
LINK: Final = "link"

_KINDS: Final = {
    stat.S_IFREG: FILE,
    stat.S_IFDIR: FOLDER,
    stat.S_IFLNK: LINK,
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "block device",
    stat.S_IFCHR: "character device",
}


@dataclass(frozen=True, slots=True)
class Raw:
    """What stat(1) says of one path. Times are seconds since 1970 as text, as exact as it goes."""

    kind: str
    mode: int
    uid: int
    gid: int
    owner: str
    group: str
    size: int
    links: int
    inode: int
    device: int
    blocks: int
    block_size: int
    device_type: int
    accessed: str
    modified: str
    changed: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One path as it was found. ``real`` is where its links lead, if that was asked for.

    ``above`` is the nearest folder that exists above something that does not. ``local`` are the
    times of modification and access as the host's clock shows them. ``open`` says that every
    account of the host may go into its folder.
    """

    path: str
    real: str
    target: str | None = None
    is_folder: bool = False
    raw: Raw | None = None
    above: str = ""
    can: str = ""
    checksum: str = ""
    open: bool = False
    data: bytes | None = field(default=None, repr=False)
    local: tuple[str, str] = ("", "")

    @property
    def kind(self) -> str:
        """What is there, links not followed unless that was asked for."""
        return self.raw.kind if self.raw else ABSENT


@dataclass(frozen=True, slots=True)
class Account:
    """As whom the commands run there. ``owner`` is the number of the account asked for."""

    uid: int
    gid: int
    umask: int
    home: str
    owner: int | None = None


def read_answer(output: Output, nonce: str) -> tuple[Account, tuple[Seen, ...]]:
    """What ``look`` printed. Raises ModuleError when it did not come to its end."""
    records = list(_records(output.stdout, nonce))
    if not records or records[-1][0] != "end":
        said = (output.stderr.strip() or f"exit code {output.code}").splitlines()[0]
        raise ModuleError(
            f"the host did not tell about its files: {said}",
            hint="is it a Unix host with stat, readlink and find?",
        )
    known: dict[str, str] = {}
    found: list[dict[str, str]] = []
    for key, value in records[:-1]:
        if key == "path":
            found.append({})
        (found[-1] if found else known)[key] = value
    words = known["me"].split()
    owner = known.get("uid", "").strip()
    account = Account(
        uid=int(words[0]),
        gid=int(words[1]),
        umask=int(words[2], 8),
        home=known["home"],
        owner=int(owner) if owner.isdigit() else None,
    )
    return account, tuple(_seen(record, words[3] == "gnu", account) for record in found)


def _records(text: str, nonce: str) -> Iterator[tuple[str, str]]:
    for part in text.split(f"\n{nonce} ")[1:]:
        key, _, value = part.partition(" ")
        yield key, value


def _seen(record: dict[str, str], gnu: bool, account: Account) -> Seen:
    path = record["path"]
    real = record.get("real", path)
    if "\ufffd" in path + real + record.get("link", ""):
        raise ModuleError(
            f"the name {real!r} is not UTF-8", hint="such names cannot be handled; rename it"
        )
    if "denied" in record:
        above = record.get("above", path)
        raise ModuleError(
            f"{path} cannot be looked at: {above} is not open to this account",
            hint="use become: true, or an account that may",
        )
    times = record.get("times", "").split()
    return Seen(
        path=path,
        real=real,
        target=record["link"].removesuffix("\n") if "link" in record else None,
        is_folder="folder" in record,
        raw=_raw(record["stat"], gnu) if "stat" in record else None,
        above=record.get("above", ""),
        can=record.get("can", ""),
        checksum=_word(record.get("sum", "")),
        open="open" in record,
        data=_data(record["data"], path) if "data" in record else None,
        local=(times[0], times[1]) if len(times) == 2 else ("", ""),
    )


def _word(text: str) -> str:
    words = text.split(maxsplit=1)
    return words[0].lstrip("\\").lower() if words else ""


def _raw(text: str, gnu: bool) -> Raw:
    numbers, owner, group = text.split("\n")[:3]
    mode, uid, gid, size, links, inode, device, blocks, block, major, minor, *times = numbers.split(
        "/"
    )
    base = 16 if gnu else 10
    return Raw(
        kind=_KINDS.get(stat.S_IFMT(int(mode, 16)), "something unknown"),
        mode=stat.S_IMODE(int(mode, 16)),
        uid=int(uid),
        gid=int(gid),
        owner=_name(owner, uid),
        group=_name(group, gid),
        size=int(size),
        links=int(links),
        inode=int(inode),
        device=int(device),
        blocks=int(blocks),
        block_size=int(block),
        device_type=_device(_integer(major, base), _integer(minor, base)),
        accessed=times[0],
        modified=times[1],
        changed=times[2],
    )


def _name(name: str, number: str) -> str:
    """The name of an account; its number where it has none (GNU says UNKNOWN then)."""
    return number if name in ("UNKNOWN", "") else name


def _integer(text: str, base: int) -> int:
    try:
        return int(text, base)
    except ValueError:
        return 0


def _device(major: int, minor: int) -> int:
    """Both numbers of a device in one, as glibc's makedev(3) puts them together."""
    high = (major & ~0xFFF) << 32 | (minor & ~0xFF) << 12
    return high | (major & 0xFFF) << 8 | minor & 0xFF


def bytes_of(output: Output, path: str) -> bytes:
    """What ``read_bytes`` printed. Raises ModuleError."""
    if output.code != 0:
        said = (output.stderr.strip() or f"exit code {output.code}").splitlines()[0]
        raise ModuleError(f"{path} could not be read: {said}")
    return _data(output.stdout, path)


def _data(text: str, path: str) -> bytes:
    kind, _, encoded = text.partition("\n")
    try:
        if kind == "16":
            return bytes.fromhex(encoded)
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (ValueError, binascii.Error):
        raise ModuleError(f"the content of {path} did not come back whole") from None
