"""How many connections may be open at once: as many as the system lets this process have.

A shell starts programs with a soft limit of 1024 open files for the sake of old programs that use
select(2); a program that does not may raise it to the hard limit (systemd's file-hierarchy advice,
setrlimit(2)). A play whose hosts wait for each other keeps a connection to each of them; where that
is more than the limit, connections to hosts that wait are closed and made anew.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.errors import UsageError

try:
    import resource
except ImportError:  # no Unix: there is no such limit
    resource = None  # type: ignore[assignment]

_SPARE: Final = 32
"""For the journal, reports, files that are read, parts of Python that are loaded on the way."""
_OF_WORKER: Final = 3
"""What a worker may need beside a connection: the pipes of a local program, or a second look at a
port."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How many hosts are worked on at once; to how many a connection is kept, None for all;
    ``notice`` for people, where that is less than was wanted."""

    workers: int
    connections: int | None = None
    notice: str = ""


def allow_many() -> None:
    """Raise the soft limit to the hard one; where that is refused, things stay as they are."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def require_some() -> None:
    """Raises UsageError where not even one host could be reached; raises the limit before."""
    allow_many()
    room = _room()
    if room is not None and room < 1 + _OF_WORKER:
        raise UsageError(
            f"this process may have {_limit()} files open, which is not enough to reach any host",
            hint="allow it more: ulimit -n 1024 (systemd: LimitNOFILE=)",
        )


def fit(workers: int, hosts: int) -> Fit:
    """What becomes of so many workers on so many hosts in this process."""
    room = _room()
    if room is None or room >= hosts + workers * _OF_WORKER:
        return Fit(workers)
    fewer = max(1, min(workers, room // (1 + _OF_WORKER)))
    connections = max(fewer, room - fewer * _OF_WORKER)
    if connections >= hosts:
        connections, text = hosts, ""
    else:
        text = f", a connection to {connections} of {hosts} (others are made anew when needed)"
    return Fit(
        fewer,
        connections,
        f"this process may have {_limit()} files open: {fewer} hosts at once instead of "
        f"{workers}{text}; for more: ulimit -n {_rounded(_used() + _SPARE + hosts + workers * 3)}",
    )


def _limit() -> int | None:
    if resource is None:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _room() -> int | None:
    """How many descriptors are left for hosts; None without a limit."""
    limit = _limit()
    return None if limit is None else limit - _used() - _SPARE


def _used() -> int:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with contextlib.suppress(OSError):
            return len(list(Path(folder).iterdir()))
    return 16


def _rounded(number: int) -> int:
    """Up to the next power of two, as people write such limits."""
    return 1 << max(8, (number - 1).bit_length())
