"""Windows Firewall: profiles and rules as they stand in the registry.

Rule strings: [MS-GPFAS] 2.2.2.19. A field that is missing means "any" (`Active`: FALSE).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.lab.state.registry import Registry

if TYPE_CHECKING:
    from runner.lab.state.host import Host

__all__ = [
    "POLICY", "PROFILES", "PROTOCOLS", "RULES", "Rule", "RuleFault", "firewall_of", "parse_rule",
    "rule_text", "rule_version", "rules_of",
]  # fmt: skip

POLICY = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
RULES = POLICY + r"\FirewallRules"
PROFILES = {"domain": "DomainProfile", "private": "StandardProfile", "public": "PublicProfile"}

PROTOCOLS = {"tcp": 6, "udp": 17, "icmpv4": 1, "icmpv6": 58}
_NAMES = {number: name for name, number in PROTOCOLS.items()}


_ORDER = (
    "Action", "Active", "Dir", "Protocol", "Profile", "ICMP4", "ICMP6", "LPort", "LPort2_10",
    "LPort2_20", "RPort", "RPort2_10", "LA4", "LA6", "RA4", "RA6", "IFType", "App", "Svc", "Name",
    "Desc", "EmbedCtxt", "Edge", "Security", "Security2_9", "Security2",
)  # fmt: skip
"""The order in which the firewall writes fields."""


class RuleFault(Exception):
    """The words after `add rule` or `set rule` are wrong; the message is what netsh prints."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the name of its registry value and its fields in order (fields may repeat)."""

    id: str
    version: str
    fields: tuple[tuple[str, str], ...]

    def one(self, field: str, default: str = "") -> str:
        """The first value of a field."""
        return next((value for name, value in self.fields if name == field), default)

    def all(self, *names: str) -> list[str]:
        """All values of some fields."""
        return [value for name, value in self.fields if name in names]

    @property
    def name(self) -> str:
        return self.one("Name")

    @property
    def protocol(self) -> str:
        """The protocol as netsh prints it."""
        number = self.one("Protocol")
        if not number:
            return "Any"
        return {"tcp": "TCP", "udp": "UDP", "icmpv4": "ICMPv4", "icmpv6": "ICMPv6"}.get(
            _NAMES.get(int(number), ""), number
        )

    @property
    def profiles(self) -> list[str]:
        """The profiles that the rule applies to."""
        return self.all("Profile") or ["Domain", "Private", "Public"]

    def with_field(self, field: str, values: list[str]) -> Rule:
        """This rule with a field replaced, where the firewall writes it; the rest stays."""
        kept = [pair for pair in self.fields if pair[0] != field]
        rank = _ORDER.index(field)
        at = next(
            (n for n, (name, _) in enumerate(kept) if name in _ORDER and _ORDER.index(name) > rank),
            len(kept),
        )
        kept[at:at] = [(field, value) for value in values]
        return Rule(self.id, self.version, tuple(kept))


def parse_rule(rule_id: str, text: str) -> Rule | None:
    """A rule from its registry value; None if the text is not one."""
    version, *parts = text.split("|")
    if not re.match(r"v\d+\.\d+\Z", version):
        return None
    fields = tuple(tuple(part.split("=", 1)) for part in parts if "=" in part)
    return Rule(rule_id, version, fields)  # type: ignore[arg-type]


def rule_text(rule: Rule) -> str:
    """The registry value of a rule."""
    return "".join([rule.version, "|", *(f"{name}={value}|" for name, value in rule.fields)])


def rules_of(host: Host) -> list[Rule]:
    """All local rules, in the order in which they were added."""
    key = host.registry.find(RULES)
    values = key.values.values() if key else ()
    parsed = (parse_rule(v.name, v.data) for v in values if isinstance(v.data, str))
    return [rule for rule in parsed if rule is not None]


def firewall_of(registry: Registry) -> dict[str, object]:
    """Whether the profiles are on, and the rules, as plain data."""
    rules = registry.find(RULES)
    return {
        "enabled": {
            name: registry.number(f"{POLICY}\\{key}", "EnableFirewall") == 1
            for name, key in PROFILES.items()
            if registry.find(f"{POLICY}\\{key}") is not None
        },
        "rules": {v.name: v.data for v in rules.values.values()} if rules else {},
    }


def rule_version(host: Host) -> str:
    """The version that this system's firewall writes in front of a rule."""
    profile = host.profile
    versions = {(6, 0): "v2.0", (6, 1): "v2.10", (6, 2): "v2.20", (6, 3): "v2.22"}
    builds = {14393: "v2.26", 17763: "v2.29", 20348: "v2.31", 26100: "v2.33"}
    return versions.get(profile.nt) or builds[profile.build]
