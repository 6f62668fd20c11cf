"""Who has a right on a Windows host (log on as a service, shut it down), with ``secedit``.

Accounts are compared by identifier, so English names mean the same on every Windows. Accounts of a
domain are looked up by PowerShell; without it, give their identifier.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import Field, field_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, Script, read
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import Change
from runner.modules._parts import restoring_settings
from runner.windows import policy, sam
from runner.windows.facts import WindowsFacts

# Microsoft, "User rights assignment"; [MS-LSAD] 3.1.1.2.1 and 3.1.1.2.2.
_RIGHTS: Final = """
SeBatchLogonRight SeInteractiveLogonRight SeNetworkLogonRight SeRemoteInteractiveLogonRight
SeServiceLogonRight SeDenyBatchLogonRight SeDenyInteractiveLogonRight SeDenyNetworkLogonRight
SeDenyRemoteInteractiveLogonRight SeDenyServiceLogonRight SeAssignPrimaryTokenPrivilege
SeAuditPrivilege SeBackupPrivilege SeChangeNotifyPrivilege SeCreateGlobalPrivilege
SeCreatePagefilePrivilege SeCreatePermanentPrivilege SeCreateSymbolicLinkPrivilege
SeCreateTokenPrivilege SeDebugPrivilege SeDelegateSessionUserImpersonatePrivilege
SeEnableDelegationPrivilege SeImpersonatePrivilege SeIncreaseBasePriorityPrivilege
SeIncreaseQuotaPrivilege SeIncreaseWorkingSetPrivilege SeLoadDriverPrivilege SeLockMemoryPrivilege
SeMachineAccountPrivilege SeManageVolumePrivilege SeProfileSingleProcessPrivilege
SeRelabelPrivilege SeRemoteShutdownPrivilege SeRestorePrivilege SeSecurityPrivilege
SeShutdownPrivilege SeSyncAgentPrivilege SeSystemEnvironmentPrivilege SeSystemProfilePrivilege
SeSystemtimePrivilege SeTakeOwnershipPrivilege SeTcbPrivilege SeTimeZonePrivilege
SeTrustedCredManAccessPrivilege SeUndockPrivilege SeUnsolicitedInputPrivilege
"""
_TRANSLATE: Final = """\
foreach($n in @($params.names)){
try{$a=New-Object Security.Principal.NTAccount $n
$a.Translate([Security.Principal.SecurityIdentifier]).Value}catch{"-"}}
"""
_PROPER: Final = {name.casefold(): name for name in _RIGHTS.split()}


class Params(base.Params):
    """Parameters of Ansible's win_user_right."""

    name: Text = Field(description="the right, such as SeServiceLogonRight")
    users: Words = Field(description="users and groups, by name or identifier; []: nobody")
    action: Literal["add", "remove", "set"] = Field(
        "set", description="give it to them, take it from them, or to them and nobody else"
    )

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name.casefold() not in _PROPER:
            raise ValueError(
                f"'{name}' is no right that Windows knows; rights are called like "
                "SeServiceLogonRight (whoami /priv, secedit /export)"
            )
        return _PROPER[name.casefold()]


@dataclass(frozen=True, slots=True)
class Holders:
    """Who has the right, by identifier (or by name, where nobody knows that).

    ``wanted`` are those that the task names; ``names`` are names for people.
    """

    accounts: tuple[str, ...] = ()
    wanted: tuple[str, ...] = field(default=(), compare=False)
    names: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    unknown: tuple[str, ...] = field(default=(), compare=False)
    """Wanted accounts that are not there: a task before this one may make them."""


