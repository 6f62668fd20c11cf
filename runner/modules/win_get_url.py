"""Download a file on a Windows host, with what the host has (see ``windows/download.py``).

It goes beside ``dest``, its checksum is compared there, and it takes its place. What was there
before comes back with a rollback (see ``win_files``).

Whether something would change is known where ``checksum`` is given; else only the download tells.
With ``force: false`` a file that is there stays as it is: the server is not asked for a newer one.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, Script, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import restoring, win_files
from runner.modules._parts.win_backup import backup_path
from runner.modules._parts.win_download import fetch, shown
from runner.modules._parts.win_files import PathText, WinFileModule, WinFileState
from runner.modules._parts.win_web import WebParams, checked_url, file_name
from runner.windows import download, paths, variables
from runner.windows.looking import ABSENT, FILE, Seen, look, require_checksum
from runner.windows.put_lines import Put, expect, placed, removed

_SECONDS: Final = 3600.0
_LENGTHS: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}


@dataclass(frozen=True, slots=True)
class _Told:
    """What the probe learned: the tool, the file's checksum by the wanted algorithm, and which one
    is wanted."""

    tool: str = ""
    checksum: str = ""
    wanted: str = ""


class Params(WebParams):
    """Parameters of Ansible's win_get_url."""

    url: Text = Field(description="what to download: http, https or ftp")
    dest: PathText = Field(description="where it goes; in a folder it is named as in the URL")
    force: bool = Field(True, description="download again, and replace what is different")
    backup: bool = Field(False, description="leave a copy with the date in its name beside it")
    checksum: Text = Field("", description="the checksum that it must have")
    checksum_algorithm: Literal["md5", "sha1", "sha256", "sha384", "sha512"] = Field(
        "sha1", description="which checksum that is"
    )
    checksum_url: Text = Field(
        "", description="a URL, or a file on the host, that lists checksums with names of files"
    )

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        return checked_url(url)

    @field_validator("checksum_url")
    @classmethod
    def _list(cls, text: str) -> str:
        text = text.strip().removeprefix("file:///")
        return checked_url(text) if "://" in text else text and paths.checked(text)

    @field_validator("checksum")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.strip().lower()

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.checksum and self.checksum_url:
            raise ValueError("'checksum' and 'checksum_url' exclude each other")
        if self.checksum and not re.fullmatch(r"[0-9a-f]+", self.checksum):
            raise ValueError("'checksum' is no hexadecimal number")
        if self.checksum and len(self.checksum) != _LENGTHS[self.checksum_algorithm]:
            raise ValueError(f"'checksum' is not as long as those of {self.checksum_algorithm}")
        if self.dest.endswith("\\") and not self.name:
            raise ValueError("the URL names no file: say it in 'dest'")
        if self.name and not variables.holds(self.dest):
            paths.checked(paths.join(self.dest, self.name))
        return self

    @property
    def name(self) -> str:
        """The name that the file has in a folder."""
        return file_name(self.url)

    @property
    def wish(self) -> download.Wish:
        """The same for whoever downloads."""
        return self.asking(self.url)


