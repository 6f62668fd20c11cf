"""An IP security policy that blocks or permits traffic, with ``netsh ipsec static``.

For Server 2003, whose firewall cannot block: block rules for ports, in and out, and permits for
addresses, which win over blocks that are less narrow. Later Windows have ``win_firewall_rule``.

One policy can be assigned at a time: which one was is recorded, and comes back with a rollback.
What rules a policy has is written into its description, from which they are known again; a policy
of the same name that this module did not make is never touched. Filters that somebody changed by
hand inside our filter lists are not noticed.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts import ipsec as _ipsec
from runner.modules._parts import restoring_settings
from runner.modules._parts.ipsec import Rule
from runner.windows import ipsec, services
from runner.windows.exit_codes import expect
from runner.windows.facts import WindowsFacts

_LONGEST: Final = 250
"""Characters of a description; that netsh takes this many is common practice."""
_WAYS_IN: Final = {5985: "WinRM", 5986: "WinRM", 22: "SSH", 3389: "Remote Desktop", 80: "WinRM 1.1"}


class Params(base.Params):
    """Parameters of our own; Ansible has no such module."""

    name: Text = Field(description="the policy's name; its filter lists and actions begin with it")
    state: Literal["absent", "present"] = Field("present", description="whether it shall exist")
    assigned: bool = Field(True, description="whether it is in force")
    rules: tuple[Rule, ...] = Field(
        (), description="action, direction, protocol, ports, remote: a mapping for each rule"
    )

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_.\-]{1,60}", name) or name.lower() == "all":
            raise ValueError("must be letters, digits, points, lines, and not 'all'")
        return name

    @model_validator(mode="after")
    def _enough(self) -> Params:
        if self.state == "present" and not self.rules:
            raise ValueError("a policy needs 'rules'")
        if len(_ipsec.described(self.lines)) > _LONGEST:
            raise ValueError("these rules are too many for one policy: join ports, or use networks")
        return self

    @property
    def lines(self) -> tuple[str, ...]:
        """The rules as text."""
        return tuple(rule.line for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy, and which one is assigned: ``active`` is its name, or empty.

    ``foreign`` says that the policy of this name is not ours, ``domain`` that a domain's policy is
    in force, ``running`` that the service PolicyAgent is.
    """

    present: bool
    rules: tuple[str, ...] = ()
    active: str = ""
    foreign: bool = dataclasses.field(default=False, compare=False)
    domain: bool = dataclasses.field(default=False, compare=False)
    running: bool = dataclasses.field(default=True, compare=False)


