"""A Red Hat host that is a table: what real programs answered (dnf 4.14, rpm 4.18), recorded."""

from __future__ import annotations

from typing import Any

from runner.interfaces.exchange import Command, Output
from runner.model.state import Change
from tests.modules.posix_host import FACTS
from tests.modules.scripted import Scripted, line, task

LOOK = Output(0, "machine x86_64\ndnf\n4.14.0\nyum\n")
AVAILABLE = Output(
    0,
    """\
Available Packages
wrx-app.noarch                              1.0-1                              t
wrx-app.noarch                              2.0-1                              t
wrx-a-package-with-a-name-so-long-that-it-wraps.x86_64
                                            1:3.5-2.el9                        t
wrx-lib.noarch                              1.0-1                              t
wrx-lib.noarch                              2.0-1                              t
""",
)
HISTORY = Output(
    0,
    """\
ID     | Command line             | Date and time    | Action(s)      | Altered
-------------------------------------------------------------------------------
     7 | -y remove wrx-app        | 2026-11-22 06:23 | Removed        |    2   
     2 | -y -q upgrade wrx-app    | 2026-11-22 06:22 | Upgrade        |    2   
""",  # noqa: W291 - as dnf prints it
)
INSTALL = Output(
    1,
    """\
Last metadata expiration check: 0:00:01 ago on Sun Nov 22 06:23:53 2026.
Dependencies resolved.
================================================================================
 Package             Architecture       Version             Repository     Size
================================================================================
Installing:
 wrx-app             noarch             2.0-1               t             5.4 k
Installing dependencies:
 wrx-lib             noarch             2.0-1               t             5.4 k
 wrx-a-package-with-a-name-so-long-that-it-wraps
                     x86_64             1:3.5-2.el9         t             5.4 k

Transaction Summary
================================================================================
Install  3 Packages

Total size: 11 k
Operation aborted.
""",
)
UPGRADE = Output(
    1,
    """\
Dependencies resolved.
================================================================================
 Package             Architecture       Version             Repository     Size
================================================================================
Upgrading:
 wrx-app             noarch             2.0-1               t             5.4 k
 wrx-lib             noarch             2.0-1               t             5.4 k

Transaction Summary
================================================================================
Upgrade  2 Packages
""",
)
REMOVE = Output(
    1,
    """\
Dependencies resolved.
================================================================================
 Package             Architecture       Version            Repository      Size
================================================================================
Removing:
 wrx-lib             noarch             2.0-1              @t               0  
Removing dependent packages:
 wrx-app             noarch             1.0-1              @t               0  

Transaction Summary
================================================================================
Remove  2 Packages
""",  # noqa: W291 - as dnf prints it
)
NOTHING = Output(0, "Dependencies resolved.\nNothing to do.\nComplete!\n")
INFO = """\
Transaction ID : {0}
Begin time     : Sun Nov 22 06:22:04 2026
Return-Code    : Success
Releasever     : 9
Command Line   : {1}
Comment        : runner::after=7
Packages Altered:
    Upgrade  wrx-app-2.0-1.noarch @t
    Upgraded wrx-app-1.0-1.noarch @@System
"""


def rpms(**versions: str | None) -> Output:
    """What READ_RPMS prints for these packages."""
    blocks = []
    for name, version in versions.items():
        full = name.replace("_", "-")
        blocks.append(f"spec\t{full}")
        if version is not None:
            blocks.append(f"row\t{full}\t0\t{version}\t1\tnoarch")
    return Output(0, "\n".join(blocks) + "\n")


class Host(Scripted):
    """Answers by the longest key that is somewhere in the command."""

    def _answer(self, command: Command) -> Output:
        text = line(command)
        keys = [key for key in self.answers if key in text]
        if not keys:
            return Output(127)
        key = max(keys, key=len)
        found = self.answers[key]
        assert not isinstance(found, Exception)
        if not isinstance(found, Output):
            at = self._used.get(key, 0)
            self._used[key] = at + 1
            one = found[min(at, len(found) - 1)]
            assert isinstance(one, Output)
            return one
        return found


def redhat(**answers: Any) -> Host:
    usual: dict[str, Any] = {
        "uname -m": LOOK,
        "--whatprovides": rpms(wrx_app=None),
        "list available": AVAILABLE,
        "history list": HISTORY,
        "--assumeno": INSTALL,
        "userinstalled": Output(0, "Packages installed by user\nwrx-app-1.0-1.noarch\n"),
        "dnf -y --comment": Output(0),
        "history undo": Output(0),
        "mark": Output(0),
    }
    return Host({**usual, **answers})


def plan(host: Host, module_name: str = "dnf", **raw: Any) -> tuple[Any, Any, Change[Any]]:
    module, params = task(module_name, **raw)
    before = host.drive(module.probe(params, FACTS))
    change = Change(module.subject(params), before, module.plan(params, before, FACTS))
    return module, params, change


def words(host: Host) -> list[str]:
    return [text.partition("/sbin ")[2] for text in host.sent]
