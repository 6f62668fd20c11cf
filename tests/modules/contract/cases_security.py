r"""The same for hives, views of the registry, permissions, owners and accounts."""

from __future__ import annotations

from typing import Final

from tests.modules.contract.cases import Case

USER_HIVE: Final = r"C:\Users\Default\NTUSER.DAT"
_DESKTOP = r"HKLM:\ANSIBLE\Control Panel\Desktop"
_HIVES = {
    "files": {
        USER_HIVE: {
            "attributes": "AH",
            "hive": {
                "": {"root": 1},
                r"Control Panel\Desktop": {
                    "Wallpaper": "old", "bin": {"type": "REG_BINARY", "data": "beef"},
                    "Many": ["a", "b"],
                },
                "Gone\\Deep": {"x": "y"},
            },
        }
    }
}  # fmt: skip
_AGENT = r"HKLM\SOFTWARE\Agent"
_AGENT_32 = r"HKLM\SOFTWARE\Wow6432Node\Agent"
_BOTH = {"registry": {_AGENT: {"Mode": "wide"}, _AGENT_32: {"Mode": "narrow"}}}
_X64 = {**_BOTH, "arch": "x64"}

_APP = {
    r"C:\app\web.config": {"content": "x", "owner": "S-1-5-18"},
    r"C:\app\sub dir\b (1).txt": {"content": "b"},
}
_BOBS = {"users": {"bob": {}}, "files": _APP}

SECURITY_CASES: Final = (
    Case("hive-value", "win_regedit",
         {"hive": USER_HIVE, "path": _DESKTOP, "name": "Wallpaper", "data": "a & b 100%"}, "2016",
         _HIVES),
    Case("hive-new-keys", "win_regedit",
         {"hive": USER_HIVE, "path": r"HKLM:\ANSIBLE\A\B", "name": "n", "type": "dword", "data": 1},
         "2003-sp2", _HIVES),
    Case("hive-key-gone", "win_regedit",
         {"hive": USER_HIVE, "path": r"HKLM:\ANSIBLE\Gone", "state": "absent"}, "2022", _HIVES),
    Case("hive-root", "win_regedit",
         {"hive": USER_HIVE, "path": r"HKLM:\ANSIBLE", "name": "root", "state": "absent"},
         "2008-sp2", _HIVES),
    Case("view-32", "win_regedit", {"path": _AGENT, "name": "Mode", "data": "new", "view": 32},
         "2019", _BOTH),
    Case("view-64", "win_regedit", {"path": _AGENT, "name": "Mode", "data": "new", "view": "64"},
         "2012", _BOTH),
    Case("view-32-2008", "win_regedit", {"path": _AGENT, "name": "New", "data": "x", "view": "32"},
         "2008-sp2", _X64),
    Case("view-32-2003", "win_regedit",
         {"path": rf"{_AGENT}\Sub\Deeper", "name": "New", "data": "x", "view": "32"}, "2003-sp2",
         _X64),
    Case("view-32-key-gone-2003", "win_regedit", {"path": _AGENT, "state": "absent", "view": "32"},
         "2003-sp2", _X64),
    Case("view-32-narrow", "win_regedit",
         {"path": _AGENT, "name": "Mode", "state": "absent", "view": "32"}, "2003-sp2",
         {**_BOTH, "arch": "x86"}),
    Case("group-members", "win_group",
         {"name": "ops team", "members": {"add": ["bob", "NT AUTHORITY\\SYSTEM"]}}, "2003-sp2",
         _BOBS),
    Case("group-members-set", "win_group",
         {"name": "Users", "description": "d", "members": {"set": "bob"}}, "2022",
         {**_BOBS, "language": "chs"}),
    Case("group-members-both", "win_group",
         {"name": "Administrators", "members": {"add": ".\\bob", "remove": "Administrator"}},
         "2012r2", _BOBS),
    Case("owner", "win_owner", {"path": r"C:\app\web.config", "user": "bob"}, state=_BOBS),
    Case("owner-folder", "win_owner", {"path": "C:\\app\\sub dir\\", "user": "S-1-5-19"},
         "2008-sp2", _BOBS),
    Case("owner-name", "win_owner", {"path": r"C:\app\sub dir\b (1).txt", "user": "Users"}, "2022",
         {**_BOBS, "language": "deu"}),
    *(Case(f"owner-{os}", "win_owner", {"path": r"C:\app", "user": r"NT AUTHORITY\SYSTEM"}, os,
           _BOBS) for os in ("2012", "2012r2", "2019")),
    Case("owner-administrators", "win_owner",
         {"path": r"C:\app\web.config", "user": r"BUILTIN\Administrators"}, "2016", _BOBS),
)  # fmt: skip

SECURITY_READS: Final = (
    Case("reg-stat-32", "win_reg_stat", {"path": _AGENT, "name": "Mode", "view": "32"}, "2016",
         _BOTH),
    Case("reg-stat-32-2003", "win_reg_stat", {"path": _AGENT, "view": "32"}, "2003-sp2", _X64),
)  # fmt: skip
