"""Definitions of scheduled tasks: from XML to what can be compared, and XML changed and written.

Sources: Microsoft, [MS-TSCH] 2.5 "Task Configuration Schema" (elements and their defaults) and
"Schtasks.exe" (``/query /xml``, ``/create /xml``: from Vista and Server 2008 on). What a task does
not say is as the schema's default, so a definition is the same before and after Windows wrote it
out in full.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError
from runner.windows.accounts import service_account

NAMESPACE: Final = "http://schemas.microsoft.com/windows/2004/02/mit/task"
PARTS: Final = ("RegistrationInfo", "Triggers", "Principals", "Settings", "Data", "Actions")
LOGON_TYPES: Final = {
    "S4U": "s4u",
    "Password": "password",
    "InteractiveToken": "interactive_token",
    "InteractiveTokenOrPassword": "token_or_password",
}
RUN_LEVELS: Final = {"LeastPrivilege": "limited", "HighestAvailable": "highest"}
SETTINGS: Final[Mapping[str, str]] = {
    "AllowStartOnDemand": "true",
    "AllowHardTerminate": "true",
    "DeleteExpiredTaskAfter": "",
    "DisallowStartIfOnBatteries": "true",
    "ExecutionTimeLimit": "PT72H",
    "Hidden": "false",
    "MultipleInstancesPolicy": "IgnoreNew",
    "Priority": "7",
    "RestartOnFailure/Count": "",
    "RestartOnFailure/Interval": "",
    "RunOnlyIfIdle": "false",
    "RunOnlyIfNetworkAvailable": "false",
    "StartWhenAvailable": "false",
    "StopIfGoingOnBatteries": "true",
    "WakeToRun": "false",
}
"""Settings that a task can say something about, with the schema's defaults."""

_EMPTY: Final = (
    f'<Task version="1.2" xmlns="{NAMESPACE}"><RegistrationInfo/><Triggers/><Principals>'
    '<Principal id="Author"/></Principals><Settings/><Actions Context="Author"/></Task>'
)
_TRIGGER_DEFAULTS: Final = {"Enabled=true", "Repetition/StopAtDurationEnd=false"}
_HOURS: Final = re.compile(r"^P(\d+)D$")


@dataclass(frozen=True, slots=True)
class Action:
    """One program that the task starts."""

    path: str
    arguments: str = ""
    working_directory: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """All of a task that can be compared. ``triggers`` and ``settings`` hold ``name=value``."""

    actions: tuple[Action, ...]
    triggers: tuple[str, ...]
    user: str
    group: str
    logon_type: str
    run_level: str
    display_name: str
    description: str
    author: str
    date: str
    source: str
    version: str
    settings: tuple[str, ...]
    enabled: bool


def root_of(text: str) -> ElementTree.Element:
    """The definition as a tree; an empty one for no text. Raises ModuleError for what is none."""
    body = text.strip().removeprefix("\ufeff")
    if body.startswith("<?xml"):
        body = body.partition("?>")[2]
    try:
        root = ElementTree.fromstring(body.strip() or _EMPTY)
    except ElementTree.ParseError as error:
        raise ModuleError(f"the host's definition of the task is no XML: {error}") from None
    if root.tag != _q("Task"):
        raise ModuleError(f"the host's definition of the task is another kind of XML: {root.tag}")
    return root


def written(root: ElementTree.Element) -> str:
    """The tree as XML, without a declaration."""
    ElementTree.register_namespace("", NAMESPACE)
    return ElementTree.tostring(root, encoding="unicode")


