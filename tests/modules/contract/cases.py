"""What the contract suite runs: for every module, tasks on simulated hosts, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from runner.interfaces.local_file import LocalFile, SourceEntry

PACKAGES: Final = r"C:\WR"
SERVER_PARAMETERS: Final = r"HKLM:\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters"

HOSTS: Final = r"C:\Windows\System32\drivers\etc\hosts"

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


_OLD = {
    r"C:\app\web.config": {"content": "old", "attributes": "AHR", "acl": "D:P(A;;FA;;;BA)"},
    r"C:\app\sub dir\b.txt": {"content": "b"},
}
_IPSEC = [
    {"ports": "135,139,445"},
    {"direction": "out", "protocol": "udp", "ports": "137-138"},
    {"action": "permit", "direction": "both", "protocol": "any", "remote": "10.0.0.5"},
]
_TREE = str(Path(__file__).parent)
_SOURCES = {
    "origin": "directory",
    "sources": (
        SourceEntry("sub dir", "directory", _TREE, 0o755),
        SourceEntry("contract", "directory", _TREE, 0o755),
        SourceEntry("contract/deep.py", "file", f"{_TREE}/__init__.py", 0o644, 0,
                    LocalFile("", b"").sha1),
        SourceEntry("sub dir/b.txt", "file", __file__, 0o644, LocalFile(__file__).size,
                    LocalFile(__file__).sha1),
    ),
}  # fmt: skip


def _text(content: str, dest: str) -> Mapping[str, Any]:
    return {"content": content, "origin": "content", "dest": dest}


FILE_CASES: Final = (
    Case("copy-new", "win_copy", _text("x & y %PATH%\n", r"C:\Windows\Temp\a b.txt")),
    Case("copy-new-2003", "win_copy", _text("x", r"C:\WINDOWS\a.txt"), "2003-sp1"),
    Case("copy-empty", "win_copy", _text("", r"C:\Windows\empty"), "2022"),
    Case("copy-replace", "win_copy", _text("new", r"C:\app\web.config"),
         state={"files": _OLD}),
    Case("copy-replace-2025", "win_copy", _text("", r"C:\app\web.config"), "2025",
         {"files": _OLD}),
    Case("copy-tree", "win_copy", {"src": f"{_TREE}/", "dest": "C:\\app", **_SOURCES},
         state={"files": _OLD}),
    Case("copy-tree-new", "win_copy", {"src": _TREE, "dest": "C:\\new\\deep", **_SOURCES}),
    Case("copy-on-host", "win_copy",
         {"src": r"C:\app\sub dir\b.txt", "dest": "C:\\new\\", "remote_src": True,
          "origin": "host"},
         state={"files": _OLD}),
    Case("copy-folder-on-host", "win_copy",
         {"src": r"C:\app\sub dir", "dest": r"C:\copy", "remote_src": True, "origin": "host"},
         state={"files": _OLD}),
    Case("template", "win_template", {"src": "t.j2", "dest": "C:\\new\\", "rendered": "é\r\n"}),
    Case("file-absent", "win_file", {"path": r"C:\app\web.config", "state": "absent"},
         state={"files": _OLD}),
    Case("file-absent-folder", "win_file", {"path": "C:/app/", "state": "absent"},
         state={"files": _OLD}),
    Case("file-folder", "win_file", {"path": r"C:\x (y)\z & a", "state": "directory"}),
    Case("file-new", "win_file", {"path": r"C:\Windows\mark", "state": "touch"}, again=True),
    Case("tempfile", "win_tempfile", {"suffix": ".tmp", "word": "w0rd"}, "2003-sp2"),
    Case("tempfolder", "win_tempfile", {"path": "C:\\Windows", "state": "directory",
                                       "word": "w0rd"}),
)  # fmt: skip

_BOB = {"users": {"bob": {"full_name": "Bob", "password_expires": False}}}

_RULE = {"path": r"C:\app\web.config", "user": "bob", "type": "allow", "rights": "Read,Write"}
_BOBS = {"users": {"bob": {}}, "files": _OLD}
ACL_CASES: Final = (
    Case("acl-allow", "win_acl", _RULE, state=_BOBS),
    Case("acl-deny-folder", "win_acl",
         {"path": "C:\\app\\sub dir\\", "user": "S-1-5-11", "type": "deny", "rights": ["Write"]},
         "2003-sp2", {"files": _OLD}),
    Case("acl-no-rule-of-somebody", "win_acl",
         {"path": r"C:\app\web.config", "user": "Administrators", "type": "allow",
          "rights": "Delete,ChangePermissions", "state": "absent"}, "2016",
         {"files": _OLD, "language": "deu"}),
    Case("acl-gone", "win_acl", {**_RULE, "user": r"BUILTIN\Administrators",
                                 "rights": "FullControl", "state": "absent"}, "2025", _BOBS),
    Case("acl-how-far", "win_acl",
         {"path": r"C:\app", "user": r"NT AUTHORITY\SYSTEM", "type": "allow", "rights": "Modify",
          "inherit": "ContainerInherit", "propagation": "InheritOnly"}, state={"files": _OLD}),
    Case("inheritance-off", "win_acl_inheritance", {"path": r"C:\app"}, state={"files": _OLD}),
    Case("inheritance-copied", "win_acl_inheritance",
         {"path": r"C:\app", "reorganize": True}, "2008-sp2", {"files": _OLD}),
    Case("inheritance-on", "win_acl_inheritance",
         {"path": r"C:\app\web.config", "state": "present"}, "2022", {"files": _OLD}),
)  # fmt: skip

_SHARED = {"users": {"bob": {}}, "files": _OLD, "shares": {"Tools": r"C:\app"}}
_FULL = {"name": "New $", "path": "C:\\app\\", "description": "a & b 100%", "full": "bob",
         "read": "Users,S-1-5-11", "caching_mode": "None"}  # fmt: skip
SHARE_CASES: Final = (
    Case("share-new", "win_share", _FULL, state=_SHARED),
    Case("share-new-2008", "win_share", _FULL, "2008-sp2", _SHARED),
    Case("share-new-2003", "win_share", {"name": "x", "path": r"C:\app"}, "2003-sp2", _SHARED),
    Case("share-new-2025", "win_share", {"name": "x", "path": r"C:\app", "read": "S-1-1-0"}, "2025",
         _SHARED),
    Case("share-change", "win_share",
         {"name": "tools", "path": r"C:\app", "description": "d", "caching_mode": "Documents"},
         "2016", _SHARED),
    Case("share-elsewhere", "win_share", {"name": "tools", "path": r"C:\Windows"}, "2022", _SHARED),
    Case("share-permissions-2008", "win_share",
         {"name": "tools", "path": r"C:\app", "change": "bob", "rule_action": "add"}, "2008-sp2",
         _SHARED),
    Case("share-gone", "win_share", {"name": "TOOLS", "state": "absent"}, "2012", _SHARED),
    Case("share-gone-chs", "win_share", {"name": "TOOLS", "state": "absent"}, "2003-sp2",
         {**_SHARED, "language": "chs"}),
)  # fmt: skip

_ZIP = {
    **_OLD,
    r"C:\set up\a.zip": {
        "zip": {"web.config": "new", "sub dir/": "", "sub dir/new.txt": "n", "deep/er/x.bin": "b"}
    },
}
UNZIP_CASES: Final = (
    Case("unzip", "win_unzip", {"src": r"C:\set up\a.zip", "dest": "C:\\app"}, "2019",
         {"files": _ZIP}, again=True),
    Case("unzip-new", "win_unzip",
         {"src": r"C:\set up\a.zip", "dest": "C:\\new\\deep\\",
          "creates": r"C:\new\deep\web.config"}, "2022", {"files": _ZIP}),
    Case("unzip-2025", "win_unzip",
         {"src": r"C:\set up\a.zip", "dest": r"C:\new", "creates": r"C:\new\deep"}, "2025",
         {"files": _ZIP}),
)  # fmt: skip

NEW_ADAPTER: Final = "{00000000-AAAA-BBBB-CCCC-0123456789AB}"
_FIREWALL = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
_NETBT = r"HKLM\SYSTEM\CurrentControlSet\Services\NetBT\Parameters\Interfaces"

_LETS_IN = {"firewall": {"rules": {"in": "dir=in action=allow protocol=TCP localport=5985"}}}
ACCOUNT_CASES: Final = (
    Case("netbios", "win_netbios", {"state": "disabled"}, "2003-sp2"),
    Case("netbios-absent", "win_netbios", {"state": "disabled", "adapter_names": NEW_ADAPTER},
         "2016", {"registry": {rf"{_NETBT}\Tcpip_{NEW_ADAPTER}": {"NameServerList": []}}}),
    Case("firewall-off", "win_firewall", {"state": "disabled"}, state=_LETS_IN),
    Case("firewall-actions", "win_firewall",
         {"inbound_action": "allow", "outbound_action": "block", "profiles": "Public"}, "2022",
         _LETS_IN),
    Case("firewall-on-2003", "win_firewall", {"state": "enabled", "profiles": "Domain"}, "2003-sp2",
         {"registry": {rf"{_FIREWALL}\DomainProfile\GloballyOpenPorts\List": {
             "80:TCP": "80:TCP:*:Enabled:WinRM"}}}),
    Case("user-new", "win_user", {"name": "eve", "fullname": "E & V", "account_disabled": True,
                                  "password_never_expires": True}),
    Case("user-new-2003", "win_user", {"name": "eve", "groups": "Administrators"}, "2003-sp2"),
    Case("user-change", "win_user", {"name": "Bob", "description": "100% new", "groups": "Guests",
                                     "user_cannot_change_password": True}, "2016", _BOB),
    Case("group-new", "win_group", {"name": "de ploy", "description": "d"}, "2008-sp2"),
    Case("group-change-chs", "win_group", {"name": "Users", "description": "d"}, "2016",
         {"language": "chs"}),
    Case("membership", "win_group_membership",
         {"name": "Administrators", "members": "bob,SYSTEM", "state": "pure"}, "2012", _BOB),
    Case("membership-rus", "win_group_membership",
         {"name": "Users", "members": "Interactive", "state": "absent"}, "2003-sp2",
         {"language": "rus"}),
    Case("right", "win_user_right",
         {"name": "SeServiceLogonRight", "users": "bob,Administrators", "action": "add"},
         state=_BOB),
    Case("right-nobody", "win_user_right", {"name": "SeShutdownPrivilege", "users": []},
         "2003-sp2"),
    Case("right-new", "win_user_right", {"name": "SeDebugPrivilege", "users": "Administrators"},
         "2022", {"language": "deu"}),
    Case("policy", "win_security_policy",
         {"section": "System Access", "key": "MinimumPasswordLength", "value": 14}, "2003-sp2"),
    Case("policy-name", "win_security_policy",
         {"section": "System Access", "key": "NewAdministratorName", "value": "管理 & x"}, "2016"),
    Case("policy-registry", "win_security_policy",
         {"section": "Registry Values", "value": "4,1",
          "key": r"MACHINE\Software\Microsoft\New Key\Deep\NoLM"}, "2019"),
    Case("audit", "win_audit_policy_system",
         {"subcategory": "logon", "audit_type": ["success", "failure"]}),
    Case("audit-category", "win_audit_policy_system",
         {"category": "Account logon events", "audit_type": "failure"}, "2016",
         {"language": "jpn"}),
)  # fmt: skip

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
    Case("stat", "win_stat", {"path": r"C:\app\web.config"}, state={"files": _OLD}),
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
    {"win_chocolatey", "win_defender", "win_get_url", "win_net_adapter_feature", "win_updates"}
)
"""Modules that need more than a host; their tests give it to them."""

LOCAL: Final = frozenset(
    {"add_host", "assert", "debug", "fail", "group_by", "include_vars", "meta", "pause", "set_fact",
     "validate_argument_spec"}
)  # fmt: skip
"""Modules that touch no host; their tests are in test_local."""
