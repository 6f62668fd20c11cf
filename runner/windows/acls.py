r"""Permissions of files and folders through ``icacls.exe``: read as SDDL, and given back.

``icacls NAME /save FILE`` writes them as SDDL, which is the same in every language; the file is
UTF-16, so it comes over as base64. Who a name means, icacls is asked too: it denies that one a
right on an empty file in the account's temporary folder and saves what became of it. Nothing else
is changed. icacls came with Vista and with Service Pack 2 of Server 2003; XP has none.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output, Query, Reply, Request, Script, read, write
from runner.interfaces.local_file import LocalFile
from runner.windows import paths, sam, sddl
from runner.windows.looking import Seen
from runner.windows.paths import quoted
from runner.windows.put import Put, put
from runner.windows.put_lines import CERTUTIL, SYSTEM

ICACLS: Final = rf"{SYSTEM}\icacls.exe"
_NO_ICACLS: Final = 90
_SECONDS: Final = 300.0
_ITSELF: Final = " /l"
_MARK: Final = "-----END"
_AUTHORITIES: Final = frozenset({"", "builtin", "nt authority"})


@dataclass(frozen=True, slots=True)
class Found:
    """The permissions of a path, and who was asked about, as SDDL writes it."""

    sddl: str
    who: str = ""


def word_of(name: str) -> str:
    r"""Who is meant, as icacls takes it: ``*SID`` for a SID and for names that every Windows has.

    ``.\name`` is an account of the host itself, which Windows looks up by its name alone.
    """
    domain, bare = sam.split(name)
    if sam.SID.fullmatch(name):
        return f"*{name.upper()}"
    known = sam.WELL_KNOWN.get(bare, "") if domain in _AUTHORITIES else ""
    if known:
        return f"*{known}"
    return name.partition("\\")[2] if domain == "." else name


def find(path: str, name: str = "", *, link: bool = False) -> Generator[Query, Reply, Found]:
    """Read the permissions of a path, and find who ``name`` is.

    With ``link`` those of a link and not of what it leads to, here and below (icacls' ``/L``).
    Raises Refused where there is no icacls, ModuleError for what cannot be read.
    """
    stem = rf"%TEMP%\runner-{secrets.token_hex(6)}"
    steps = [f"({_saved(quoted(path), stem, link=link)})"]
    if name:
        right = quoted(f"{word_of(name)}:(WEA)")
        who = f'"{stem}.who"'
        steps.append(f"(type nul>{who}&&{ICACLS} {who} /deny {right} /q>nul&&{_saved(who, stem)})")
    gone = f'del /f /q "{stem}.*" 2>nul'
    line = f"(if not exist {ICACLS} exit {_NO_ICACLS})&{'&'.join(steps)}&{gone}&exit 0"
    (output,) = yield from read(Script("cmd", line, timeout=_SECONDS))
    if output.code == _NO_ICACLS:
        raise Refused(
            "this Windows has no icacls.exe",
            hint="it came with Service Pack 2 of Server 2003, and with Vista; before, use "
            "win_command with cacls, whose change cannot be taken back",
        )
    texts = _texts(output)
    if not texts or not sddl.dacl(texts[0]):
        raise ModuleError(
            f"the permissions of {path} cannot be read: {_said(output)}",
            hint="is it there, on a volume with permissions (NTFS), and may the account read them?",
        )
    if not name:
        return Found(texts[0])
    denied = [ace for text in texts[1:] for ace in sddl.aces(text) if ace.kind == "D"]
    if not denied:
        raise ModuleError(
            f"nobody is called '{name}' on this host: {_said(output)}",
            hint="give a user or group of the host, DOMAIN\\name, or a SID",
        )
    return Found(texts[0], denied[0].who)


def _saved(name: str, stem: str, *, link: bool = False) -> str:
    return (
        f'{ICACLS} {name} /save "{stem}.acl"{_ITSELF * link} /q>nul&&'
        f'{CERTUTIL} -f -encode "{stem}.acl" "{stem}.b64">nul&&type "{stem}.b64"'
    )


def _texts(output: Output) -> list[str]:
    """The descriptor in each of the files that were printed; its second line."""
    found = []
    for block in output.stdout.split(_MARK)[:-1]:
        lines = [line.strip() for line in block.splitlines()]
        start = next((at for at, line in enumerate(lines) if line.startswith("-----BEGIN")), None)
        if start is None:
            continue
        try:
            data = base64.b64decode("".join(lines[start + 1 :]), validate=True)
            said = data.decode("utf-16-le").lstrip("\ufeff").splitlines()
        except (binascii.Error, ValueError):
            continue
        found.append(next((line for line in said if re.match(r"[OGDS]:", line)), ""))
    return found


def _said(output: Output) -> str:
    lines = (output.stderr.strip() or output.stdout.strip()).splitlines()
    return lines[0].strip() if lines else f"exit code {output.signed}"


def change(path: str, *words: str, link: bool = False) -> Generator[Request, Reply, None]:
    """Run icacls on a path, once for each of these words, all in one line.

    Whoever is named in them is one that ``find`` has found. Raises ModuleError.
    """
    end = f"{_ITSELF * link} /q>nul||exit 1"
    steps = [f"({ICACLS} {quoted(path)} {one}{end})" for one in words]
    output = yield from write(Script("cmd", "&".join([*steps, "exit 0"]), timeout=_SECONDS))
    if output.code != 0:
        raise ModuleError(
            f"could not change the permissions of {path} (icacls): {_said(output)}",
            hint="the account must own it, or have the right to change its permissions",
        )


def give_back(path: str, text: str, *, link: bool = False) -> Generator[Request, Reply, None]:
    """Give a path exactly the permissions on record, with ``icacls /restore``."""
    folder, name = paths.parent(path), paths.name(path)
    content = LocalFile("acl", f"{name}\r\n{text}\r\n".encode("utf-16-le"))
    place = paths.backups(path)
    kept = paths.join(place, f"acl.{paths.unique(path, text)}")
    made = f"(if not exist {quoted(place)} md {quoted(place)}||exit 1)&exit 0"
    yield from _step(path, made)
    yield from put(Put(kept, content.sha1, Seen(kept)), content)
    yield from _step(
        path,
        f"(cd /d {quoted(folder)}||exit 1)&"
        f"({ICACLS} . /restore {quoted(kept)}{_ITSELF * link} /q>nul||exit 1)&"
        f"del /f /q {quoted(kept)}&rd {quoted(place)} 2>nul&exit 0",
    )


def _step(path: str, line: str) -> Generator[Request, Reply, None]:
    output = yield from write(Script("cmd", line, timeout=_SECONDS))
    if output.code != 0:
        raise ModuleError(f"could not give {path} its permissions back (icacls): {_said(output)}")
