"""The `key=value` words of netsh about firewall rules, and the fields that they mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from runner.lab.state.firewall import PROTOCOLS, Rule, RuleFault

if TYPE_CHECKING:
    from runner.lab.state.host import Host

__all__ = ["address_fields", "changed", "fields_of", "port_fields", "profile_names"]

_PORT_WORDS = {"rpc": "RPC", "rpc-epmap": "RPC-EPMap", "iphttps": "IPHTTPS", "teredo": "Teredo"}


def fields_of(words: dict[str, str], host: Host) -> tuple[tuple[str, str], ...]:
    """The fields of a new rule from netsh's `key=value` words.

    Raises RuleFault as netsh would refuse.
    """
    if not words.get("name") or "dir" not in words or "action" not in words:
        raise RuleFault("One or more essential parameters were not entered.")
    settings = {"enable": "yes"} | words
    return changed(Rule("", "", ()), settings, host).fields


def changed(rule: Rule, words: dict[str, str], host: Host) -> Rule:
    """A rule with settings from netsh's `key=value` words. Raises RuleFault."""
    for key, value in sorted(words.items(), key=lambda word: word[0] != "protocol"):
        if key not in _SETTERS:
            raise RuleFault(f"'{key}' is not a valid argument for this command.")
        for field, values in _SETTERS[key](key, value, rule, host):
            rule = rule.with_field(field, values)
    if rule.one("Security") and rule.one("Action") == "Block":
        raise RuleFault("A security value cannot be specified for a rule that blocks.")
    if rule.one("Protocol") not in ("6", "17") and rule.all(*_PORT_FIELDS):
        raise RuleFault("A port can be specified only if the protocol is TCP or UDP.")
    return rule


_Settings = list[tuple[str, list[str]]]
_PORT_FIELDS = ("LPort", "LPort2_10", "LPort2_20", "RPort", "RPort2_10")
_CHOICES = {
    "dir": ("Dir", {"in": ["In"], "out": ["Out"]}),
    "action": ("Action", {"allow": ["Allow"], "block": ["Block"], "bypass": ["ByPass"]}),
    "enable": ("Active", {"yes": ["TRUE"], "no": ["FALSE"]}),
    "edge": ("Edge", {"yes": ["TRUE"], "no": []}),
    "interfacetype": (
        "IFType", {"any": [], "lan": ["Lan"], "wireless": ["Wireless"], "ras": ["RemoteAccess"]},
    ),
}  # fmt: skip
_SECURITY = {
    "notrequired": ("", "", ""),
    "authenticate": ("Authenticate", "", ""),
    "authenc": ("AuthenticateEncrypt", "", ""),
    "authnoencap": ("Authenticate", "An-NoEncap", ""),
    "authdynenc": ("AuthenticateEncrypt", "", "AnE-Nego"),
}
_TEXTS = {"name": "Name", "description": "Desc", "program": "App"}


def _choice(key: str, value: str, rule: Rule, host: Host) -> _Settings:
    field, choices = _CHOICES[key]
    if value.lower() not in choices:
        raise RuleFault("A specified value is not valid.")
    return [(field, choices[value.lower()])]


def _security(key: str, value: str, rule: Rule, host: Host) -> _Settings:
    known = dict(list(_SECURITY.items())[: 5 if host.profile.nt > (6, 0) else 3])
    if value.lower() not in known:
        raise RuleFault("A specified security value is not valid.")
    fields = ("Security", "Security2_9", "Security2")
    words = zip(fields, known[value.lower()], strict=True)
    return [(field, [word] if word else []) for field, word in words]


def _text(key: str, value: str, rule: Rule, host: Host) -> _Settings:
    anything = not value or (key == "program" and value.lower() == "any")
    return [(_TEXTS[key], [] if anything else [value])]


def _service(key: str, value: str, rule: Rule, host: Host) -> _Settings:
    return [("Svc", {"any": []}.get(value.lower(), [value]))]


def _protocol_of(key: str, value: str, rule: Rule, host: Host) -> _Settings:
    name, _, message = value.partition(":")
    number = _protocol(name)
    settings: _Settings = [("Protocol", [number] if number else [])]
    for field, protocol in (("ICMP4", "1"), ("ICMP6", "58")):
        settings.append((field, [_message(message)] if message and number == protocol else []))
    if message and number not in ("1", "58"):
        raise RuleFault("A specified protocol value is not valid.")
    return [(field, [v for v in values if v != "*:*"]) for field, values in settings]


