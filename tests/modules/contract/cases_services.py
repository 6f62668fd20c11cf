"""What the contract suite runs: services, and keys and values of the registry."""

from __future__ import annotations

from typing import Final

from tests.modules.contract.case import SERVER_PARAMETERS, Case

_OWN = {"Agent": {"state": "running", "path": r"C:\a b\agent.exe", "depends": ["lanmanserver"]}}
_CLOSE = {
    "name": "lanmanserver",
    "state": "stopped",
    "start_mode": "disabled",
    "force_dependent_services": True,
}

SERVICE_CASES: Final = (
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
    Case(
        "service-recovery",
        "win_service",
        {
            "name": "Spooler",
            "failure_actions": [
                {"type": "restart", "delay_ms": 60000},
                {"type": "run_command"},
                {"type": "none", "delay": 5},
            ],
            "failure_command": r'C:\mon\tell.exe "a b" & x%y',
            "failure_reboot_msg": "going down",
            "failure_reset_period_sec": "0xFFFFFFFF",
            "failure_actions_on_non_crash_failure": True,
            "sid_info": "unrestricted",
            "desktop_interact": False,
            "required_privileges": ["SeBackupPrivilege", "SeRestorePrivilege"],
            "pre_shutdown_timeout_ms": 5000,
        },
        state={
            "registry": {
                r"HKLM\SYSTEM\CurrentControlSet\Services\Spooler": {
                    "FailureActionsOnNonCrashFailures": 0,
                    "ServiceSidType": 0,
                }
            }
        },
    ),
    Case(
        "service-create-with-recovery",
        "win_service",
        {
            "name": "New",
            "path": r"C:\x.exe",
            "failure_actions": {"type": "restart", "delay": 1000},
            "sid_info": "restricted",
            "desktop_interact": True,
        },
    ),
    Case(
        "service-privileges-off",
        "win_service",
        {"name": "Spooler", "required_privileges": [], "pre_shutdown_timeout": "0x2710"},
        state={
            "registry": {
                r"HKLM\SYSTEM\CurrentControlSet\Services\Spooler": {
                    "RequiredPrivileges": ["SeBackupPrivilege"],
                    "PreshutdownTimeout": 7,
                }
            }
        },
    ),
    Case(
        "service-close-delayed",
        "win_service",
        {"name": "Spooler", "state": "stopped", "start_mode": "disabled"},
        state={"services": {"Spooler": {"state": "running", "start": "delayed-auto"}}},
    ),
    Case(
        "service-close-some-dependents-ran",
        "win_service",
        {"name": "lanmanserver", "state": "stopped", "force_dependent_services": True},
        "2016",
        {
            "services": {
                "Ran": {"state": "running", "path": r"C:\a\1.exe", "depends": ["lanmanserver"]},
                "Over": {"state": "running", "path": r"C:\a\2.exe", "depends": ["Ran"]},
                "Not": {"state": "stopped", "path": r"C:\a\3.exe", "depends": ["lanmanserver"]},
            }
        },
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
    Case(
        "regedit-list-order",
        "win_regedit",
        {"path": r"HKLM:\SOFTWARE\Lists", "name": "l", "type": "multistring", "data": ["a", "b"]},
        state={"registry": {r"HKLM\SOFTWARE\Lists": {"l": ["b", "a", "b"]}}},
    ),
    Case(
        "regedit-list-gone",
        "win_regedit",
        {"path": r"HKLM:\SOFTWARE\Lists", "name": "l", "state": "absent"},
        state={"registry": {r"HKLM\SOFTWARE\Lists": {"l": ["b", "a", "b", "B c"], "other": 1}}},
    ),
    Case(
        "regedit-all-types-gone",
        "win_regedit",
        {"path": r"HKLM:\SOFTWARE\Types", "state": "absent"},
        state={
            "registry": {
                r"HKLM\SOFTWARE\Types": {
                    "expand": {"type": "REG_EXPAND_SZ", "data": r"%SystemRoot%\x"},
                    "quad": {"type": "REG_QWORD", "data": 1 << 40},
                    "bytes": {"type": "REG_BINARY", "data": "beef00"},
                    "none": {"type": "REG_NONE", "data": "300031000000"},
                    "list": ["z", "a", "z"],
                    "empty": "",
                }
            }
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
)  # fmt: skip
