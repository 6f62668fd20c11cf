"""What is sent to a DNS server of the lab, and what real ones print."""

from __future__ import annotations

from typing import Any

from tests.modules.labhost import LabHost

ZONE = "sink.example"
SEEN = """Zone query result:

Zone info:
\tptr                   = 00000259E2DA72F0
\tzone name             = Sink.Example
\tzone type             = 4
\tshutdown              = 0
\tupdate                = 2
\tDS integrated         = 1
\tdata file             = (null)
\taging                 = 0
\t  refresh interval    = 0
\tdirectory partition   = AD-Forest     flags 00000019
Command completed successfully.
"""


def sent(host: LabHost, act: Any) -> list[str]:
    commands = host.machine.counters.commands
    commands.clear()
    act()
    lines = [line.removeprefix("<nul ").replace('^"', "").replace('"', "") for line in commands]
    return [line for line in lines if line.startswith("dnscmd")]
