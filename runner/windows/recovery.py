"""What the service controller does when a service fails, as the registry keeps it.

The value ``FailureActions`` of a service's key is the structure SERVICE_FAILURE_ACTIONS as a 32-bit
program would see it: the reset period, two pointers, the count, a pointer, and then a pair of
numbers for each SC_ACTION (its type, its delay in milliseconds). The texts stand in values of their
own. Source: Microsoft, SERVICE_FAILURE_ACTIONS and SC_ACTION.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

KINDS: Final = {0: "none", 1: "restart", 2: "reboot", 3: "run_command"}
SC_WORDS: Final = {"none": "", "restart": "restart", "reboot": "reboot", "run_command": "run"}
INFINITE: Final = 0xFFFFFFFF
_HEAD: Final = struct.Struct("<5I")
_PAIR: Final = struct.Struct("<2I")


@dataclass(frozen=True, slots=True)
class Recovery:
    """``actions`` are ``TYPE/MILLISECONDS``, ``reset`` the seconds after which they begin anew."""

    actions: tuple[str, ...] = ()
    reset: int = 0


def parse(printed: object) -> Recovery | None:
    """The value as ``reg query`` prints it; None for what is no such structure."""
    if printed is None:
        return Recovery()
    try:
        data = bytes.fromhex(str(printed))
    except ValueError:
        return None
    if len(data) < _HEAD.size:
        return None
    reset, _, _, count, _ = _HEAD.unpack_from(data)
    if len(data) < _HEAD.size + count * _PAIR.size:
        return None
    pairs = [_PAIR.unpack_from(data, _HEAD.size + n * _PAIR.size) for n in range(count)]
    if any(kind not in KINDS for kind, _ in pairs):
        return None
    return Recovery(tuple(f"{KINDS[kind]}/{delay}" for kind, delay in pairs), reset)


def sc_options(recovery: Recovery) -> tuple[str, ...]:
    """The options of ``sc failure`` for these actions: it takes both only together."""
    words = (each.partition("/") for each in recovery.actions)
    actions = "/".join(f"{SC_WORDS[kind]}/{delay}" for kind, _, delay in words)
    reset = "INFINITE" if recovery.reset == INFINITE else str(recovery.reset)
    return ("reset=", reset, "actions=", actions)
