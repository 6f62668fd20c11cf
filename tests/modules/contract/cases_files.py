"""What the contract suite runs: files, their permissions, shares, archives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runner.interfaces.local_file import LocalFile, SourceEntry
from tests.modules.contract.case import OLD, Case

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
         state={"files": OLD}),
    Case("copy-replace-2025", "win_copy", _text("", r"C:\app\web.config"), "2025",
         {"files": OLD}),
    Case("copy-tree", "win_copy", {"src": f"{_TREE}/", "dest": "C:\\app", **_SOURCES},
         state={"files": OLD}),
    Case("copy-tree-new", "win_copy", {"src": _TREE, "dest": "C:\\new\\deep", **_SOURCES}),
    Case("copy-on-host", "win_copy",
         {"src": r"C:\app\sub dir\b.txt", "dest": "C:\\new\\", "remote_src": True,
          "origin": "host"},
         state={"files": OLD}),
    Case("copy-folder-on-host", "win_copy",
         {"src": r"C:\app\sub dir", "dest": r"C:\copy", "remote_src": True, "origin": "host"},
         state={"files": OLD}),
    Case("template", "win_template", {"src": "t.j2", "dest": "C:\\new\\", "rendered": "é\r\n"}),
    Case("file-absent", "win_file", {"path": r"C:\app\web.config", "state": "absent"},
         state={"files": OLD}),
    Case("file-absent-folder", "win_file", {"path": "C:/app/", "state": "absent"},
         state={"files": OLD}),
    Case("file-folder", "win_file", {"path": r"C:\x (y)\z & a", "state": "directory"}),
    Case("file-new", "win_file", {"path": r"C:\Windows\mark", "state": "touch"}, again=True),
    Case("tempfile", "win_tempfile", {"suffix": ".tmp", "word": "w0rd"}, "2003-sp2"),
    Case("tempfolder", "win_tempfile", {"path": "C:\\Windows", "state": "directory",
                                       "word": "w0rd"}),
)  # fmt: skip

_RULE = {"path": r"C:\app\web.config", "user": "bob", "type": "allow", "rights": "Read,Write"}
_BOBS = {"users": {"bob": {}}, "files": OLD}
ACL_CASES: Final = (
    Case("acl-allow", "win_acl", _RULE, state=_BOBS),
    Case("acl-deny-folder", "win_acl",
         {"path": "C:\\app\\sub dir\\", "user": "S-1-5-11", "type": "deny", "rights": ["Write"]},
         "2003-sp2", {"files": OLD}),
    Case("acl-no-rule-of-somebody", "win_acl",
         {"path": r"C:\app\web.config", "user": "Administrators", "type": "allow",
          "rights": "Delete,ChangePermissions", "state": "absent"}, "2016",
         {"files": OLD, "language": "deu"}),
    Case("acl-gone", "win_acl", {**_RULE, "user": r"BUILTIN\Administrators",
                                 "rights": "FullControl", "state": "absent"}, "2025", _BOBS),
    Case("acl-how-far", "win_acl",
         {"path": r"C:\app", "user": r"NT AUTHORITY\SYSTEM", "type": "allow", "rights": "Modify",
          "inherit": "ContainerInherit", "propagation": "InheritOnly"}, state={"files": OLD}),
    Case("inheritance-off", "win_acl_inheritance", {"path": r"C:\app"}, state={"files": OLD}),
    Case("inheritance-copied", "win_acl_inheritance",
         {"path": r"C:\app", "reorganize": True}, "2008-sp2", {"files": OLD}),
    Case("inheritance-on", "win_acl_inheritance",
         {"path": r"C:\app\web.config", "state": "present"}, "2022", {"files": OLD}),
)  # fmt: skip

_SHARED = {"users": {"bob": {}}, "files": OLD, "shares": {"Tools": r"C:\app"}}
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
    **OLD,
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
