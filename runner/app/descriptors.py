"""How many connections may be open at once: as many as the system lets this process have.

A shell starts programs with a soft limit of 1024 open files for the sake of old programs that use
select(2); a program that does not may raise it to the hard limit (systemd's file-hierarchy advice,
setrlimit(2)). A play whose hosts wait for each other keeps a connection to each of them.
"""

from __future__ import annotations

import contextlib

try:
    import resource
except ImportError:  # no Unix: there is no such limit
    resource = None  # type: ignore[assignment]


def allow_many() -> None:
    """Raise the soft limit to the hard one; where that is refused, things stay as they are."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
