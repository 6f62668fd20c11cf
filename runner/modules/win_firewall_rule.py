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
from collections.abc import Generator, Mapping
from typing import Any, Final

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.touching import Reach
from runner.model.state import Change
from runner.modules._parts import firewall as _firewall
from runner.modules._parts import firewall_change, firewall_com, restoring
from runner.modules._parts.firewall import RuleState
from runner.modules._parts.firewall_params import Params
from runner.windows import firewall
from runner.windows.exit_codes import expect
from runner.windows.facts import WindowsFacts

_NETSH: Final = ("netsh", "advfirewall", "firewall")


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
        using=(
            Using("netsh advfirewall, reg, sc", since="2008"),
            Using(
                "HNetCfg.FwPolicy2",
                since="2008r2",
                powershell=True,
                part="group, several interfacetypes or icmp_type_code",
            ),
        ),
        undo="a deleted rule with fields that neither netsh nor PowerShell can set; the plan names "
        "them",
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
        firewall_change.check_way_in(params.name, before, after)
        firewall_com.require(params.name, before, after, WindowsFacts.of(facts))
        return after

    def reach(self, params: Params, change: Change[RuleState], facts: base.Facts) -> Reach | None:
        if firewall_com.needed(change.before, change.after):
            return None
        return firewall_change.reach(params.name, change)

    def apply(
        self, params: Params, change: Change[RuleState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, firewall_com.by_netsh(change.before, change.after)
        old = WindowsFacts.of(facts).nt < (6, 1)
        if not after.present:
            command = Exec(*_NETSH, "delete", "rule", f"name={params.name}", *before.narrow)
            out = yield from write(command)
            expect(out, "netsh", f"delete the firewall rule {params.name}")
        elif not before.present:
            # netsh enables a new rule unless it is told otherwise.
            empty = dataclasses.replace(_NEW_EMPTY, enabled=not after.enabled)
            words = firewall_change.words(empty, after, old)
            for _ in range(after.copies):
                out = yield from write(Exec(*_NETSH, "add", "rule", f"name={params.name}", *words))
                expect(out, "netsh", f"add the firewall rule {params.name}")
        elif words := firewall_change.words(before, after, old):
            where = (f"name={params.name}", *before.narrow)
            out = yield from write(Exec(*_NETSH, "set", "rule", *where, "new", *words))
            expect(out, "netsh", f"change the firewall rule {params.name}")
        if firewall_com.needed(before, change.after):
            out = yield from write(firewall_com.command(params.name, before, change.after))
            expect(out, "powershell", f"change the firewall rule {params.name}")
        return {}

    def irreversible(self, params: Params, change: Change[RuleState], facts: base.Facts) -> str:
        powershell = bool(WindowsFacts.of(facts).powershell)
        lost = firewall_change.lost(change.before, powershell=powershell)
        narrowed = any(map(change.touches, ("interfacetypes", "icmp_type_code", "group")))
        gone = change.before.present and not change.after.present
        if lost and (gone or (narrowed and lost != change.before.extra)):
            return f"netsh cannot set all of the rule again: {', '.join(lost)}"
        if gone and change.before.others and firewall_com.beyond(change.before):
            return "what netsh cannot set again could not be told from other rules of that name"
        return ""

    def restore(self, params: Params, change: Change[RuleState]) -> tuple[base.Restoring, ...]:
        return restoring.firewall_rule(params.name, change)

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
            parts += firewall_change.cuts(after)
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
