"""The `key= value` settings of `sc config` and `sc create`."""

from __future__ import annotations

from runner.lab.process import Process

__all__ = ["SETTINGS", "UsageFault", "numeric_settings", "parse_options", "write_settings"]

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
        options[key.lower()] = rest.pop(0)
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
        if options["type="].lower() not in _TYPES:
            raise UsageFault("ERROR:  Invalid type= field\n\n")
        numbers["Type"] = _TYPES[options["type="].lower()]
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
