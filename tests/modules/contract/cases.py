"""What the contract suite runs: for every module, tasks on simulated hosts, as data."""

from __future__ import annotations

from typing import Final

from tests.modules.contract.case import OLD, SERVER_PARAMETERS, Case
from tests.modules.contract.cases_accounts import ACCOUNT_CASES
from tests.modules.contract.cases_certificates import CERTIFICATE_CASES
from tests.modules.contract.cases_files import ACL_CASES, FILE_CASES, SHARE_CASES, UNZIP_CASES
from tests.modules.contract.cases_services import SERVICE_CASES
from tests.modules.contract.cases_shortcuts import SHORTCUT_CASES

__all__ = [
    "COMMAND_CASES",
    "ELSEWHERE",
    "LOCAL",
    "ONE_WAY",
    "ON_POSIX",
    "READ_CASES",
    "STATE_CASES",
    "Case",
]  # fmt: skip

PACKAGES: Final = r"C:\WR"

HOSTS: Final = r"C:\Windows\System32\drivers\etc\hosts"

KB_2003: Final = (
    "windowsserver2003-kb4012598-x86-custom-enu_f617caf6e7ee6f43abe4b386cb1d26b3318693cf.exe"
)
KB_2008: Final = "windows6.0-kb4012598-x64_6a186ba2b2b98b2144b50f88baf33a5fa53b5d76.msu"
KB_2008R2: Final = "windows6.1-kb4012212-x64_2decefaa02e2058dcd965702509a992d8c4e92b3.msu"
KB_2012R2: Final = "windows8.1-kb4012213-x64_5b24b9ca5a123a844ed793e0f2be974148520349.msu"
KB_2016: Final = "windows10.0-kb4013429-x64_ddc8596f88577ab739cade1d365956a74598e710.msu"

_HOTFIX = {"bulletin": "MS17-010", "package_dir": PACKAGES}
_BLOCK = {
    "name": "WR-in-tcp",
    "direction": "in",
    "action": "block",
    "protocol": "tcp",
    "localport": "135,137-139,445",
    "description": "Contain WannaCry",
}


def _hotfix(os: str, package: str) -> Case:
    state = {"packages": {PACKAGES: [package]}}
    return Case(f"hotfix-{os}", "win_hotfix", _HOTFIX, os, state, restart=True)


_IPSEC = [
    {"ports": "135,139,445"},
    {"direction": "out", "protocol": "udp", "ports": "137-138"},
    {"action": "permit", "direction": "both", "protocol": "any", "remote": "10.0.0.5"},
]

