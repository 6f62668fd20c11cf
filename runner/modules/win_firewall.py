"""The profiles of Windows Firewall: on or off, and what it does with traffic without a rule.

``netsh advfirewall`` sets them from Vista and Server 2008 on. Server 2003 and XP have two profiles
(``Private`` and ``Public`` are one there) and no actions; ``netsh firewall`` sets those. What is
set is read from the registry, so no localized text is read. Turning a profile on, or blocking what
no rule allows, is refused where no rule lets WinRM or SSH in: the runner would lock itself out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Words
from runner.model.state import Change
from runner.modules._parts import restoring_settings
from runner.modules._parts.win_firewall import (
    DEFAULTS,
    IN,
    ON,
    OUT,
    WAYS_IN,
    FirewallState,
    Profile,
    open_ports,
)
from runner.windows import firewall, registry
from runner.windows.exit_codes import expect
from runner.windows.facts import WindowsFacts

_ACTIONS: Final = {"allow": 0, "block": 1}
_OLD: Final = {"domain": "DOMAIN", "private": "STANDARD", "public": "STANDARD"}
_LISTS: Final = r"GloballyOpenPorts\List"


class Params(base.Params):
    """Parameters of Ansible's win_firewall."""

    profiles: Words = Field(
        ("Domain", "Private", "Public"), description="Domain, Private, Public; all when left out"
    )
    state: Literal["disabled", "enabled"] | None = Field(None, description="on or off")
    inbound_action: Literal["allow", "block"] | None = Field(
        None, description="what becomes of incoming traffic without a rule"
    )
    outbound_action: Literal["allow", "block"] | None = Field(
        None, description="what becomes of outgoing traffic without a rule"
    )

    @field_validator("profiles")
    @classmethod
    def _known(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if word.casefold() not in firewall.PROFILES:
                raise ValueError(f"must be Domain, Private or Public, not '{word}'")
        return words

    @field_validator("inbound_action", "outbound_action", mode="before")
    @classmethod
    def _local(cls, value: object) -> object:
        if value == "not_configured":
            raise ValueError(
                "'not_configured' is for a Group Policy object; the host's own policy always has "
                "an action"
            )
        return value

    @model_validator(mode="after")
    def _something(self) -> Params:
        if self.state is None and self.inbound_action is None and self.outbound_action is None:
            raise ValueError("give state, inbound_action or outbound_action")
        return self


class Module(base.Module[Params, FirewallState]):
    """Brings the profiles to a state."""

    params = Params
    state = FirewallState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/community/windows/"
        "win_firewall_module.html"
    )
    guide = Guide(
        example="win_firewall:\n  state: enabled\n  profiles: Domain",
        using=(
            Using("netsh firewall, reg", until="2003"),
            Using("netsh advfirewall, reg", since="2008"),
        ),
    )

    def subject(self, params: Params) -> str:
        return f"firewall profiles {', '.join(sorted(_names(params)))}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, FirewallState]:
        old = WindowsFacts.of(facts).nt < (6, 0)
        names = _names(params)
        if old:  # its two profiles, under the names that later ones have
            names = tuple(dict.fromkeys("private" if n == "public" else n for n in names))
        keys = [firewall.PROFILES[name] for name in names]
        outputs = yield from read(
            *(registry.query(rf"{firewall.POLICY}\{key}") for key in keys),
            *(registry.query(rf"{firewall.GROUP_POLICY}\{key}") for key in keys),
            *(registry.query(rf"{firewall.POLICY}\{key}\{_LISTS}") for key in keys),
            registry.query(firewall.RULES),
        )
        count = len(names)
        profiles = [
            Profile(name, *(registry.number(output, value) for value in (ON, IN, OUT)))
            for name, output in zip(names, outputs, strict=False)
        ]
        ways = [
            f"{name} {value.name.partition(':')[0]}"
            for name, output in zip(names, outputs[2 * count :], strict=False)
            for value in registry.values(output)
            if ":enabled:" in str(value.data).casefold()
        ] if old else open_ports(firewall.rules(outputs[-1].stdout), names)  # fmt: skip
        return FirewallState(
            tuple(one.shown(actions=not old) for one in profiles),
            tuple(profiles),
            ways_in=tuple(way for way in ways if int(way.split()[1]) in WAYS_IN),
            policy=tuple(
                name
                for name, output in zip(names, outputs[count:], strict=False)
                if registry.number(output, ON) is not None
            ),
        )

    def plan(self, params: Params, before: FirewallState, facts: base.Facts) -> FirewallState:
        old = WindowsFacts.of(facts).nt < (6, 0)
        if old and (params.inbound_action or params.outbound_action):
            raise Refused(
                "the firewall of this Windows has no actions: it lets out everything, and in what "
                "its exceptions name",
                hint="leave inbound_action and outbound_action out",
            )
        profiles = tuple(_wanted(params, one) for one in before.profiles)
        settings = tuple(one.shown(actions=not old) for one in profiles)
        after = dataclasses.replace(before, settings=settings, profiles=profiles)
        _check_way_in(before, after)
        return after

    def apply(
        self, params: Params, change: Change[FirewallState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        old = WindowsFacts.of(facts).nt < (6, 0)
        was = {one.name: one for one in change.before.profiles}
        for one in change.after.profiles:
            before = was.get(one.name, Profile(one.name))
            # First what is let through, then whether it filters: never more closed than at the end.
            if (before.inbound, before.outbound) != (one.inbound, one.outbound):
                yield from _set_actions(one)
            if before.enabled != one.enabled:
                yield from _switch(one, old=old)
            yield from _forget(before, one)
        return {}

    def sweep(
        self, params: Params, change: Change[FirewallState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        """Values that were absent, and hold what counted without them, show in no setting."""
        now = yield from self.probe(params, facts)
        for was, one in zip(change.before.profiles, now.profiles, strict=True):
            yield from _forget(one, was)

    def restore(self, params: Params, change: Change[FirewallState]) -> tuple[base.Restoring, ...]:
        return restoring_settings.firewall(change)

    def result(
        self,
        params: Params,
        change: Change[FirewallState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        on = all(one.is_on for one in change.after.profiles)
        return {"enabled": on, "profiles": list(params.profiles), "state": params.state}

    def message(self, params: Params, change: Change[FirewallState], facts: base.Facts) -> str:
        parts = []
        if change.after.policy and change.differences():
            parts.append(f"Group Policy decides: {', '.join(change.after.policy)}")
        pairs = zip(change.after.profiles, change.before.profiles, strict=False)
        opens = [one.name for one, was in pairs if was.is_on and not one.is_on]
        if opens:
            parts.append(f"nothing is filtered any more: {', '.join(opens)}")
        return "; ".join(parts)


def _names(params: Params) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.casefold() for name in params.profiles))


def _wanted(params: Params, found: Profile) -> Profile:
    """The profile as the task wants it; a value that means the same already stays as it is."""
    wanted = {"enabled": None if params.state is None else int(params.state == "enabled")}
    for name, action in (("inbound", params.inbound_action), ("outbound", params.outbound_action)):
        wanted[name] = None if action is None else _ACTIONS[action]
    defaults = {"enabled": ON, "inbound": IN, "outbound": OUT}
    changes: dict[str, Any] = {}
    for name, value in wanted.items():
        now = getattr(found, name)
        if value is not None and (DEFAULTS[defaults[name]] if now is None else now) != value:
            changes[name] = value
    if {"inbound", "outbound"} & set(changes):  # netsh sets both at once
        for name in ("inbound", "outbound"):
            if getattr(found, name) is None:
                changes.setdefault(name, DEFAULTS[defaults[name]])
    return dataclasses.replace(found, **changes)


def _check_way_in(before: FirewallState, after: FirewallState) -> None:
    for was, now in zip(before.profiles, after.profiles, strict=True):
        closes = now.blocks_in and not was.blocks_in
        if closes and not any(way.split()[0] == now.name for way in after.ways_in):
            raise Refused(
                f"profile {now.name}: no rule of the firewall lets WinRM or SSH in, so the runner "
                "would lock itself out",
                hint="first allow the port in that profile (win_firewall_rule; before Vista: "
                "netsh firewall add portopening), or give inbound_action: allow",
            )


def _set_actions(profile: Profile) -> Generator[Request, Reply, None]:
    inbound, outbound = profile.inbound != 0, profile.outbound == 1
    words = f"{'block' if inbound else 'allow'}inbound,{'block' if outbound else 'allow'}outbound"
    yield from _netsh(profile, "firewallpolicy", words)


def _switch(profile: Profile, *, old: bool) -> Generator[Request, Reply, None]:
    if not old:
        yield from _netsh(profile, "state", "on" if profile.is_on else "off")
        return
    mode = f"mode={'ENABLE' if profile.is_on else 'DISABLE'}"
    where = f"profile={_OLD[profile.name]}"
    output = yield from write(Exec("netsh", "firewall", "set", "opmode", mode, where))
    expect(output, "netsh", f"switch the firewall profile {profile.name}")


def _netsh(profile: Profile, *words: str) -> Generator[Request, Reply, None]:
    output = yield from write(Exec("netsh", "advfirewall", "set", f"{profile.name}profile", *words))
    expect(output, "netsh", f"set the firewall profile {profile.name}")


def _forget(before: Profile, after: Profile) -> Generator[Request, Reply, None]:
    """A value that was absent before is absent again; what counts has been set to what it means."""
    key = rf"{firewall.POLICY}\{firewall.PROFILES[after.name]}"
    fields = ((ON, before.enabled, after.enabled), (IN, before.inbound, after.inbound),
              (OUT, before.outbound, after.outbound))  # fmt: skip
    for value, was, now in fields:
        if was is not None and now is None:
            output = yield from write(registry.delete_value(key, value))
            expect(output, "reg", f"remove {value} of the firewall profile {after.name}")
