"""Members of local groups through ``net localgroup`` (Microsoft, "Net localgroup").

Its list of members stands between a line of hyphens and the last line, whatever the language.
Accounts of the host itself stand there without a domain, all others with theirs. What net.exe
cannot put in (a long name) or look up (name@domain, an identifier of a domain), PowerShell does.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Generator, Iterable, Mapping
from typing import Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Exec, Output, Query, Reply, Request, Script, read, write
from runner.windows import sam
from runner.windows.exit_codes import expect

LONGEST: Final = 20
"""Characters of a member's name that net.exe takes (Microsoft, KB 324639)."""

_NAMES: Final = """\
$n=0
foreach($m in @($params.names)){
try{
if($m -like 'S-1-*'){$s=New-Object Security.Principal.SecurityIdentifier $m}
else{$s=(New-Object Security.Principal.NTAccount $m).Translate(
[Security.Principal.SecurityIdentifier])}
$a=$s.Translate([Security.Principal.NTAccount]).Value
"$n="+[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($a))
}catch{}
$n++}
"""
_ADD: Final = """\
$g=[ADSI]"WinNT://$env:COMPUTERNAME/$($params.group),group"
$g.Add('WinNT://'+$params.member)
"""
_NAME: Final = re.compile(r"(?m)^(\d+)=(\S+?)\r?$")


def members_of(group: str) -> Exec:
    """The command whose output ``members`` reads."""
    return Exec("net", "localgroup", group)


def members(output: Output, group: str, directory: sam.Directory) -> tuple[sam.Principal, ...]:
    """Who is in a group. Raises ModuleError when the list cannot be read."""
    lines = [line.strip() for line in output.stdout.splitlines()]
    rules = [at for at, line in enumerate(lines) if len(line) > 20 and set(line) == {"-"}]
    if output.code != 0 or not rules:
        raise ModuleError(f"net localgroup {group}: {sam.first_line(output)}")
    listed = [line for line in lines[rules[0] + 1 :] if line]
    # The last line says that the command has ended well.
    return tuple(_listed(name, directory) for name in listed[:-1])


def _listed(name: str, directory: sam.Directory) -> sam.Principal:
    """A line of the list: names of the host itself stand there without a domain."""
    domain, bare = sam.split(name)
    if domain and domain not in (directory.computer.casefold(), "nt service"):
        known = next(((n, s) for n, s in directory.system if n.casefold() == bare), None)
        if known is not None:
            return sam.Principal(known[1], known[0], name)
        return sam.Principal("", name.casefold(), name)
    return directory.principal(name) or sam.Principal("", name, name)


def wanted_member(text: str, directory: sam.Directory) -> sam.Principal | None:
    """Who shall be in a group; None for a name that nobody here can tell."""
    if (found := directory.principal(text)) is not None:
        return found
    domain, bare = sam.split(text)
    if domain and "." not in domain and bare:
        return sam.Principal("", f"{domain}\\{bare}", text.strip())
    return None


def wanted_members(
    names: Iterable[str], directory: sam.Directory
) -> Generator[Query, Reply, dict[str, sam.Principal | None]]:
    """The same for several, asking PowerShell about what only a domain can tell."""
    found = {name: wanted_member(name, directory) for name in names}
    left = [n for n, who in found.items() if who is None and _is_of_a_domain(n)]
    if left:
        (output,) = yield from read(Script("powershell", _NAMES, params={"names": left}))
        for place, encoded in _NAME.findall(output.stdout) if output.code == 0 else ():
            if int(place) < len(left):
                found[left[int(place)]] = wanted_member(_text(encoded), directory)
    return found


def _is_of_a_domain(name: str) -> bool:
    return "@" in name or "\\" in name or sam.SID.fullmatch(name) is not None


def _text(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise ModuleError("the names of members came back garbled") from None


def refuse_unknown(names: Collection[str]) -> None:
    """Raises Refused where there are names that nobody here can tell."""
    if names:
        raise Refused(
            f"there is no account '{', '.join(sorted(names))}' on this host",
            hint="check the name; an account of a domain is written DOMAIN\\name, with the short "
            "name of the domain: name@domain and identifiers only PowerShell looks up, if the "
            "domain can be asked",
        )


def add_member(group: str, who: str) -> Exec:
    """Puts an account into a group."""
    return Exec("net", "localgroup", group, who, "/add")


def remove_member(group: str, who: str) -> Exec:
    """Takes an account out of a group."""
    return Exec("net", "localgroup", group, who, "/delete")


def too_long(words: Mapping[str, str], names: Iterable[str]) -> str:
    """One of the names that net.exe cannot put into a group; ``words`` are what it calls them."""
    bare = (words.get(name, name).rpartition("\\")[2] for name in sorted(names))
    return next((name for name in bare if len(name) > LONGEST), "")


def refuse_long(words: Mapping[str, str], names: Iterable[str], *, powershell: bool) -> None:
    """Raises Refused where there is such a name among those that shall come in."""
    if not powershell and (name := too_long(words, names)):
        raise Refused(
            f"net localgroup puts in names of up to {LONGEST} characters, not {name}",
            hint="PowerShell would do, and this host has none: give the account a shorter name, or "
            "put it into a group of its domain that has one",
        )


def change(
    group: str, before: Collection[str], after: Collection[str], words: Mapping[str, str]
) -> Generator[Request, Reply, None]:
    """Take out who shall not be in a group, and put in who shall. Raises ModuleError."""
    for name in before:
        if name not in after:
            output = yield from write(remove_member(group, words[name]))
            expect(output, "net", f"take {name} out of the group {group}")
    for name in after:
        if name not in before:
            doing = f"put {name} into the group {group}"
            if too_long(words, [name]):
                member = words[name].replace("\\", "/")
                params = {"group": group, "member": member}
                output = yield from write(Script("powershell", _ADD, params=params))
                expect(output, "powershell", doing)
                continue
            output = yield from write(add_member(group, words[name]))
            expect(output, "net", doing)
