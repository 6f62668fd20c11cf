"""Wait on a Windows host until a port is open or closed, connections end, or a file comes or goes.

The wait is on the target, as in Ansible: the port is one that the target can reach. Its own ports
are seen with ``netstat``; to another machine only PowerShell can connect. A dry run looks once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from pydantic import AliasChoices, Field, model_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Command, Poll, Query, Reply, Request, Script, Sleep, read
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.win_files import SourceText
from runner.windows import paths, sockets
from runner.windows.exit_codes import PROGRAM_MISSING, expect

_GONE: Final = ("stopped", "absent")
_CONNECT: Final = """\
$c=New-Object Net.Sockets.TcpClient
try{$a=$c.BeginConnect($params.host,$params.port,$null,$null)
if($a.AsyncWaitHandle.WaitOne($params.seconds*1000)-and $c.Connected){'open'}else{'closed'}
}catch{'closed'}finally{$c.Close()}
"""


class Params(base.Params):
    """Parameters of Ansible's win_wait_for."""

    host: Text = Field("127.0.0.1", min_length=1, description="name or address to connect to")
    port: int | None = Field(None, ge=1, le=65535, description="TCP port")
    path: SourceText | None = Field(None, description="file or folder")
    state: Literal["absent", "drained", "present", "started", "stopped"] = Field(
        "started", description="what to wait for"
    )
    regex: Text | None = Field(
        None,
        validation_alias=AliasChoices("regex", "search_regex", "regexp"),
        description="what the file holds; Python's syntax, ^ for each line",
    )
    timeout: int = Field(300, ge=0, description="seconds; with nothing to wait for, just the pause")
    connect_timeout: int = Field(5, ge=1, description="seconds for one try to connect")
    delay: int = Field(0, ge=0, description="seconds before the first look")
    sleep: int = Field(1, ge=0, description="seconds between two looks")
    exclude_hosts: Words = Field(
        (), description="addresses whose connections drained does not wait for"
    )

    @model_validator(mode="after")
    def _together(self) -> Params:
        if self.port is not None and self.path is not None:
            raise ValueError("port and path exclude each other")
        if self.path is not None and self.state not in ("started", "present", "absent"):
            raise ValueError(f"state {self.state} is for ports")
        if self.exclude_hosts and self.state != "drained":
            raise ValueError("exclude_hosts is for state drained")
        if self.state == "drained" and (self.port is None or not sockets.is_own(self.host)):
            raise ValueError("state drained needs a port of the host itself")
        if self.regex is not None:
            if self.path is None:
                raise ValueError("regex needs path")
            try:
                re.compile(self.regex)
            except re.error as error:
                raise ValueError(f"regex is no regular expression: {error}") from None
        return self

    @property
    def only_pauses(self) -> bool:
        """Whether there is nothing to look at."""
        return self.port is None and self.path is None

    @property
    def awaited(self) -> str:
        """What is awaited, for people."""
        if self.only_pauses:
            return f"{self.timeout} s"
        if self.path is not None:
            if self.regex is not None and self.state != "absent":
                return f"{self.regex!r} in {self.path}"
            return f"{self.path} to be {'absent' if self.state == 'absent' else 'present'}"
        words = {"stopped": "stop", "absent": "stop", "drained": "drain"}
        return f"{self.host}:{self.port} to {words.get(self.state, 'start')}"


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether what is awaited is there; after a wait UNKNOWN: what came may be gone again."""

    met: bool
    looks: int = field(default=0, compare=False)


class Module(base.Module[Params, Condition]):
    """Waits; it changes nothing and there is nothing to take back."""

    params = Params
    state = Condition
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_wait_for_module.html"
    guide = Guide(
        example=("win_wait_for:\n  port: 445\n  state: absent"),
        using=(
            Using("netstat, cmd"),
            Using("powershell", since="2008r2", powershell=True, part="ports of another machine"),
        ),
    )

    def subject(self, params: Params) -> str:
        return f"wait for {params.awaited}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Condition]:
        # With a delay, what is seen now must not count: it is about to change.
        if params.only_pauses or params.delay:
            return Condition(False)
        return Condition(_met(params, (yield from read(_look(params)))), 1)

    def plan(self, params: Params, before: Condition, facts: base.Facts) -> Condition:
        return before if before.met is True else Condition(cast(bool, UNKNOWN))

    def apply(
        self, params: Params, change: Change[Condition], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        begun = time.monotonic()
        looks = 0

        def done(reply: Reply) -> bool:
            nonlocal looks
            looks += 1
            return _met(params, reply)

        if params.delay:
            yield Sleep(params.delay)
        if params.only_pauses:
            yield Sleep(params.timeout)
        else:
            left = max(begun + params.timeout - time.monotonic(), 0.1)
            what = f"waited for {params.awaited}"
            yield Poll((_look(params),), done, left, what, float(params.sleep))
        elapsed = round(time.monotonic() - begun, 3)
        return {"changed": False, "elapsed": elapsed, "wait_attempts": looks}

    def undo(
        self, params: Params, change: Change[Condition], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        """Having waited leaves nothing to take back."""
        return {}
        yield  # pragma: no cover

    def result(
        self,
        params: Params,
        change: Change[Condition],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        at_once = change.before.met is True
        return {
            "elapsed": applied.get("elapsed", 0 if at_once else UNKNOWN),
            "wait_attempts": applied.get("wait_attempts", 1 if at_once else UNKNOWN),
        }


def _look(params: Params) -> Command:
    if params.path is not None:
        path = paths.quoted(params.path)
        if params.regex is not None and params.state != "absent":
            return Script("cmd", f"if exist {path} (type {path}) else (exit 3)")
        return Script("cmd", f"if exist {path} (exit 0) else (exit 3)")
    assert params.port is not None
    if sockets.is_own(params.host):
        return sockets.NETSTAT
    values = {"host": params.host, "port": params.port, "seconds": params.connect_timeout}
    return Script("powershell", _CONNECT, params=values)


def _met(params: Params, reply: Reply) -> bool:
    (output,) = reply
    gone = params.state in _GONE
    if params.path is not None:
        there = output.code == 0
        if there and params.regex is not None and not gone:
            there = re.search(params.regex, output.stdout, re.MULTILINE) is not None
        return there != gone
    assert params.port is not None
    if sockets.is_own(params.host):
        expect(output, "netstat", "list the connections")
        if params.state == "drained":
            return not sockets.is_busy(output.stdout, params.port, params.exclude_hosts)
        return sockets.is_listening(output.stdout, params.host, params.port) != gone
    said = output.stdout.strip()
    if said not in ("open", "closed"):
        missing = output.code in (1, PROGRAM_MISSING)
        raise ModuleError(
            f"cannot connect to {params.host}:{params.port} from this host: "
            + ("it has no PowerShell" if missing else output.stderr.strip()[:200]),
            hint="wait on the other machine itself, with its own port (delegate_to)",
        )
    return (said == "open") != gone