def definition(root: ElementTree.Element) -> Definition:
    """What the tree says, with the schema's defaults."""
    principal = "Principals/Principal"
    user, group = text(root, f"{principal}/UserId"), text(root, f"{principal}/GroupId")
    service = service_account(user)
    logon = LOGON_TYPES.get(text(root, f"{principal}/LogonType"), "interactive_token")
    info = "RegistrationInfo"
    return Definition(
        actions=tuple(_action(one) for one in children(root, "Actions")),
        triggers=tuple(_trigger(one) for one in children(root, "Triggers")),
        user=service.sid if service else user,
        group=group,
        logon_type="service_account" if service else "group" if group else logon,
        run_level=RUN_LEVELS.get(text(root, f"{principal}/RunLevel"), "limited"),
        display_name=text(root, f"{principal}/DisplayName"),
        description=text(root, f"{info}/Description"),
        author=text(root, f"{info}/Author"),
        date=text(root, f"{info}/Date"),
        source=text(root, f"{info}/Source"),
        version=text(root, f"{info}/Version"),
        settings=_settings(root),
        enabled=text(root, "Settings/Enabled") not in ("false", "0"),
    )


def text(root: ElementTree.Element, path: str) -> str:
    """The text of an element by its path; empty where there is none."""
    found = root.find(_path(path))
    return (found.text or "").strip() if found is not None else ""


def children(root: ElementTree.Element, path: str) -> Sequence[ElementTree.Element]:
    """What is in an element, in order."""
    found = root.find(_path(path))
    return list(found) if found is not None else []


def put(root: ElementTree.Element, path: str, value: str) -> None:
    """Give an element a text, making it and those above it; an empty text removes it."""
    names = path.split("/")
    here = root
    for name in names[:-1]:
        here = _child(here, name)
    found = here.find(_q(names[-1]))
    if not value:
        if found is not None:
            here.remove(found)
        return
    if found is None:
        found = _child(here, names[-1])
    found.text = value


def replace_all(root: ElementTree.Element, path: str, new: Sequence[ElementTree.Element]) -> None:
    """Put these into an element in place of all that is in it."""
    parent = _child(root, path)
    for old in list(parent):
        parent.remove(old)
    parent.extend(new)


def element(name: str, *parts: ElementTree.Element, text: str = "") -> ElementTree.Element:
    """A new element of the schema."""
    made = ElementTree.Element(_q(name))
    made.text = text or None
    made.extend(parts)
    return made


def _q(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _path(path: str) -> str:
    return "/".join(_q(name) for name in path.split("/"))


def _child(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    found = parent.find(_q(name))
    if found is None:
        found = ElementTree.Element(_q(name))
        at = len(parent)
        if name in PARTS:  # their order is part of the schema
            later = PARTS[PARTS.index(name) + 1 :]
            at = next((i for i, c in enumerate(parent) if _bare(c) in later), at)
        parent.insert(at, found)
    return found


def _bare(one: ElementTree.Element) -> str:
    return one.tag.rpartition("}")[2]


def _action(one: ElementTree.Element) -> Action:
    if _bare(one) != "Exec":
        return Action(f"({_bare(one)})", "; ".join(_leaves(one)))
    return Action(text(one, "Command"), text(one, "Arguments"), text(one, "WorkingDirectory"))


def _trigger(one: ElementTree.Element) -> str:
    said = [leaf for leaf in _leaves(one) if leaf not in _TRIGGER_DEFAULTS]
    return " ".join([_bare(one), *sorted(said)])


def _leaves(one: ElementTree.Element, path: str = "") -> list[str]:
    found: list[str] = []
    for child in one:
        here = f"{path}{_bare(child)}"
        if len(child):
            found += _leaves(child, f"{here}/")
        else:
            said = (child.text or "").strip()
            found.append(f"{here}={said}" if said else here)
    return found


def _settings(root: ElementTree.Element) -> tuple[str, ...]:
    found: list[str] = []
    for name, default in SETTINGS.items():
        value = text(root, f"Settings/{name}")
        if value and _duration(value) != default:
            found.append(f"{name}={value}")
    return tuple(found)


def _duration(value: str) -> str:
    """Three days are 72 hours, as the default is written in one place and in the other."""
    days = _HOURS.match(value)
    return f"PT{int(days[1]) * 24}H" if days else value
