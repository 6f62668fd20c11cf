r"""Cut a host off from everybody but those who manage it, and open it again.

Four rules of the firewall block all other addresses, in and out, IPv4 and IPv6 (a block rule beats
every allow rule). Before they come, a task of the host's scheduler is made that takes them away
again after some minutes, or at the next start: when the runner cannot connect anew, the host opens
by itself. When it can, the task is removed and the host stays cut off.

From Vista and Server 2008 on. Name servers, domain controllers, DHCP servers and where updates come
from are cut off as well, unless they are in ``allow``.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from runner.errors import Refused, Unreachable
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reconnect, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import Change
from runner.modules._parts import restoring_settings
from runner.modules._parts.win_files import require_windows
from runner.windows import firewall, isolation, registry, services, sockets, task_commands, task_xml
from runner.windows.exit_codes import expect
from runner.windows.facts import WindowsFacts
from runner.windows.task_xml import element, put

_NETSH: Final = ("netsh", "advfirewall", "firewall")
_WAYS_IN: Final = (22, 5985, 5986)
_SWITCHES: Final = tuple(
    registry.query(rf"{firewall.POLICY}\{key}", "EnableFirewall")
    for key in firewall.PROFILES.values()
)
_MARGIN: Final = 30.0
"""Seconds that a new connection has to be there before the host opens by itself."""


class Params(base.Params):
    """Parameters of this module; Ansible has none like it."""

    state: Literal["absent", "present"] = Field("present", description="whether it is cut off")
    name: Text = Field(
        "runner-isolate", pattern=r"^[A-Za-z0-9_.-]{1,60}$", description="what its rules are called"
    )
    allow: Words = Field(
        (), description="who may reach it and be reached: addresses, networks, ranges a-b"
    )
    rescue_minutes: int = Field(
        10, ge=2, le=1440, description="after how long it opens by itself when nobody can connect"
    )

    @field_validator("allow")
    @classmethod
    def _addresses(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            try:
                isolation.networks(word)
            except ValueError as error:
                raise ValueError(f"must be addresses, networks or ranges: {error}") from None
        return words

    @model_validator(mode="after")
    def _somebody(self) -> Params:
        if self.state == "present" and not self.allow:
            raise ValueError("'allow' must name at least where the runner connects from")
        return self

    @property
    def allowed(self) -> tuple[isolation.Network, ...]:
        """The addresses that are spared."""
        return tuple(net for word in self.allow for net in isolation.networks(word))


@dataclass(frozen=True, slots=True)
class Block:
    """One rule: its name, its direction, and whom it blocks."""

    name: str
    direction: str
    remoteip: str

    def __str__(self) -> str:
        return f"{self.name}: block {self.direction} {self.remoteip}"


@dataclass(frozen=True, slots=True)
class IsolateState:
    """``armed`` says that the host is about to open by itself. ``peers`` are connected now."""

    blocks: tuple[Block, ...] = ()
    armed: bool = False
    peers: tuple[str, ...] = field(default=(), compare=False)
    idle: str = field(default="", compare=False)
    """Why rules have no effect on this host; empty when they have."""


class Module(base.Module[Params, IsolateState]):
    """Cuts a host off."""

    params = Params
    state = IsolateState
    needs_facts = True
    guide = Guide(
        example="win_isolate:\n  allow: [10.0.0.5, 10.0.8.0/24]",
        using=(Using("netsh, schtasks, findstr, certutil, reg, sc, netstat", since="2008"),),
        instead="netsh ipsec static in win_command, or the rules of the network",
    )

    def subject(self, params: Params) -> str:
        return f"isolation {params.name.lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, IsolateState]:
        require_windows(facts, "win_isolate", "command with nft or iptables")
        host = WindowsFacts.of(facts)
        if host.nt < (6, 0):
            raise Refused(
                f"the firewall of {host.name} cannot block what goes out",
                hint="netsh ipsec static in win_command, or the rules of the network",
            )
        rules, service, netstat, task, *switches = yield from read(
            registry.query(firewall.RULES), services.query("MpsSvc"), sockets.NETSTAT,
            task_commands.query(_task(params.name)), *_SWITCHES,
        )  # fmt: skip
        names = {f"{params.name}-{end}".casefold() for end in ("in", "out", "in6", "out6")}
        found = [r for r in firewall.rules(rules.stdout) if r.name.casefold() in names]
        status = services.parse(service.stdout)
        idle = ""
        if not status or status[0].state != "running":
            idle = "the firewall service (MpsSvc) does not run"
        elif any(registry.number(switch, "EnableFirewall") == 0 for switch in switches):
            idle = "the firewall is off in one of its profiles"
        peers = {
            one.remote
            for one in sockets.parse(netstat.stdout)
            if not one.listens and one.port in _WAYS_IN and not sockets.is_own(one.remote)
        }
        return IsolateState(tuple(sorted(map(_block, found), key=lambda b: b.name)),
                            task.code == 0, tuple(sorted(peers)), idle)  # fmt: skip

    def plan(self, params: Params, before: IsolateState, facts: base.Facts) -> IsolateState:
        if params.state == "absent":
            return IsolateState(peers=before.peers, idle=before.idle)
        if before.idle:
            raise Refused(
                f"{before.idle}: rules would cut nothing off",
                hint="turn it on first, with a rule that lets the runner in: win_firewall, "
                "win_service on MpsSvc",
            )
        if before.peers and not any(isolation.covers(params.allowed, p) for p in before.peers):
            raise Refused(
                f"nobody who is connected to manage this host now is in 'allow': "
                f"{', '.join(before.peers)}",
                hint="the runner's own address, as the host sees it, must be in 'allow'",
            )
        return IsolateState(_blocks(params), peers=before.peers)

    def apply(
        self, params: Params, change: Change[IsolateState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        was = {block.name.casefold(): block for block in change.before.blocks}
        wanted = {block.name.casefold(): block for block in change.after.blocks}
        before, after = change.before.armed, change.after.armed
        arms = bool(was != wanted and wanted) or (after and not before)
        if arms:
            yield from _arm(params, [block.name for block in change.after.blocks])
        for key, block in was.items():
            if key not in wanted:
                out = yield from write(Exec(*_NETSH, "delete", "rule", f"name={block.name}"))
                expect(out, "netsh", f"delete the firewall rule {block.name}")
        for key, block in wanted.items():
            if was.get(key) != block:
                yield from _write(block, new=key not in was)
        if wanted:
            yield from _reconnect(params)
        if (arms or before) and not after:
            yield from _disarm(params)
        return {}

    def sweep(
        self, params: Params, change: Change[IsolateState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        """The task that opens the host is made before the first rule."""
        (found,) = yield from read(task_commands.query(_task(params.name)))
        if found.code == 0 and not change.before.armed:
            yield from _disarm(params)

    def restore(self, params: Params, change: Change[IsolateState]) -> tuple[base.Restoring, ...]:
        return restoring_settings.isolation(params.name, change)

    def result(
        self,
        params: Params,
        change: Change[IsolateState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        rules = [block.name for block in change.after.blocks]
        return {"isolated": bool(rules), "rules": rules, "allow": list(params.allow)}

    def message(self, params: Params, change: Change[IsolateState], facts: base.Facts) -> str:
        if params.state == "absent" or not change.differences():
            return ""
        cut = [p for p in change.before.peers if not isolation.covers(params.allowed, p)]
        said = [f"cuts off {', '.join(cut)}, connected now"] if cut else []
        said.append(
            "name servers, domain controllers and DHCP servers are cut off unless they are in "
            f"'allow'; without a new connection the host opens in {params.rescue_minutes} minutes"
        )
        return "; ".join(said)


def _task(name: str) -> str:
    return f"\\{name}-rescue"


def _block(rule: firewall.Rule) -> Block:
    """A rule of ours as it is; whatever else narrows it shows as another set of addresses."""
    plain = (
        rule.enabled and rule.action == "block" and rule.protocol == firewall.ANY
        and not rule.profiles and rule.program == rule.service == rule.localip == firewall.ANY
    )  # fmt: skip
    return Block(
        rule.name, rule.direction, rule.remoteip if plain else f"{rule.remoteip} (narrower)"
    )


def _blocks(params: Params) -> tuple[Block, ...]:
    v4 = firewall.address_text([isolation.others_v4(params.allowed)])
    v6 = firewall.address_text([isolation.others_v6(params.allowed)])
    ends = (("in", v4), ("in6", v6), ("out", v4), ("out6", v6))
    return tuple(Block(f"{params.name}-{end}", end.rstrip("6"), where) for end, where in ends)


def _write(block: Block, *, new: bool) -> Generator[Request, Reply, None]:
    words = (f"dir={block.direction}", "action=block", "protocol=any",
             f"remoteip={block.remoteip}", "profile=any", "enable=yes")  # fmt: skip
    if not new:
        out = yield from write(Exec(*_NETSH, "delete", "rule", f"name={block.name}"))
        expect(out, "netsh", f"replace the firewall rule {block.name}")
    out = yield from write(Exec(*_NETSH, "add", "rule", f"name={block.name}", *words))
    expect(out, "netsh", f"add the firewall rule {block.name}")


def _arm(params: Params, names: list[str]) -> Generator[Request, Reply, None]:
    """Make the task that opens the host again."""
    root = rescue(params, names)
    out = yield from write(task_commands.create(_task(params.name), task_xml.written(root)))
    expect(out, "schtasks", "make the task that opens the host again")


def _disarm(params: Params) -> Generator[Request, Reply, None]:
    out = yield from write(task_commands.delete(_task(params.name)))
    expect(out, "schtasks", "remove the task that opens the host")


def rescue(params: Params, names: list[str]) -> ElementTree.Element:
    """A task that removes the rules some minutes after it was made, or at a start; then itself."""
    root = task_xml.root_of("")
    delay = element("Delay", text=f"PT{params.rescue_minutes}M")
    triggers = [element("RegistrationTrigger", delay), element("BootTrigger")]
    task_xml.replace_all(root, "Triggers", triggers)
    put(root, "Principals/Principal/UserId", "S-1-5-18")
    put(root, "Principals/Principal/RunLevel", "HighestAvailable")
    put(root, "Settings/DisallowStartIfOnBatteries", "false")
    put(root, "Settings/StopIfGoingOnBatteries", "false")
    lines = [f"netsh advfirewall firewall delete rule name={name}" for name in names]
    lines.append(f"schtasks /delete /tn {_task(params.name)} /f")
    command = element("Command", text=r"%SystemRoot%\System32\cmd.exe")
    arguments = element("Arguments", text=f"/d /c {'&'.join(lines)}")
    task_xml.replace_all(root, "Actions", [element("Exec", command, arguments)])
    return root


def _reconnect(params: Params) -> Generator[Request, Reply, None]:
    """A fresh connection is the proof that the way in is open."""
    seconds = params.rescue_minutes * 60 - _MARGIN
    try:
        yield Reconnect(timeout=min(seconds, 120.0), delay=1.0, pause=2.0)
    except Unreachable as error:
        error.hint = (
            f"{params.rescue_minutes} minutes after the rules came the host opens by itself; then "
            "add the runner's address, as the host sees it, to 'allow'"
        )
        raise
