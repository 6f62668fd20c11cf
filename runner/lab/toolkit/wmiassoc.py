r"""`wmic path CLASS where ... assoc`: the objects that are associated with one.

Only the owner of a file: `Win32_LogicalFileSecuritySetting` by `Win32_LogicalFileOwner`. Source:
Microsoft, "Win32_LogicalFileOwner", "wmic" (`ASSOC` prints the path of each object found).
"""

from __future__ import annotations

import re

from runner.lab.state.files import ADMINISTRATORS
from runner.lab.state.process import Process

__all__ = ["associated"]

_PATH = re.compile(r"""path\s*=\s*(['"])(.*)\1""", re.IGNORECASE)


def associated(process: Process, class_name: str, where: str, words: list[str]) -> str | None:
    """What is printed; None where no object of the class is meant."""
    asked = {word.partition(":")[0].lower(): word.partition(":")[2].lower() for word in words}
    by = asked.pop("/assocclass", "")
    asked.pop("/resultclass", None)
    asked.pop("/resultrole", None)
    match = _PATH.fullmatch(where.strip())
    if class_name != "win32_logicalfilesecuritysetting" or by != "win32_logicalfileowner" or asked:
        process.not_simulated(f"wmic path {class_name} assoc {' '.join(words)}")
    if match is None:
        process.not_simulated(f"wmic path {class_name} where {where}")
    entry = process.host.files.find(re.sub(r"\\(.)", r"\1", match[2]))
    if entry is None:
        return None
    sid = entry.owner or ADMINISTRATORS
    name = process.host.security.accounts.shown(sid)
    host = process.host.name.split(".")[0].upper()
    path = f'\\\\{host}\\ROOT\\CIMV2:Win32_SID.SID="{sid}"'
    width = len(path) + 2
    return f"{'__PATH'.ljust(width)}AccountName\n{path.ljust(width)}{name}\n\n"
