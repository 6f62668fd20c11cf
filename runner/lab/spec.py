"""What a simulated fleet consists of: one `HostSpec` a machine, checked before it is served."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from runner.lab.linux.kinds import LINUX_KEYS
from runner.lab.linux.spec import LinuxSpec
from runner.lab.ports.books import FAULT_KINDS
from runner.lab.profiles.table import ARCHES_OF, OS_KEYS

__all__ = [
    "FileSpec",
    "FirewallSpec",
    "GroupSpec",
    "HostSpec",
    "LabSpec",
    "LabState",
    "RegistryValueSpec",
    "ServiceSpec",
    "UserSpec",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


RegistryType = Literal[
    "REG_SZ",
    "REG_EXPAND_SZ",
    "REG_MULTI_SZ",
    "REG_DWORD",
    "REG_QWORD",
    "REG_BINARY",
    "REG_NONE",
]


class RegistryValueSpec(_Frozen):
    """A registry value with its type. Binary data is hex digits, a multi string is a list."""

    type: RegistryType
    data: str | int | list[str]


def _typed(value: object) -> object:
    """Let `SMB1: 0` stand for a REG_DWORD, text for a REG_SZ and a list for a REG_MULTI_SZ."""
    if isinstance(value, bool):
        # pydantic reports a ValueError as a wrong input, a TypeError as a crash
        raise ValueError("a registry value is text, a number, a list or {type:, data:}")  # noqa: TRY004
    if isinstance(value, int):
        return {"type": "REG_DWORD", "data": value}
    if isinstance(value, str):
        return {"type": "REG_SZ", "data": value}
    if isinstance(value, list):
        return {"type": "REG_MULTI_SZ", "data": value}
    return value


Registry = dict[str, dict[str, Annotated[RegistryValueSpec, BeforeValidator(_typed)]]]
"""Values by key and name."""


class ServiceSpec(_Frozen):
    """A service that differs from the operating system's own table, or one that is added to it."""

    state: Literal["running", "stopped"] | None = None
    start: Literal["boot", "system", "auto", "delayed-auto", "demand", "disabled"] | None = None
    display_name: str | None = None
    description: str | None = None
    depends: list[str] | None = None
    path: str | None = None
    account: str | None = None


class FileSpec(_Frozen):
    """A file: its text (stored as UTF-8), or only SHA-1 and size where bytes do not matter.

    `base64` are bytes that are no text. `zip` makes it an archive of files with these texts, `hive`
    a registry hive with these keys.
    `attributes` are letters such as `RH`; `acl` are permissions of its own, as SDDL, `owner` is a
    SID. `memory_mb` makes it a program that takes so much memory, and of which no more is known,
    `tool` one that newer systems come with and somebody put here.
    """

    content: str | None = None
    base64: Base64Bytes | None = None
    zip: dict[str, str] | None = None
    hive: Registry | None = None
    attributes: Annotated[str, Field(pattern=r"^[ARHS]*$")] = "A"
    acl: str = ""
    owner: Annotated[str, Field(pattern=r"^(S-1-[\d-]+)?$")] = ""
    sha1: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{40}$")] | None = None
    size: Annotated[int, Field(ge=0)] | None = None
    version: str | None = None
    created: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d)?$")] | None = None
    memory_mb: Annotated[int, Field(gt=0)] | None = None
    tool: Literal["curl", "tar"] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> FileSpec:
        if self.tool and (self.sha1 is None or self.memory_mb):
            raise ValueError("a tool: has a sha1:, and no memory_mb:")
        if [self.content, self.base64, self.sha1, self.zip, self.hive].count(None) != 4:
            raise ValueError(
                "a file has either content: or sha1: (with size:), or base64: or zip: or hive:"
            )
        return self


class FirewallSpec(_Frozen):
    """The state of the host firewall, the same for all profiles, and rules as netsh words.

    `rules` maps a rule name to the text after `add rule name=...`, such as
    `dir=in action=allow protocol=TCP localport=445`.
    """

    enabled: bool | None = None
    inbound: Literal["block", "allow"] | None = None
    outbound: Literal["block", "allow"] | None = None
    rules: dict[str, str] = {}


class UserSpec(_Frozen):
    """A user of the machine itself, beside the two that every Windows has."""

    full_name: str = ""
    description: str = ""
    disabled: bool = False
    locked: bool = False
    password_expires: bool = True
    password_changeable: bool = True
    password_required: bool = True


class GroupSpec(_Frozen):
    """A local group, by name or identifier (``S-1-5-32-544``); ``members`` are all of them."""

    description: str | None = None
    members: list[str] | None = None


def _kb(value: object) -> object:
    text = f"KB{value}" if isinstance(value, int) else value
    if not isinstance(text, str) or not re.fullmatch(r"(?i)KB\d{5,8}", text):
        raise ValueError(f"{value!r} is not a knowledge base number such as KB4012212")
    return text.upper()


