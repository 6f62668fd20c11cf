"""Ports that nobody will take before the test does."""

from __future__ import annotations

import itertools
import os
import socket
from typing import Final

_FIRST: Final = 12000
_COUNT: Final = 20000
"""Below the range from which systems take ports for outgoing connections (Linux: 32768 on; RFC
6335: 49152 on): in between choosing one and listening there, any program could be given it."""
_STRIDE: Final = 977
"""How far apart processes with neighbouring ids begin: those that run tests beside each other."""

_numbers = itertools.count(os.getpid() * _STRIDE)


def free_ports(count: int) -> list[int]:
    """Loopback ports on which nobody listens; none is given out twice soon."""
    found: list[int] = []
    while len(found) < count:
        port = _FIRST + next(_numbers) % _COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    return found


def free_port() -> int:
    """One of them."""
    return free_ports(1)[0]
