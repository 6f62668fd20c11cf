"""`netsh advfirewall`: the profiles, and the policy as a whole."""

from __future__ import annotations

import json

from runner.lab.state.firewall import POLICY, PROFILES
from runner.lab.state.process import Process
from runner.lab.state.registry import Key, Value

__all__ = ["main"]

_TITLES = {"domain": "Domain", "private": "Private", "public": "Public"}
_MAGIC = "LABWFW1 "
_LOG = r"%systemroot%\system32\LogFiles\Firewall\pfirewall.log"
_LOG_LINE = f"{'FileName':<38}{_LOG}"


def main(process: Process, words: list[str]) -> int:
    """`show`, `set`, `export`, `import`, `reset`."""
    verb = words[0].lower() if words else ""
    if verb == "show" and len(words) >= 2:
        return _show(process, words[1].lower(), [word.lower() for word in words[2:]])
    if verb == "set" and len(words) >= 4:
        return _set(process, words[1].lower(), [word.lower() for word in words[2:]])
    if verb == "export" and len(words) == 2:
        return _export(process, words[1])
    if verb == "import" and len(words) == 2:
        return _import(process, words[1])
    return process.not_simulated(f"netsh advfirewall {' '.join(words)}")


def _profiles(process: Process, text: str) -> list[str]:
    names = {"allprofiles": list(PROFILES), "currentprofile": ["domain"]}
    names |= {f"{name}profile": [name] for name in PROFILES}
    if text not in names:
        process.not_simulated(f"netsh advfirewall ... {text}")
    return names[text]


def _number(process: Process, profile: str, value: str, default: int) -> int:
    path = f"{POLICY}\\{PROFILES[profile]}"
    found = process.host.registry.number(path, value)
    return default if found is None else found


def _show(process: Process, which: str, rest: list[str]) -> int:
    if set(rest) - {"state", "firewallpolicy"} or len(rest) > 1:
        process.not_simulated(f"netsh advfirewall show {which} {' '.join(rest)}")
    for profile in _profiles(process, which):
        state = "ON" if _number(process, profile, "EnableFirewall", 0) else "OFF"
        inbound = "Block" if _number(process, profile, "DefaultInboundAction", 1) else "Allow"
        outbound = "Block" if _number(process, profile, "DefaultOutboundAction", 0) else "Allow"
        quiet = _number(process, profile, "DisableNotifications", 0)
        lines = [f"\n{_TITLES[profile]} Profile Settings: ", "-" * 70]
        if rest != ["firewallpolicy"]:
            lines.append(f"State                                 {state}")
        if rest != ["state"]:
            lines.append(
                f"Firewall Policy                       {inbound}Inbound,{outbound}Outbound"
            )
        if not rest:
            lines += [
                "LocalFirewallRules                    N/A (GPO-store only)",
                "LocalConSecRules                      N/A (GPO-store only)",
                f"InboundUserNotification               {'Disable' if quiet else 'Enable'}",
                "RemoteManagement                      Disable",
                "UnicastResponseToMulticast            Enable",
                "",
                "Logging:",
                "LogAllowedConnections                 Disable",
                "LogDroppedConnections                 Disable",
                _LOG_LINE,
                "MaxFileSize                           4096",
                "",
            ]
        process.out("\n".join(lines) + "\n")
    process.out("Ok.\n\n")
    return 0


def _set(process: Process, which: str, rest: list[str]) -> int:
    profiles = _profiles(process, which)
    process.mutates()
    registry = process.host.registry
    if rest[0] == "state" and rest[1:] in (["on"], ["off"], ["notconfigured"]):
        for profile in profiles:
            path = f"{POLICY}\\{PROFILES[profile]}"
            if rest[1] == "notconfigured":
                return process.fail(1, "Only a Group Policy store can be set to notconfigured.\n\n")
            registry.set(path, "EnableFirewall", int(rest[1] == "on"))
    elif rest[0] == "firewallpolicy" and len(rest) == 2:
        inbound, _, outbound = rest[1].partition(",")
        inbounds = {"blockinbound": 1, "allowinbound": 0}
        outbounds = {"blockoutbound": 1, "allowoutbound": 0}
        if inbound not in inbounds or outbound not in outbounds:
            if inbound in ("blockinboundalways", "notconfigured"):
                process.not_simulated(f"netsh advfirewall set ... {rest[1]}")
            process.out("A specified value is not valid.\n\n")
            return 1
        for profile in profiles:
            path = f"{POLICY}\\{PROFILES[profile]}"
            registry.set(path, "DefaultInboundAction", inbounds[inbound])
            registry.set(path, "DefaultOutboundAction", outbounds[outbound])
    else:
        process.not_simulated(f"netsh advfirewall set {which} {' '.join(rest)}")
    process.out("Ok.\n\n")
    return 0


def _export(process: Process, name: str) -> int:
    """The policy as a file. The format is the lab's own; only the lab reads it back."""
    process.mutates()
    path = process.absolute(name)
    host = process.host
    if host.files.find(path) is not None:
        process.out("The specified file already exists.\n\n")
        return 1
    key = host.registry.find(POLICY)
    text = _MAGIC + json.dumps(_plain(key) if key else {})
    try:
        host.files.write(path, text.encode(), host.clock.now())
    except OSError:
        process.out("The system cannot find the path specified.\n\n")
        return 1
    process.out("Ok.\n\n")
    return 0


def _import(process: Process, name: str) -> int:
    process.mutates()
    entry = process.host.files.find(process.absolute(name))
    if entry is None or not (entry.content or b"").startswith(_MAGIC.encode()):
        process.out("The system cannot find the file specified.\n\n")
        return 1
    data = json.loads((entry.content or b"")[len(_MAGIC) :])
    target = process.host.registry.create(POLICY)
    target.values.clear()
    target.subkeys.clear()
    _restore(data, target)
    process.out("Ok.\n\n")
    return 0


def _plain(key: Key) -> dict[str, object]:
    return {
        "values": [
            [v.name, v.type, v.data.hex() if isinstance(v.data, bytes) else v.data]
            for v in key.values.values()
        ],
        "keys": {child.name: _plain(child) for child in key.children()},
    }


def _restore(data: dict[str, object], key: Key) -> None:
    values, keys = data.get("values", []), data.get("keys", {})
    assert isinstance(values, list)
    assert isinstance(keys, dict)
    for name, type_, stored in values:
        if type_ in ("REG_BINARY", "REG_NONE"):
            stored = bytes.fromhex(stored)
        elif isinstance(stored, list):
            stored = tuple(stored)
        key.values[name.lower()] = Value(name, type_, stored)
    for name, child in keys.items():
        _restore(child, key.subkeys.setdefault(name.lower(), Key(name)))
