"""The shell on the host in which the commands of one connection run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runner.transports.winrm_clock import Deadline
from runner.transports.winrm_link import Link
from runner.transports.winrm_options import WinrmOptions, encoding_of

UTF8: Final = 65001
FIRST_CODEPAGE: Final = 437
"""What WinRM 1.1 is given: it may return no output at all for code page 65001."""
OLD_QUOTA: Final = 12
NEW_QUOTA: Final = 1400
"""Commands in one shell, below the hosts' limits of 15 and 1500 operations: a shell of cmd gives
none back while it lives ([MS-WSMV] 3.1.4.12, product behaviour note)."""


@dataclass(slots=True)
class HostShell:
    """The shell on the host: its id, how its programs print, how many commands it may still run."""

    id: str
    encoding: str
    commands_left: int


def open_shell(link: Link, options: WinrmOptions, deadline: Deadline) -> HostShell:
    """A shell that prints UTF-8, or on WinRM 1.1 the code page it bears."""
    codepage = options.codepage or UTF8
    created = link.create(codepage, deadline)
    if created.first_generation and options.codepage is None:
        link.delete(created.id, deadline)
        codepage = FIRST_CODEPAGE
        created = link.create(codepage, deadline)
    quota = OLD_QUOTA if created.old_quota else NEW_QUOTA
    return HostShell(created.id, encoding_of(codepage), quota)
