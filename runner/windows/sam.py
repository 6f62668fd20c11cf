"""The accounts of a Windows host: its users, its groups, and those that Windows itself brings.

``wmic`` lists them with their identifiers (Microsoft, Win32_UserAccount, Win32_Group,
Win32_SystemAccount); where it is gone PowerShell is asked for the same classes. Names of built-in
accounts are localized, so everything is compared by identifier ("Well-known SIDs"); playbooks may
use the English names everywhere.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import (
    Exec,
    Output,
    Query,
    Reply,
    Request,
    Script,
    Verbatim,
    read,
    write,
)
from runner.windows.facts import WindowsFacts

SID: Final = re.compile(r"S-1-\d+(-\d+)+", re.IGNORECASE)
WELL_KNOWN: Final[Mapping[str, str]] = {
    "administrators": "S-1-5-32-544",
    "users": "S-1-5-32-545",
    "guests": "S-1-5-32-546",
    "power users": "S-1-5-32-547",
    "print operators": "S-1-5-32-550",
    "backup operators": "S-1-5-32-551",
    "replicator": "S-1-5-32-552",
    "remote desktop users": "S-1-5-32-555",
    "network configuration operators": "S-1-5-32-556",
    "performance monitor users": "S-1-5-32-558",
    "performance log users": "S-1-5-32-559",
    "distributed com users": "S-1-5-32-562",
    "iis_iusrs": "S-1-5-32-568",
    "cryptographic operators": "S-1-5-32-569",
    "event log readers": "S-1-5-32-573",
    "hyper-v administrators": "S-1-5-32-578",
    "remote management users": "S-1-5-32-580",
    "everyone": "S-1-1-0",
    "creator owner": "S-1-3-0",
    "network": "S-1-5-2",
    "batch": "S-1-5-3",
    "interactive": "S-1-5-4",
    "service": "S-1-5-6",
    "anonymous logon": "S-1-5-7",
    "authenticated users": "S-1-5-11",
    "system": "S-1-5-18",
    "local service": "S-1-5-19",
    "network service": "S-1-5-20",
}
"""English names of accounts that every Windows has, in lower case -> identifier."""

_AUTHORITIES: Final = frozenset({"nt authority", "builtin"})
_ALL_SERVICES: Final = "S-1-5-80-0"
_LOCAL: Final = Verbatim('"LocalAccount=TRUE"')
_USER: Final = (
    "Description,Disabled,Domain,FullName,Lockout,Name,"
    "PasswordChangeable,PasswordExpires,PasswordRequired,SID"
)
_COMMANDS: Final = (
    Exec("wmic", "useraccount", "where", _LOCAL, "get", _USER, "/value"),
    Exec("wmic", "group", "where", _LOCAL, "get", "Description,Domain,Name,SID", "/value"),
    Exec("wmic", "sysaccount", "get", "Name,SID", "/value"),
)
# The same three lists in the form of wmic, in the syntax of PowerShell 2.0.
_WITHOUT_WMIC: Final = """\
$c=@{u='Win32_UserAccount';g='Win32_Group';s='Win32_SystemAccount'}[$params.kind]
Get-WmiObject $c -Filter "LocalAccount=True"|ForEach-Object{
foreach($n in @($params.names)){"$n=$($_.$n)"}}
"""
_KINDS: Final = (
    ("u", tuple(_USER.split(","))),
    ("g", ("Description", "Domain", "Name", "SID")),
    ("s", ("Name", "SID")),
)


@dataclass(frozen=True, slots=True)
class User:
    """A user of the host itself."""

    name: str
    sid: str
    fullname: str
    description: str
    disabled: bool
    locked: bool
    password_never_expires: bool
    cannot_change_password: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A local group."""

    name: str
    sid: str
    description: str


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a name means. ``sid`` is empty for an account of a domain, which only that knows.

    ``shown`` is how states and results write it; ``net_name`` what ``net localgroup`` takes.
    """

    sid: str
    shown: str
    net_name: str


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody whom the host itself can name."""

    computer: str
    users: tuple[User, ...]
    groups: tuple[Group, ...]
    system: tuple[tuple[str, str], ...]
    """Name and identifier of the accounts that Windows itself brings."""

    def user(self, name: str) -> User | None:
        """The user of that name, in any of the ways to write a local one, or identifier."""
        domain, bare = split(name)
        if domain not in ("", ".", self.computer.casefold()):
            return None
        return next(
            (u for u in self.users if bare == u.name.casefold() or name.upper() == u.sid), None
        )

    def group(self, name: str) -> Group | None:
        """The local group of that name, identifier, or English name of a built-in one."""
        domain, bare = split(name)
        if domain not in ("", ".", "builtin", self.computer.casefold()):
            return None
        sid = name.upper() if SID.fullmatch(name) else WELL_KNOWN.get(bare, "")
        exact = (g for g in self.groups if g.name.casefold() == bare)
        return next(exact, None) or next((g for g in self.groups if g.sid == sid), None)

    def principal(self, text: str) -> Principal | None:
        """Who a playbook's name means; None for nobody whom the host itself can name."""
        domain, bare = split(text)
        if (user := self.user(text)) is not None:
            return Principal(user.sid, f"{self.computer}\\{user.name}", user.name)
        for name, sid in self.system:
            wanted = text.upper() if SID.fullmatch(text) else ""
            if wanted == sid or (bare == name.casefold() and domain not in ("builtin",)):
                return Principal(sid, name, name)
        if (group := self.group(text)) is not None:
            return Principal(group.sid, group.name, group.name)
        if domain == "" or domain in _AUTHORITIES:
            sid = WELL_KNOWN.get(bare, "")
            return next((Principal(s, n, n) for n, s in self.system if s == sid and sid), None)
        if domain == "nt service":
            sid = service_sid(bare)
            return Principal(sid, f"NT SERVICE\\{bare}", text)
        return None

    def shown(self, sid: str) -> str:
        """The name behind an identifier, or the identifier itself."""
        found = self.principal(sid)
        return found.shown if found is not None else sid


