"""Files of a POSIX host as modules see them: parameters, state, and how the two compare.

What a change replaces or removes is kept, so that it can be given back exactly. The content of a
file that every account of the host may read, up to ``RECORDED`` bytes, goes on record with the
change. Everything else stays on the host and never leaves it: it is moved (or linked) to
``/var/lib/runner/backups``, or ``.runner-backups`` in the home of an account other than root. A
rollback moves it back from there; nothing else ever removes it.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from pydantic import Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.codec import PASSING
from runner.interfaces.loose import Text
from runner.posix import modes
from runner.posix.seen import ABSENT, FILE, FOLDER, LINK, Account, Raw, Seen

__all__ = ["ABSENT", "FILE", "FOLDER", "LINK"]

RECORDED: Final = 256 * 1024
"""Bytes of a file's content that go on record."""
SHOWN: Final = 32 * 1024
"""Bytes of a text that is shown line by line."""
ROOTS_BACKUPS: Final = "/var/lib/runner/backups"
USERS_BACKUPS: Final = ".runner-backups"

_CONTEXT: Final = "SELinux contexts are not managed here: use semanage and restorecon"
UNSUPPORTED: Final[Mapping[str, str]] = {
    "seuser": _CONTEXT,
    "serole": _CONTEXT,
    "setype": _CONTEXT,
    "selevel": _CONTEXT,
    "attributes": "attributes of the file system are not managed here: use 'command' with chattr",
    "attr": "attributes of the file system are not managed here: use 'command' with chattr",
}


def checked_path(path: str) -> str:
    """The path itself. Raises ValueError for what cannot be one."""
    if not path:
        raise ValueError("is empty")
    if "\n" in path or "\0" in path:
        raise ValueError("a path cannot hold a line break here")
    return path


class FileParams(base.Params):
    """Parameters that all modules for files share (Ansible's fragment ``files``)."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = UNSUPPORTED
    PRESERVES: ClassVar[bool] = False
    """Whether there is a source whose mode can be taken."""

    mode: Any = Field(
        None, description="permissions: an octal number in quotes ('0644'), or symbolic (u=rw,g=r)"
    )
    owner: Text | None = Field(None, description="name or number of the owner")
    group: Text | None = Field(None, description="name or number of the group")
    unsafe_writes: bool = Field(
        False, description="write into the file itself where it cannot be replaced in one step"
    )

    @field_validator("mode")
    @classmethod
    def _mode(cls, value: Any) -> Any:
        if value is not None and value != modes.PRESERVE:
            modes.parse(value)
        if value == modes.PRESERVE and not cls.PRESERVES:
            raise ValueError("'preserve' needs a file to take it from")
        return value

    @field_validator("owner", "group")
    @classmethod
    def _account(cls, value: str | None) -> str | None:
        if value is not None and (not value or value.startswith("-") or set(value) & set(":\n\0/")):
            raise ValueError(f"'{value}' is no name of an account")
        return value

    @property
    def wants_attributes(self) -> bool:
        """Whether anything is said about permissions or ownership."""
        return self.mode is not None or self.owner is not None or self.group is not None


@dataclass(frozen=True, slots=True)
class FileState:
    """One path of a host. What the task does not manage is empty.

    ``content`` is the text of a small file, for people to see what changes in it. It is not on
    record, and neither is the time of access, which everybody changes by reading. ``differs`` is
    what below a folder is not as wanted. ``path`` and everything behind it is on record for the
    way back, and not compared: ``at`` is the path whose attributes are meant (where a link
    leads), ``saved`` the old content as ``saved_as`` says, ``kept`` where the host keeps it,
    ``above`` the folder that was there above something that was not, ``reachable`` whether every
    account of the host may go into its folder. ``data`` is the whole content, ``source`` what is
    copied on the host, ``told`` what else a module learned; these only while the task is done.
    """

    ESSENCE: ClassVar[tuple[str, ...]] = ("kind", "target", "hard_link_of", "checksum", "differs")

    kind: str = ABSENT
    target: str = ""
    hard_link_of: str = ""
    checksum: str = ""
    content: str = field(default="", metadata=PASSING)
    mode: str = ""
    owner: str = ""
    group: str = ""
    modified: str = ""
    accessed: str = field(default="", metadata=PASSING)
    differs: tuple[str, ...] = ()
    path: str = field(default="", compare=False)
    at: str = field(default="", compare=False)
    raw: Raw | None = field(default=None, compare=False)
    at_raw: Raw | None = field(default=None, compare=False)
    saved: str | None = field(default=None, compare=False)
    saved_as: str = field(default="", compare=False)
    kept: str = field(default="", compare=False)
    above: str = field(default="", compare=False)
    umask: int = field(default=0o22, compare=False)
    reachable: bool = field(default=False, compare=False)
    planned: bool = field(default=False, compare=False)
    entries: tuple[FileState, ...] = field(default=(), compare=False)
    data: bytes | None = field(default=None, compare=False, repr=False, metadata=PASSING)
    told: Any = field(default=None, compare=False, repr=False, metadata=PASSING)
    source: FileState | None = field(default=None, compare=False, repr=False, metadata=PASSING)

    @property
    def present(self) -> bool:
        """Whether anything is there."""
        return self.kind != ABSENT

    @property
    def is_recorded(self) -> bool:
        """Whether it was found on the host, not only planned."""
        return self.raw is not None and not self.planned

    @property
    def old_content(self) -> bytes | None:
        """The content on record."""
        if self.saved is None:
            return None
        if self.saved_as == "utf-8":
            return self.saved.encode()
        return base64.b64decode(self.saved)


def sha1(data: bytes) -> str:
    """The checksum that Ansible compares."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


