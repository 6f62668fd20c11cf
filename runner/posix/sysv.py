"""Init scripts: who manages services on a host, and what their programs answer.

Sources: Linux Standard Base 5.0, "Init Script Actions" (exit codes of ``status``), update-rc.d(8),
chkconfig(8), rc-service(8), rc-update(8).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from runner.interfaces.exchange import Output, Script
from runner.posix import tools

LOOK: Final = """\
[ -d /run/systemd/system ] && command -v systemctl >/dev/null && echo systemd
[ -e "/etc/init/$1.conf" ] && command -v initctl >/dev/null && echo upstart
for p in rc-service update-rc.d chkconfig service; do
command -v $p >/dev/null && echo $p
done
[ -x "/etc/init.d/$1" ] && echo script
for d in /etc/rc?.d /etc/init.d/rc?.d; do
for l in "$d"/[SK][0-9][0-9]"$1"; do
[ -h "$l" ] || [ -e "$l" ] && echo "link $l"
done
done
exit 0
"""
"""Which managers there are, and what the runlevel folders hold of a service."""

# A daemon that an init script starts keeps the script's output open for ever: it goes to a file.
_CONTROL: Final = """\
o=$(mktemp) || exit 1
"$@" >"$o" 2>&1 </dev/null
c=$?
cat "$o"
rm -f "$o"
exit $c
"""
_STARTS: Final = re.compile(r"/rc[2-5]\.d/S\d\d")
_LEVEL: Final = re.compile(r"\b([0-6]):(on|off)\b")
_NOT_RUNNING: Final = frozenset({1, 2, 3, 4, 69})
_SAYS_STOPPED: Final = (
    "stop", "not running", "is dead", "dead but", "could not access pid file",
)  # fmt: skip


def look(name: str, timeout: float | None = None) -> Script:
    """The script LOOK for one service."""
    return tools.script(LOOK, name, timeout=timeout)


def control(*argv: str, timeout: float | None = None) -> Script:
    """Run an init script's action so that its daemon does not hold us."""
    return tools.script(_CONTROL, *argv, timeout=timeout)


def words(output: Output) -> tuple[frozenset[str], tuple[str, ...]]:
    """The managers that LOOK found, and the links."""
    lines = output.stdout.splitlines()
    links = tuple(line[5:] for line in lines if line.startswith("link "))
    return frozenset(line for line in lines if not line.startswith("link ")), links


def starts_at_boot(links: Sequence[str]) -> bool:
    """Whether one of the links starts the service in a runlevel of normal work."""
    return any(_STARTS.search(link) for link in links)


def chkconfig_on(text: str) -> bool | None:
    """Whether ``chkconfig --list NAME`` says that it starts in runlevels 3 and 5."""
    levels: dict[str, str] = dict(_LEVEL.findall(text))
    if "3" not in levels or "5" not in levels:
        return None
    return levels["3"] == "on" and levels["5"] == "on"


def rc_levels(text: str, name: str) -> tuple[str, ...]:
    """The runlevels that ``rc-update show`` names for a service (OpenRC)."""
    for line in text.splitlines():
        service, bar, levels = line.partition("|")
        if bar and service.strip() == name:
            return tuple(levels.split())
    return ()


def is_running(output: Output, name: str) -> bool | None:
    """What ``status`` says, by its exit code and, where that says nothing, by its only line."""
    if output.code in _NOT_RUNNING:
        return False
    if output.code != 0:
        return None
    text = output.stdout.strip().lower().replace(name.lower(), "")
    return "\n" in text or not any(word in text for word in _SAYS_STOPPED)
