"""`netsh firewall` of Server 2003: operation mode, open ports, services.

Source: Microsoft cc771046 ("Netsh firewall"). The settings are registry values; a port is
`445:TCP:*:Enabled:name`.
"""

from __future__ import annotations

from runner.lab.state.firewall import POLICY
from runner.lab.state.process import Process

__all__ = ["main"]

_PROFILES = {"domain": "DomainProfile", "standard": "StandardProfile"}
_SERVICES = {
    "fileandprint": (("139", "TCP"), ("445", "TCP"), ("137", "UDP"), ("138", "UDP")),
    "remotedesktop": (("3389", "TCP"),),
    "upnp": (("1900", "UDP"), ("2869", "TCP")),
}


class _Wrong(Exception):
    """The words are not those of the command."""


def main(process: Process, words: list[str]) -> int:
    """`show|set|add|delete` of opmode, portopening and service."""
    verb = " ".join(word.lower() for word in words[:2])
    verbs = {
        "show state": _show_state, "show opmode": _show_opmode, "show portopening": _show_ports,
        "set opmode": _set_opmode, "set portopening": _set_port, "add portopening": _set_port,
        "delete portopening": _delete_port, "set service": _set_service,
    }  # fmt: skip
    if verb not in verbs:
        process.not_simulated(f"netsh firewall {verb}")
    try:
        return verbs[verb](process, words[2:])
    except _Wrong:
        process.out("One or more essential parameters were not entered.\n\n")
        return 1


def _pairs(words: list[str], order: tuple[str, ...]) -> dict[str, str]:
    """`key=value` words, or values alone in their documented order."""
    pairs: dict[str, str] = {}
    for at, word in enumerate(words):
        key, equals, value = word.partition("=")
        if not equals:
            if at >= len(order):
                raise _Wrong
            key, value = order[at], word
        if key.lower() not in order:
            raise _Wrong
        pairs[key.lower()] = value
    return pairs


def _selected(process: Process, text: str) -> list[str]:
    """The profiles that `profile=` means; CURRENT is the domain profile in the lab."""
    choices = {"all": list(_PROFILES), "current": ["domain"]} | {n: [n] for n in _PROFILES}
    if text.lower() not in choices:
        raise _Wrong
    return [f"{POLICY}\\{_PROFILES[name]}" for name in choices[text.lower()]]


def _enabled(text: str) -> bool:
    if text.lower() not in ("enable", "disable"):
        raise _Wrong
    return text.lower() == "enable"


def _ok(process: Process) -> int:
    process.out("Ok.\n\n")
    return 0


def _set_opmode(process: Process, words: list[str]) -> int:
    pairs = _pairs(words, ("mode", "exceptions", "profile", "interface"))
    if "interface" in pairs:
        process.not_simulated("netsh firewall set opmode interface=")
    if "mode" not in pairs:
        raise _Wrong
    process.mutates()
    for path in _selected(process, pairs.get("profile", "current")):
        process.host.registry.set(path, "EnableFirewall", int(_enabled(pairs["mode"])))
        allowed = _enabled(pairs.get("exceptions", "enable"))
        process.host.registry.set(path, "DoNotAllowExceptions", int(not allowed))
    return _ok(process)


_PORT_WORDS = ("protocol", "port", "name", "mode", "scope", "addresses", "profile", "interface")


def _set_port(process: Process, words: list[str]) -> int:
    pairs = _pairs(words, _PORT_WORDS)
    if "interface" in pairs:
        process.not_simulated("netsh firewall portopening interface=")
    port, protocol = pairs.get("port", ""), pairs.get("protocol", "").upper()
    if not port.isdigit() or protocol not in ("TCP", "UDP", "ALL"):
        raise _Wrong
    scopes = {"all": "*", "subnet": "LocalSubNet", "custom": pairs.get("addresses", "")}
    scope = scopes.get(pairs.get("scope", "all").lower(), "")
    if not scope:
        raise _Wrong
    process.mutates()
    mode = "Enabled" if _enabled(pairs.get("mode", "enable")) else "Disabled"
    for path in _selected(process, pairs.get("profile", "current")):
        for kind in ("TCP", "UDP") if protocol == "ALL" else (protocol,):
            _store(process, path, port, kind, scope, mode, pairs.get("name", ""))
    return _ok(process)


def _store(
    process: Process, path: str, port: str, protocol: str, scope: str, mode: str, name: str
) -> None:
    value = f"{port}:{protocol}:{scope}:{mode}:{name}"
    process.host.registry.set(f"{path}\\GloballyOpenPorts\\List", f"{port}:{protocol}", value)


def _delete_port(process: Process, words: list[str]) -> int:
    pairs = _pairs(words, ("protocol", "port", "profile", "interface"))
    if "port" not in pairs or "protocol" not in pairs:
        raise _Wrong
    process.mutates()
    name = f"{pairs['port']}:{pairs['protocol'].upper()}"
    for path in _selected(process, pairs.get("profile", "current")):
        process.host.registry.delete_value(f"{path}\\GloballyOpenPorts\\List", name)
    return _ok(process)


def _set_service(process: Process, words: list[str]) -> int:
    pairs = _pairs(words, ("type", "mode", "scope", "addresses", "profile"))
    ports = _SERVICES.get(pairs.get("type", "").lower())
    if ports is None:
        process.not_simulated(f"netsh firewall set service type={pairs.get('type', '')}")
    process.mutates()
    mode = "Enabled" if _enabled(pairs.get("mode", "enable")) else "Disabled"
    scopes = {"all": "*", "subnet": "LocalSubNet", "custom": pairs.get("addresses", "")}
    scope = scopes.get(pairs.get("scope", "subnet").lower(), "")
    if not scope:
        raise _Wrong
    for path in _selected(process, pairs.get("profile", "current")):
        for port, protocol in ports:
            _store(process, path, port, protocol, scope, mode, "@xpsp2res.dll,-22005")
    return _ok(process)


def _show_opmode(process: Process, words: list[str]) -> int:
    for title, name in _PROFILES.items():
        path = f"{POLICY}\\{name}"
        on = process.host.registry.number(path, "EnableFirewall")
        closed = process.host.registry.number(path, "DoNotAllowExceptions")
        process.out(f"\n{title.capitalize()} profile configuration:\n{'-' * 67}\n")
        process.out(f"Operational mode                  = {'Enable' if on else 'Disable'}\n")
        process.out(f"Exception mode                    = {'Disable' if closed else 'Enable'}\n")
    process.out("\n")
    return 0


def _show_state(process: Process, words: list[str]) -> int:
    on = process.host.registry.number(POLICY + r"\DomainProfile", "EnableFirewall")
    process.out(f"\nFirewall status:\n{'-' * 67}\n")
    process.out("Profile                           = Domain\n")
    process.out(f"Operational mode                  = {'Enable' if on else 'Disable'}\n\n")
    return 0


def _show_ports(process: Process, words: list[str]) -> int:
    for title, name in _PROFILES.items():
        process.out(f"\nPort configuration for {title.capitalize()} profile:\n")
        process.out(f"Port   Protocol  Mode     Name\n{'-' * 67}\n")
        key = process.host.registry.find(f"{POLICY}\\{name}\\GloballyOpenPorts\\List")
        for value in key.values.values() if key else ():
            port, protocol, _, mode, text = str(value.data).split(":", 4)
            process.out(f"{port:<6} {protocol:<9} {mode.removesuffix('d'):<8} {text}\n")
    process.out("\n")
    return 0
