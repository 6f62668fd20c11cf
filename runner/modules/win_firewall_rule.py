"""Rules of Windows Firewall with Advanced Security, with ``netsh advfirewall``.

From Vista and Server 2008 on. Rules are found in the registry, so no localized text is read; a rule
is changed in place, never deleted and added again, and a foreign rule of the same name is never
touched. A block rule beats every allow rule, so a rule that would block the runner's own way in
is refused.

Server 2003 and XP: their firewall knows exceptions only, for incoming traffic, and no rules. This
module refuses there, for ``action: allow`` as well, and names what to use instead.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Final, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.interfaces.touching import Reach
from runner.model.state import Change
from runner.modules import _firewall, _firewall_change, _restoring
from runner.modules._firewall import RuleState
from runner.windows import firewall
from runner.windows.exit_codes import expect
from runner.windows.facts import WindowsFacts

_ICMP: Final = re.compile(r"\d{1,3}:(\d{1,3}|\*)")
_NETSH: Final = ("netsh", "advfirewall", "firewall")


class Params(base.Params):
    """Parameters of Ansible's win_firewall_rule."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "group": "netsh cannot put a rule into a group, nor undo a change of a whole group exactly",
    }

    name: Text = Field(min_length=1, description="the rule's name")
    state: Literal["absent", "present"] = Field("present", description="whether it shall exist")
    enabled: bool | None = Field(
        None,
        validation_alias=AliasChoices("enabled", "enable"),
        description="whether it is enabled; a new rule is",
    )
    direction: Literal["in", "out"] | None = Field(None, description="a new rule: in")
    action: Literal["allow", "block"] | None = Field(None, description="a new rule: allow")
    description: Text | None = Field(None, pattern=r"^[^|]*$", description="text for people")
    localip: Text | None = Field(None, description="local addresses, or any")
    remoteip: Text | None = Field(None, description="remote addresses, ranges, networks, or any")
    localport: Text | None = Field(None, description="local ports such as 135,137-139, or any")
    remoteport: Text | None = Field(None, description="remote ports, or any")
    program: Text | None = Field(None, description="program, or any")
    service: Text | None = Field(None, description="service, or any")
    protocol: Text | None = Field(None, description="tcp, udp, icmpv4, icmpv6, a number, or any")
    profiles: Words | None = Field(
        None,
        validation_alias=AliasChoices("profiles", "profile"),
        description="domain, private, public; a new rule: all",
    )
    interfacetypes: Words | None = Field(
        None, description="lan, wireless or ras: one of them, or any; netsh takes no two"
    )
    icmp_type_code: Words | None = Field(
        None, description="of ICMP messages: TYPE:CODE such as 8:0, 8:* for all codes, or *"
    )
    security: Literal["notrequired"] | None = Field(
        None, description="only that no authentication is asked for, as by default"
    )
    edge: Literal["no", "yes", "deferapp", "deferuser"] | None = Field(
        None, description="whether traffic through NAT devices is accepted"
    )

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        # A rule is text with pipes between its fields ([MS-FASP] FW_RULE, wszName).
        if name.strip().lower() == "all" or '"' in name or "|" in name:
            raise ValueError("cannot be a rule's name for netsh")
        return name

    @field_validator("protocol")
    @classmethod
    def _protocol(cls, text: str | None) -> str | None:
        if text is None:
            return None
        word = firewall.protocol_text(text)
        known = word in firewall.PROTOCOLS or word == firewall.ANY
        if not known and not (word.isdigit() and int(word) < 256):
            raise ValueError(f"must be tcp, udp, icmpv4, icmpv6, any or a number, not '{text}'")
        return word

    @field_validator("profiles")
    @classmethod
    def _profiles(cls, words: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for word in words or ():
            if word.lower() not in (*firewall.PROFILES, firewall.ANY):
                raise ValueError(f"must be domain, private, public or any, not '{word}'")
        return words

    @field_validator("localport", "remoteport")
    @classmethod
    def _ports(cls, text: str | None) -> str | None:
        for part in (text or "").split(","):
            ends = [end.strip() for end in part.split("-")] if part.strip()[:1].isdigit() else []
            if len(ends) > 2 or any(not end.isdigit() or int(end) > 65535 for end in ends):
                raise ValueError(f"must be ports from 0 to 65535 and ranges, not '{part.strip()}'")
        return text

    @field_validator("interfacetypes")
    @classmethod
    def _interfaces(cls, words: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for word in words or ():
            if word.lower() not in {*firewall.INTERFACE_TYPES, firewall.ANY}:
                raise ValueError(f"must be lan, wireless, ras or any, not '{word}'")
        if len(firewall.interface_types(words or ())) > 1:
            raise ValueError("netsh takes one kind of interface, or any")
        return words

    @field_validator("icmp_type_code")
    @classmethod
    def _icmp(cls, words: tuple[str, ...] | None) -> tuple[str, ...] | None:
        found = firewall.icmp_text(words or ())
        if "," in found:
            raise ValueError("netsh takes one type and code, or any: write a rule for each")
        if found != firewall.ANY and not _ICMP.fullmatch(found):
            raise ValueError(f"must be TYPE:CODE such as 8:0 or 8:*, not '{found}'")
        return words

    @model_validator(mode="after")
    def _icmp_needs_protocol(self) -> Params:
        named = firewall.icmp_text(self.icmp_type_code or ()) != firewall.ANY
        if named and self.protocol not in ("icmpv4", "icmpv6"):
            raise ValueError("icmp_type_code needs protocol icmpv4 or icmpv6")
        return self

    @model_validator(mode="after")
    def _ports_need_protocol(self) -> Params:
        narrowed = {self.localport, self.remoteport} - {None, firewall.ANY}
        if self.state == "present" and narrowed and self.protocol not in ("tcp", "udp"):
            raise ValueError("localport and remoteport need protocol tcp or udp")
        return self

    def wanted(self) -> dict[str, Any]:
        """What the task says about the rule, in the words of a parsed rule."""
        given: dict[str, Any] = {
            key: getattr(self, key) for key in _firewall.FIELDS if getattr(self, key) is not None
        }
        for key in ("localport", "remoteport"):
            if key in given:
                given[key] = firewall.port_text([given[key]])
        for key in ("localip", "remoteip"):
            if key in given:
                given[key] = firewall.address_text([given[key]])
        for key in ("program", "service"):
            if str(given.get(key, "")).lower() == firewall.ANY:
                given[key] = firewall.ANY
        if "interfacetypes" in given:
            given["interfacetypes"] = firewall.interface_types(given["interfacetypes"])
        if "icmp_type_code" in given:
            given["icmp_type_code"] = firewall.icmp_text(given["icmp_type_code"])
        if "profiles" in given:
            given["profiles"] = firewall.profile_names(given["profiles"])
        return given


class Module(base.Module[Params, RuleState]):
    """Brings one rule to a state."""

    params = Params
    state = RuleState
    ahead = True
    straight = True
    needs_facts = True
    doc_url = "https://docs.ansible.com/ansible/latest/collections/community/windows/win_firewall_rule_module.html"
    guide = Guide(
        example=(
            "win_firewall_rule:\n"
            "  name: WR-in-tcp\n"
            "  direction: in\n"
            "  action: block\n"
            "  protocol: tcp\n"
            "  localport: 135,139,445"
        ),
        using=(Using("netsh advfirewall, reg, sc", since="2008"),),
        undo="a deleted rule with fields that netsh cannot set; the plan names them",
        instead="win_ipsec_policy",
    )

    def subject(self, params: Params) -> str:
        return f"firewall rule {params.name.lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, RuleState]:
        host = WindowsFacts.of(facts)
        if host.nt < (6, 0):
            raise Refused(
                f"{host.name} has no firewall rules, only exceptions for incoming traffic",
                hint="to block: win_service on lanmanserver, SMBDeviceEnabled by win_regedit, or "
                "netsh ipsec static; to allow: netsh firewall add portopening",
            )
        absent = params.state == "absent"
        return (yield from _firewall.find(params.name, params.wanted(), absent=absent))

    def plan(self, params: Params, before: RuleState, facts: base.Facts) -> RuleState:
        if params.state == "absent":
            return RuleState(others=before.others, warnings=before.warnings)
        found = before if before.present else _NEW
        wanted = params.wanted()
        changes = {k: v for k, v in wanted.items() if not _firewall.same(getattr(found, k), v)}
        after = dataclasses.replace(
            found, **changes, others=before.others, warnings=before.warnings
        )
        _firewall_change.check_way_in(params.name, before, after)
        return after

    def reach(self, params: Params, change: Change[RuleState], facts: base.Facts) -> Reach | None:
        return _firewall_change.reach(params.name, change)

    def apply(
        self, params: Params, change: Change[RuleState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        old = WindowsFacts.of(facts).nt < (6, 1)
        if not after.present:
            command = Exec(*_NETSH, "delete", "rule", f"name={params.name}", *before.narrow)
            out = yield from write(command)
            expect(out, "netsh", f"delete the firewall rule {params.name}")
        elif not before.present:
            # netsh enables a new rule unless it is told otherwise.
            empty = dataclasses.replace(_NEW_EMPTY, enabled=not after.enabled)
            words = _firewall_change.words(empty, after, old)
            for _ in range(after.copies):
                out = yield from write(Exec(*_NETSH, "add", "rule", f"name={params.name}", *words))
                expect(out, "netsh", f"add the firewall rule {params.name}")
        else:
            words = _firewall_change.words(before, after, old)
            where = (f"name={params.name}", *before.narrow)
            out = yield from write(Exec(*_NETSH, "set", "rule", *where, "new", *words))
            expect(out, "netsh", f"change the firewall rule {params.name}")
        return {}

    def irreversible(self, params: Params, change: Change[RuleState], facts: base.Facts) -> str:
        lost = _firewall_change.beyond_netsh(change.before)
        narrowed = change.touches("interfacetypes") or change.touches("icmp_type_code")
        gone = change.before.present and not change.after.present
        if lost and (gone or (narrowed and lost != change.before.extra)):
            return f"netsh cannot set all of the rule again: {', '.join(lost)}"
        return ""

    def restore(self, params: Params, change: Change[RuleState]) -> tuple[base.Restoring, ...]:
        return _restoring.firewall_rule(params.name, change)

    def result(
        self,
        params: Params,
        change: Change[RuleState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        before, after = change.before, change.after
        name = f"Firewall rule '{params.name}'"
        if not after.present:
            return {"msg": f"{name} {'removed' if before.present else 'does not exist'}."}
        if not before.present:
            return {"msg": f"{name} created."}
        return {"msg": f"{name} {'changed' if change.differences() else 'unchanged'}."}

    def message(self, params: Params, change: Change[RuleState], facts: base.Facts) -> str:
        after = change.after
        parts = list(after.warnings) if after.present and after.enabled else []
        if after.present and change.differences():
            parts += _firewall_change.cuts(after)
        if params.state == "absent" and after.others:
            parts.append(f"{after.others} other rule(s) of that name are left alone")
        return "; ".join(parts)


_NEW: Final = RuleState(
    present=True,
    enabled=True,
    direction="in",
    action="allow",
    protocol=firewall.ANY,
    localport=firewall.ANY,
    remoteport=firewall.ANY,
    localip=firewall.ANY,
    remoteip=firewall.ANY,
    program=firewall.ANY,
    service=firewall.ANY,
    edge="no",
    copies=1,
)
_NEW_EMPTY: Final = dataclasses.replace(_NEW, direction="", action="", profiles=("none",))
