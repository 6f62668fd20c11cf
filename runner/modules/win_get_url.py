"""Download a file on a Windows host, with what the host has (see ``windows/download.py``).

It goes beside ``dest``, its checksum is compared there, and it takes its place. What was there
before comes back with a rollback (see ``_win_files``).

Whether something would change is known where ``checksum`` is given; else only the download tells.
With ``force: false`` a file that is there stays as it is: the server is not asked for a newer one.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, Script, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.secret import Secret
from runner.model.state import UNKNOWN, Change
from runner.modules import _restoring, _win_files
from runner.modules._win_backup import backup_path
from runner.modules._win_files import PathText, WinFileModule, WinFileState
from runner.windows import download, paths
from runner.windows.looking import ABSENT, FILE, Seen, look, require_checksum
from runner.windows.put_lines import Put, expect, made, placed, removed

_SECONDS: Final = 3600.0
_CREDENTIALS: Final = re.compile(r"(?<=//)[^/@]*@")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_LENGTHS: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}


@dataclass(frozen=True, slots=True)
class _Told:
    """What the probe learned: the tool, and the file's checksum by the wanted algorithm."""

    tool: str = ""
    checksum: str = ""


class Params(base.Params):
    """Parameters of Ansible's win_get_url."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "checksum_url": "say the checksum itself; a list of them can be looked up with 'url'",
        "client_cert": "client certificates are not sent here",
        "client_cert_password": "client certificates are not sent here",
        "follow_redirects": "redirections are followed as the host's tool does it",
        "maximum_redirection": "redirections are followed as the host's tool does it",
        "proxy_username": "say it in proxy_url: http://user:password@proxy:3128",
        "proxy_password": "say it in proxy_url: http://user:password@proxy:3128",
        "proxy_use_default_credential": "a remote logon has no password to show to a proxy",
        "use_default_credential": "a remote logon has no password to show to a server",
        "url_method": "a download is a GET",
    }

    url: Text = Field(description="what to download: http or https")
    dest: PathText = Field(description="where it goes; in a folder it is named as in the URL")
    force: bool = Field(True, description="download again, and replace what is different")
    backup: bool = Field(False, description="leave a copy with the date in its name beside it")
    checksum: Text = Field("", description="the checksum that it must have")
    checksum_algorithm: Literal["md5", "sha1", "sha256", "sha384", "sha512"] = Field(
        "sha1", description="which checksum that is"
    )
    headers: Mapping[str, Text] = Field({}, exclude=True, description="headers to send")
    http_agent: Text = Field("ansible-httpget", description="what it calls itself")
    url_timeout: int = Field(
        30, gt=0, validation_alias=AliasChoices("url_timeout", "timeout"),
        description="seconds for each wait",
    )  # fmt: skip
    url_username: Text = Field("", description="user at the server")
    url_password: Any = Field("", exclude=True, description="its password")
    force_basic_auth: bool = Field(False, description="it is sent with the first request anyway")
    validate_certs: bool = Field(True, description="check the server's certificate")
    use_proxy: bool = Field(True, description="use the proxy of the host's settings")
    proxy_url: Text = Field("", exclude=True, description="the proxy to use instead")

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ValueError("must be an http or https URL")
        if _CONTROL.search(url) or " " in url or not url.isascii():
            raise ValueError("holds characters that must be written with percent signs")
        return url

    @field_validator("url_password")
    @classmethod
    def _password(cls, value: Any) -> str:
        return value.reveal() if isinstance(value, Secret) else str(value or "")

    @field_validator("checksum")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.strip().lower()

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.checksum and not re.fullmatch(r"[0-9a-f]+", self.checksum):
            raise ValueError("'checksum' is no hexadecimal number")
        if self.checksum and len(self.checksum) != _LENGTHS[self.checksum_algorithm]:
            raise ValueError(f"'checksum' is not as long as those of {self.checksum_algorithm}")
        texts = [self.http_agent, self.url_username, self.url_password, self.proxy_url]
        if any(_CONTROL.search(text) for text in [*texts, *self.headers, *self.headers.values()]):
            raise ValueError("a header, a name or a password holds a line break")
        if self.dest.endswith("\\") and not self.name:
            raise ValueError("the URL names no file: say it in 'dest'")
        if self.name:
            paths.checked(paths.join(self.dest, self.name))
        return self

    @property
    def name(self) -> str:
        """The name that the file has in a folder."""
        return unquote(urlsplit(self.url).path).rpartition("/")[2]

    @property
    def wish(self) -> download.Wish:
        """The same for whoever downloads."""
        return download.Wish(
            self.url, self.url_timeout, self.http_agent, self.url_username, self.url_password,
            self.headers, self.proxy_url, self.use_proxy, self.validate_certs,
        )  # fmt: skip


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
        _win_files.require_windows(facts, "win_get_url", "get_url")
        state = yield from _win_files.find_in(params.dest, params.name)
        (output,) = yield from read(download.WHICH)
        tool = download.choose(output, params.wish)
        found = state.checksum
        if params.checksum and params.checksum_algorithm != "sha1" and state.kind == FILE:
            (seen,) = yield from look([state.path], checksum=params.checksum_algorithm)
            found = seen.checksum
        return dataclasses.replace(state, told=_Told(tool, found))

    def plan(self, params: Params, before: WinFileState, facts: base.Facts) -> WinFileState:
        _win_files.require_file(before)
        told = _told(before)
        if before.kind == FILE and (
            not params.force or (params.checksum and params.checksum == told.checksum)
        ):
            return before
        if not params.dest.endswith("\\"):
            _win_files.require_folder(before)
        known = params.checksum if params.checksum_algorithm == "sha1" else ""
        return _win_files.wanted(before, known or UNKNOWN)

    def apply(
        self, params: Params, change: Change[WinFileState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        yield from _win_files.make_folders([paths.parent(after.path)], before.above)
        backup = backup_path(after.path) if params.backup and before.kind == FILE else ""
        spec = _win_files.put_spec(before, after, backup)
        status = yield from _download(params, spec, _told(before).tool)
        new = yield from _checked(params, spec)
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
        return _restoring.file(change)

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


def shown(text: str) -> str:
    """A URL without the user and the password in it."""
    return _CREDENTIALS.sub("", text)


def _told(state: WinFileState) -> _Told:
    return state.told if isinstance(state.told, _Told) else _Told(download.CURL)


def _download(params: Params, spec: Put, tool: str) -> Generator[Request, Reply, int | None]:
    """Make the new file; gives the server's status where the tool tells it."""
    filled = download.filled(tool, spec, params.wish)
    if filled is None:
        expect(spec, (yield from write(Script("cmd", f"{made(spec)}&exit 0"))))
        path = paths.join(spec.work, paths.name(spec.path))
        output = yield from write(download.by_powershell(path, params.wish, _SECONDS))
        if output.code != 0:
            yield from write(Script("cmd", f"{spec.here}&{removed(spec)}&exit 0"))
    else:
        line, stdin = filled
        text = f"{made(spec)}&{line}&exit 0"
        output = yield from write(Script("cmd", text, stdin=stdin, timeout=_SECONDS))
    if output.code not in (0, download.FAILED) and filled is not None:
        expect(spec, output)
    if output.code != 0:
        said = " ".join(shown(output.stderr or output.stdout).split())
        raise ModuleError(
            f"Error downloading '{shown(params.url)}' to '{spec.path}': {said or 'no answer'}",
            hint=f"can the host reach the server? It was asked with {tool}; "
            "what was there before is there still",
        )
    word = output.stdout.strip()[-3:]
    return int(word) if word.isdigit() else None


def _checked(params: Params, spec: Put) -> Generator[Request, Reply, Seen]:
    """The new file, if it is the right one."""
    path = paths.join(spec.work, paths.name(spec.path))
    (new,) = yield from look([path], checksum="sha1")
    found = new.checksum
    if params.checksum and params.checksum_algorithm != "sha1":
        (seen,) = yield from look([path], checksum=params.checksum_algorithm)
        found = seen.checksum
    if new.kind == ABSENT or (params.checksum and params.checksum != found):
        yield from write(Script("cmd", f"{spec.here}&{removed(spec)}&exit 0"))
        raise ModuleError(
            f"The checksum of {shown(params.url)} did not match: it has {found or 'none'}, "
            f"'checksum' wants {params.checksum or 'something'}",
            hint=f"{spec.path} is as it was before",
        )
    require_checksum(new)
    return new
