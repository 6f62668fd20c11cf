"""What win_firewall_rule tells netsh, and what it must not tell it."""

from __future__ import annotations

from typing import Final

from runner.errors import Refused
from runner.interfaces import touching
from runner.interfaces.touching import Reach
from runner.model.state import Change
from runner.modules._parts.firewall import RuleState
from runner.windows import firewall, services

_MANAGEMENT: Final = {5985: "WinRM", 5986: "WinRM", 22: "SSH", 3389: "Remote Desktop"}
_WAYS_IN: Final = frozenset({"22", "80", "443", "5985", "5986", "47001"})
"""Ports of WinRM and SSH, those of WinRM 1.1 too."""
_RESERVED: Final = 1024
"""Ports below it are given to services, not to those who call them."""
_MOST_PORTS: Final = 64


def check_way_in(name: str, before: RuleState, after: RuleState) -> None:
    """A block rule for everything from everywhere would lock the runner out, with no way back."""
    open_ended = all(
        getattr(after, key) == firewall.ANY
        for key in ("localport", "remoteport", "localip", "remoteip", "program", "service")
    )
    blocks = after.enabled and after.action == "block" and after.protocol in (firewall.ANY, "tcp")
    if blocks and open_ended and before != after:
        raise Refused(
            f"the firewall rule {name} would block the runner's own connection as well",
            hint="a block rule beats every allow rule: narrow it by localport, or by remoteip to "
            "all addresses but the runner's",
        )


def reach(name: str, change: Change[RuleState]) -> Reach | None:
    """What a task about a rule has to do with; None when it may cut the runner's own way in."""
    before, after = change.before, change.after
    changes = bool(change.differences())
    if changes and not _leaves_way_in(before, after):
        return None
    rule = rf"{firewall.RULES}\:{name}"
    profiles = (rf"{firewall.POLICY}\{key}" for key in firewall.PROFILES.values())
    around = (*profiles, firewall.GROUP_POLICY, services.key("MpsSvc"))
    return touching.reach(reads=(rule,), below=around, writes=(rule,) if changes else ())


def _leaves_way_in(before: RuleState, after: RuleState) -> bool:
    """Whether connections that were let in before surely are so still."""
    if before.present and not (before.action == "block" and not after.present):
        return False  # what let something in is gone, or another
    if not after.present or after.action == "allow":
        return True
    if after.direction == "out":
        # Who manages the host calls from a port above the reserved ones (RFC 6335, section 6).
        ports = firewall.single_ports(after.remoteport)
        return all(port.isdigit() and int(port) < _RESERVED for port in ports)
    if after.localport == firewall.ANY:
        return False
    ports = firewall.single_ports(after.localport)
    return all(port.isdigit() for port in ports) and not _WAYS_IN.intersection(ports)


def cuts(after: RuleState) -> list[str]:
    """The ways in that the rule closes for everybody."""
    blocks = after.enabled and after.action == "block" and after.direction == "in"
    if not blocks or after.protocol not in (firewall.ANY, "tcp") or after.remoteip != firewall.ANY:
        return []
    ports = set(firewall.single_ports(after.localport)) if after.localport != firewall.ANY else None
    cut = [f"{name} (TCP {p})" for p, name in _MANAGEMENT.items() if ports and str(p) in ports]
    return [f"closes {', '.join(cut)} for everybody"] if cut else []


def words(before: RuleState, after: RuleState, old: bool) -> tuple[str, ...]:
    """What differs, as netsh takes it. Ports are understood only beside their protocol."""
    said: dict[str, str] = {}
    if before.direction != after.direction:
        said["dir"] = after.direction
    if before.action != after.action:
        said["action"] = after.action
    ports = before.localport != after.localport or before.remoteport != after.remoteport
    kinds = before.icmp_type_code != after.icmp_type_code
    if before.protocol != after.protocol or ports or kinds:
        said["protocol"] = _protocol(after)
    for key in ("localport", "remoteport"):
        if getattr(before, key) != getattr(after, key):
            said[key] = _ports(getattr(after, key), old)
    for key in ("localip", "remoteip", "program", "service"):
        if getattr(before, key) != getattr(after, key):
            said[key] = getattr(after, key)
    if before.profiles != after.profiles:
        said["profile"] = ",".join(after.profiles) or firewall.ANY
    if before.enabled != after.enabled:
        said["enable"] = "yes" if after.enabled else "no"
    if before.edge != after.edge:
        said["edge"] = after.edge
    if before.interfacetypes != after.interfacetypes:
        said["interfacetype"] = ",".join(after.interfacetypes) or firewall.ANY
    if before.security != after.security:
        if old and after.security in firewall.SECURED_LATER:
            raise Refused(
                f"netsh of this Windows knows no security={after.security}",
                hint="it came with Server 2008 R2; 'authenticate' and 'authenc' are there",
            )
        said["security"] = after.security
    if before.description != after.description:
        said["description"] = after.description
    return tuple(f"{key}={value}" for key, value in said.items())


def _protocol(rule: RuleState) -> str:
    """The protocol, with the type and code of ICMP messages where the rule names one."""
    if rule.icmp_type_code == firewall.ANY:
        return rule.protocol
    kind, _, code = rule.icmp_type_code.partition(":")
    return f"{rule.protocol}:{kind},{firewall.ANY if code == '*' else code}"


def lost(rule: RuleState, *, powershell: bool) -> tuple[str, ...]:
    """What can be given to a rule neither by netsh, which takes one ICMP type, one kind of
    interface and no group, nor by what PowerShell asks."""
    if powershell:
        return rule.extra
    group = (f"group {rule.group}",) if rule.group else ()
    several = rule.interfacetypes if len(rule.interfacetypes) > 1 else ()
    types = (rule.icmp_type_code,) if "," in rule.icmp_type_code else ()
    return (*rule.extra, *group, *several, *types)


def _ports(text: str, old: bool) -> str:
    """Vista and Server 2008 take no ranges of ports."""
    if not old or "-" not in text:
        return text
    if firewall.port_count(text) > _MOST_PORTS:
        raise Refused(
            f"this Windows takes no port ranges, and {text} are too many to list one by one",
            hint=f"up to {_MOST_PORTS} ports are listed; ranges came with Server 2008 R2",
        )
    return ",".join(firewall.single_ports(text))
