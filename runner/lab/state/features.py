"""Optional features: their states, and what the SMB 1 feature brings and takes away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runner.lab.state.files import Entry
from runner.lab.state.registry import Key
from runner.lab.state.roles import Role, roles_of

if TYPE_CHECKING:
    from runner.lab.state.host import Host

__all__ = ["Feature", "Features"]

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
WORKSTATION = SERVICES + r"\LanmanWorkstation"


@dataclass(slots=True)
class Feature:
    """One optional feature. `pending` is the state after the next restart, if another."""

    name: str
    display_name: str
    enabled: bool
    pending: bool | None = None

    @property
    def state(self) -> str:
        """The state as DISM prints it."""
        if self.pending is not None:
            return "Enable Pending" if self.pending else "Disable Pending"
        return "Enabled" if self.enabled else "Disabled"


@dataclass(slots=True)
class _Payload:
    """What the SMB 1 feature consists of while it is switched off."""

    keys: dict[str, Key]
    files: list[Entry]
    depends: tuple[str, ...]


class Features:
    """The optional features of one machine."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._payload: _Payload | None = None
        self._features: dict[str, Feature] = {}
        profile = host.profile
        if profile.nt >= (6, 1):
            self._add("TelnetClient", "Telnet Client", enabled=False)
        self.roles = roles_of(profile)
        if profile.nt >= (6, 3):
            self._add("SMB1Protocol", "SMB 1.0/CIFS File Sharing Support", enabled=True)

    def _add(self, name: str, display_name: str, *, enabled: bool) -> None:
        self._features[name.lower()] = Feature(name, display_name, enabled)

    def find(self, name: str) -> Feature | None:
        return self._features.get(name.lower())

    def __iter__(self) -> Iterator[Feature]:
        return iter(sorted(self._features.values(), key=lambda feature: feature.name))

    def set_at_once(self, name: str, *, enabled: bool) -> None:
        """Put a feature into a state without a restart, as a machine is found."""
        feature = self._features[name.lower()]
        if feature.enabled != enabled:
            feature.pending = enabled
            self.boot()

    def boot(self) -> None:
        """Make pending changes effective."""
        for feature in self._features.values():
            if feature.pending is None:
                continue
            changed = feature.pending != feature.enabled
            feature.enabled, feature.pending = feature.pending, None
            if changed and feature.name == "SMB1Protocol":
                if feature.enabled:
                    self._bring_smb1()
                else:
                    self._take_smb1()

    def _take_smb1(self) -> None:
        host = self._host
        payload = _Payload({}, [], host.registry.strings(WORKSTATION, "DependOnService"))
        services = host.registry.create(SERVICES)
        for name in ("srv", "mrxsmb10"):
            key = services.subkeys.pop(name, None)
            if key is not None:
                payload.keys[name] = key
            entry = host.files.find(rf"{host.system_root}\System32\drivers\{name}.sys")
            if entry is not None:
                payload.files.append(entry)
                host.files.remove(entry.path)
        rest = tuple(name for name in payload.depends if name.lower() != "mrxsmb10")
        host.registry.set(WORKSTATION, "DependOnService", rest)
        self._payload = payload

    def _bring_smb1(self) -> None:
        host = self._host
        payload, self._payload = self._payload, None
        if payload is None:
            return
        host.registry.create(SERVICES).subkeys.update(payload.keys)
        for entry in payload.files:
            host.files.put(entry)
        now = host.registry.strings(WORKSTATION, "DependOnService")
        rest = tuple(name for name in payload.depends if name.lower() != "mrxsmb10")
        depends = payload.depends if now == rest else (*now, "MRxSmb10")
        host.registry.set(WORKSTATION, "DependOnService", depends)

    def dump(self) -> dict[str, str]:
        """States by name."""
        states = {feature.name: feature.state for feature in self}
        for role in self.roles:
            states[f"role {role.name}"] = "Installed" if self.has_role(role) else "Available"
        return states

    def has_role(self, role: Role) -> bool:
        """Whether Server Manager counts it as installed."""
        same = self.find(role.dism) if role.dism else None
        return same.enabled if same else role.installed

    def set_role(self, role: Role, *, installed: bool) -> None:
        """Install or remove it."""
        same = self.find(role.dism) if role.dism else None
        if same:
            same.enabled = installed
        role.installed = installed