class Module(WinFileModule):
    """Brings a file to what a URL gives."""

    params = Params
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_get_url_module.html"
    guide = Guide(
        example=("win_get_url:\n  url: https://files.example/agent.msi\n  dest: C:\\agent.msi"),
        using=(
            Using("cmd, certutil, attrib, icacls, findstr"),
            Using("cscript (MSXML2)"),
            Using("curl", since="2019"),
            Using(
                "powershell",
                since="2008r2",
                powershell=True,
                part="downloads where there is no curl",
            ),
        ),
    )

    def subject(self, params: Params) -> str:
        return f"file {params.dest}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, WinFileState]:
        win_files.require_windows(facts, "win_get_url", "get_url")
        state = yield from win_files.find_in(params.dest, params.name)
        (output,) = yield from read(download.WHICH)
        tool = download.choose(output, params.wish)
        found, wanted = state.checksum, params.checksum
        if params.checksum_url:
            wanted = yield from _listed(params, tool)
        if wanted and params.checksum_algorithm != "sha1" and state.kind == FILE:
            (seen,) = yield from look([state.path], checksum=params.checksum_algorithm)
            found = seen.checksum
        return dataclasses.replace(state, told=_Told(tool, found, wanted))

    def plan(self, params: Params, before: WinFileState, facts: base.Facts) -> WinFileState:
        win_files.require_file(before)
        told = _told(before)
        if before.kind == FILE and (
            not params.force or (told.wanted and told.wanted == told.checksum)
        ):
            return before
        if not params.dest.endswith("\\"):
            win_files.require_folder(before)
        known = told.wanted if params.checksum_algorithm == "sha1" else ""
        return win_files.wanted(before, known or UNKNOWN)

    def apply(
        self, params: Params, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        yield from win_files.make_folders([paths.parent(after.path)], before.above)
        backup = backup_path(after.path) if params.backup and before.kind == FILE else ""
        spec = win_files.put_spec(before, after, backup)
        status = yield from fetch(params.wish, spec, _told(before).tool)
        new = yield from _checked(params, spec, _told(before).wanted)
        found: dict[str, Any] = {
            "status_code": status, "size": new.size, "checksum_src": new.checksum,
            "checksum_dest": new.checksum,
        }  # fmt: skip
        if before.kind == FILE and new.checksum == before.checksum:
            yield from write(Script("cmd", f"{spec.here}&{removed(spec)}&exit 0"))
            return {**found, "changed": False}
        line = f"{spec.here}&{placed(spec)}"
        expect(spec, (yield from write(Script("cmd", line, timeout=_SECONDS))))
        return {**found, "backup_file": backup} if backup else found

    def restore(self, params: Params, change: Change[WinFileState]) -> tuple[base.Restoring, ...]:
        return restoring.file(change)

    def result(
        self,
        params: Params,
        change: Change[WinFileState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        before, after = change.before, change.after
        return {
            "dest": after.path,
            "url": shown(params.url),
            "checksum_dest": before.checksum or None,
            "checksum_src": after.checksum,
            "size": after.size,
            "msg": "OK" if applied else "file already exists",
            **applied,
        }


def _told(state: WinFileState) -> _Told:
    return state.told if isinstance(state.told, _Told) else _Told(download.CURL)


def _listed(params: Params, tool: str) -> Generator[Query, Reply, str]:
    """The checksum that a list names for the file (as ``sha1sum`` and its like write lists)."""
    place = params.checksum_url
    if "://" in place:
        command = download.printed(tool, params.asking(place))
    else:
        command = Script("cmd", f"type {paths.quoted(place)}")
    (output,) = yield from read(command)
    if output.code != 0:
        said = " ".join(shown(output.stderr or output.stdout).split())
        raise ModuleError(f"Error when getting the remote checksum from '{shown(place)}': {said}")
    line = re.compile(rf"(\S+)\s+\*?(?:\./|\.\\|/|\\)?{re.escape(params.name)}\s*")
    found = next((m for text in output.stdout.splitlines() if (m := line.fullmatch(text))), None)
    if found is None:
        raise ModuleError(
            f"Checksum record not found for file name '{params.name}' in file from url: "
            f"'{shown(place)}'"
        )
    checksum = re.sub(r"\W+", "", found[1]).lower()
    if len(checksum) != _LENGTHS[params.checksum_algorithm]:
        raise ModuleError(
            f"the checksum of '{params.name}' in '{shown(place)}' is no "
            f"{params.checksum_algorithm}: {checksum}",
            hint="say which it is with 'checksum_algorithm'",
        )
    return checksum


def _checked(params: Params, spec: Put, wanted: str) -> Generator[Request, Reply, Seen]:
    """The new file, if it is the right one."""
    path = paths.join(spec.work, paths.name(spec.path))
    (new,) = yield from look([path], checksum="sha1")
    found = new.checksum
    if wanted and params.checksum_algorithm != "sha1":
        (seen,) = yield from look([path], checksum=params.checksum_algorithm)
        found = seen.checksum
    if new.kind == ABSENT or (wanted and wanted != found):
        yield from write(Script("cmd", f"{spec.here}&{removed(spec)}&exit 0"))
        raise ModuleError(
            f"The checksum of {shown(params.url)} did not match: it has {found or 'none'}, "
            f"{wanted or 'something'} is wanted",
            hint=f"{spec.path} is as it was before",
        )
    require_checksum(new)
    return new
