"""A task of every Windows module that is run on every generation of Windows that the lab has.

What works there, and what is refused, is compared with the module's ``guide``; ``docs/modules.md``
says which of its cells rest on such a run.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from runner.interfaces.guide import GENERATIONS, Generation
from tests.modules.contract.cases import COMMAND_CASES, READ_CASES, STATE_CASES
from tests.modules.contract.cases_certificates import DER
from tests.modules.contract.cases_remedies import REMEDY_CASES, REMEDY_READS
from tests.modules.contract.cases_security import SECURITY_CASES, SECURITY_READS

OS_OF: Final[Mapping[Generation, str]] = {
    generation: {"2003": "2003-sp2", "2008": "2008-sp2", "2008r2": "2008r2-sp1"}.get(
        generation, generation
    )
    for generation in GENERATIONS
}
FILES: Final = {
    r"C:\app\a.txt": {"content": "a"},
    r"C:\app\a.cer": {"base64": base64.b64encode(DER).decode()},
}

SAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "win_certificate_store": {"path": r"C:\app\a.cer", "store_name": "Disallowed"},
    "win_command": {"_raw_params": "sc query Spooler"},
    "win_shortcut": {"src": r"C:\app\a.txt", "dest": r"C:\app\a.lnk"},
    "win_shell": {"_raw_params": "echo a& echo b", "executable": "cmd"},
    "raw": {"_raw_params": "echo x"},
    "win_copy": {"content": "x", "origin": "content", "dest": r"C:\app\b.txt"},
    "win_template": {"src": "t.j2", "dest": r"C:\app\c.txt", "rendered": "x"},
    "win_file": {"path": r"C:\app\d", "state": "directory"},
    "win_tempfile": {"word": "w0rd"},
    "win_stat": {"path": r"C:\app\a.txt"},
    "win_find": {"paths": r"C:\app", "recurse": True},
    "win_lineinfile": {"path": r"C:\app\a.txt", "line": "b"},
    "win_scheduled_task": {
        "name": "x",
        "username": "SYSTEM",
        "actions": [{"path": "cmd.exe"}],
        "triggers": [{"type": "boot"}],
    },
    "win_isolate": {"allow": "10.0.0.5"},
    "win_hosts": {"canonical_name": "sink.example", "ip_address": "10.0.0.9"},
    "win_environment": {"name": "A", "value": "b", "level": "machine"},
    "win_path": {"elements": r"C:\tools"},
    "win_firewall_rule": {"name": "x", "action": "block", "protocol": "tcp", "localport": "445"},
    "win_optional_feature": {"name": "TelnetClient"},
    "win_dns_client": {"adapter_names": "*", "dns_servers": ["10.0.0.2", "10.0.0.3"]},
    "win_feature": {"name": "Telnet-Client"},
    "win_ipsec_policy": {"name": "x", "rules": [{"ports": "445"}], "assigned": False},
    "win_audit_policy_system": {"subcategory": "Logon", "audit_type": "success,failure"},
    "win_firewall": {"state": "disabled", "profiles": "Domain"},
    "win_netbios": {"state": "disabled"},
    "win_security_policy": {"section": "System Access", "key": "LockoutBadCount", "value": 5},
    "win_acl": {"path": r"C:\app\a.txt", "user": "Users", "type": "deny", "rights": "Write"},
    "win_acl_inheritance": {"path": r"C:\app\a.txt", "reorganize": True},
    "win_share": {"name": "x", "path": r"C:\app"},
    "win_ping": {},
    "win_reg_stat": {"path": r"HKLM:\SYSTEM\CurrentControlSet\Services\LanmanServer"},
    "win_regedit": {"path": r"HKLM:\SOFTWARE\New", "name": "b", "type": "dword", "data": 1},
    "win_service": {"name": "Spooler", "start_mode": "manual", "state": "stopped"},
    "win_service_info": {"name": "Spooler"},
    "win_timezone": {"timezone": "W. Europe Standard Time"},
    "setup": {},
}
"""Module -> parameters. What only a restart makes whole has its cases in the contract suite."""


DEFENDER: Final[Mapping[Generation, str]] = {
    one: OS_OF[one] for one in ("2016", "2019", "2022", "2025")
}
"""Where the lab has an antivirus: a test of its own runs win_defender there."""


def generation_of(os: str) -> Generation:
    """The generation of one of the lab's systems."""
    clients = {"win7-sp1": "2008r2", "win10-1607": "2016"}
    name = clients.get(os, os.partition("-")[0])
    return next(generation for generation in GENERATIONS if generation == name)


def proven(module: str) -> frozenset[Generation]:
    """The generations on which a test runs the module's own commands."""
    if module in SAMPLES or module == "script":  # a test of its own runs that on all of them
        return frozenset(GENERATIONS)
    if module == "win_defender":
        return frozenset(DEFENDER)
    cases = (*STATE_CASES, *READ_CASES, *COMMAND_CASES, *REMEDY_CASES, *REMEDY_READS,
             *SECURITY_CASES, *SECURITY_READS)  # fmt: skip
    return frozenset(generation_of(case.os) for case in cases if case.module == module)
