"""The profiles of Windows Firewall as win_firewall sees them, and which let the runner in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from runner.windows import firewall

ON: Final = "EnableFirewall"
IN: Final = "DefaultInboundAction"
OUT: Final = "DefaultOutboundAction"
DEFAULTS: Final = {ON: 0, IN: 1, OUT: 0}
"""What a value that is absent means ([MS-GPFAS] 2.2.2)."""
WAYS_IN: Final = {5985: "WinRM", 5986: "WinRM", 80: "WinRM 1.1", 443: "WinRM 1.1", 22: "SSH"}


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile; None for a value that is absent."""

    name: str
    enabled: int | None = None
    inbound: int | None = None
    outbound: int | None = None

    @property
    def is_on(self) -> bool:
        """Whether it filters."""
        return bool(self.enabled)

    def shown(self, *, actions: bool) -> str:
        """For people, and what is compared: a value that is absent counts as what it means.

        netsh may leave out a value that is the default, so what is written cannot be compared.
        """
        said = [f"{self.name} {'on' if self.is_on else 'off'}"]
        for way, value, default in (("in", self.inbound, IN), ("out", self.outbound, OUT)):
            if actions:
                blocks = DEFAULTS[default] if value is None else value
                said.append(f"{way} {'block' if blocks else 'allow'}")
        return ", ".join(said)

    @property
    def blocks_in(self) -> bool:
        """Whether what no rule allows stays outside."""
        return self.is_on and (DEFAULTS[IN] if self.inbound is None else self.inbound) == 1


@dataclass(frozen=True, slots=True)
class FirewallState:
    """The profiles that the task is about; ``settings`` is the same for people.

    ``ways_in`` are the ports of WinRM and SSH that a rule opens, with the profile it is for;
    ``policy`` the profiles that Group Policy decides.
    """

    settings: tuple[str, ...] = ()
    profiles: tuple[Profile, ...] = field(default=(), compare=False)
    ways_in: tuple[str, ...] = field(default=(), compare=False)
    policy: tuple[str, ...] = field(default=(), compare=False)


def open_ports(rules: tuple[firewall.Rule, ...], names: tuple[str, ...]) -> list[str]:
    """Ports that enabled rules open to incoming traffic, in each of the profiles."""
    found = []
    for rule in rules:
        fits = rule.enabled and rule.direction == "in" and rule.action == "allow"
        if not fits or rule.protocol not in ("tcp", firewall.ANY):
            continue
        everything = rule.localport == firewall.ANY and rule.program == firewall.ANY
        ports = map(str, WAYS_IN) if everything else _numbers(rule.localport)
        profiles = [name for name in names if not rule.profiles or name in rule.profiles]
        found += [f"{name} {port}" for port in ports for name in profiles]
    return sorted(set(found))


def _numbers(text: str) -> list[str]:
    """Which of the ways in are among these ports."""
    return [p for p in firewall.single_ports(text) if p.isdigit()] if text[:1].isdigit() else []
