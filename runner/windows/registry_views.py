r"""The two views of a 64-bit Windows' registry, and how ``reg.exe`` is told which one is meant.

From Windows 7 and Server 2008 R2 on, ``reg`` takes ``/reg:32`` and ``/reg:64``; whether it does is
asked, not guessed. Before, the 32-bit half of a redirected key is named as it is kept, below
``Wow6432Node``. Sources: Microsoft, "Accessing an Alternate Registry View", "Registry Keys Affected
by WOW64" (what is redirected there), "WOW64 Implementation Details" (PROCESSOR_ARCHITEW6432).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar, cast

from pydantic import BeforeValidator

from runner.errors import Refused
from runner.interfaces.exchange import Command, Exec, Output, Query, Read, Reply, Write, read
from runner.windows import registry

View: TypeAlias = Annotated[
    Literal["default", "32", "64"],
    BeforeValidator(lambda given: str(given) if isinstance(given, int) else given),
]

NODE: Final = "Wow6432Node"
"""The way of a Windows whose ``reg`` knows no views; other ways are switches of ``reg``."""

_PLACE: Final = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_ENVIRONMENT: Final = Exec("cmd", "/d", "/c", "set")
_SHARED: Final = tuple(
    name.casefold()
    for name in (
        "Microsoft\\CTF\\SystemShared", "Microsoft\\CTF\\TIP", "Microsoft\\DFS",
        "Microsoft\\Driver Signing", "Microsoft\\EnterpriseCertificates", "Microsoft\\MSMQ",
        "Microsoft\\Non-Driver Signing", "Microsoft\\RAS", "Microsoft\\Shared Tools\\MSInfo",
        "Microsoft\\SystemCertificates", "Microsoft\\TermServLicensing",
        "Microsoft\\TransactionServer",
        "Microsoft\\Windows\\CurrentVersion\\Control Panel\\Cursors\\Schemes",
        "Microsoft\\Windows\\CurrentVersion\\Explorer\\AutoplayHandlers",
        "Microsoft\\Windows\\CurrentVersion\\Explorer\\DriveIcons",
        "Microsoft\\Windows\\CurrentVersion\\Explorer\\KindMap",
        "Microsoft\\Windows\\CurrentVersion\\Group Policy",
        "Microsoft\\Windows\\CurrentVersion\\Policies", "Microsoft\\Windows\\CurrentVersion\\Setup",
        "Microsoft\\Windows\\CurrentVersion\\Telephony\\Locations",
        "Microsoft\\Windows NT\\CurrentVersion\\FontDpi",
        "Microsoft\\Windows NT\\CurrentVersion\\FontMapper",
        "Microsoft\\Windows NT\\CurrentVersion\\Fonts",
        "Microsoft\\Windows NT\\CurrentVersion\\FontSubstitutes",
        "Microsoft\\Windows NT\\CurrentVersion\\NetworkCards",
        "Microsoft\\Windows NT\\CurrentVersion\\Perflib",
        "Microsoft\\Windows NT\\CurrentVersion\\Ports",
        "Microsoft\\Windows NT\\CurrentVersion\\Print",
        "Microsoft\\Windows NT\\CurrentVersion\\ProfileList",
        "Microsoft\\Windows NT\\CurrentVersion\\Time Zones", "Policies",
    )
)  # fmt: skip
"""Keys below SOFTWARE that both views share on Vista and before."""

_PRINTED: Final = re.compile(rf"(?im)^(HKEY_LOCAL_MACHINE\\SOFTWARE)\\{NODE}(?=\\|\r?$)")

QueryT = TypeVar("QueryT", bound=Any)
T = TypeVar("T")


def find(view: View, path: str) -> Generator[Query, Reply, str]:
    """How the key is reached in that view: a switch of ``reg``, ``NODE``, or nothing at all.

    Raises Refused where this host, or the shell that it gives us, has no such view of it.
    """
    if view == "default":
        return ""
    known, said = yield from read(
        registry.query(_PLACE, "CurrentVersion", f"/reg:{view}"), _ENVIRONMENT
    )
    variables = _variables(said)
    own = variables.get("processor_architecture", "x86").lower()
    system = variables.get("processor_architew6432", "").lower() or own
    if system == "x86":
        if view == "32":
            return ""
        raise Refused(
            "view: 64 needs a 64-bit Windows, and this one is 32-bit",
            hint="leave view out there: a 32-bit Windows has one view only",
        )
    if known.code == 0:
        return f"/reg:{view}"
    narrow = own == "x86"
    if (view == "32") is narrow:
        return ""
    if narrow:
        raise Refused(
            "the shell of this host is a 32-bit one, and its reg.exe knows no /reg:64 (that came "
            "with Windows 7 and Server 2008 R2)",
            hint="connect with WinRM, whose shell is a 64-bit one",
        )
    if kept(path) is None:
        raise Refused(
            f"{path} has no one place in the 32-bit view of this Windows: its classes are "
            "redirected one by one",
            hint=r"write the path out, with ...\Classes\Wow6432Node\... in it, and leave view out",
        )
    return NODE


def _variables(output: Output) -> Mapping[str, str]:
    pairs = (line.partition("=") for line in output.stdout.splitlines())
    return {name.casefold(): value.strip() for name, equals, value in pairs if equals}


def kept(path: str) -> str | None:
    """The path under which a 64-bit program sees a key of the 32-bit view; None for classes."""
    hive, *parts = path.split("\\")
    folded = [part.casefold() for part in parts]
    classes = any(part == "classes" or part.endswith("_classes") for part in folded[:3])
    if hive.upper() == "HKCR" or (classes and (folded[0] == "software" or hive.upper() == "HKU")):
        return None
    if hive.upper() != "HKLM" or folded[:1] != ["software"]:
        return path
    below = "\\".join(folded[1:])
    if below.startswith(NODE.casefold()) or any(_is_in(below, one) for one in _SHARED):
        return path
    return "\\".join((hive, parts[0], NODE, *parts[1:]))


def _is_in(key: str, above: str) -> bool:
    return key == above or key.startswith(above + "\\")


def through(way: str, work: Generator[QueryT, Reply, T]) -> Generator[QueryT, Reply, T]:
    """Drive work with every ``reg`` command of it told which view is meant."""
    if not way:
        return (yield from work)
    try:
        request = next(work)
        while True:
            try:
                reply = yield _turned(request, way)
            except Exception as error:  # noqa: BLE001 - what the host did is the work's business
                request = work.throw(error)
            else:
                request = work.send(_as_seen(reply, way))
    except StopIteration as stop:
        return cast(T, stop.value)


def _turned(request: Any, way: str) -> Any:
    match request:
        case Read(commands):
            return Read(tuple(_command(command, way) for command in commands))
        case Write(command):
            return Write(_command(command, way))
    return request


def _command(command: Command, way: str) -> Command:
    if not isinstance(command, Exec) or command.argv[0] != "reg":
        return command
    if way != NODE:
        return Exec(*command.argv, way, timeout=command.timeout)
    program, verb, path, *rest = command.argv
    return Exec(program, verb, kept(path) or path, *rest, timeout=command.timeout)


def _as_seen(reply: Reply, way: str) -> Reply:
    """The answers as the view shows them."""
    if way != NODE:
        return reply
    return tuple(replace(out, stdout=_PRINTED.sub(r"\1", out.stdout)) for out in reply)
