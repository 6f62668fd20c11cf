"""Wait on a Unix host until a port is open or closed, connections end, or a file comes or goes.

The wait runs on the target, as in Ansible. A dry run looks once and does not wait.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from pydantic import Field, model_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Command, Poll, Query, Reply, Request, Sleep, read
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text, Words
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.posix import require_posix
from runner.posix import looking, sockets, tools

_PATH_STATES: Final = ("started", "present", "absent")
_GONE: Final = ("stopped", "absent")


class Params(base.Params):
    """Parameters of Ansible's wait_for."""

    host: Text = Field("127.0.0.1", min_length=1, description="name or address to connect to")
    port: int | None = Field(None, ge=1, le=65535, description="TCP port")
    path: Text | None = Field(None, min_length=1, description="file or folder")
    state: Literal["absent", "drained", "present", "started", "stopped"] = Field(
        "started", description="what to wait for"
    )
    search_regex: Text | None = Field(
        None, description="what the file holds, or the port says; Python's syntax, ^ for each line"
    )
    timeout: int = Field(300, ge=0, description="seconds; with nothing to wait for, just the pause")
    connect_timeout: int = Field(5, ge=1, description="seconds for one try to connect")
    delay: int = Field(0, ge=0, description="seconds before the first look")
    sleep: int = Field(1, ge=0, description="seconds between two looks")
    msg: Text | None = Field(None, description="what to say when time is up")
    active_connection_states: Words = Field(
        tuple(sockets.STATES), description="states of connections that drained waits for"
    )
    exclude_hosts: Words | None = Field(
        None, description="hosts whose connections drained does not wait for"
    )

    @model_validator(mode="after")
    def _together(self) -> Params:
        if self.port is not None and self.path is not None:
            raise ValueError("port and path exclude each other")
        if self.path is not None and self.state not in _PATH_STATES:
            raise ValueError(f"state {self.state} is for ports")
        if self.state == "drained" and self.port is None:
            raise ValueError("state drained needs port")
        if self.exclude_hosts is not None and self.state != "drained":
            raise ValueError("exclude_hosts is for state drained")
        for name in self.active_connection_states:
            if name not in sockets.STATES:
                raise ValueError(f"'{name}' is none of {', '.join(sockets.STATES)}")
        if self.search_regex is not None:
            if self.port is None and self.path is None:
                raise ValueError("search_regex needs port or path")
            try:
                re.compile(self.search_regex)
            except re.error as error:
                raise ValueError(f"search_regex is no regular expression: {error}") from None
        return self

    @property
    def only_pauses(self) -> bool:
        """Whether there is nothing to look at."""
        return self.port is None and self.path is None

    @property
    def wanted(self) -> str:
        """The expression, where it counts: what is to go away is not searched."""
        return "" if self.state in _GONE else self.search_regex or ""

    @property
    def awaited(self) -> str:
        """What is awaited, for people."""
        if self.only_pauses:
            return f"{self.timeout} s"
        what = self.path if self.path is not None else f"{self.host}:{self.port}"
        if self.wanted:
            return f"{self.wanted!r} in {what}"
        if self.path is not None:
            return f"{what} to be {'absent' if self.state == 'absent' else 'present'}"
        words = {"stopped": "stop", "absent": "stop", "drained": "drain"}
        return f"{what} to {words.get(self.state, 'start')}"


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether what is awaited is there, and what the expression caught.

    After a wait it is UNKNOWN: what came may be gone again.
    """

    met: bool
    groups: tuple[str | None, ...] = field(default=(), compare=False)
    named: tuple[tuple[str, str | None], ...] = field(default=(), compare=False)


class Module(base.Module[Params, Condition]):
    """Waits; it changes nothing and there is nothing to take back."""

    params = Params
    state = Condition
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/wait_for_module.html"
    )
    guide = Guide(
        example=("wait_for:\n  port: 445\n  state: stopped"),
        where="posix",
    )

    def subject(self, params: Params) -> str:
        return f"wait for {params.awaited}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Condition]:
        require_posix(facts, "wait_for", "win_wait_for")
        # With a delay, what is seen now must not count: it is about to change.
        if params.only_pauses or params.delay:
            return Condition(False)
        return _condition(params, (yield from read(_look(params))))

    def plan(self, params: Params, before: Condition, facts: base.Facts) -> Condition:
        return before if before.met is True else Condition(cast(bool, UNKNOWN))

    def apply(
        self, params: Params, change: Change[Condition], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        begun = time.monotonic()
        if params.delay:
            yield Sleep(params.delay)
        seen = Condition(True)
        if params.only_pauses:
            yield Sleep(params.timeout)
        else:
            what = params.msg or f"waited for {params.awaited}"
            left = max(begun + params.timeout - time.monotonic(), 0.1)
            reply = yield Poll((_look(params),), lambda reply: _condition(params, reply).met,
                               left, what, float(params.sleep))  # fmt: skip
            if reply:
                seen = _condition(params, reply)
        return {
            "changed": False,
            "elapsed": int(time.monotonic() - begun),
            "match_groups": list(seen.groups),
            "match_groupdict": dict(seen.named),
        }

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
        later = 0 if change.before.met is True else UNKNOWN
        return {
            "state": params.state,
            "port": params.port,
            "path": params.path,
            "search_regex": params.search_regex,
            "match_groups": applied.get("match_groups", list(change.before.groups)),
            "match_groupdict": applied.get("match_groupdict", dict(change.before.named)),
            "elapsed": applied.get("elapsed", later),
        }


def _look(params: Params) -> Command:
    if params.path is not None:
        return looking.at_file(params.path, params.wanted)
    assert params.port is not None
    if params.state == "drained":
        return sockets.listing(params.host, *(params.exclude_hosts or ()))
    return looking.at_port(params.host, params.port, params.connect_timeout, params.wanted)


def _condition(params: Params, reply: Reply) -> Condition:
    (output,) = reply
    if params.state == "drained":
        tools.expect(output, "list the connections")
        return Condition(not _active(params, output.stdout))
    gone = params.state in _GONE
    seen = looking.seen(output, params.wanted, gone=gone)
    return Condition(not seen.there if gone else seen.there, seen.groups, seen.named)


def _active(params: Params, text: str) -> bool:
    """Whether a connection to the port is still open."""
    ours = sockets.addresses(text, [params.host])
    everywhere = {address.version for address in ours if address.is_unspecified}
    ignored = sockets.addresses(text, params.exclude_hosts or ())
    states = {sockets.STATES[name] for name in params.active_connection_states}
    return any(
        link.port == params.port
        and link.state in states
        and link.remote not in ignored
        and (link.local in ours or link.local.version in everywhere)
        for link in sockets.connections(text)
    )
