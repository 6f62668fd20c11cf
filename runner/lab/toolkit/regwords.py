"""The words of a reg.exe command line: switches, key names, and the faults about them."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.lab.state.process import Process
from runner.lab.state.registry import Key, split_path

__all__ = ["NOT_FOUND", "VIEWS", "Options", "RegFault", "key_path", "open_key", "parse_words"]

NOT_FOUND = "The system was unable to find the specified registry key or value."


class RegFault(Exception):
    """What reg prints after ERROR:."""


@dataclass(slots=True)
class Options:
    """Switches with and without values; `/v NAME` is `values["v"]`."""

    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    operands: list[str] = field(default_factory=list)


def parse_words(process: Process, verb: str, args: list[str], flags: str, valued: str) -> Options:
    """Take the switches apart. A word after a switch with a value is its value, whatever it is."""
    options = Options()
    legacy = process.host.profile.legacy
    usage = f'Invalid syntax.\nType "REG {verb.upper()} /?" for usage.'
    rest = list(args)
    while rest:
        word = rest.pop(0)
        name = word[1:].lower() if word[:1] in "/-" else ""
        if not name:
            options.operands.append(word)
        elif name in valued.split():
            if not rest:
                raise RegFault(usage)
            options.values[name] = rest.pop(0)
        elif name in flags.split() and not (legacy and name.startswith("reg:")):
            options.flags.add(name)
        else:
            known = {"query": "f k d c e z se t", "delete": "", "add": ""}.get(verb, "")
            if name in known.split():
                process.not_simulated(f"reg {verb} /{name}")
            raise RegFault(usage)
    if not options.operands:
        raise RegFault(usage)
    return options


def key_path(process: Process, text: str, options: Options) -> str:
    """A key name, checked; /reg:32 leads to the 32-bit half of SOFTWARE."""
    if text.startswith("\\\\"):
        process.not_simulated(f"reg on another machine: {text}")
    try:
        parts = split_path(text)
    except ValueError:
        raise RegFault("Invalid key name.") from None
    in_software = [part.lower() for part in parts[:2]] == ["hkey_local_machine", "software"]
    if "reg:32" in options.flags and process.host.profile.arch == "x64" and in_software:
        parts = (*parts[:2], "Wow6432Node", *parts[2:])
    return "\\".join(parts)


def as_asked(path: str, options: Options) -> str:
    """A key's path for the user: a view of the 32-bit half does not say where that is kept.

    Source: Microsoft, "Accessing an Alternate Registry View" (the redirection is transparent).
    """
    return path.replace("\\Wow6432Node", "", 1) if "reg:32" in options.flags else path


def open_key(process: Process, text: str, options: Options) -> tuple[str, Key]:
    path = key_path(process, text, options)
    key = process.host.registry.find(path)
    if key is None:
        raise RegFault(NOT_FOUND)
    return process.host.registry.proper_path(path), key


VIEWS = "reg:32 reg:64"