class Module(base.Module[Params, Policy]):
    """Brings one policy to a state."""

    params = Params
    state = Policy
    needs_facts = True
    guide = Guide(
        example=(
            "win_ipsec_policy:\n"
            "  name: WR_BLOCK\n"
            "  rules:\n"
            "    - {direction: in, protocol: tcp, ports: '135,137,139,445'}\n"
            "    - {direction: in, protocol: udp, ports: '135,137,138,139,445'}"
        ),
        using=(Using("netsh ipsec static, reg, sc"),),
    )

    def subject(self, params: Params) -> str:
        return f"ipsec policy {params.name.lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Policy]:
        host = WindowsFacts.of(facts)
        if host.nt < (5, 2):
            raise Refused(
                f"{host.name} has no netsh ipsec",
                hint="ipseccmd of the Support Tools does it there, with win_command",
            )
        stored, domain, agent = yield from read(
            ipsec.STORE, ipsec.BY_GROUP_POLICY, services.query("PolicyAgent")
        )
        known = ipsec.store(stored)
        found = known.find(ipsec.POLICY, params.name)
        lines = _ipsec.read_description(found.description) if found else ()
        whole = bool(found and lines and known.rules(found) >= len(lines))
        status = services.parse(agent.stdout)
        return Policy(
            present=found is not None,
            rules=(lines or ()) if whole else (),
            active=known.active_name,
            foreign=lines is None,
            domain=domain.code == 0 and "ipsec" in domain.stdout.lower(),
            running=bool(status and status[0].state == "running"),
        )

    def plan(self, params: Params, before: Policy, facts: base.Facts) -> Policy:
        if before.foreign:
            raise Refused(
                f"there is a policy {params.name} that this module did not make",
                hint="give yours another name; a foreign policy is never changed",
            )
        ours = before.active.casefold() == params.name.casefold()
        without = "" if ours else before.active
        if params.state == "absent":
            return dataclasses.replace(before, present=False, rules=(), active=without)
        after = dataclasses.replace(
            before,
            present=True,
            rules=params.lines,
            active=(before.active if ours else params.name) if params.assigned else without,
        )
        if params.assigned and after != before:
            _check(params, before)
        return after

    def apply(
        self, params: Params, change: Change[Policy], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        name, rebuild = params.name, before.rules != after.rules or before.present != after.present
        if rebuild:
            yield from _remove(name)
        if rebuild and after.present:
            yield from _make(name, tuple(_ipsec.from_line(line) for line in after.rules))
        (stored,) = yield from read(ipsec.STORE)
        now = ipsec.store(stored).active_name
        if after.active and after.active.casefold() != now.casefold():
            yield from _do(ipsec.assign(after.active, assigned=True), f"assign {after.active}")
        elif now and not after.active:
            yield from _do(ipsec.assign(now, assigned=False), f"take {now} out of force")
        return {}

    def sweep(
        self, params: Params, change: Change[Policy], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        """Filters and actions of a policy that never came, or is gone."""
        if not change.before.present:
            yield from _remove(params.name)

    def restore(self, params: Params, change: Change[Policy]) -> tuple[base.Restoring, ...]:
        return restoring_settings.ipsec(
            params.name,
            change,
            [_ipsec.from_line(line).model_dump() for line in change.before.rules],
        )

    def result(
        self,
        params: Params,
        change: Change[Policy],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        active = change.after.active
        return {"assigned": active.casefold() == params.name.casefold(), "active_policy": active}

    def message(self, params: Params, change: Change[Policy], facts: base.Facts) -> str:
        before, after = change.before, change.after
        parts = []
        if before.active and after.active != before.active:
            parts.append(f"the policy {before.active} is not in force any more")
        if change.differences() and after.active.casefold() == params.name.casefold():
            closed = [f"{what} (TCP {port})" for port, what in _WAYS_IN.items()
                      if any(rule.closes(port) for rule in params.rules)]  # fmt: skip
            parts += [f"closes {', '.join(closed)} for everybody"] if closed else []
        return "; ".join(parts)


def _check(params: Params, before: Policy) -> None:
    """Everything that would keep the policy from being in force, or keep us out."""
    if before.domain:
        raise Refused(
            "the domain assigned an IP security policy; it wins over every local one",
            hint="change the domain's policy, or use assigned: false",
        )
    if not before.running:
        raise Refused(
            "the service PolicyAgent does not run, so no IP security policy is in force",
            hint="win_service: {name: PolicyAgent, start_mode: auto, state: started}",
        )
    shut = any(rule.closes(1) and rule.ports == _ipsec.ANY for rule in params.rules)
    permits = any(
        rule.action == "permit" and rule.direction == "both" and rule.remote != _ipsec.ANY
        for rule in params.rules
    )
    if shut and not permits:
        raise Refused(
            f"the policy {params.name} would block the runner's own connection as well",
            hint="name ports, or add a rule {action: permit, direction: both, protocol: any, "
            "remote: ADDRESS} for the machine that runs runner",
        )


def _do(command: Any, doing: str) -> Generator[Request, Reply, None]:
    expect((yield from write(command)), "netsh", doing)


def _make(name: str, rules: tuple[Rule, ...]) -> Generator[Request, Reply, None]:
    # The policy comes behind its parts: while it is not there, nothing of it counts as made.
    for number, rule in enumerate(rules, start=1):
        for each in rule.filters():
            yield from _do(ipsec.add_filter(f"{name}-{number}", each), f"add a filter of {name}")
    for action in sorted({rule.action for rule in rules}):
        command = ipsec.add("filteraction", f"name={name}-{action}", f"action={action}")
        yield from _do(command, f"add the action {action} of {name}")
    text = _ipsec.described(tuple(rule.line for rule in rules))
    options = (f"description={text}", "activatedefaultrule=no", "assign=no")
    yield from _do(ipsec.add("policy", f"name={name}", *options), f"add the policy {name}")
    for number, rule in enumerate(rules, start=1):
        part = f"{name}-{number}"
        joins = (f"policy={name}", f"filterlist={part}", f"filteraction={name}-{rule.action}")
        command = ipsec.add("rule", f"name={part}", *joins)
        yield from _do(command, f"add the rule {part}")


def _remove(name: str) -> Generator[Request, Reply, None]:
    """Whatever there is of our policy, also of one that was made by half."""
    (stored,) = yield from read(ipsec.STORE)
    known = ipsec.store(stored)
    if known.active_name.casefold() == name.casefold():
        yield from _do(ipsec.assign(name, assigned=False), f"take {name} out of force")
    if known.find(ipsec.POLICY, name):
        yield from _do(ipsec.delete("policy", name), f"delete the policy {name}")
    part = re.compile(rf"(?i){re.escape(name)}-(\d+|block|permit)")
    for kind, word in ((ipsec.FILTER_LIST, "filterlist"), (ipsec.ACTION, "filteraction")):
        for each in known.objects.values():
            if each.kind == kind and part.fullmatch(each.name):
                yield from _do(ipsec.delete(word, each.name), f"delete {each.name}")