def _message(text: str) -> str:
    """`8,any` of `icmpv4:8,any`, as the rule keeps it."""
    kind, _, code = text.partition(",")
    words = [("*" if word.lower() == "any" else word) for word in (kind, code or "any")]
    if any(word != "*" and not (word.isdigit() and int(word) < 256) for word in words):
        raise RuleFault("A specified ICMP type or code value is not valid.")
    return ":".join(words)


def _profile(key: str, value: str, rule: Rule, host: Host) -> _Settings:
    return [("Profile", profile_names(value))]


def _ports(key: str, value: str, rule: Rule, host: Host) -> _Settings:
    side = key[0].upper()
    fields = port_fields(side, value, rule.one("Protocol"), ranges=host.profile.nt > (6, 0))
    return [
        (name, [text for field, text in fields if field == name])
        for name in (f"{side}Port", f"{side}Port2_10")
    ]


def _addresses(key: str, value: str, rule: Rule, host: Host) -> _Settings:
    side = key[0].upper()
    fields = address_fields(side, value)
    return [
        (name, [text for field, text in fields if field == name])
        for name in (f"{side}A4", f"{side}A6")
    ]


_SETTERS: dict[str, Callable[[str, str, Rule, Host], _Settings]] = {
    **dict.fromkeys(_CHOICES, _choice),
    **dict.fromkeys(_TEXTS, _text),
    "service": _service,
    "protocol": _protocol_of,
    "profile": _profile,
    "security": _security,
    **dict.fromkeys(("localport", "remoteport"), _ports),
    **dict.fromkeys(("localip", "remoteip"), _addresses),
}


def _protocol(text: str) -> str:
    lower = text.lower()
    if lower == "any":
        return ""
    if lower in PROTOCOLS:
        return str(PROTOCOLS[lower])
    if lower.isdigit() and int(lower) < 256:
        return lower
    raise RuleFault("A specified protocol value is not valid.")


def profile_names(text: str) -> list[str]:
    """The Profile fields of `profile=`; empty for any."""
    names = {"domain": "Domain", "private": "Private", "public": "Public"}
    words = text.lower().split(",")
    if words == ["any"] or set(words) == set(names):
        return []
    if unknown := [word for word in words if word not in names]:
        raise RuleFault(f"A specified profile value is not valid: {unknown[0]}.")
    return [names[word] for word in names if word in words]


def port_fields(side: str, text: str, protocol: str, *, ranges: bool) -> list[tuple[str, str]]:
    """The port fields of one side. Ranges exist from 6.1 on."""
    if text.lower() == "any":
        return []
    if protocol not in ("6", "17"):
        raise RuleFault("A port can be specified only if the protocol is TCP or UDP.")
    fields = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if part.lower() in _PORT_WORDS:
            fields.append((f"{side}Port", _PORT_WORDS[part.lower()]))
        elif dash and ranges and _is_port(first) and _is_port(last) and int(first) <= int(last):
            fields.append((f"{side}Port2_10", f"{int(first)}-{int(last)}"))
        elif not dash and _is_port(part):
            fields.append((f"{side}Port", str(int(part))))
        else:
            raise RuleFault("A specified port value is not valid.")
    return fields


def _is_port(text: str) -> bool:
    return text.isdigit() and int(text) <= 65535


_ADDRESS = re.compile(
    r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)(?:/[\d.]+|-[0-9a-f.:]+)?\Z", re.IGNORECASE
)
_ADDRESS_WORDS = {"localsubnet": "LocalSubnet", "dns": "DNS", "dhcp": "DHCP", "wins": "WINS",
                  "defaultgateway": "DefaultGateway"}  # fmt: skip


def address_fields(side: str, text: str) -> list[tuple[str, str]]:
    """The address fields of one side."""
    if text.lower() == "any":
        return []
    fields = []
    for part in text.split(","):
        word = _ADDRESS_WORDS.get(part.lower())
        if word:
            fields += [(f"{side}A4", word), (f"{side}A6", word)]
        elif _ADDRESS.match(part):
            value = part
            if "." in part and "/" in part:
                address, _, mask = part.partition("/")
                value = f"{address}/{_mask(mask)}" if mask.isdigit() else part
            fields.append((f"{side}A{6 if ':' in part else 4}", value))
        else:
            raise RuleFault("A specified IP address or address keyword is not valid.")
    return fields


def _mask(prefix: str) -> str:
    bits = int(prefix)
    if bits > 32:
        raise RuleFault("A specified IP address or address keyword is not valid.")
    value = (0xFFFFFFFF << (32 - bits)) & 0xFFFFFFFF
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))
