"""Download a file on a POSIX host, with its curl or wget.

It goes beside ``dest``, its checksum is compared there, and it takes its place in one step. What
was there before comes back with a rollback (see ``_parts.file_state``).

Whether something would change is known where ``checksum`` is given, or the server says that the
file is the same as before (HTTP 304). Else only the download tells. In a folder the file has the
name that the URL ends with; a name that the server suggests is not taken, since nobody would know
it beforehand.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Output, Query, Reply, Request, Script, read, write
from runner.interfaces.guide import Guide
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import content as _content
from runner.modules._parts import file_change
from runner.modules._parts.file_change import Writing
from runner.modules._parts.file_state import FILE, FOLDER, RECORDED, FileState, state_of
from runner.modules._parts.get_url_params import Params, digest_for
from runner.modules._parts.posix import require_posix
from runner.posix import web
from runner.posix.put import Put, expect_put, script_with
from runner.posix.quoting import quote

_WRONG: Final = 92
_DOWNLOAD: Final = 3600.0
"""Seconds for a download."""
_SAME: Final = """\
if [ -f "$p" ] && [ "$(dg sha1 <"$t")" = "$(dg sha1 <"$p")" ]; then
rm -f "$t"; echo same; exit 0
fi
"""
_CREDENTIALS: Final = re.compile(r"(?<=//)[^/@]*@")


@dataclass(frozen=True, slots=True)
class _Told:
    """What the probe learned: the program to use, the wanted checksum, that of what is there, and
    whether the server says that it has nothing newer."""

    tool: str = ""
    wanted: str = ""
    found: str = ""
    is_current: bool = False


class Module(base.Module[Params, FileState]):
    """Brings a file to what a URL gives."""

    params = Params
    state = FileState
    shares = _content.CONTENT
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/get_url_module.html"
    )
    guide = Guide(
        example=("get_url:\n  url: https://files.example/agent.deb\n  dest: /tmp/agent.deb"),
        where="posix",
    )

    def subject(self, params: Params) -> str:
        return f"file {params.dest}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, FileState]:
        require_posix(facts, "get_url", "win_get_url")
        inside = posixpath.join(params.dest, params.name)
        paths = [inside] if params.dest.endswith("/") else [params.dest, inside]
        how: dict[str, Any] = {"follow": True, "checksum": "sha1"}
        account, seen = yield from _content.see(
            params, *paths, **how, content=RECORDED, only_open=True
        )
        found = seen[-1] if seen[0].is_folder else seen[0]
        state = state_of(found, account, params)
        told = yield from _told(params, state)
        return dataclasses.replace(state, content="", told=told)

    def plan(self, params: Params, before: FileState, facts: base.Facts) -> FileState:
        if before.kind == FOLDER:
            raise Refused(f"{before.path} is a folder: it cannot be replaced by a file")
        _content.require_file(before, before.path)
        told = _of(before)
        if not told.tool:
            raise Refused(
                "the host has neither curl nor wget", hint="install one, or use the module 'copy'"
            )
        if params.digest_url and not told.wanted:
            raise Refused(
                f"Unable to find a checksum for file '{params.name}' in "
                f"'{shown_url(params.digest_url)}'"
            )
        if before.kind == FILE and not params.force and _is_there(told):
            return _content.unchanged(params, before)
        checksum: Any = told.wanted if params.algorithm == "sha1" else UNKNOWN
        if before.kind == FILE and before.checksum == checksum:
            return _content.unchanged(params, before)
        after = _content.with_content(params, before, checksum, None)
        return dataclasses.replace(after, content="", told=told)

    def apply(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        if before.kind == FILE and before.checksum == after.checksum:
            yield from file_change.set_attributes(before, after)
            return {}
        output = yield from write(_download(params, before, after))
        _expect(params, output)
        lines = output.stdout.split("\n")
        found: dict[str, Any] = {"status_code": int(lines[0]) if lines[0].isdigit() else None}
        if "same" in lines[1:]:
            yield from file_change.set_attributes(before, after)
            moved = any(change.touches(name) for name in ("mode", "owner", "group"))
            return found if moved else {**found, "changed": False}
        backup = next((line for line in lines[1:] if line.startswith("/")), "")
        return {**found, "backup_file": backup} if backup else found

    def undo(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from file_change.take_back(change.before, change.after)
        return {}

    def sweep(
        self, params: Params, change: Change[FileState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        yield from file_change.sweep(change.before)

    def result(
        self,
        params: Params,
        change: Change[FileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        before, after = change.before, change.after
        return {
            **_content.file_returned(change, {}),
            "url": shown_url(params.url),
            "checksum_dest": before.checksum or None,
            "checksum_src": after.checksum,
            "msg": "OK" if applied else "file already exists",
            **applied,
        }


def shown_url(url: str) -> str:
    """A URL without the user and the password in it."""
    return _CREDENTIALS.sub("", url)


def _of(state: FileState) -> _Told:
    return state.told if isinstance(state.told, _Told) else _Told()


def _is_there(told: _Told) -> bool:
    """Whether nothing has to be downloaded."""
    return told.found == told.wanted if told.wanted else told.is_current


def _told(params: Params, state: FileState) -> Generator[Query, Reply, _Told]:
    (output,) = yield from read(Script("posix", web.WHICH))
    tool, wanted, found = output.stdout.strip(), params.digest, ""
    if tool and params.digest_url:
        (output,) = yield from read(web.text(tool, params.web(params.digest_url)))
        wanted = digest_for(params.name, output.stdout) if output.code == 0 else ""
    if state.kind != FILE:
        return _Told(tool, wanted)
    if params.checksum:
        found = state.checksum
        if params.algorithm != "sha1":
            how: dict[str, Any] = {"checksum": params.algorithm, "literal": True}
            _, (seen,) = yield from _content.see(params, state.path, **how)
            found = seen.checksum
    elif tool and not params.force and state.raw is not None:
        since = formatdate(int(state.raw.modified.partition(".")[0]), usegmt=True)
        ask = web.status(tool, params.web(params.url, since))
        if ask is not None:
            (output,) = yield from read(ask)
            return _Told(tool, "", "", output.stdout.strip() == "304")
    return _Told(tool, wanted, found)


def _download(params: Params, before: FileState, after: FileState) -> Script:
    told = _of(before)
    line, sent = web.fetch(told.tool or web.CURL, params.web(params.url))
    check = ""
    if told.wanted:
        check = (
            f'c=$(dg {params.algorithm} <"$t"); c=${{c%% *}}\n'
            f'[ "${{c#\\\\}}" = {quote(told.wanted)} ] || {{ echo "$c" >&2; exit {_WRONG}; }}\n'
        )
    mode = _content.final_mode(params, before, after)
    how = Writing(params.backup, (), params.unsafe_writes)
    checksum: Any = after.checksum
    known = dataclasses.replace(after, checksum="") if checksum is UNKNOWN else after
    spec = file_change.spec_of(before, known, mode, 0, how)
    same = _SAME if before.kind == FILE else ""
    return dataclasses.replace(
        script_with(spec, line + check + same, stdin=sent), timeout=_DOWNLOAD
    )


def _expect(params: Params, output: Output) -> None:
    """Raises ModuleError where the download failed."""
    said = " ".join(output.stderr.split())
    url = shown_url(params.url)
    if output.code == web.FAILED:
        raise ModuleError(
            f"Request failed: {shown_url(said) or 'no answer'} ({url})",
            hint="can the host reach the server? A proxy is taken from its environment",
        )
    if output.code == _WRONG:
        raise ModuleError(
            f"The checksum of {url} did not match {params.checksum}; it was {said.split()[-1]}",
            hint=f"{params.dest} is as it was before",
        )
    spec = Put(path=params.dest, checksum="", mode=0)
    expect_put(spec, output)
