"""Tasks as XML, as `schtasks /create /xml` takes and `/query /xml` prints them.

Source: [MS-TSCH] 2.5, "Task Configuration Schema".
"""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

__all__ = ["Parsed", "export", "leaves", "parse"]

_NS = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_HEAD = '<?xml version="1.0" encoding="UTF-16"?>\n'
_SERVICES = {"SYSTEM": "S-1-5-18", "LOCAL SERVICE": "S-1-5-19", "NETWORK SERVICE": "S-1-5-20"}
_PARTS = ("RegistrationInfo", "Triggers", "Principals", "Settings", "Data", "Actions")
_SCHEDULES = {
    "TimeTrigger": "ONCE", "BootTrigger": "ONSTART", "LogonTrigger": "ONLOGON",
    "IdleTrigger": "ONIDLE", "EventTrigger": "ONEVENT", "CalendarTrigger": "DAILY",
}  # fmt: skip


class Parsed:
    """What the scheduler knows of a definition. Raises ValueError for what is none."""

    def __init__(self, text: str, name: str) -> None:
        body = text.removeprefix("\ufeff")
        if body.startswith("<?xml"):
            body = body.partition("?>")[2]
        try:
            root = ElementTree.fromstring(body.strip())
        except ElementTree.ParseError as error:
            raise ValueError(f"(1,1)::{error}") from None
        if root.tag != f"{{{_NS}}}Task":
            raise ValueError("(2,2):Task:")
        for part in root:
            if part.tag.rpartition("}")[2] not in _PARTS:
                raise ValueError(f"(1,1):{part.tag.rpartition('}')[2]}:")
        self.root = root
        if root.find(f"{{{_NS}}}Actions/*") is None:
            raise ValueError("(1,1):Actions:")
        info = root.find(f"{{{_NS}}}RegistrationInfo")
        if info is None:
            info = ElementTree.Element(f"{{{_NS}}}RegistrationInfo")
            root.insert(0, info)
        uri = info.find(f"{{{_NS}}}URI")
        if uri is None:
            uri = ElementTree.SubElement(info, f"{{{_NS}}}URI")
        uri.text = "\\" + name.strip("\\")

    def text(self, path: str, default: str = "") -> str:
        """The text of an element, its path without the namespace."""
        found = self.root.find("/".join(f"{{{_NS}}}{part}" for part in path.split("/")))
        return default if found is None or found.text is None else found.text

    @property
    def command(self) -> str:
        """The first program with its arguments, as a command line."""
        program = self.text("Actions/Exec/Command")
        line = f'"{program}"' if " " in program and '"' not in program else program
        return f"{line} {self.text('Actions/Exec/Arguments')}".strip()

    @property
    def user(self) -> str:
        """Who it runs as: a name, or a SID."""
        return self.text("Principals/Principal/UserId") or self.text("Principals/Principal/GroupId")

    @property
    def schedule(self) -> str:
        """schtasks' word for the first trigger."""
        first = self.root.find(f"{{{_NS}}}Triggers/*")
        return (
            "ON DEMAND" if first is None else _SCHEDULES.get(first.tag.rpartition("}")[2], "OTHER")
        )

    @property
    def start(self) -> float | None:
        """When the first trigger starts, in seconds since 1970; None where it says nothing."""
        first = self.root.find(f"{{{_NS}}}Triggers/*/{{{_NS}}}StartBoundary")
        if first is None or not first.text:
            return None
        return time.mktime(time.strptime(first.text[:19], "%Y-%m-%dT%H:%M:%S"))

    @property
    def registered(self) -> float | None:
        """Seconds after its registration that it starts; None where no trigger says so."""
        if self.root.find(f"{{{_NS}}}Triggers/{{{_NS}}}RegistrationTrigger") is None:
            return None
        found = re.fullmatch(
            r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?",
            self.text("Triggers/RegistrationTrigger/Delay", "PT0S"),
        )
        hours, minutes, seconds = (
            (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
        )
        return float(hours * 3600 + minutes * 60 + seconds)

    @property
    def at_boot(self) -> bool:
        """Whether a start of the machine starts it."""
        return self.root.find(f"{{{_NS}}}Triggers/{{{_NS}}}BootTrigger") is not None

    @property
    def enabled(self) -> bool:
        """Whether it may run."""
        return self.text("Settings/Enabled", "true").strip() in ("true", "1")

    def enable(self, *, on: bool) -> None:
        """Let it run, or not."""
        settings = self.root.find(f"{{{_NS}}}Settings")
        if settings is None:
            settings = ElementTree.SubElement(self.root, f"{{{_NS}}}Settings")
        found = settings.find(f"{{{_NS}}}Enabled")
        if found is None:
            found = ElementTree.SubElement(settings, f"{{{_NS}}}Enabled")
        found.text = "true" if on else "false"

    def written(self) -> str:
        """The definition as it is printed."""
        ElementTree.register_namespace("", _NS)
        ElementTree.indent(self.root)
        return _HEAD + ElementTree.tostring(self.root, encoding="unicode") + "\n"


def parse(text: str, name: str) -> Parsed:
    """A definition. Raises ValueError with what schtasks says of a wrong one."""
    return Parsed(text, name)


def export(name: str, command: str, user: str, schedule: str, start: str, *, enabled: bool) -> str:
    """The definition of a task that was made without one."""
    program, _, arguments = command.partition(" ")
    if command.startswith('"'):
        program, _, arguments = command[1:].partition('"')
    today = time.strftime("%Y-%m-%d")
    trigger = "<BootTrigger><Enabled>true</Enabled></BootTrigger>"
    if schedule == "ONCE":
        trigger = (
            f"<TimeTrigger><StartBoundary>{today}T{start[:5]}:00</StartBoundary></TimeTrigger>"
        )
    given = f"<Arguments>{escape(arguments.strip())}</Arguments>" if arguments.strip() else ""
    return parse(
        f'<Task version="1.2" xmlns="{_NS}"><Triggers>{trigger}</Triggers>'
        f'<Principals><Principal id="Author"><UserId>{_SERVICES.get(user.upper(), user)}</UserId>'
        "</Principal></Principals><Settings><Enabled>"
        f"{'true' if enabled else 'false'}</Enabled></Settings>"
        f'<Actions Context="Author"><Exec><Command>{escape(program)}</Command>{given}</Exec>'
        "</Actions></Task>",
        name,
    ).written()


def leaves(text: str) -> list[str]:
    """Every element that holds something, as `path=text`, in order; not what is so anyway."""
    found: list[str] = []

    def walk(element: ElementTree.Element, path: str) -> None:
        here = f"{path}/{element.tag.rpartition('}')[2]}"
        if len(element) == 0:
            found.append(f"{here}={(element.text or '').strip()}")
        for child in element:
            walk(child, here)

    walk(Parsed(text, "x").root, "")
    by_default = ("/Task/Settings/Enabled=true", "/Task/Settings=")
    return [line for line in found if "/URI=" not in line and line not in by_default]
