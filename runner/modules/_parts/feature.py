"""How ``win_feature`` finds and changes features: the way on each Windows, and its commands."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Exec, Query, Reply, Request, read, write
from runner.windows import features
from runner.windows.exit_codes import (
    DISM_UNKNOWN_FEATURE,
    OK,
    PROGRAM_MISSING,
    RESTART_NEEDED,
    expect,
)
from runner.windows.facts import WindowsFacts
from runner.windows.features import Feature, Tree

DISM: Final = "dism"
SERVERMANAGERCMD: Final = "servermanagercmd"
POWERSHELL: Final = "powershell"

_DISM: Final = ("dism", "/online", "/english")
_CHANGE: Final = ("dism", "/online", "/norestart", "/quiet")
_SECONDS: Final = 3600.0
_STATE: Final = re.compile(r"^\s*State\s*:\s*(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DismState:
    """What dism says of a feature."""

    known: bool
    on: bool = False
    pending: bool = False


def way(host: WindowsFacts, names: Sequence[str], *, plain: bool) -> str:
    """The tool that manages these features on this host. Raises Refused where none does.

    ``plain`` says that neither their parts nor their management tools are asked for.
    """
    if host.product_type == "WinNT":
        raise Refused(
            f"{host.name} is no server: it has no roles and features of Server Manager",
            hint="use win_optional_feature with dism's name of the feature",
        )
    if host.nt < (6, 0):
        raise Refused(
            f"{host.name} has no Server Manager",
            hint=r"use win_command with sysocmgr /i:%SystemRoot%\inf\sysoc.inf /u:ANSWERS",
        )
    if host.nt < (6, 2):
        return SERVERMANAGERCMD
    known = all(name.casefold() in features.DISM_NAMES for name in names)
    return DISM if known and plain else POWERSHELL


def tree(tool: str) -> Generator[Query, Reply, Tree]:
    """All features of the host. Raises ModuleError."""
    if tool == SERVERMANAGERCMD:
        (out,) = yield from read(features.QUERY)
        found = features.from_servermanagercmd(out)
    else:
        (out,) = yield from read(features.LIST)
        found = features.from_powershell(out)
    if out.code == PROGRAM_MISSING:
        raise Refused(
            f"this host has no {tool}",
            hint="Server Core of 2008 has none: use win_optional_feature (2008 R2), or ocsetup",
        )
    expect(out, tool, "list the features of the server")
    if not found:
        raise ModuleError(
            f"{tool} listed no features",
            hint="may this account administer the host, and is no other installation running?",
        )
    return found


def concerned(
    found: Tree, names: Sequence[str], *, parts: bool, above: bool
) -> tuple[Feature, ...]:
    """The named features, what they are parts of, and their parts; each once, the whole first."""
    about: dict[str, Feature] = {}
    for name in names:
        feature = found.find(name)
        if feature is None:
            continue
        over = (found.find(each) for each in feature.above) if above else ()
        below = found.parts(name) if parts else ()
        for each in (*over, feature, *below):
            if each is not None:
                about.setdefault(each.name, each)
    return tuple(about.values())


def without(names: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """The names that are not among the others."""
    known = {other.casefold() for other in others}
    return tuple(name for name in names if name.casefold() not in known)


def dism_states(names: Sequence[str]) -> Generator[Query, Reply, dict[str, DismState]]:
    """The states of features that dism knows by another name."""
    states: dict[str, DismState] = {}
    for name in names:
        theirs = features.DISM_NAMES[name.casefold()]
        command = Exec(*_DISM, "/get-featureinfo", f"/featurename:{theirs}", timeout=300.0)
        (out,) = yield from read(command)
        if out.code == DISM_UNKNOWN_FEATURE:
            states[name] = DismState(known=False)
            continue
        expect(out, "dism", f"read the state of the feature {name}")
        said = _STATE.search(out.stdout)
        if not said:
            raise ModuleError(f"the state of feature {name} cannot be read: dism did not tell it")
        on = said[1] in ("Enabled", "Enable Pending")
        states[name] = DismState(known=True, on=on, pending=said[1].endswith("Pending"))
    return states


def install(
    tool: str, names: tuple[str, ...], *, tools: bool, source: str
) -> Generator[Request, Reply, bool]:
    """Install features, the whole before its parts; whether a restart is needed."""
    if tool == POWERSHELL:
        return (yield from _by_powershell(names, install=True, tools=tools, source=source))
    restart = False
    for name in names:
        if tool == SERVERMANAGERCMD:
            command = features.by_servermanagercmd(name, install=True)
        else:
            from_ = (f"/source:{source}", "/limitaccess") if source else ()
            theirs = f"/featurename:{features.DISM_NAMES[name.casefold()]}"
            command = Exec(*_CHANGE, "/enable-feature", theirs, *from_, timeout=_SECONDS)
        restart |= yield from _run(tool, command, f"install the feature {name}")
    return restart


def remove(tool: str, names: tuple[str, ...]) -> Generator[Request, Reply, bool]:
    """Remove features, the parts before the whole; whether a restart is needed.

    Raises ModuleError when something else became a part of one of them meanwhile: Windows would
    remove it as well.
    """
    if tool != DISM:
        yield from _check_parts(tool, names)
    if tool == POWERSHELL:
        return (yield from _by_powershell(names, install=False, tools=False, source=""))
    restart = False
    for name in reversed(names):
        if tool == SERVERMANAGERCMD:
            command = features.by_servermanagercmd(name, install=False)
        else:
            theirs = f"/featurename:{features.DISM_NAMES[name.casefold()]}"
            command = Exec(*_CHANGE, "/disable-feature", theirs, timeout=_SECONDS)
        restart |= yield from _run(tool, command, f"remove the feature {name}")
    return restart


def _check_parts(tool: str, names: tuple[str, ...]) -> Generator[Request, Reply, None]:
    now = yield from tree(tool)
    for name in names:
        others = without([part.name for part in now.parts(name) if part.installed], names)
        if others:
            raise ModuleError(
                f"the feature {name} has installed parts that the run did not install: "
                f"{', '.join(others)}",
                hint="Windows would remove them too; remove them first, or leave it",
            )


def _run(tool: str, command: Exec, doing: str) -> Generator[Request, Reply, bool]:
    out = yield from write(command)
    done = (OK, RESTART_NEEDED, features.NO_CHANGE_NEEDED) if tool == SERVERMANAGERCMD else ()
    expect(out, tool, doing, done or (OK, RESTART_NEEDED))
    return out.code == RESTART_NEEDED


def _by_powershell(
    names: tuple[str, ...], *, install: bool, tools: bool, source: str
) -> Generator[Request, Reply, bool]:
    verb = "install" if install else "remove"
    command = features.by_powershell(names, install=install, tools=tools, source=source)
    out = expect((yield from write(command)), "powershell", f"{verb} {', '.join(names)}")
    done, restart = features.said(out)
    if not done:
        said = out.stderr.strip() or out.stdout.strip()
        raise ModuleError(f"{verb} {', '.join(names)}: PowerShell reports no success: {said}")
    return restart
