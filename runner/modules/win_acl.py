"""Who may do what with a file or folder: one rule, with ``icacls`` alone; with a key, PowerShell.

The permissions as they were are recorded as SDDL. A rollback takes the rule away, or gives it back,
as icacls does it, which what is in a folder inherits; then, where anything of the folder's own list
still differs from the record, it restores that list as a whole (``icacls /restore``). The list of
a key of the registry is always set as a whole.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.win_acl import AclState, Params, wanted
from runner.modules._parts.win_files import require_windows
from runner.windows import acls, key_acls, paths, sddl, sddl_edit
from runner.windows.looking import ABSENT, FOLDER, look
from runner.windows.sddl import Ace


class Module(base.Module[Params, AclState]):
    """Adds a rule, or takes one away."""

    params = Params
    state = AclState
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_acl_module.html"
    )
    redoable = True
    guide = Guide(
        example=(
            "win_acl:\n  path: C:\\agent\n  user: Users\n  type: allow\n  rights: ReadAndExecute"
        ),
        using=(
            Using("icacls, certutil"),
            Using("powershell", since="2008r2", powershell=True, part="keys of the registry"),
        ),
    )

    def subject(self, params: Params) -> str:
        return f"permissions of {params.path.rstrip(chr(92))}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, AclState]:
        require_windows(facts, "win_acl", "file with 'mode' or 'owner'")
        if params.is_key:
            return (yield from _find_key(params))
        path = _path(params.path)
        (seen,) = yield from look([path])
        if seen.kind == ABSENT:
            return AclState(there=False)
        link = seen.is_link and not params.follow
        found = yield from acls.find(path, params.user, link=link)
        state = AclState(False, found.sddl, found.who, seen.kind == FOLDER, link)
        return dataclasses.replace(state, rule=_holds(params, state))

    def plan(self, params: Params, before: AclState, facts: base.Facts) -> AclState:
        if not before.there:
            by = "win_regedit" if params.is_key else "win_file, win_copy"
            raise Refused(f"{params.path} is not there", hint=f"make it first: {by}")
        if before.rule == (params.state == "present"):
            return before
        unknown: Any = UNKNOWN
        return dataclasses.replace(before, rule=not before.rule, permissions=unknown)

    def apply(
        self, params: Params, change: Change[AclState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        ace, link = wanted(params, change.before), change.before.link
        if params.is_key:
            edit = sddl_edit.with_rule if params.state == "present" else sddl_edit.without_rule
            text = edit(change.before.permissions, ace, key_acls.GENERIC)
            yield from key_acls.give(params.path, text)
        elif params.state == "present":
            verb = "/grant" if params.type == "allow" else "/deny"
            words = sddl.flag_words(ace.flags) + sddl.words(ace.rights)
            who = acls.word_of(params.user)
            yield from acls.change(_path(params.path), f'{verb} "{who}:{words}"', link=link)
        else:
            without = _without(change.before.permissions, ace)
            lines = _replaced(acls.word_of(params.user), ace, without)
            yield from acls.change(_path(params.path), *lines, link=link)
        return {}

    def undo(
        self, params: Params, change: Change[AclState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        was = change.before
        if params.is_key:
            yield from key_acls.give(params.path, was.permissions)
            return {}
        path, ace = _path(params.path), wanted(params, was)
        own = [one for one in sddl.aces(was.permissions) if _same(one, ace)]
        lines = _replaced(acls.word_of(params.user), ace, own)
        yield from acls.change(path, *lines, link=was.link)
        now = yield from acls.find(path, link=was.link)
        if now.sddl != was.permissions:
            yield from acls.give_back(path, was.permissions, link=was.link)
        return {}

    def restore(self, params: Params, change: Change[AclState]) -> tuple[base.Restoring, ...]:
        ace = wanted(params, change.before)
        counts = ace.rights & ~sddl.SYNCHRONIZE
        had = _held(params, change.before, ace) & counts
        if had != (0 if params.state == "present" else counts):
            return ()  # some of the rights were there: one task cannot say that
        state = "absent" if params.state == "present" else "present"
        args: dict[str, Any] = {"path": params.path, "user": params.user, "type": params.type,
                "rights": list(params.rights), "state": state,
                "propagation": params.propagation}  # fmt: skip
        if params.follow:
            args["follow"] = True
        if params.inherit is not None:
            args["inherit"] = list(params.inherit)
        return (base.Restoring(args),)


def _path(path: str) -> str:
    plain = path.rstrip("\\")
    if paths.is_root(plain):
        raise Refused(
            f"{path} is the root of a drive: icacls cannot give its permissions back",
            hint="set them on the folders below it",
        )
    return plain


def _find_key(params: Params) -> Generator[Query, Reply, AclState]:
    found = yield from key_acls.find(params.path, params.user)
    if found is None:
        return AclState(there=False)
    state = AclState(False, found.sddl, found.who, folder=True)
    return dataclasses.replace(state, rule=_holds(params, state))


def _held(params: Params, state: AclState, ace: Ace) -> int:
    if params.is_key:
        return sddl_edit.held(state.permissions, ace, key_acls.GENERIC)
    return sddl.held(state.permissions, ace)


def _holds(params: Params, state: AclState) -> bool:
    """Present: all of the rights; for what shall go, any of them but to wait."""
    ace = wanted(params, state)
    had = _held(params, state, ace)
    if params.state == "present":
        return had & ace.rights == ace.rights
    counts = ace.rights & ~sddl.SYNCHRONIZE or ace.rights
    return bool(had & counts)


def _same(one: Ace, ace: Ace) -> bool:
    return not one.inherited and (one.kind, one.who) == (ace.kind, ace.who)


def _without(text: str, ace: Ace) -> list[Ace]:
    """What of one's own rules is left when these rights are taken from those like it."""
    left = []
    for one in sddl.aces(text):
        if not _same(one, ace):
            continue
        rights = one.rights & ~ace.rights if one.flags == ace.flags else one.rights
        if rights & ~sddl.SYNCHRONIZE:
            kept = rights | (one.rights & sddl.SYNCHRONIZE)
            left.append(dataclasses.replace(one, rights=kept))
    return left


def _replaced(who: str, ace: Ace, left: list[Ace]) -> list[str]:
    """icacls' words that give somebody these rules of one kind, and no others of that kind."""
    letter, verb = ("g", "/grant") if ace.kind == "A" else ("d", "/deny")
    words = [f'/remove:{letter} "{who}"']
    for one in left:
        rule = sddl.flag_words(one.flags) + sddl.words(one.rights)
        words.append(f'{verb} "{who}:{rule}"')
    return words
