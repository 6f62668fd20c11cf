"""Tasks that bring settings and accounts of a Windows host back, for the written rollback."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from runner.interfaces.module import Restoring
from runner.model.state import Change

Tasks = tuple[Restoring, ...]

_NETBT: Final = r"HKLM:\SYSTEM\CurrentControlSet\Services\NetBT\Parameters\Interfaces"
_ACTIONS: Final = {0: "allow", 1: "block"}
_USER: Final = (
    "fullname", "description", "account_disabled", "user_cannot_change_password",
    "password_never_expires", "password_expired", "account_expires", "home_directory",
    "login_script", "profile",
)  # fmt: skip


def audit(change: Change[Any]) -> Tasks:
    """``win_audit_policy_system``: each subcategory that was changed, by its identifier."""
    now = {one.guid: one.setting for one in change.after.subcategories}
    return tuple(
        Restoring({"subcategory": one.guid, "audit_type": one.setting.split(" and ")})
        for one in change.before.subcategories
        if now.get(one.guid) != one.setting
    )


def dns(change: Change[Any]) -> Tasks:
    """``win_dns_client``: a list takes the place of servers of its own kind only."""
    tasks: list[Restoring] = []
    now = {one.name: one for one in change.after.adapters}
    for one in change.before.adapters:
        other = now.get(one.name)
        if other is None or (one.dns4, one.dns6) == (other.dns4, other.dns6):
            continue
        emptied = (other.dns4 and not one.dns4) or (other.dns6 and not one.dns6)
        servers = [*one.dns4, *one.dns6]
        lists = ([[]] if emptied else []) + ([servers] if servers else [])
        tasks += [Restoring({"adapter_names": [one.name], "dns_servers": some}) for some in lists]
    old = change.before.search_list
    if old != change.after.search_list and change.before.adapters:
        one = change.before.adapters[0]
        about = {"adapter_names": [one.name], "dns_servers": [*one.dns4, *one.dns6]}
        words = [word for word in (old or "").replace(" ", ",").split(",") if word]
        tasks.append(Restoring({**about, "suffix_search_list": words}))
    return tuple(tasks)


def firewall(change: Change[Any]) -> Tasks:
    """``win_firewall``: what each profile did; a value that was absent as what it means."""
    tasks = []
    now = {one.name: one for one in change.after.profiles}
    for one in change.before.profiles:
        other = now.get(one.name, one)
        args: dict[str, Any] = {}
        if one.is_on != other.is_on:
            args["state"] = "enabled" if one.is_on else "disabled"
        for field, default in (("inbound", 1), ("outbound", 0)):
            was, left = (getattr(each, field) for each in (one, other))
            was, left = (default if value is None else value for value in (was, left))
            if was != left:
                args[f"{field}_action"] = _ACTIONS[was]
        if args:
            tasks.append(Restoring({"profiles": [one.name], **args}))
    return tuple(tasks)


def group(change: Change[Any]) -> Tasks:
    """``win_group``: a deleted one cannot come back."""
    before, after = change.before, change.after
    name = after.name or before.name
    if not before.present:
        return (Restoring({"name": name, "state": "absent"}),)
    if not after.present:
        return ()
    args: dict[str, Any] = {"name": name, "description": before.description}
    if before.members != after.members:
        words = {**dict(before.words), **dict(after.words)}
        left = {"add": _without(before.members or (), after.members or ()),
                "remove": _without(after.members or (), before.members or ())}  # fmt: skip
        args["members"] = {k: [words.get(n, n) for n in v] for k, v in left.items() if v}
    return (Restoring(args),)


def members(change: Change[Any]) -> Tasks:
    """``win_group_membership``: only who was put in or taken out."""
    before, after = change.before, change.after
    words = {**dict(before.words), **dict(after.words)}
    pairs = (
        (_without(after.members, before.members), "absent"),
        (_without(before.members, after.members), "present"),
    )
    return tuple(
        Restoring({"name": after.group or before.group, "state": state,
                   "members": [words.get(name, name) for name in names]})
        for names, state in pairs
        if names
    )  # fmt: skip


def user(change: Change[Any]) -> Tasks:
    """``win_user``: nobody knows an old password, nor makes a deleted user again."""
    before, after = change.before, change.after
    name = after.name or before.name
    if not before.present:
        return (Restoring({"name": name, "state": "absent"}),)
    locked = before.account_locked and not after.account_locked
    if not after.present or locked or before.password != after.password:
        return ()
    args = {f: getattr(before, f) for f in _USER if getattr(before, f) != getattr(after, f)}
    if before.groups != after.groups:
        args["groups"] = list(before.groups)
    return (Restoring({"name": name, **args}),) if args else ()


def right(name: str, change: Change[Any]) -> Tasks:
    """``win_user_right``: only who was given it, or lost it."""
    before, after = change.before.accounts, change.after.accounts
    pairs = ((_without(after, before), "remove"), (_without(before, after), "add"))
    return tuple(
        Restoring({"name": name, "users": list(users), "action": action})
        for users, action in pairs
        if users
    )


def netbios(change: Change[Any]) -> Tasks:
    """``win_netbios``: a value that was absent is absent again."""
    tasks = []
    words = {0: "default", 1: "enabled", 2: "disabled"}
    now = {one.guid: one.option for one in change.after.adapters}
    for one in change.before.adapters:
        if now.get(one.guid) == one.option:
            continue
        if one.option is None:
            key = rf"{_NETBT}\Tcpip_{one.guid}"
            gone = {"path": key, "name": "NetbiosOptions", "state": "absent", "delete_key": False}
            tasks.append(Restoring(gone, "win_regedit"))
        elif one.option in words:
            args = {"adapter_names": [one.guid], "state": words[one.option]}
            tasks.append(Restoring(args))
    return tuple(tasks)


def bindings(change: Change[Any]) -> Tasks:
    """``win_net_adapter_feature``: what was bound, and what was not."""
    now = {(one.adapter, one.component): one.enabled for one in change.after.bindings}
    return tuple(
        Restoring({"interface": [one.adapter], "component_id": [one.component],
                   "state": "enabled" if one.enabled else "disabled"})
        for one in change.before.bindings
        if now.get((one.adapter, one.component)) != one.enabled
    )  # fmt: skip


def ipsec(name: str, change: Change[Any], rules: Iterable[Mapping[str, Any]]) -> Tasks:
    """``win_ipsec_policy``; another policy that was in force cannot be said in its tasks."""
    before = change.before
    ours = before.active.casefold() == name.casefold()
    if before.active and not ours and change.after.active != before.active:
        return ()
    if not before.present:
        return (Restoring({"name": name, "state": "absent"}),)
    if not before.rules:
        return ()
    return (Restoring({"name": name, "rules": list(rules), "assigned": ours}),)


def scheduled_task(name: str, path: str, change: Change[Any]) -> Tasks:
    """``win_scheduled_task``: one that was made, or only turned on or off."""
    task = {"name": name, "path": path}
    if not change.before.present:
        return (Restoring({**task, "state": "absent"}),)
    if [difference.field for difference in change.differences()] == ["enabled"]:
        return (Restoring({**task, "enabled": change.before.enabled}),)
    return ()


def isolation(name: str, change: Change[Any]) -> Tasks:
    """``win_isolate``: open as it was, or cut off but for the same addresses."""
    if not change.before.blocks:
        return (Restoring({"name": name, "state": "absent"}),)
    return ()


def package(params: Any, change: Change[Any]) -> Tasks:
    """``win_package``: a package of Windows Installer goes by its product code."""
    product = params.product_id or change.after.product
    if change.before.installed or not change.after.msi or not product:
        return ()
    return (Restoring({"product_id": product, "state": "absent"}),)


def _without(these: Iterable[str], others: Iterable[str]) -> list[str]:
    gone = set(others)
    return [one for one in these if one not in gone]


def renamed(tasks: Tasks, module: str) -> Tasks:
    """The same tasks as those of another module."""
    return tuple(dataclasses.replace(task, module=task.module or module) for task in tasks)
