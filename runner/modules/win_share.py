r"""Shares of a host: made, changed and taken away, with ``net share``.

What there is, is read in the registry (see ``runner.windows.shares``). Before Vista ``net share``
sets no permissions. It sets them while a share is made only: a change of them goes through
PowerShell and WMI where PowerShell is, which cuts nobody off; else the share is made anew, and what
people have open there is closed. To deny somebody, and ``list``, need PowerShell anyway.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read
from runner.interfaces.guide import Guide, Using
from runner.model.state import Change
from runner.modules._parts import win_share_change
from runner.modules._parts.win_files import require_windows
from runner.modules._parts.win_share_params import FRESH, Params, ShareState
from runner.windows import acls, registry, sam, services, shares
from runner.windows.facts import WindowsFacts

_SERVER: Final = "lanmanserver"


class Module(base.Module[Params, ShareState]):
    """Brings one share to a state."""

    params = Params
    state = ShareState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_share_module.html"
    )
    guide = Guide(
        example=(
            "win_share:\n  name: tools\n  path: D:\\tools\n  read: Users\n  full: Administrators"
        ),
        using=(
            Using("net, reg, sc"),
            Using("wmic, icacls", until="2022", part="names of accounts"),
            Using("icacls", since="2025", part="names of accounts"),
            Using("Win32_Share", since="2008r2", powershell=True,
                  part="permissions of a share that is there, deny"),
            Using("Set-SmbShare", since="2012", powershell=True, part="list, encrypt"),
        ),
    )  # fmt: skip

    def subject(self, params: Params) -> str:
        return f"share {params.name.lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, ShareState]:
        require_windows(facts, "win_share", "command with your file server's tools")
        listed, security, service = yield from read(
            registry.query(shares.ROOT), registry.query(shares.SECURITY), services.query(_SERVER)
        )
        states = services.parse(service.stdout) if service.code == 0 else ()
        serving = any(one.state == "running" for one in states)
        names = yield from _resolved(params, WindowsFacts.of(facts))
        found = shares.parse(listed, security, params.name)
        if found is None:
            return ShareState(name=params.name, names=names, serving=serving)
        state = ShareState.of(found[0], found[1], names, serving=serving)
        if params.encrypt is None:
            return state
        seen = yield from win_share_change.is_encrypted(state.name, WindowsFacts.of(facts))
        return dataclasses.replace(state, encrypted=seen)

    def plan(self, params: Params, before: ShareState, facts: base.Facts) -> ShareState:
        if params.state == "absent":
            after = ShareState(name=before.name, names=before.names, serving=before.serving)
        else:
            after = _wanted(params, before)
        if after != before:
            if not before.serving:
                raise Refused(
                    "the service Server (lanmanserver) does not run, so nothing is shared",
                    hint="start it first (win_service), if file sharing may be on here",
                )
            _require_tools(WindowsFacts.of(facts), before, after)
        return after

    def apply(
        self, params: Params, change: Change[ShareState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        name = after.name or before.name
        if not after.present:
            yield from win_share_change.delete(before.name)
            return {}
        powershell = bool(WindowsFacts.of(facts).powershell)
        anew = not before.present or before.path.casefold() != after.path.casefold()
        if not anew and before.permissions != after.permissions and not powershell:
            anew = True
        if anew:
            old = before.name if before.present else ""
            granted = yield from win_share_change.make(name, after, old, powershell=powershell)
        else:
            yield from win_share_change.settings(name, before, after)
            granted = False
        if after.permissions != (shares.DEFAULT if anew else before.permissions) and not granted:
            yield from win_share_change.set_permissions(name, after)
        if after.encrypted is not None and after.encrypted != bool(before.encrypted and not anew):
            yield from win_share_change.set_encryption(name, encrypted=after.encrypted)
        if after.lists_all != (before.lists_all or anew):
            yield from win_share_change.set_listing(name, lists_all=after.lists_all)
        return {}

    def irreversible(self, params: Params, change: Change[ShareState], facts: base.Facts) -> str:
        before, host = change.before, WindowsFacts.of(facts)
        if not before.present or before.permissions in (shares.DEFAULT, change.after.permissions):
            return ""
        if host.nt < (6, 0):
            return "net share of this Windows cannot give a share its permissions back"
        if shares.grants(before.permissions) is None and not host.powershell:
            return "without PowerShell these permissions of the share cannot be given back"
        return ""

    def restore(self, params: Params, change: Change[ShareState]) -> tuple[base.Restoring, ...]:
        before = change.before
        if not before.present:
            return (base.Restoring({"name": params.name, "state": "absent"}),)
        words = [entry.split(" ", 1) for entry in before.permissions]
        if any(word not in ("full", "change", "read", "deny") for word, _ in words):
            return ()
        args: dict[str, Any] = {"name": params.name, "path": before.path,
                                "description": before.description,
                                "caching_mode": before.caching}  # fmt: skip
        for word, sid in words:
            args.setdefault(word, []).append(sid)
        if before.lists_all != change.after.lists_all:
            args["list"] = before.lists_all
        return (base.Restoring(args),) if before.max_uses == shares.UNLIMITED else ()

    def result(
        self,
        params: Params,
        change: Change[ShareState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        if not change.differences():
            return {"actions": []}
        before, after = change.before, change.after
        word = "delete" if not after.present else "change" if before.present else "make"
        return {"actions": [f"{word} the share {after.name or before.name}"]}

    def message(self, params: Params, change: Change[ShareState], facts: base.Facts) -> str:
        before, after = change.before, change.after
        cuts = before.present and (
            not after.present
            or before.path.casefold() != after.path.casefold()
            or (before.permissions != after.permissions and not facts.get("powershell_version"))
        )
        return "what people have open in this share is closed" if cuts else ""


def _resolved(params: Params, host: WindowsFacts) -> Generator[Query, Reply, tuple[str, ...]]:
    """``SID=name`` of everybody whom the task names, in the order of its words."""
    if params.state == "absent":
        return ()
    found: list[str] = []
    directory: sam.Directory | None = None
    for name in params.wanted:
        if sam.SID.fullmatch(name):
            found.append(f"{name.upper()}={name}")
            continue
        directory = directory or (yield from sam.find())
        who = directory.principal(name)
        if who is not None:
            found.append(f"{who.sid}={who.shown}")
            continue
        token = (yield from acls.find(host.system_root, name)).who
        if not sam.SID.fullmatch(token):
            raise ModuleError(
                f"who '{name}' is, this host tells only as {token}", hint="give the SID instead"
            )
        found.append(f"{token}={name}")
    return tuple(found)


def _wanted(params: Params, before: ShareState) -> ShareState:
    after = dataclasses.replace(before, present=True, **({} if before.present else FRESH))
    changes: dict[str, Any] = {}
    path = params.path or before.path
    path = path if len(path) <= 3 else path.rstrip("\\")
    if path.casefold() != before.path.casefold():
        changes["path"] = path
    for name, value in (
        ("description", params.description),
        ("caching", params.caching_mode),
        ("lists_all", params.list),
        ("encrypted", params.encrypt),
    ):
        if value is not None:
            changes[name] = value
    if params.sets_permissions:
        sids = [entry.partition("=")[0] for entry in before.names]
        named = [f"{word} {sid}" for word, sid in zip(params.wanted.values(), sids, strict=True)]
        kept = [
            entry
            for entry in (before.permissions if before.present else ())
            if params.rule_action == "add" and entry.rpartition(" ")[2] not in sids
        ]
        changes["permissions"] = tuple(sorted([*named, *kept]))
    return dataclasses.replace(after, **changes)


def _require_tools(host: WindowsFacts, before: ShareState, after: ShareState) -> None:
    new = after.permissions != (before.permissions if before.present else shares.DEFAULT)
    if after.present and new:
        if host.nt < (6, 0):
            raise Refused(
                f"{host.name}: its net share sets no permissions",
                hint="set them in the folder's properties, or on the files (win_acl)",
            )
        if shares.grants(after.permissions) is None and not host.powershell:
            raise Refused(
                f"{host.name}: only PowerShell can deny somebody a share, or leave nobody in it",
                hint="name only who may do something, or install PowerShell",
            )
    if after.encrypted and after.present and (host.nt < (6, 2) or not host.powershell):
        raise Refused(
            f"{host.name} encrypts no share"
            if host.nt < (6, 2)
            else f"{host.name}: only PowerShell has a command for 'encrypt'",
            hint="SMB 3 does, from Windows 8 and Server 2012 on; leave it out here",
        )
    if after.lists_all != before.lists_all and host.nt < (6, 2):
        raise Refused(
            f"{host.name} has no command for 'list'",
            hint="it came with Windows 8 and Server 2012; leave it out here",
        )
