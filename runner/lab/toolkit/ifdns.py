"""`netsh interface ip|ipv4|ipv6 set|add dns|dnsservers`: the DNS servers of an adapter.

Source: Microsoft, "Netsh commands for Interface IP" (Server 2003) and "Netsh Commands for Interface
Internet Protocol version 4". `validate` came with Windows 7 and Server 2008 R2; without it the
servers are asked, and none answers in the lab.
"""

from __future__ import annotations

import ipaddress

from runner.lab.state.process import Process

__all__ = ["is_for", "main"]

_NETWORK = r"HKLM\SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"
_SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
_NOT_FOUND = "The filename, directory name, or volume label syntax is incorrect.\n\n"
_UNREACHABLE = "The configured DNS server is incorrect or does not exist.\n\n"


def is_for(words: list[str]) -> bool:
    """Whether these words, behind `interface`, are about DNS servers."""
    lower = [word.lower() for word in words[:3]]
    return (
        len(lower) == 3
        and lower[0] in ("ip", "ipv4", "ipv6")
        and lower[1] in ("set", "add")
        and lower[2] in ("dns", "dnsserver", "dnsservers")
    )


def main(process: Process, words: list[str]) -> int:
    """One `set` or `add`; a failure is exit code 1."""
    family, verb = words[0].lower(), words[1].lower()
    legacy = process.host.profile.legacy
    if legacy and (family != "ip" or words[2].lower() != "dns"):
        process.out(f"The following command was not found: interface {' '.join(words)}.\n")
        return 1
    pairs = {key.lower(): value for key, _, value in (word.partition("=") for word in words[3:])}
    given = pairs.get("addr", pairs.get("address", ""))
    guid = _adapter(process, pairs.get("name", ""))
    known = {"name", "source", "addr", "address", "register", "index"}
    if process.host.profile.nt >= (6, 1):
        known.add("validate")
    if not set(pairs) <= known:
        process.out("The syntax supplied for this command is not valid.\n\n")
        return 1
    if not guid:
        process.out(_NOT_FOUND)
        return 1
    version = 6 if family == "ipv6" else 4
    key = rf"{_SERVICES}\Tcpip{'6' if version == 6 else ''}\Parameters\Interfaces\{guid}"
    process.mutates()
    return _change(process, key, verb, pairs.get("source", "").lower(), given, version, pairs)


def _change(
    process: Process, key: str, verb: str, source: str, given: str, version: int,
    pairs: dict[str, str],
) -> int:  # fmt: skip
    registry = process.host.registry
    now = [part for part in registry.text(key, "NameServer").split(",") if part]
    if verb == "set" and source == "dhcp":
        if version == 4 and registry.number(key, "EnableDHCP") != 1:
            process.out("DHCP is not enabled on this interface.\n\n")
            return 1
        now = []
    elif verb == "set" and given.lower() == "none":
        now = []
    elif not _is_address(given, version) or (verb == "set" and source != "static"):
        process.out("The syntax supplied for this command is not valid.\n\n")
        return 1
    elif verb == "set":
        now = [given]
    else:
        if given in now:
            process.out("The object already exists.\n\n")
            return 1
        now.insert(int(pairs.get("index", len(now) + 1)) - 1, given)
    registry.set(key, "NameServer", ",".join(now))
    if now and pairs.get("validate", "yes").lower() != "no" and process.host.profile.nt >= (6, 1):
        process.out(_UNREACHABLE)
        return 1
    process.out("Ok.\n\n" if process.host.profile.legacy else "\n")
    return 0


def _is_address(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def _adapter(process: Process, name: str) -> str:
    """The GUID of the adapter of that name; an empty string when there is none."""
    registry = process.host.registry
    network = registry.find(_NETWORK)
    for child in network.children() if network else ():
        if registry.text(rf"{_NETWORK}\{child.name}\Connection", "Name").lower() == name.lower():
            return child.name
    return ""
