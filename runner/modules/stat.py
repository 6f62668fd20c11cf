"""Look at a path of a POSIX host, without Python there: stat(1), readlink(1), file(1), lsattr(1).

Times have the fraction of a second where the host's stat tells it (GNU, the BSDs; not busybox).
``mimetype`` is ``unknown`` and ``attributes`` are empty where the host has no file or lsattr, as
in Ansible.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import AliasChoices, Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Output, Query, Reply, Script, read
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts.file_state import FILE, FOLDER, LINK, checked_path
from runner.modules._parts.posix import require_posix
from runner.posix import modes
from runner.posix.look import REAL, look
from runner.posix.quoting import quote
from runner.posix.seen import Account, Raw, Seen, read_answer

_ATTRIBUTES: Final = {
    "A": "noatime", "a": "append", "c": "compressed", "C": "nocow", "d": "nodump",
    "D": "dirsync", "e": "extents", "E": "encrypted", "h": "blocksize", "i": "immutable",
    "I": "indexed", "j": "journalled", "N": "inline", "s": "zero", "S": "synchronous",
    "t": "notail", "T": "blockroot", "u": "undelete", "X": "compressedraw",
    "Z": "compresseddirty",
}  # fmt: skip
"""Letters of lsattr and their names, as Ansible returns them."""
_KINDS: Final = {
    "isdir": FOLDER, "ischr": "character device", "isblk": "block device", "isreg": FILE,
    "isfifo": "fifo", "islnk": LINK, "issock": "socket",
}  # fmt: skip
_RIGHTS: Final = {
    "wusr": 0o200, "rusr": 0o400, "xusr": 0o100, "wgrp": 0o020, "rgrp": 0o040, "xgrp": 0o010,
    "woth": 0o002, "roth": 0o004, "xoth": 0o001, "isuid": 0o4000, "isgid": 0o2000,
}  # fmt: skip
_MORE: Final = """\
case $1 in mime) file --mime-type --mime-encoding "$2";;
flags) lsattr -vd "$2";;
real) real "$2";; esac
"""


class Params(base.Params):
    """Parameters of Ansible's stat."""

    path: Text = Field(
        validation_alias=AliasChoices("path", "dest", "name"), description="what to look at"
    )
    follow: bool = Field(False, description="look at what a link leads to")
    get_checksum: bool = Field(True, description="the checksum of a file that can be read")
    checksum_algorithm: Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] = Field(
        "sha1",
        validation_alias=AliasChoices("checksum_algorithm", "checksum", "checksum_algo"),
        description="which checksum",
    )
    get_mime: bool = Field(
        True,
        validation_alias=AliasChoices("get_mime", "mime", "mime_type", "mime-type"),
        description="what file(1) takes it for",
    )
    get_attributes: bool = Field(
        True,
        validation_alias=AliasChoices("get_attributes", "attr", "attributes"),
        description="attributes of the file system",
    )

    @field_validator("path")
    @classmethod
    def _path(cls, path: str) -> str:
        return checked_path(path)


@dataclass(frozen=True, slots=True)
class StatState:
    """What was found, as JSON text."""

    found: str


class Module(base.Module[Params, StatState]):
    """Looks, changes nothing."""

    params = Params
    state = StatState
    effect = base.Effect.READ
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/stat_module.html"
    guide = Guide(
        example=("stat:\n  path: /etc/samba/smb.conf"),
        where="posix",
    )

    def subject(self, params: Params) -> str:
        return f"file {params.path}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, StatState]:
        require_posix(facts, "stat", "win_stat")
        checksum = params.checksum_algorithm if params.get_checksum else ""
        command, nonce = look([params.path], follow=params.follow, checksum=checksum)
        (output,) = yield from read(command)
        account, (seen,) = read_answer(output, nonce)
        if seen.raw is None:
            return StatState(json.dumps({"exists": False}))
        found = _found(params, seen, seen.raw, account)
        found |= yield from _more(params, seen)
        return StatState(json.dumps(found, sort_keys=True))

    def plan(self, params: Params, before: StatState, facts: base.Facts) -> StatState:
        return before

    def result(
        self,
        params: Params,
        change: Change[StatState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"stat": json.loads(change.after.found)}


def _found(params: Params, seen: Seen, raw: Raw, account: Account) -> dict[str, Any]:
    found: dict[str, Any] = {
        "exists": True,
        "path": seen.path if params.path.startswith(("~", "$")) else params.path,
        "mode": modes.octal(raw.mode),
        **{name: raw.kind == kind for name, kind in _KINDS.items()},
        **{name: bool(raw.mode & bits) for name, bits in _RIGHTS.items()},
        "uid": raw.uid,
        "gid": raw.gid,
        "size": raw.size,
        "inode": raw.inode,
        "dev": raw.device,
        "nlink": raw.links,
        "atime": float(raw.accessed),
        "mtime": float(raw.modified),
        "ctime": float(raw.changed),
        "blocks": raw.blocks,
        "block_size": raw.block_size,
        "device_type": raw.device_type,
        "readable": "r" in seen.can,
        "writeable": "w" in seen.can,
        "executable": "x" in seen.can,
    }
    if raw.owner != str(raw.uid):
        found["pw_name"] = raw.owner
    if raw.group != str(raw.gid):
        found["gr_name"] = raw.group
    if seen.checksum:
        found["checksum"] = seen.checksum
    if raw.kind == LINK:
        found["lnk_target"] = seen.target
    return found


def _more(params: Params, seen: Seen) -> Generator[Query, Reply, dict[str, Any]]:
    """What other programs tell of it, if the host has them."""
    wanted = {
        "mime": params.get_mime,
        "flags": params.get_attributes,
        "real": seen.kind == LINK,
    }
    names = [name for name, asked in wanted.items() if asked]
    if not names:
        return {}
    outputs = dict(zip(names, (yield from read(*(_ask(n, seen.path) for n in names))), strict=True))
    found: dict[str, Any] = {}
    if params.get_mime:
        found |= _mime(outputs["mime"])
    if params.get_attributes:
        found |= _flags(outputs["flags"])
    if "real" in outputs:
        found["lnk_source"] = outputs["real"].stdout.removesuffix("\n")
    return found


def _ask(what: str, path: str) -> Script:
    head = "LC_ALL=C; export LC_ALL\n"
    return Script("posix", f"{head}{REAL}set -- {what} {quote(path)}\n{_MORE}")


def _mime(output: Output) -> dict[str, str]:
    """``PATH: text/plain; charset=us-ascii``"""
    kind, _, charset = output.stdout.rpartition(":")[2].partition(";")
    if output.code != 0 or "=" not in charset:
        return {"mimetype": "unknown", "charset": "unknown"}
    return {"mimetype": kind.strip(), "charset": charset.partition("=")[2].strip()}


def _flags(output: Output) -> dict[str, Any]:
    """``VERSION ----ie---- PATH``"""
    words = output.stdout.split(None, 2)
    if output.code != 0 or len(words) < 3:
        return {"version": None, "attributes": [], "attr_flags": ""}
    letters = words[1].replace("-", "").strip()
    return {
        "version": words[0].strip(),
        "attr_flags": letters,
        "attributes": [_ATTRIBUTES[letter] for letter in letters if letter in _ATTRIBUTES],
    }
