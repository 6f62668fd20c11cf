"""Windows Firewall with Advanced Security: rules as the registry keeps them, and profiles.

A rule is a string ``v2.10|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=445|Name=...|``
(Microsoft, [MS-GPFAS] 2.2.2.19). A field that is missing has the default given there: no protocol
means any, no profile means all, no ``Active`` means disabled.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from runner.windows import registry

POLICY: Final = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
RULES: Final = rf"{POLICY}\FirewallRules"
GROUP_POLICY: Final = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall"
PROFILES: Final = {
    "domain": "DomainProfile",
    "private": "StandardProfile",
    "public": "PublicProfile",
}
"""Ansible's profile names -> the subkeys of POLICY (the private one is called StandardProfile)."""

PROTOCOLS: Final = {"icmpv4": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
_PROTOCOL_NAMES: Final = {str(number): name for name, number in PROTOCOLS.items()}
_KEYWORDS: Final = {
    "localsubnet": "localsubnet",
    "dns": "dns",
    "dhcp": "dhcp",
    "wins": "wins",
    "defaultgateway": "defaultgateway",
}
_IP_FIELDS: Final = ("4", "6", "42", "62")
_PORT_SUFFIXES: Final = ("", "2_10", "2_20", "2_24")
_KNOWN: Final = frozenset(
    {"Action", "Active", "Dir", "Protocol", "Profile", "App", "Svc", "Name", "Desc", "Edge"}
    | {f"{side}Port{suffix}" for side in "LR" for suffix in _PORT_SUFFIXES}
    | {f"{side}A{suffix}" for side in "LR" for suffix in _IP_FIELDS}
    | {"ICMP4", "ICMP6", "IFType", "Security", "Security2_9", "Security2", "EmbedCtxt"}
)
INTERFACE_TYPES: Final = frozenset({"lan", "ras", "wireless"})
_INTERFACES: Final = {"remoteaccess": "ras", "all": "any"}
"""The registry's words -> those of netsh and of Ansible."""
ANY: Final = "any"
NOT_REQUIRED: Final = "notrequired"
SECURED: Final = {"authenticate": "Authenticate", "authenc": "AuthenticateEncrypt"}
SECURED_LATER: Final = {"authnoencap": "An-NoEncap", "authdynenc": "AnE-Nego"}
"""What netsh calls the ways in which a connection must be secured -> the registry's words
([MS-GPFAS] 2.2.2.6); the last two came with Windows 7 and Server 2008 R2."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, in the words of win_firewall_rule; ``any`` where nothing narrows it.

    ``id`` is the name of the registry value. ``extra`` are fields that ``netsh`` cannot set or
    that this class does not know; they are kept as they were found.
    """

    id: str
    name: str
    enabled: bool
    direction: str
    action: str
    protocol: str = ANY
    localport: str = ANY
    remoteport: str = ANY
    localip: str = ANY
    remoteip: str = ANY
    program: str = ANY
    service: str = ANY
    profiles: tuple[str, ...] = ()
    description: str = ""
    edge: str = "no"
    interfacetypes: tuple[str, ...] = ()
    icmp_type_code: str = ANY
    security: str = NOT_REQUIRED
    group: str = ""
    extra: tuple[str, ...] = ()


def parse_rule(rule_id: str, text: str) -> Rule:
    """The rule that a value of the FirewallRules key holds."""
    fields: list[tuple[str, str]] = []
    for part in text.split("|")[1:]:
        name, equals, value = part.partition("=")
        if equals:
            fields.append((name, value))

    def all_of(*names: str) -> tuple[str, ...]:
        return tuple(value for name, value in fields if name in names)

    def one(name: str) -> str:
        return next((value for key, value in fields if key == name), "")

    def ports(side: str) -> str:
        return port_text(all_of(*(f"{side}Port{suffix}" for suffix in _PORT_SUFFIXES)))

    def addresses(side: str) -> str:
        return address_text(all_of(*(f"{side}A{suffix}" for suffix in _IP_FIELDS)))

    return Rule(
        id=rule_id,
        name=one("Name"),
        enabled=one("Active").upper() == "TRUE",
        direction=one("Dir").lower(),
        action=one("Action").lower(),
        protocol=protocol_text(one("Protocol")),
        localport=ports("L"),
        remoteport=ports("R"),
        localip=addresses("L"),
        remoteip=addresses("R"),
        program=one("App") or ANY,
        service=ANY if one("Svc") in ("", "*") else one("Svc"),
        profiles=profile_names(all_of("Profile")),
        description=one("Desc"),
        edge=_edge(one("Edge"), one("Defer")),
        interfacetypes=interface_types(all_of("IFType")),
        icmp_type_code=icmp_text(all_of("ICMP4", "ICMP6")),
        security=_security(all_of("Security2", "Security2_9"), all_of("Security")),
        group=one("EmbedCtxt"),
        extra=tuple(
            f"{name}={value}"
            for name, value in fields
            if name not in _KNOWN and not (name == "Defer" and one("Edge"))
        ),
    )


def rules(text: str) -> tuple[Rule, ...]:
    """Every rule in the output of ``reg query`` for the FirewallRules key."""
    return tuple(
        parse_rule(value.name, value.data)
        for key in registry.parse(text)
        for value in key.values
        if isinstance(value.data, str) and "|" in value.data
    )


def _security(later: tuple[str, ...], plain: tuple[str, ...]) -> str:
    words = {**SECURED_LATER, **SECURED}
    names = (name for value in (*later, *plain) for name, word in words.items() if word == value)
    return next(names, NOT_REQUIRED)


def _edge(edge: str, defer: str) -> str:
    if edge.upper() != "TRUE":
        return {"app": "deferapp", "user": "deferuser"}.get(defer.lower(), "no")
    return {"app": "deferapp", "user": "deferuser"}.get(defer.lower(), "yes")


def protocol_text(text: str) -> str:
    """A protocol as we compare it: tcp, udp, icmpv4, icmpv6, any, or its number."""
    word = text.strip().lower()
    if word in ("", ANY, "256"):
        return ANY
    return _PROTOCOL_NAMES.get(word, word)


def profile_names(found: Iterable[str]) -> tuple[str, ...]:
    """Profiles in a fixed order; none and all of them are both ``()``, which means any."""
    words = {word.strip().lower() for word in found}
    if not words or ANY in words or words >= PROFILES.keys():
        return ()
    return tuple(name for name in PROFILES if name in words)


def interface_types(found: Iterable[str]) -> tuple[str, ...]:
    """Kinds of interfaces in a fixed order; none and all of them are both ``()``: any."""
    words = {_INTERFACES.get(word.strip().lower(), word.strip().lower()) for word in found}
    if not words or ANY in words or words >= INTERFACE_TYPES:
        return ()
    return tuple(sorted(words))


def icmp_text(parts: Iterable[str]) -> str:
    """ICMP types and codes as we compare them: ``8:*``, sorted; ``any`` for all of them."""
    found = {part.strip() for text in parts for part in text.split(",") if part.strip()}
    if not found or found & {"*", "*:*", ANY}:
        return ANY
    return ",".join(sorted(part if ":" in part else f"{part}:*" for part in found))


def port_text(parts: Iterable[str]) -> str:
    """Ports as we compare them: sorted, neighbours joined to ranges; ``any`` for none."""
    numbers: set[int] = set()
    words: set[str] = set()
    for part in (p.strip() for text in parts for p in text.split(",")):
        low, dash, high = part.partition("-")
        if low.strip().isdigit() and dash and high.strip().isdigit():
            numbers.update(range(int(low), int(high) + 1))
        elif part.isdigit():
            numbers.add(int(part))
        elif part:
            words.add(part.lower())
    if ANY in words or (not numbers and not words):
        return ANY
    return ",".join([*_joined(sorted(numbers)), *sorted(words)])


def _joined(numbers: list[int]) -> list[str]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return [str(low) if low == high else f"{low}-{high}" for low, high in runs]


def single_ports(text: str) -> tuple[str, ...]:
    """The same ports without ranges, for Vista and Server 2008 whose netsh takes none."""
    singles: list[str] = []
    for part in text.split(","):
        low, dash, high = part.partition("-")
        if dash and low.isdigit() and high.isdigit():
            singles.extend(str(number) for number in range(int(low), int(high) + 1))
        else:
            singles.append(part)
    return tuple(singles)


def port_count(text: str) -> int:
    """How many ports the text names; a keyword counts as one."""
    return sum(
        int(high) - int(low) + 1 if high.isdigit() and low.isdigit() else 1
        for low, _, high in (part.partition("-") for part in text.split(","))
    )


def address_text(parts: Iterable[str]) -> str:
    """Addresses as we compare them: sorted, networks with a prefix length; ``any`` for none."""
    found = {_address(p.strip()) for text in parts for p in text.split(",") if p.strip()}
    if not found or ANY in found:
        return ANY
    return ",".join(sorted(found))


def _address(text: str) -> str:
    word = text.lower()
    if word in ("*", ANY, "0.0.0.0/0", "::/0", "0.0.0.0-255.255.255.255"):
        return ANY
    if word in _KEYWORDS:
        return _KEYWORDS[word]
    low, dash, high = word.partition("-")
    if dash:
        return low if low == high else f"{low}-{high}"
    try:
        network = ipaddress.ip_network(word, strict=False)
    except ValueError:
        return word
    return str(network.network_address) if network.num_addresses == 1 else str(network)
