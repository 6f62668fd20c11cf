"""Puts a machine together from its operating system and the differences that its spec asks for."""

from __future__ import annotations

import calendar
import hashlib
import io
import re
import time
import zipfile
from functools import lru_cache

from runner.lab.profiles.files import fresh_files
from runner.lab.profiles.firewall import fresh_firewall
from runner.lab.profiles.registry import fresh_registry
from runner.lab.profiles.table import OsProfile
from runner.lab.spec import FileSpec, HostSpec, RegistryValueSpec, ServiceSpec
from runner.lab.state import firewall
from runner.lab.state.dns import Zone
from runner.lab.state.files import Entry, FileSystem
from runner.lab.state.firewall_words import fields_of
from runner.lab.state.hives import packed
from runner.lab.state.host import Host
from runner.lab.state.images import place_program
from runner.lab.state.packages import package_name
from runner.lab.state.paths import absolute, root_of
from runner.lab.state.registry import Data, Key, Registry
from runner.lab.toolkit.sharetext import share_values

__all__ = ["SHARES", "fresh_host"]

_CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
_SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
SHARES = _SERVICES + r"\LanmanServer\Shares"
_STARTS = {"boot": 0, "system": 1, "auto": 2, "delayed-auto": 2, "demand": 3, "disabled": 4}


@lru_cache(maxsize=64)
def _baseline(profile: OsProfile, role: str) -> tuple[Registry, FileSystem]:
    return fresh_registry(profile, role), fresh_files(profile)


def fresh_host(spec: HostSpec, profile: OsProfile) -> Host:
    """A machine as the spec describes it, not yet started. Raises ValueError for a wrong spec."""
    state = spec.state
    registry, files = (part.clone() for part in _baseline(profile, state.role))
    assert isinstance(registry, Registry)
    assert isinstance(files, FileSystem)
    host = Host(spec.name, profile, state, registry, files)
    fresh_firewall(registry, profile, "" if profile.legacy else firewall.rule_version(host))
    _name(host)
    _smb1(host)
    _contents(host, spec.user)
    if host.dns is not None:
        host.add_program(rf"{host.system_root}\System32\dnscmd.exe", "dnscmd")
        host.files.make_dirs(rf"{host.system_root}\System32\dns")
        for zone in state.dns_zones:
            host.dns.add(Zone(zone, f"{zone}.dns"))
            path = rf"{host.system_root}\System32\dns\{zone}.dns"
            host.files.put(Entry(path, content=b"", size=0, created=1494806400.0))
    elif state.dns_zones:
        raise ValueError(f"host {host.name}: dns_zones need the role of a DNS server")
    for path, values in state.registry.items():
        host.registry.create(path)
        for name, value in values.items():
            host.registry.set(path, name, _data(path, name, value), value.type)
    for name, service in state.services.items():
        _configure(host, name, service)
    for kb in state.updates:
        host.servicing.found_installed(kb)
    _firewall(host)
    return host


def _name(host: Host) -> None:
    computer = host.name.split(".")[0].upper()[:15]
    for key in ("ActiveComputerName", "ComputerName"):
        host.registry.set(f"{_CONTROL}\\ComputerName\\{key}", "ComputerName", computer)
    host.registry.set(_SERVICES + r"\Tcpip\Parameters", "Hostname", host.name.split(".")[0])
    host.registry.set(_SERVICES + r"\Tcpip\Parameters", "NV Hostname", host.name.split(".")[0])


def _smb1(host: Host) -> None:
    profile, wanted = host.profile, host.spec.smb1
    if host.servicing.features.find("SMB1Protocol"):
        enabled = wanted if wanted is not None else profile.srv_version is not None
        host.servicing.features.set_at_once("SMB1Protocol", enabled=enabled)
    elif profile.legacy and wanted is False:
        raise ValueError(f"host {host.name}: Server 2003 has no other SMB than SMB 1")
    elif wanted is not None:
        parameters = _SERVICES + r"\LanmanServer\Parameters"
        host.registry.set(parameters, "SMB1", int(wanted))


def _contents(host: Host, user: str) -> None:
    state = host.spec
    host.make_home(user)
    for path, file in state.files.items():
        entry = _file(absolute(path, "C:\\"), file)
        if entry.path.startswith("\\\\"):
            host.files.mount(root_of(entry.path))
        host.files.put(entry)
    for directory, names in state.packages.items():
        host.files.make_dirs(absolute(directory, "C:\\"))
        for name in names:
            host.files.put(_package(host, absolute(name, directory), name))
    for share, path in state.shares.items():
        host.files.make_dirs(absolute(path, "C:\\"))
        host.registry.set(SHARES, share, share_values(share, path))
    if state.role == "domain_controller":
        sysvol = rf"{host.system_root}\SYSVOL\sysvol"
        host.files.make_dirs(sysvol + r"\lab.example\SCRIPTS")
        for share, path in (("SYSVOL", sysvol), ("NETLOGON", sysvol + r"\lab.example\SCRIPTS")):
            host.registry.set(SHARES, share, share_values(share, path))


