"""Whether a Unix host is in another boot than before, and which programs restart it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from runner.interfaces.exchange import Script
from runner.posix import tools

BOOT_ID: Final = "cat /proc/sys/kernel/random/boot_id"
"""Linux' random(4): another text after each boot; Ansible's own way to tell."""

_ELSEWHERE: Final = """\
if [ -r /proc/sys/kernel/random/boot_id ]; then cat /proc/sys/kernel/random/boot_id
else sysctl -n kern.boottime 2>/dev/null || who -b
fi
"""

# The first folder that has it; a host without shutdown (BusyBox) has reboot.
_FIND: Final = """\
for p in $1; do
for d in "$@"; do
[ "$d" != "$1" ] && [ -x "$d/$p" ] && echo "$d/$p" && exit 0
done
done
exit 1
"""


def boot_query(command: str | None) -> Script:
    """What tells one boot from another: the task's command, or the system's own way."""
    return tools.script(_ELSEWHERE) if command is None else Script("posix", command)


def find(programs: str, folders: tuple[str, ...]) -> Script:
    """Look for the first of these programs (words) in these folders."""
    return tools.script(_FIND, programs, *folders)


def controllers_boot() -> str:
    """The boot id of the machine that this process runs on; empty where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