def service_sid(name: str) -> str:
    """The identifier of a service's own account, made of the SHA-1 of its name.

    Source: [MS-DTYP] 2.4.2.4 (S-1-5-80) and ``sc showsid``.
    """
    if name.casefold() == "all services":
        return _ALL_SERVICES
    digest = hashlib.sha1(name.upper().encode("utf-16-le"), usedforsecurity=False).digest()
    return "S-1-5-80-" + "-".join(str(part) for part in struct.unpack("<5I", digest))


def find() -> Generator[Query, Reply, Directory]:
    """Everybody on the host. Raises ModuleError when nobody can be listed."""
    outputs = yield from read(*_COMMANDS)
    lists = [_rows(output) for output in outputs]
    if not any(lists):
        scripts = [
            Script("powershell", _WITHOUT_WMIC, params={"kind": kind, "names": list(names)})
            for kind, names in _KINDS
        ]
        outputs = yield from read(*scripts)
        lists = [_rows(output) for output in outputs]
    if not any(lists):
        raise ModuleError(
            f"the accounts of this host cannot be listed: {first_line(outputs[0])}",
            hint="neither wmic nor PowerShell answered; is the service Winmgmt running?",
        )
    users, groups, system = lists
    return Directory(
        computer=next((row["Domain"] for row in (*users, *groups) if row.get("Domain")), ""),
        users=tuple(_user(row) for row in users),
        groups=tuple(
            Group(row["Name"], row["SID"].upper(), row.get("Description", "")) for row in groups
        ),
        system=tuple((row["Name"], row["SID"].upper()) for row in system),
    )


def _rows(output: Output) -> list[dict[str, str]]:
    """Objects that were printed as ``Name=value`` lines: a name that comes again begins one."""
    found: list[dict[str, str]] = []
    for line in output.stdout.splitlines() if output.code == 0 else ():
        name, equals, value = line.strip("\r\n").partition("=")
        if not equals or not name.isalpha():
            continue
        if not found or name in found[-1]:
            found.append({})
        found[-1][name] = value.strip("\r")
    return [row for row in found if row.get("Name") and row.get("SID")]


def _user(row: Mapping[str, str]) -> User:
    return User(
        name=row["Name"],
        sid=row["SID"].upper(),
        fullname=row.get("FullName", ""),
        description=row.get("Description", ""),
        disabled=_true(row, "Disabled"),
        locked=_true(row, "Lockout"),
        password_never_expires=not _true(row, "PasswordExpires"),
        cannot_change_password=not _true(row, "PasswordChangeable"),
    )


def _true(row: Mapping[str, str], name: str) -> bool:
    return row.get(name, "").casefold() == "true"


def split(name: str) -> tuple[str, str]:
    """Domain and bare name, both folded; the domain is empty where none is written."""
    domain, _, bare = name.strip().rpartition("\\")
    return domain.casefold(), bare.casefold()


def first_line(output: Output) -> str:
    """What a program said first, for an error."""
    said = output.stderr.strip() or output.stdout.strip() or f"exit code {output.signed}"
    return said.splitlines()[0].strip()


def set_flag(sid: str, name: str, value: bool) -> Generator[Request, Reply, None]:
    """Sets a property of a user that ``net user`` does not know."""
    if not SID.fullmatch(sid):
        raise ModuleError(f"not an identifier of an account: {sid!r}")
    word = "TRUE" if value else "FALSE"
    # An identifier holds digits and hyphens only: wmic reads its line by rules of its own.
    where = Verbatim(f"\"SID='{sid}'\"")
    output = yield from write(
        Exec("wmic", "useraccount", "where", where, "set", Verbatim(f"{name}={word}"))
    )
    if output.code == 0:
        return
    text = "$u=Get-WmiObject Win32_UserAccount -Filter \"SID='$($params.sid)'\"\n"
    text += "$u.($params.name)=$params.value\n[void]$u.Put()\n"
    values: dict[str, Any] = {"sid": sid, "name": name, "value": value}
    again = yield from write(Script("powershell", text, params=values))
    if again.code != 0:
        raise ModuleError(f"set {name} of {sid}: {first_line(output)}; {first_line(again)}")


def refuse_controller(facts: Mapping[str, Any], what: str) -> None:
    """Raises Refused on a domain controller, which has no accounts of its own."""
    if WindowsFacts.of(facts).product_type == "LanmanNT":
        raise Refused(
            f"{what}: this host is a domain controller, where it would change the whole domain",
            hint="a domain controller has no local accounts; change accounts of the domain with "
            "the tools of Active Directory",
        )