EMPTY: Final = sha1(b"")


def state_of(
    seen: Seen, account: Account, params: FileParams, *, attributes: Seen | None = None
) -> FileState:
    """The state of a path as it was found. ``attributes`` is the path whose attributes are meant.

    Mode, owner and group are told where the task is about them.
    """
    meant = attributes or seen
    raw, at_raw = seen.raw, meant.raw
    text, encoding = saved(seen)
    return FileState(
        kind=seen.kind,
        target=seen.target or "" if seen.kind == LINK else "",
        checksum=seen.checksum,
        content=shown(seen.data, raw.mode if raw else 0, reachable=seen.open),
        mode=modes.octal(at_raw.mode) if at_raw and params.mode is not None else "",
        owner=_owner(at_raw, params.owner, account) if at_raw and params.owner else "",
        group=_group(at_raw, params.group) if at_raw and params.group else "",
        path=seen.real,
        at=meant.real,
        raw=raw,
        at_raw=at_raw,
        saved=text,
        saved_as=encoding,
        kept="" if _is_saved(seen) else keep_path(seen, account),
        above=seen.above,
        umask=account.umask,
        reachable=seen.open,
        data=seen.data,
    )


def saved(seen: Seen) -> tuple[str | None, str]:
    """The content of a file for the record, where it may go on it, and how it is written."""
    if not _is_saved(seen):
        return None, ""
    assert seen.data is not None
    try:
        return seen.data.decode(), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(seen.data).decode("ascii"), "base64"


def shown(data: bytes | None, mode: int, *, reachable: bool) -> str:
    """The text of a file that everybody may read; empty for what is large, secret or no text."""
    if data is None or not reachable or not mode & 0o004 or len(data) > SHOWN:
        return ""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    return "" if "\0" in text else text


def keep_path(seen: Seen, account: Account) -> str:
    """Where the host keeps what is found there now: a name that nothing else has."""
    if seen.raw is None:
        return ""
    home = f"{account.home.rstrip('/')}/{USERS_BACKUPS}" if account.uid else ROOTS_BACKUPS
    raw = seen.raw
    identity = f"{seen.real}\0{raw.inode}\0{raw.device}\0{raw.modified}\0{raw.size}"
    return f"{home}/{posixpath.basename(seen.real) or 'root'}.{sha1(identity.encode())[:16]}"


def wanted_mode(params: FileParams, before: FileState, *, fresh: int, is_folder: bool) -> int:
    """The mode that it shall have. ``fresh`` is what something new has without the umask."""
    present = before.at_raw.mode if before.at_raw else fresh & ~before.umask
    if params.mode is None or params.mode == modes.PRESERVE:
        return present
    return modes.parse(params.mode).of(present, is_folder=is_folder, umask=before.umask)


def with_attributes(
    params: FileParams, before: FileState, after: FileState, *, fresh: int, is_folder: bool
) -> FileState:
    """The wanted state with the mode, owner and group that the task wants."""
    mode = wanted_mode(params, before, fresh=fresh, is_folder=is_folder)
    return dataclasses.replace(
        after,
        mode=modes.octal(mode) if params.mode is not None else before.mode,
        owner=params.owner or before.owner,
        group=params.group or before.group,
        at_raw=dataclasses.replace(after.at_raw, mode=mode) if after.at_raw else None,
        planned=True,
    )


def _is_saved(seen: Seen) -> bool:
    """What has another name too must stay the same file, so it stays on the host."""
    raw = seen.raw
    if raw is None or seen.data is None or raw.kind != FILE or raw.links > 1:
        return False
    return seen.open and bool(raw.mode & 0o004) and len(seen.data) <= RECORDED


def _owner(raw: Raw, wanted: str, account: Account) -> str:
    """The owner as the task spells it, if it is that one; else by name."""
    number = int(wanted) if wanted.isdigit() else account.owner
    return wanted if raw.uid == number or raw.owner == wanted else raw.owner


def _group(raw: Raw, wanted: str) -> str:
    same = raw.gid == int(wanted) if wanted.isdigit() else raw.group == wanted
    return wanted if same else raw.group