class Module(base.Module[Params, Holders]):
    """Gives one right to accounts, or takes it away."""

    params = Params
    state = Holders
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_user_right_module.html"
    )
    guide = Guide(
        example=(
            "win_user_right:\n  name: SeDenyNetworkLogonRight\n  users: Guests\n  action: add"
        ),
        using=(
            Using("secedit, certutil, wmic", until="2022"),
            Using("secedit, certutil; powershell", since="2025", powershell=True),
            Using("powershell", since="2008r2", powershell=True, part="names of a domain"),
        ),
    )

    def subject(self, params: Params) -> str:
        return f"right {params.name}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Holders]:
        directory = yield from sam.find()
        (output,) = yield from read(policy.export(policy.RIGHTS))
        rights = policy.parse(output).get(policy.RIGHTS, {})
        line = next((v for k, v in rights.items() if k.casefold() == params.name.casefold()), "")
        present = [_listed(word.strip(), directory) for word in line.split(",") if word.strip()]
        wanted = yield from _wanted(params.users, directory, facts)
        names = {sid: directory.shown(sid) for sid in (*present, *wanted)}
        names |= dict(zip(wanted, params.users, strict=True))
        unknown = [a for a in wanted if not sam.SID.fullmatch(a)]
        people = tuple(sorted(names.items()))
        return Holders(_sorted(present), _sorted(wanted), people, _sorted(unknown))

    def plan(self, params: Params, before: Holders, facts: base.Facts) -> Holders:
        if params.action == "remove":
            _refuse(before.unknown)
        now, named = set(before.accounts), set(before.wanted)
        wanted = {"add": now | named, "remove": now - named, "set": named}[params.action]
        return dataclasses.replace(before, accounts=_sorted(wanted))

    def apply(
        self, params: Params, change: Change[Holders], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        _refuse(set(change.after.unknown) & set(change.after.accounts))
        words = (f"*{a}" if sam.SID.fullmatch(a) else a for a in change.after.accounts)
        yield from policy.configure(policy.RIGHTS, params.name, ",".join(words))
        return {}

    def restore(self, params: Params, change: Change[Holders]) -> tuple[base.Restoring, ...]:
        return restoring_settings.right(params.name, change)

    def result(
        self,
        params: Params,
        change: Change[Holders],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        before, after = change.before.accounts, change.after.accounts
        names = {**dict(change.before.names), **dict(change.after.names)}
        return {
            "added": [names.get(a, a) for a in after if a not in before],
            "removed": [names.get(a, a) for a in before if a not in after],
        }

    def message(self, params: Params, change: Change[Holders], facts: base.Facts) -> str:
        if change.after.unknown:
            return f"must be made first: {', '.join(change.after.unknown)}"
        if WindowsFacts.of(facts).product_type == "LanmanNT" and change.differences():
            return "on a domain controller the domain's own policy may set this again"
        return ""


def _listed(word: str, directory: sam.Directory) -> str:
    """An entry of the template: accounts of the host itself stand there by name."""
    if word.startswith("*"):
        return word[1:].upper()
    found = directory.principal(word)
    return found.sid if found is not None and found.sid else word


def _wanted(
    users: Sequence[str], directory: sam.Directory, facts: base.Facts
) -> Generator[Query, Reply, list[str]]:
    found = {}
    for name in users:
        account = directory.principal(name)
        if account is not None and account.sid:
            found[name] = account.sid
        elif sam.SID.fullmatch(name):
            found[name] = name.upper()
    unknown = [name for name in users if name not in found]
    domain = [name for name in unknown if "\\" in name or "@" in name]
    if domain and WindowsFacts.of(facts).powershell:
        (output,) = yield from read(Script("powershell", _TRANSLATE, {"names": domain}))
        lines = output.stdout.split()
        found |= {n: s.upper() for n, s in zip(domain, lines, strict=False) if s != "-"}
    return [found.get(name, name) for name in users]


def _refuse(unknown: Collection[str]) -> None:
    if unknown:
        raise Refused(
            f"nobody is called {', '.join(sorted(unknown))} here",
            hint="check the names; for an account of a domain on a host without PowerShell give "
            "its identifier (S-1-5-21-...)",
        )


def _sorted(accounts: Sequence[str] | set[str]) -> tuple[str, ...]:
    return tuple(sorted(set(accounts)))
