"""Which system the twin of a host simulates: what is known of the host decides, the best first.

1. ``lab_os`` and ``lab_state`` of the inventory: it says itself what is to be simulated.
2. The facts that the journal has of the host: its version, role, language and architecture.
3. Variables that inventories use to say it (``os``, ``os_version``, ``ansible_distribution``...).
4. The names of its groups (``win2012r2``, ``xp``), and what they say of its role.
5. A system that is taken when nothing is known; the rehearsal says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runner.app.rehearsal.linux import DEFAULT_LINUX, linux_named, no_linux_of
from runner.errors import ModuleError
from runner.lab.linux.kinds import LINUX_KEYS
from runner.model.inventory import Host
from runner.windows.facts import WindowsFacts

DEFAULT: Final = "2019"
"""What an unknown host is taken for."""
_STATED: Final = (
    "os_version", "os", "windows_version", "operating_system", "operatingsystem", "os_name",
    "ansible_distribution", "ansible_os_name", "distribution",
)  # fmt: skip
_NAMES: Final[tuple[tuple[str, str], ...]] = (
    (r"2003", "2003-sp2"),
    (r"2008[ _.-]*r2[ _.-]*(rtm|sp0)", "2008r2"),
    (r"2008[ _.-]*r2", "2008r2-sp1"),
    (r"2008", "2008-sp2"),
    (r"2012[ _.-]*r2", "2012r2"),
    (r"2012", "2012"),
    (r"2016", "2016"),
    (r"2019", "2019"),
    (r"2022", "2022"),
    (r"2025", "2025"),
    (r"win(dows)?[ _.-]*7(?!\d)", "win7-sp1"),
    (r"win(dows)?[ _.-]*1[01](?!\d)", "win10-1607"),
)
"""Names as people write them, the longer ones first -> what the lab calls the system."""
_ABSENT: Final = re.compile(r"win(dows)?[ _.-]*(vista|8|nt|2000)|vista")
_XP: Final = re.compile(r"win(dows)?[ _.-]*xp|(?<![a-z])xp(?![a-z])")
_XP_TWIN: Final = "2003-sp2"
"""What stands in for Windows XP: Server 2003 is one number later (NT 5.1 and 5.2), with the same
tools, the same kind of updates and the same WinRM 1.1."""
_BUILDS: Final = (
    (3790, "2003-sp2"), (6003, "2008-sp2"), (7600, "2008r2"), (7601, "2008r2-sp1"),
    (9200, "2012"), (9600, "2012r2"), (14393, "2016"), (17763, "2019"), (20348, "2022"),
    (99999, "2025"),
)  # fmt: skip
"""Up to which build a server is which system of the lab."""
_CLIENTS: Final = ((7601, "win7-sp1"), (99999, "win10-1607"))
_LANGUAGES: Final = ("enu", "chs", "jpn", "deu", "rus")
_TWO_ARCHES: Final = ("2003-sp1", "2003-sp2", "2008-sp2", "win7-sp1", "win10-1607")
_CONTROLLERS: Final = re.compile(r"domain[ _-]?controllers?|(?<![a-z])dcs?(?![a-z])")
_FILERS: Final = re.compile(r"file[ _-]?servers?")


@dataclass(frozen=True, slots=True)
class System:
    """What a twin simulates. ``because`` says how that is known; ``missing`` why there is none.

    ``near`` names the system of the host where the twin can only be something near to it.
    """

    os: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    because: str = ""
    assumed: bool = False
    missing: str = ""
    near: str = ""

    @property
    def is_linux(self) -> bool:
        """Whether its twin is a Linux host: reached over SSH, with a POSIX shell."""
        return self.os in LINUX_KEYS


def system_of(
    host: Host, variables: Mapping[str, Any], facts: Mapping[str, Any] | None, default: str
) -> System:
    """What the twin of this host simulates; ``variables`` are its connection variables, rendered.

    ``facts`` are those on record, ``default`` is the system of a host of which nothing is known.
    """
    if "lab_os" in host.vars:
        state = host.vars.get("lab_state", {})
        return System(str(host.vars["lab_os"]), state, "the inventory says so (lab_os)")
    if facts is not None:
        return _of_facts(host, facts)
    if (stated := _of_variables(host)) is not None:
        return stated
    found = _of_groups(host)
    if found is None and _speaks_posix(variables):
        because = "a host over SSH, of which nothing says that it is Windows"
        return System(DEFAULT_LINUX, _samba(host), because, assumed=True)
    return found or System(default, _role(host), f"nothing says what it is: {default}", True)


def _linux(host: Host, text: str, because: str) -> System | None:
    """The twin of a Unix host that a text names; None for a text that names none."""
    text = text.casefold()
    if why := no_linux_of(text):
        return System(missing=f"{because}: {why}")
    named = linux_named(text)
    if named is None:
        return None
    return System(named.os, _samba(host), because, named.guessed)


def _samba(host: Host) -> dict[str, Any]:
    """Whoever is in a group of file servers serves files."""
    if any(_FILERS.search(group.casefold()) for group in host.groups):
        return {"linux": {"samba": True}}
    return {}


def _speaks_posix(variables: Mapping[str, Any]) -> bool:
    shell = str(variables.get("ansible_shell_type", "sh"))
    over_ssh = variables.get("ansible_connection") in ("ssh", "paramiko", "smart")
    return over_ssh and shell not in ("cmd", "powershell")


def _of_facts(host: Host, facts: Mapping[str, Any]) -> System:
    """The nearest system to what the host said of itself when it was last asked."""
    if "windows" not in facts:
        name = str(facts.get("distribution") or facts.get("os_family") or "no Windows")
        text = f"{name} {facts.get('distribution_version', '')}".strip()
        return _linux(host, text, f"its facts on record: {text}") or System(
            missing=f"the journal knows it as {text}: the lab does not have it"
        )
    try:
        seen = WindowsFacts.of(facts)
    except (ModuleError, KeyError, ValueError) as error:
        return System(missing=f"its facts on record cannot be read: {error}")
    name = seen.name
    if seen.nt == (5, 1):
        return _xp(host_language=seen.language, because=f"its facts on record: {name}")
    client = seen.product_type == "WinNT" and seen.nt > (6, 0)
    table = _CLIENTS if client else _BUILDS
    os = next(key for build, key in table if seen.build <= build)
    if os == "2003-sp2" and seen.service_pack < 2:
        os = "2003-sp1"
    state: dict[str, Any] = {}
    if seen.product_type == "LanmanNT":
        state["role"] = "domain_controller"
    if seen.language in _LANGUAGES:
        state["language"] = seen.language
    if os in _TWO_ARCHES and seen.arch in ("x86", "x64"):
        state["arch"] = seen.arch
    if seen.reboot_pending_because:
        state["reboot_pending"] = True
    return System(os, state, f"its facts on record: {name}")


def _of_variables(host: Host) -> System | None:
    for name in _STATED:
        value = host.vars.get(name)
        if not isinstance(value, str | int | float) or "{{" in (text := str(value).casefold()):
            continue
        said = f"its variable {name}: {value}"
        if (linux := _linux(host, text, said)) is not None:
            return linux
        if (os := _named(text, bare=True)) is not None:
            return System(os, _role(host), said)
        if _XP.search(text):
            return _xp(because=said)
        if _ABSENT.search(text):
            return System(missing=f"{said}: the lab does not have it")
    return None


def _of_groups(host: Host) -> System | None:
    for group in host.groups:
        text = group.casefold()
        if (linux := _linux(host, text, f"its group {group}")) is not None:
            return linux
        if (os := _named(text, bare=False)) is not None:
            return System(os, _role(host), f"its group {group}")
        if _XP.search(text):
            return _xp(because=f"its group {group}")
        if _ABSENT.search(text):
            return System(missing=f"it is in the group {group}: the lab does not have that system")
    return None


def _xp(*, because: str, host_language: str = "") -> System:
    state: dict[str, Any] = {"arch": "x86"}
    if host_language in _LANGUAGES:
        state["language"] = host_language
    return System(_XP_TWIN, state, because, near="Windows XP")


def _named(text: str, *, bare: bool) -> str | None:
    """The system that a text names; with ``bare`` a year alone is enough."""
    for pattern, os in _NAMES:
        named = re.search(pattern, text)
        if named and (bare or re.search(rf"(win|srv|server|^|_|-){pattern}", text)):
            return os
    return None


def _role(host: Host) -> dict[str, Any]:
    """What the names of its groups say that it does."""
    names: Iterator[str] = (group.casefold() for group in host.groups)
    for text in names:
        if _CONTROLLERS.search(text):
            return {"role": "domain_controller"}
        if _FILERS.search(text):
            return {"role": "file_server", "shares": {"data": "C:\\data"}}
    return {}
