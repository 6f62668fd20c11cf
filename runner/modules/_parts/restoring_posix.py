"""Tasks that bring a recorded state of a POSIX host back, for the written rollback."""

from __future__ import annotations

from typing import Any

from runner.interfaces.module import Restoring
from runner.model.state import Change
from runner.modules._parts.file_state import ABSENT, FILE, LINK, FileState
from runner.modules._parts.packages import PROVIDED, PackagesState
from runner.modules._parts.unit import UnitState
from runner.modules._parts.user import UserState
from runner.posix import modes

Tasks = tuple[Restoring, ...]


def file(change: Change[FileState]) -> Tasks:
    """A path: its old content where that is on record or kept by the host, and its attributes."""
    before, after = change.before, change.after
    if before.entries or after.entries or before.differs or after.differs:
        return ()
    touched = {d.field for d in change.differences()}
    if before.kind == ABSENT:
        return (Restoring({"path": _topmost(before), "state": "absent"}, "file"),)
    if before.kind == LINK:
        link = {"path": before.path, "src": before.target, "state": "link", "force": True}
        return (Restoring(link, "file"),) if before.target else ()
    if before.kind == after.kind and touched <= {"mode", "owner", "group"}:
        return (Restoring({"path": before.at or before.path, **_attributes(before)}, "file"),)
    if before.kind != FILE or before.hard_link_of or (touched & {"modified", "hard_link_of"}):
        return ()
    args = {"dest": before.path, **_attributes(before)}
    if before.saved is not None and before.saved_as == "utf-8":
        return (Restoring({**args, "content": before.saved}, "copy"),)
    if before.kept:
        return (Restoring({**args, "src": before.kept, "remote_src": True}, "copy"),)
    return ()


def _topmost(before: FileState) -> str:
    """The first path on the way there that did not exist."""
    above = before.above.rstrip("/")
    if not before.above or not before.path.startswith(f"{above}/"):
        return before.path
    return f"{above}/{before.path[len(above) + 1 :].partition('/')[0]}"


def _attributes(state: FileState) -> dict[str, Any]:
    raw = state.at_raw or state.raw
    if raw is None:
        return {}
    owner, group = raw.owner or str(raw.uid), raw.group or str(raw.gid)
    return {"mode": modes.octal(raw.mode), "owner": owner, "group": group}


def unit(name: str, change: Change[UnitState]) -> Tasks:
    """``service`` and ``systemd``: whether it runs, and whether it starts by itself."""
    before, touched = change.before, {d.field for d in change.differences()}
    args: dict[str, Any] = {"name": name}
    if "state" in touched:
        if before.state not in ("started", "stopped"):
            return ()
        args["state"] = before.state
    if "masked" in touched:
        if before.masked not in ("", "masked"):
            return ()
        args["masked"] = before.masked == "masked"
    if "enabled" in touched and before.enabled:
        if before.enabled not in ("enabled", "disabled"):
            return ()
        args["enabled"] = before.enabled == "enabled"
    return (Restoring(args),) if len(args) > 1 else ()


def user(name: str, change: Change[UserState]) -> Tasks:
    """``user``: one that was made is removed, what was changed is set again."""
    before, after = change.before, change.after
    if not before.present:
        made_home = after.home_exists and not before.home_exists
        return (Restoring({"name": name, "state": "absent", "remove": bool(made_home)}),)
    if not after.present:
        return ()
    names = {"locked": "password_lock"}
    args: dict[str, Any] = {"name": name}
    for one in change.differences():
        if one.field in ("password", "home_exists") or one.before is None:
            return ()
        value = list(one.before) if isinstance(one.before, tuple) else one.before
        args[names.get(one.field, one.field)] = value
    return (Restoring(args),)


def packages(change: Change[PackagesState]) -> Tasks:
    """Packages that came or went alone: where others moved along, nothing brings exactly that
    back."""
    before, after = change.before, change.after
    if {d.field for d in change.differences()} != {"packages"}:
        return ()
    pairs = [
        (was, now) for was, now in zip(before.packages, after.packages, strict=False) if was != now
    ]
    named = {was.partition("=")[0].partition(" ")[0] for was, _ in pairs}
    if not pairs or {move.name for move in before.moves} != named or PROVIDED in str(pairs):
        return ()
    came = [was.partition(" ")[0] for was, _ in pairs if was.endswith("(absent)")]
    if len(came) == len(pairs):
        return (Restoring({"name": came, "state": "absent"}),)
    went = [was for was, now in pairs if "=" in was and now.endswith("(absent)")]
    apt = before.manager in ("", "apt")
    if len(went) == len(pairs) and apt:
        return (Restoring({"name": went, "state": "present"}),)
    return ()
