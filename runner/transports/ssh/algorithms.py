"""Which algorithms are offered: the settings' lists, as far as paramiko knows them."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from typing import Any, Final

import paramiko

from runner.errors import PolicyRefused
from runner.transports.ssh.config import Target

_FIELDS: Final = {
    "ciphers": "ciphers",
    "macs": "digests",
    "kexalgorithms": "kex",
    "hostkeyalgorithms": "key_types",
}


def choose(transport: paramiko.Transport, target: Target) -> None:
    """Offer what Ciphers, MACs, KexAlgorithms and HostKeyAlgorithms leave of ours.

    Raises PolicyRefused when that is nothing.
    """
    security: Any = transport.get_security_options()
    for option, value in target.algorithms:
        field = _FIELDS[option]
        ours = tuple(getattr(security, field))
        wanted = selected(value, ours)
        if not wanted:
            raise PolicyRefused(
                f"{target.endpoint}: {option} leaves no algorithm that is known here: {value}",
                hint=f"known are: {', '.join(ours)}",
            )
        setattr(security, field, wanted)


def selected(value: str, ours: Sequence[str]) -> tuple[str, ...]:
    """What a list of ssh_config(5) leaves of ours: ``+`` adds, ``-`` removes, ``^`` prefers."""
    sign, names = (value[0], value[1:]) if value[:1] in "+-^" else ("", value)
    patterns = [name.strip() for name in names.split(",") if name.strip()]
    named = [one for p in patterns for one in ours if fnmatch.fnmatchcase(one, p)]
    named = list(dict.fromkeys(named))
    match sign:
        case "+":
            return tuple(ours)
        case "-":
            return tuple(one for one in ours if one not in named)
        case "^":
            return (*named, *(one for one in ours if one not in named))
    return tuple(named)


def prefer(transport: paramiko.Transport, kinds: Sequence[str]) -> None:
    """Ask first for the kinds of host key that are on record."""
    if not kinds:
        return
    security = transport.get_security_options()
    offered = list(security.key_types)
    wanted = [k for k in offered if any(k == t or _is_rsa(k, t) for t in kinds)]
    security.key_types = [*wanted, *(k for k in offered if k not in wanted)]


def _is_rsa(offered: str, recorded: str) -> bool:
    return recorded == "ssh-rsa" and offered.startswith("rsa-sha2-")