def _absolute(path: str) -> str:
    if not re.match(r"^([A-Za-z]:|\\\\[^\\]+\\[^\\]+)\\", path):
        raise ValueError(f"{path!r} is not an absolute Windows path such as C:\\WR\\x.msu")
    return path


def _known_os(value: str) -> str:
    known = OS_KEYS | LINUX_KEYS
    if value not in known:
        raise ValueError(f"unknown os {value!r}; the lab knows: {', '.join(sorted(known))}")
    return value


def _known_fault(kind: str) -> str:
    if kind not in FAULT_KINDS:
        raise ValueError(f"unknown fault {kind!r}; there are: {', '.join(FAULT_KINDS)}")
    return kind


_OF_LINUX = frozenset({"linux", "powered", "latency", "reboot_seconds", "after_restart"})
FaultKind = Annotated[str, AfterValidator(_known_fault)]
Kb = Annotated[str, BeforeValidator(_kb)]
Path = Annotated[str, AfterValidator(_absolute)]


class LabState(_Frozen):
    """How one machine differs from a fresh installation of its operating system.

    Durations are seconds. `packages` maps a directory on the machine to the names of the update
    packages that lie there; a name tells what the package is and, by its 40 hex digits, its SHA-1.
    `antivirus` names products of others that a client's Security Center knows. `dns_zones` are
    primary zones in files, on a machine whose role brings a DNS server. A Linux host takes
    `linux`, and of the rest only `powered`, `latency`, `reboot_seconds` and `after_restart`.
    """

    role: Literal["member", "domain_controller", "file_server", "dns_server"] = "member"
    powered: bool = True
    language: Literal["enu", "chs", "jpn", "deu", "rus"] = "enu"
    shell_codepages: Literal["honoured", "ignored", "refused"] = "honoured"
    arch: Literal["x86", "x64"] | None = None
    updates: list[Kb] = []
    reboot_pending: bool = False
    registry: Registry = {}
    services: dict[str, ServiceSpec] = {}
    files: dict[Path, FileSpec] = {}
    packages: dict[Path, list[str]] = {}
    firewall: FirewallSpec = FirewallSpec()
    shares: dict[str, Path] = {}
    users: dict[str, UserSpec] = {}
    groups: dict[str, GroupSpec] = {}
    processes: list[str] = []
    antivirus: list[str] = []
    dns_zones: list[str] = []
    latency: Annotated[float, Field(ge=0)] = 0.0
    reboot_seconds: Annotated[float, Field(ge=0)] = 2.0
    after_restart: dict[FaultKind, Annotated[int, Field(ge=0)]] = {}
    update_seconds: Annotated[float, Field(ge=0)] = 0.3
    smb1: bool | None = None
    clock_offset: float = 0.0
    disk_free: Annotated[int, Field(ge=0)] = 21_474_836_480
    linux: LinuxSpec | None = None


class HostSpec(_Frozen):
    """One machine of the fleet and the address at which it is served.

    ``backend`` is what answers behind the front: the lab's own machine, or Wine.
    """

    name: Annotated[str, Field(min_length=1, max_length=63)]
    address: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)]
    scheme: Literal["http", "https", "ssh"] = "http"
    shell: Literal["cmd", "powershell", "sh"] = "cmd"
    """What the host's OpenSSH starts (on Windows: DefaultShell)."""
    user: str
    password: str = Field(repr=False)
    os: Annotated[str, AfterValidator(_known_os)]
    backend: Literal["simulated", "wine"] = "simulated"
    state: LabState = LabState()

    @model_validator(mode="after")
    def _arch_exists(self) -> HostSpec:
        if self.os in LINUX_KEYS:
            return self._checked_linux()
        if self.state.linux is not None or self.shell == "sh":
            raise ValueError(f"{self.os} is no Linux")
        arches = ARCHES_OF[self.os]
        if self.state.arch is not None and self.state.arch not in arches:
            raise ValueError(f"{self.os} exists for {' and '.join(arches)} only")
        return self

    def _checked_linux(self) -> HostSpec:
        if (self.scheme, self.shell, self.backend) != ("ssh", "sh", "simulated"):
            raise ValueError(f"{self.os} is reached over ssh, with the shell sh")
        if extra := sorted(self.state.model_fields_set - _OF_LINUX):
            raise ValueError(f"a Linux host takes no {', '.join(extra)} in its state")
        return self


class LabSpec(_Frozen):
    """The whole fleet. Names and (address, port) pairs are unique."""

    hosts: tuple[HostSpec, ...]

    @model_validator(mode="after")
    def _unique(self) -> LabSpec:
        seen: set[Any] = set()
        for host in self.hosts:
            keys: list[Any] = [host.name.lower()]
            if host.port:  # port 0 asks the system for a free one
                keys.append((host.address, host.port))
            for key in keys:
                if key in seen:
                    raise ValueError(f"host {host.name}: {key} is used twice")
                seen.add(key)
        return self
