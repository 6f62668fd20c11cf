"""The `key= value` settings of `sc config` and `sc create`."""

from __future__ import annotations

import struct

from runner.lab.state.process import Process

__all__ = [
    "SETTINGS", "UsageFault", "failure_actions", "numeric_settings", "parse_options",
    "write_settings",
]  # fmt: skip

_STARTS = {"boot": 0, "system": 1, "auto": 2, "demand": 3, "disabled": 4, "delayed-auto": 2}
_TYPES = {"own": 0x10, "share": 0x20, "kernel": 1, "filesys": 2, "interact": 0x100}
_ERRORS = {"ignore": 0, "normal": 1, "severe": 2, "critical": 3}


class UsageFault(Exception):
    """The command line is wrong."""


def parse_options(args: list[str], known: set[str]) -> dict[str, str]:
    """`key= value` pairs: the value is the next argument, so `start=disabled` is wrong."""
    options: dict[str, str] = {}
    rest = list(args)
    while rest:
        key = rest.pop(0)
        if key.lower() not in known or not rest:
            raise UsageFault("\nERROR:  Invalid Option\n\n" if rest else "")
        value = rest.pop(0)
        if key.lower() == "type=" and value.lower() == "interact" and "type=" in options:
            value = f"{options['type=']}+interact"
        options[key.lower()] = value
    return options


SETTINGS = {"type=", "start=", "error=", "binpath=", "group=", "tag=", "depend=", "obj=",
             "displayname=", "password="}  # fmt: skip


def numeric_settings(process: Process, options: dict[str, str]) -> dict[str, int]:
    """The numeric settings among the options, checked."""
    numbers: dict[str, int] = {}
    if "start=" in options:
        start = options["start="].lower()
        if start not in _STARTS or (start == "delayed-auto" and process.host.profile.legacy):
            raise UsageFault("ERROR:  Invalid start= field\n\n")
        numbers["Start"] = _STARTS[start]
    if "type=" in options:
        words = options["type="].lower().split("+")
        if any(word not in _TYPES for word in words) or words == ["interact"]:
            raise UsageFault("ERROR:  Invalid type= field\n\n")
        numbers["Type"] = sum(_TYPES[word] for word in words)
    if "error=" in options:
        if options["error="].lower() not in _ERRORS:
            raise UsageFault("ERROR:  Invalid error= field\n\n")
        numbers["ErrorControl"] = _ERRORS[options["error="].lower()]
    for key in ("tag=", "password="):
        if key in options:
            process.not_simulated(f"sc: {key}")
    return numbers


def write_settings(
    process: Process, name: str, options: dict[str, str], numbers: dict[str, int]
) -> None:
    """Store settings in the service's registry key."""
    registry, path = process.host.registry, process.host.services.path_of(name)
    for value, number in numbers.items():
        registry.set(path, value, number)
    if "start=" in options and not process.host.profile.legacy:
        if options["start="].lower() == "delayed-auto":
            registry.set(path, "DelayedAutostart", 1)
        elif registry.get(path, "DelayedAutostart") is not None:
            registry.delete_value(path, "DelayedAutostart")
    texts = {"displayname=": "DisplayName", "obj=": "ObjectName", "group=": "Group"}
    for key, value in texts.items():
        if key in options:
            registry.set(path, value, options[key])
    if "binpath=" in options:
        registry.set(path, "ImagePath", options["binpath="], "REG_EXPAND_SZ")
    if "depend=" in options:
        names = tuple(part for part in options["depend="].split("/") if part)
        if names:
            registry.set(path, "DependOnService", names)
        else:
            registry.delete_value(path, "DependOnService")


_ACTIONS = {"": 0, "restart": 1, "reboot": 2, "run": 3}


def failure_actions(options: dict[str, str]) -> bytes | None:
    """The `FailureActions` value that `reset=` and `actions=` of `sc failure` make; None without.

    Each of them needs the other. It is empty where no action is left: then the value goes away
    (Microsoft, SERVICE_FAILURE_ACTIONS, lpsaActions).
    """
    if ("reset=" in options) != ("actions=" in options):
        raise UsageFault("ERROR: The reset and actions options must be set simultaneously.\n\n")
    if "actions=" not in options:
        return None
    reset = options["reset="]
    seconds = 0xFFFFFFFF if reset.upper() == "INFINITE" else int(reset) if reset.isdigit() else -1
    words = options["actions="].split("/") if options["actions="] else []
    pairs = list(zip(words[::2], words[1::2], strict=False))
    if seconds < 0 or len(words) % 2 or any(k not in _ACTIONS or not d.isdigit() for k, d in pairs):
        raise UsageFault("ERROR:  Invalid option\n\n")
    if not pairs:
        return b""
    head = struct.pack("<5I", seconds, 0, 0, len(pairs), 0x14)
    return head + b"".join(struct.pack("<2I", _ACTIONS[k], int(d)) for k, d in pairs)
