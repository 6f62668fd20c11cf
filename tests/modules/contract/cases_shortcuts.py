r"""The same for shortcuts. One of them is the example of [MS-SHLLINK], section 3.1: Windows Vista's
own shortcut to ``C:\test\a.txt``."""

from __future__ import annotations

import base64
from typing import Final

from tests.modules.contract.case import OLD, Case

EXAMPLE: Final = bytes.fromhex(
    "4C0000000114020000000000C0000000000000469B00080020000000D0E9EEF21515C901D0E9EEF21515C901D0E9"
    "EEF21515C901000000000000000001000000000000000000000000000000BD0014001F50E04FD020EA3A6910A2D8"
    "08002B30309D19002F433A5C000000000000000000000000000000000000004600310000000000"
    "2C3969A3100074657374000032000700"
    "0400EFBE2C3965A32C3969A326000000031E00000000F51E00000000000000000000740065007300740000001400"
    "4800320000000000"
    "2C3969A32000612E74787400340007000400EFBE2C3969A32C3969A3260000002D6E000000009601000000000000"
    "000000006100"
    "2E0074007800740000001400"
    "00003C0000001C000000010000001C0000002D000000000000003B000000110000000300000081"
    "8A7A301000000000433A5C746573745C612E747874000007002E005C0061002E00740078007400070043003A00"
    "5C007400650073007400"
    "60000000030000A058000000000000006368726973"
    "2D787073000000000000004078C79447FAC746B3565C2DC6B6D115EC46CD7B227FDD119499"
    "0013721687"
    "4A4078C79447FAC746B3565C2DC6B6D115EC46CD7B227FDD11949900137216874A00000000"
)
_DEST = r"C:\app\a b.lnk"
_THERE = {"files": {**OLD, _DEST: {"base64": base64.b64encode(EXAMPLE).decode(),
                                   "attributes": "AR"}}}  # fmt: skip
_PLAIN = {"files": {**OLD, _DEST: {"base64": base64.b64encode(EXAMPLE).decode()}}}
_ADDRESS = {
    r"C:\app\x.url": {"content": "[x]\r\ny=1\r\n[InternetShortcut]\r\nURL=http://old/\r\nZ=1\r\n"}
}
_WHOLE = {
    "src": r"C:\app\sub dir\b.txt", "dest": _DEST, "arguments": '/c "a & b" 100% é文',
    "directory": r"C:\app", "description": "dé文", "icon": r"%SystemRoot%\System32\shell32.dll,-3",
    "hotkey": "ctrl+alt+f", "windowstyle": "maximized", "run_as_admin": True,
}  # fmt: skip

SHORTCUT_CASES: Final = (
    Case("shortcut-new", "win_shortcut", _WHOLE, state={"files": OLD}),
    Case("shortcut-new-2003", "win_shortcut",
         {"src": "cmd.exe", "dest": r"%SystemRoot%\cmd.lnk"}, "2003-sp2"),
    Case("shortcut-folder", "win_shortcut", {"src": r"C:\app", "dest": _DEST}, "2025",
         {"files": OLD}),
    Case("shortcut-share", "win_shortcut",
         {"src": r"\\files\set up\a b\c.exe", "dest": _DEST}, "2008-sp2", {"files": OLD}),
    Case("shortcut-change", "win_shortcut",
         {"dest": _DEST, "description": "mine", "hotkey": "F5"}, "2016", _THERE),
    Case("shortcut-elsewhere", "win_shortcut",
         {"dest": _DEST, "src": r"C:\nix\new.exe", "run_as_admin": True}, "2012r2", _THERE),
    Case("shortcut-gone", "win_shortcut", {"dest": _DEST, "state": "absent"}, "2019", _PLAIN),
    Case("shortcut-address", "win_shortcut",
         {"src": "https://host.example/a?b=c%20d&e", "dest": r"C:\app\new.url"}, "2012",
         {"files": OLD}),
    Case("shortcut-address-change", "win_shortcut",
         {"src": "https://new/", "dest": r"C:\app\x.url"}, "2022", {"files": _ADDRESS}),
)  # fmt: skip