def _file(path: str, file: FileSpec) -> Entry:
    created = 1494806400.0
    if file.created:
        text = file.created.replace("T", " ")
        form = "%Y-%m-%d %H:%M:%S" if len(text) > 10 else "%Y-%m-%d"
        created = float(calendar.timegm(time.strptime(text, form)))
    if file.sha1 is None:
        content = file.base64 if file.base64 is not None else _archive(file.zip)
        content = content if file.hive is None else _hive(file.hive)
        content = content if file.content is None else file.content.encode()
        return Entry(path, content=content, size=len(content), version=file.version,
                     attributes=file.attributes, acl=file.acl, owner=file.owner,
                     created=created, modified=created)  # fmt: skip
    return Entry(path, content=None, size=file.size or 0, known_sha1=(file.sha1 or "").lower(),
                 version=file.version, attributes=file.attributes, acl=file.acl, owner=file.owner,
                 program=file.tool or (None if file.memory_mb is None else "hungry"),
                 memory_mb=file.memory_mb or 0,
                 created=created, modified=created)  # fmt: skip


def _hive(keys: dict[str, dict[str, RegistryValueSpec]]) -> bytes:
    """A registry hive; the paths are those below its root."""
    root = Key("")
    for path, values in keys.items():
        key = root
        for part in filter(None, path.split("\\")):
            key = key.subkeys.setdefault(part.lower(), Key(part))
        for name, value in values.items():
            key.set(name, value.type, _data(path, name, value))
    return packed(root)


def _archive(files: dict[str, str] | None) -> bytes:
    """A ZIP archive, the same bytes for the same files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in (files or {}).items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return made.getvalue()


def _package(host: Host, path: str, name: str) -> Entry:
    package = package_name(name)
    if package is None:
        raise ValueError(f"host {host.name}: {name!r} is not the name of an update package")
    sha1 = package.sha1 or hashlib.sha1(name.lower().encode()).hexdigest()
    return Entry(path, content=None, size=int(sha1[:6], 16) + 500_000, known_sha1=sha1,
                 created=1494806400.0, modified=1494806400.0, package=name.lower())  # fmt: skip


def _data(path: str, name: str, value: RegistryValueSpec) -> Data:
    data = value.data
    wrong = ValueError(f"registry value {path}\\{name}: {data!r} is not data of {value.type}")
    if value.type in ("REG_DWORD", "REG_QWORD"):
        if not isinstance(data, int) or not 0 <= data < 1 << (32 if value.type[4] == "D" else 64):
            raise wrong
        return data
    if value.type == "REG_MULTI_SZ":
        if not isinstance(data, list):
            raise wrong
        return tuple(data)
    if not isinstance(data, str):
        raise wrong
    if value.type in ("REG_BINARY", "REG_NONE"):
        if not re.fullmatch(r"([0-9a-fA-F]{2})*", data):
            raise wrong
        return bytes.fromhex(data)
    return data


def _configure(host: Host, name: str, service: ServiceSpec) -> None:
    path = f"{_SERVICES}\\{name}"
    registry = host.registry
    if registry.find(path) is None:
        registry.set(path, "Type", 0x10)
        registry.set(path, "Start", 3)
        registry.set(path, "ErrorControl", 1)
        registry.set(path, "ImagePath", rf"C:\{name}\{name}.exe", "REG_EXPAND_SZ")
        registry.set(path, "DisplayName", service.display_name or name)
        registry.set(path, "ObjectName", "LocalSystem")
    if service.start is not None:
        registry.set(path, "Start", _STARTS[service.start])
        registry.delete_value(path, "DelayedAutostart")
        if service.start == "delayed-auto":
            registry.set(path, "DelayedAutostart", 1)
    texts = {"DisplayName": service.display_name, "Description": service.description,
             "ObjectName": service.account}  # fmt: skip
    for value, text in texts.items():
        if text is not None:
            registry.set(path, value, text)
    if service.path is not None:
        registry.set(path, "ImagePath", service.path, "REG_EXPAND_SZ")
    place_program(host, registry.text(path, "ImagePath"))
    if service.depends is not None:
        registry.delete_value(path, "DependOnService")
        if service.depends:
            registry.set(path, "DependOnService", tuple(service.depends))


def _firewall(host: Host) -> None:
    wanted = host.spec.firewall
    names = ["DomainProfile", "StandardProfile"]
    if not host.profile.legacy:
        names.append("PublicProfile")
    elif wanted.rules or wanted.inbound or wanted.outbound:
        raise ValueError(f"host {host.name}: the firewall of Server 2003 has no such rules")
    for name in names:
        path = f"{firewall.POLICY}\\{name}"
        if wanted.enabled is not None:
            host.registry.set(path, "EnableFirewall", int(wanted.enabled))
        if wanted.inbound is not None:
            host.registry.set(path, "DefaultInboundAction", int(wanted.inbound == "block"))
        if wanted.outbound is not None:
            host.registry.set(path, "DefaultOutboundAction", int(wanted.outbound == "block"))
    for name, text in wanted.rules.items():
        words = dict(word.split("=", 1) for word in text.split())
        rule = firewall.Rule(
            host.new_guid(), firewall.rule_version(host),
            fields_of({"name": name, **words}, host),
        )  # fmt: skip
        host.registry.set(firewall.RULES, rule.id, firewall.rule_text(rule))