STATE_CASES: Final = (
    *SERVICE_CASES,
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
    Case(
        "firewall-icmp",
        "win_firewall_rule",
        {
            "name": "ping",
            "protocol": "icmpv4",
            "icmp_type_code": ["8:*"],
            "interfacetypes": "lan",
            "security": "notrequired",
        },
    ),
    Case("firewall-secured", "win_firewall_rule",
         {"name": "WR", "protocol": "tcp", "localport": "445", "security": "authdynenc"}),
    Case("firewall-secured-gone", "win_firewall_rule", {"name": "WR", "state": "absent"},
         "2008-sp2", {"firewall": {"rules": {
             "WR": "dir=in action=allow protocol=TCP localport=445 security=authenc"}}}),
    Case(
        "firewall-icmp-change",
        "win_firewall_rule",
        {"name": "ping", "protocol": "icmpv6", "icmp_type_code": "128:0", "interfacetypes": "any"},
        state={
            "firewall": {
                "rules": {
                    "ping": "dir=in action=allow protocol=icmpv4:8,any interfacetype=ras enable=yes"
                }
            }
        },
    ),
    Case("feature-off", "win_optional_feature", {"name": "SMB1Protocol", "state": "absent"},
         "2012r2", restart=True),
    Case("server-feature", "win_feature", {"name": "Web-WebServer"}, "2008-sp2"),
    Case("server-feature-parts", "win_feature",
         {"name": "File-Services", "include_sub_features": True}),
    Case("server-feature-dism", "win_feature", {"name": "Telnet-Client"}, "2019"),
    Case("server-feature-off", "win_feature", {"name": "FS-SMB1", "state": "absent"},
         "2016", restart=True),
    Case("dns", "win_dns_client", {"adapter_names": "*", "dns_servers": "10.0.0.2,10.0.0.3"}),
    Case("dns-suffixes", "win_dns_client",
         {"adapter_names": "*", "dns_servers": ["10.0.0.2"],
          "suffix_search_list": ["corp.example", "example"]}, "2019"),
    Case("dns-2003", "win_dns_client",
         {"adapter_names": "local area connection", "addresses": ["10.0.0.2"]}, "2003-sp2"),
    Case("dns-6", "win_dns_client",
         {"adapter_names": ["Ethernet"], "dns_servers": ["fd00::53", "10.0.0.9"]}, "2022"),
    Case("ipsec", "win_ipsec_policy", {"name": "WR_BLOCK", "rules": _IPSEC}, "2003-sp2"),
    Case("ipsec-not-in-force", "win_ipsec_policy",
         {"name": "WR", "rules": _IPSEC[:1], "assigned": False}, "2016"),
    _hotfix("2003-sp2", KB_2003),
    _hotfix("2008-sp2", KB_2008),
    _hotfix("2008r2-sp1", KB_2008R2),
    _hotfix("2012r2", KB_2012R2),
    _hotfix("2016", KB_2016),
    *FILE_CASES,
    *ACCOUNT_CASES,
    *ACL_CASES,
    *SHARE_CASES,
    *UNZIP_CASES,
    *SHORTCUT_CASES,
    *CERTIFICATE_CASES,
    Case("reboot", "win_reboot", again=True),
    Case("reboot-without-wmic", "win_reboot", {}, "2025", again=True),
    Case("wait", "wait_for_connection"),
    *(
        Case(f"environment-{name}", "win_environment", raw, os, state)
        for name, raw, os, state in (
            ("new", {"name": "APP_HOME", "value": r"C:\a b & c", "level": "machine"}, "2016", {}),
            ("old", {"name": "A", "value": r"%SystemRoot%\x", "level": "machine"}, "2003-sp2", {}),
            ("user", {"name": "A", "value": "1", "level": "user"}, "2019", {}),
            ("change", {"name": "temp", "value": r"D:\Temp", "level": "machine"}, "2012", {}),
            ("gone", {"name": "OS", "state": "absent", "level": "machine"}, "2008r2-sp1", {}),
            (
                "several",
                {"variables": {"OS": "", "B": "x;y", "PATHEXT": ".EXE"}, "level": "machine"},
                "2025",
                {},
            ),
        )
    ),
    Case("path-new", "win_path", {"elements": [r"C:\tools", r"%SystemRoot%\x y"]}),
    Case("path-new-2003", "win_path", {"elements": r"C:\tools"}, "2003-sp2"),
    Case("path-gone", "win_path", {"elements": ["%SystemRoot%\\"], "state": "absent"}, "2016"),
    Case("path-user", "win_path", {"elements": r"C:\me", "scope": "user", "name": "Mine"}, "2019"),
    Case("hosts-new", "win_hosts", {"canonical_name": "sink.example", "ip_address": "10.0.0.9"}),
    Case(
        "hosts-new-2003",
        "win_hosts",
        {"canonical_name": "a.example", "ip_address": "fe80::1", "aliases": ["b", "c"]},
        "2003-sp2",
    ),
    Case(
        "hosts-change",
        "win_hosts",
        {"canonical_name": "A.example", "ip_address": "10.0.0.9", "aliases": "c", "action": "add"},
        "2019",
        {"files": {HOSTS: {"content": "10.0.0.1\ta.example b # kept\r\n\r\n# rest"}}},
    ),
    Case(
        "hosts-gone",
        "win_hosts",
        {"ip_address": "10.0.0.1", "state": "absent"},
        "2012r2",
        {"files": {HOSTS: {"content": "10.0.0.1 a\n10.0.0.2 b\n10.0.0.1 c d\n"}}},
    ),
    Case("hostname", "win_hostname", {"name": "files-07"}),
    Case("hostname-2003", "win_hostname", {"name": "FILES07"}, "2003-sp2"),
    Case("timezone", "win_timezone", {"timezone": "W. Europe Standard Time"}),
    Case("timezone-fixed", "win_timezone", {"timezone": "China Standard Time_dstoff"}, "2022"),
    Case("wait-nt", "win_wait_for", {"path": r"C:\nix", "state": "absent", "delay": 1}, again=True),
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
    Case("reg-stat", "win_reg_stat", {"path": SERVER_PARAMETERS}),
    Case(
        "reg-stat-2003",
        "win_reg_stat",
        {"path": SERVER_PARAMETERS, "name": "ServiceDll"},
        "2003-sp2",
    ),
    Case("reg-stat-absent", "win_reg_stat", {"path": r"HKLM:\SOFTWARE\nix"}),
    Case("service-info", "win_service_info", {"name": "Spooler"}),
    Case("service-info-absent", "win_service_info", {"name": "nix"}, "2003-sp2"),
    Case("service-info-all", "win_service_info", {}, "2016"),
    Case("service-info-some", "win_service_info", {"name": "*lanman*"}, "2003-sp2"),
    Case("ping", "win_ping"),
    Case("stat", "win_stat", {"path": r"C:\app\web.config"}, state={"files": OLD}),
    Case("stat-nothing", "win_stat", {"path": r"C:\app\web.config"}, "2003-sp2"),
    Case("stat-folder", "win_stat", {"path": "C:\\Windows\\", "checksum_algorithm": "md5"}),
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

ONE_WAY: Final = frozenset({"win_shutdown"})
"""Modules after which there is no host left to look at; their tests are their own."""

ELSEWHERE: Final = frozenset(
    {
        "win_chocolatey",
        "win_defender",
        "win_dsc",
        "win_get_url",
        "win_net_adapter_feature",
        "win_updates",
    }
)
"""Modules that need more than a host; their tests give it to them."""

LOCAL: Final = frozenset(
    {"add_host", "assert", "debug", "fail", "group_by", "include_vars", "meta", "pause", "set_fact",
     "validate_argument_spec"}
)  # fmt: skip
"""Modules that touch no host; their tests are in test_local."""
