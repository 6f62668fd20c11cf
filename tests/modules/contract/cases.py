"""What the contract suite runs: for every module, tasks on simulated hosts, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PACKAGES: Final = r"C:\WR"
SERVER_PARAMETERS: Final = r"HKLM:\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters"

KB_2003: Final = (
    "windowsserver2003-kb4012598-x86-custom-enu_f617caf6e7ee6f43abe4b386cb1d26b3318693cf.exe"
)
KB_2008: Final = "windows6.0-kb4012598-x64_6a186ba2b2b98b2144b50f88baf33a5fa53b5d76.msu"
KB_2008R2: Final = "windows6.1-kb4012212-x64_2decefaa02e2058dcd965702509a992d8c4e92b3.msu"
KB_2012R2: Final = "windows8.1-kb4012213-x64_5b24b9ca5a123a844ed793e0f2be974148520349.msu"
KB_2016: Final = "windows10.0-kb4013429-x64_ddc8596f88577ab739cade1d365956a74598e710.msu"


@dataclass(frozen=True)
class Case:
    """One task on one host. ``state`` is the lab's: how the host differs from a fresh one.

    ``restart`` says that the change is complete only after a restart, so that undo needs one too.
    ``again`` says that the task changes something every time (Ansible's ``restarted``).
    """

    name: str
    module: str
    raw: Mapping[str, Any] = field(default_factory=dict)
    os: str = "2008r2-sp1"
    state: Mapping[str, Any] = field(default_factory=dict)
    restart: bool = False
    again: bool = False


_HOTFIX = {"bulletin": "MS17-010", "package_dir": PACKAGES}
_BLOCK = {
    "name": "WR-in-tcp",
    "direction": "in",
    "action": "block",
    "protocol": "tcp",
    "localport": "135,137-139,445",
    "description": "Contain WannaCry",
}
_OWN = {"Agent": {"state": "running", "path": r"C:\a b\agent.exe", "depends": ["lanmanserver"]}}
_CLOSE = {
    "name": "lanmanserver",
    "state": "stopped",
    "start_mode": "disabled",
    "force_dependent_services": True,
}


def _hotfix(os: str, package: str) -> Case:
    state = {"packages": {PACKAGES: [package]}}
    return Case(f"hotfix-{os}", "win_hotfix", _HOTFIX, os, state, restart=True)


STATE_CASES: Final = (
    Case("service-close", "win_service", _CLOSE),
    Case("service-close-2003", "win_service", _CLOSE, "2003-sp2"),
    Case("service-close-with-dependents", "win_service", _CLOSE, state={"services": _OWN}),
    Case(
        "service-close-on-controller",
        "win_service",
        _CLOSE,
        "2012r2",
        {"role": "domain_controller"},
    ),
    Case(
        "service-start",
        "win_service",
        {"name": "Spooler", "state": "started", "start_mode": "auto"},
        state={"services": {"Spooler": {"state": "stopped", "start": "disabled"}}},
    ),
    Case("service-delayed", "win_service", {"name": "Spooler", "start_mode": "delayed"}),
    Case(
        "service-create",
        "win_service",
        {"name": "New", "path": r"C:\x y\z.exe -k a&b", "description": 'd "e" & f'},
    ),
    Case(
        "service-delete",
        "win_service",
        {"name": "Agent", "state": "absent"},
        state={"services": _OWN},
    ),
    Case(
        "service-words",
        "win_service",
        {"name": "Spooler", "display_name": "打印 100%", "description": "x"},
        state={"language": "chs"},
    ),
    Case(
        "smb1-client",
        "win_service",
        {"name": "lanmanworkstation", "dependencies": ["bowser", "mrxsmb20", "nsi"]},
    ),
    Case("service-restart", "win_service", {"name": "Spooler", "state": "restarted"}, again=True),
    Case(
        "regedit-new-value",
        "win_regedit",
        {"path": SERVER_PARAMETERS, "name": "SMB1", "type": "dword", "data": 0},
    ),
    Case(
        "regedit-new-value-2003",
        "win_regedit",
        {"path": SERVER_PARAMETERS, "name": "SMB1", "type": "dword", "data": 0},
        "2003-sp2",
    ),
    Case(
        "regedit-other-type",
        "win_regedit",
        {"path": SERVER_PARAMETERS, "name": "SMB1", "type": "string", "data": "no"},
        state={"registry": {SERVER_PARAMETERS.replace(":", ""): {"SMB1": 1}}},
    ),
    Case(
        "regedit-delete-value",
        "win_regedit",
        {"path": SERVER_PARAMETERS, "name": "SMB1", "state": "absent"},
        state={"registry": {SERVER_PARAMETERS.replace(":", ""): {"SMB1": 1}}},
    ),
    Case(
        "regedit-new-keys",
        "win_regedit",
        {
            "path": r"HKLM:\SOFTWARE\New\Sub Key\Leaf",
            "name": "a & b",
            "type": "multistring",
            "data": ["x y", "100%", 'q"q'],
        },
    ),
    Case("regedit-key-only", "win_regedit", {"path": r"HKLM:\SOFTWARE\New\Leaf"}),
    Case(
        "regedit-delete-key",
        "win_regedit",
        {"path": r"HKLM:\SOFTWARE\Gone", "state": "absent"},
        state={
            "registry": {
                r"HKLM\SOFTWARE\Gone": {"a": 1, "b": ["x", "y"]},
                r"HKLM\SOFTWARE\Gone\Deep er": {"c": "text"},
            }
        },
    ),
    Case(
        "regedit-binary",
        "win_regedit",
        {
            "path": r"HKLM:\SOFTWARE\New",
            "name": "b",
            "type": "binary",
            "data": "hex:be,ef",
        },
    ),
    Case("firewall-new", "win_firewall_rule", _BLOCK),
    Case("firewall-new-2008", "win_firewall_rule", _BLOCK, "2008-sp2"),
    Case("firewall-new-2025", "win_firewall_rule", {**_BLOCK, "profiles": "domain"}, "2025"),
    Case(
        "firewall-change",
        "win_firewall_rule",
        {**_BLOCK, "remoteip": "10.0.0.0/8,192.168.0.1", "enabled": False},
        state={
            "firewall": {
                "rules": {"WR-in-tcp": "dir=in action=allow protocol=TCP localport=445 enable=yes"}
            }
        },
    ),
    Case(
        "firewall-delete",
        "win_firewall_rule",
        {"name": "WR-in-tcp", "state": "absent"},
        state={
            "firewall": {
                "rules": {"WR-in-tcp": "dir=out action=block protocol=UDP remoteport=137-139"}
            }
        },
    ),
    Case("feature-off", "win_optional_feature", {"name": "SMB1Protocol", "state": "absent"},
         "2012r2", restart=True),
    _hotfix("2003-sp2", KB_2003),
    _hotfix("2008-sp2", KB_2008),
    _hotfix("2008r2-sp1", KB_2008R2),
    _hotfix("2012r2", KB_2012R2),
    _hotfix("2016", KB_2016),
    Case("reboot", "win_reboot", again=True),
    Case("reboot-without-wmic", "win_reboot", {}, "2025", again=True),
    Case("wait", "wait_for_connection"),
)  # fmt: skip

COMMAND_CASES: Final = (
    Case("command", "win_command", {"_raw_params": "hostname"}),
    Case("command-created", "win_command", {"_raw_params": "hostname", "creates": r"C:\Windows"}),
    Case("command-checked", "win_command", {"_raw_params": "hostname", "check": "sc query nope"}),
    Case("shell", "win_shell", {"_raw_params": "echo a& echo b", "executable": "cmd"}),
    Case("raw", "raw", {"_raw_params": "echo x"}),
    Case("powershell", "win_powershell", {"script": "1", "creates": r"C:\Windows"}),
)

READ_CASES: Final = (
    Case("ping", "win_ping"),
    *(
        Case(f"facts-{os}", "setup", {}, os)
        for os in ("2003-sp1", "2003-sp2", "2008-sp2", "2008r2-sp1", "2012", "2016", "2022", "2025")
    ),
    Case("facts-chinese", "setup", {}, "2003-sp2", {"language": "chs"}),
)

ON_POSIX: Final = frozenset(
    {
        "apt", "async_status", "blockinfile", "command", "copy", "dnf", "file", "get_url",
        "group", "lineinfile", "package", "ping", "reboot", "replace", "script", "service",
        "shell", "slurp", "stat", "systemd", "systemd_service", "template", "user", "wait_for",
        "yum",
    }
)  # fmt: skip
"""Modules whose tests run them on this machine; the lab's hosts run Windows."""

LOCAL: Final = frozenset(
    {"assert", "debug", "fail", "include_vars", "meta", "pause", "set_fact",
     "validate_argument_spec"}
)  # fmt: skip
"""Modules that touch no host; their tests are in test_local."""
