"""How ``dnf`` and ``yum`` carry a change out, and take one back by their own history."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Reply, Request, read, write
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import rpm, rpm_plan
from runner.modules._parts.packages import PackagesState
from runner.modules._parts.rpm_params import Params
from runner.posix import redhat, tools

_LOOK_AHEAD: Final = 10
"""How many transactions after the last known one may be ours, if others came in between."""

_FOR: Final = {"install": "by the user", "remove": "for others"}


def apply(
    params: Params, change: Change[PackagesState]
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Read the lists again where that is asked, then install or remove."""
    before = change.before
    after: Any = change.after
    manager = before.manager
    state = before
    if after.cache is not None:
        if manager == rpm_plan.YUM:
            out = yield from write(rpm.call(params, manager, "clean", "expire-cache"))
            tools.expect(out, "make yum forget its lists")
        refresh = ["--refresh"] if manager == rpm_plan.DNF else []
        out = yield from write(rpm.call(params, manager, "makecache", *refresh))
        tools.expect(out, f"read the repositories' lists ({manager} makecache)")
        params = params.model_copy(update={"update_cache": False})
        state = yield from rpm.find(params)
        rpm_plan.planned(params, state)
    words = rpm_plan.request(params, state)
    if not words or (params.whole and not state.moves):
        return {"changed": False, "rc": 0, "results": []}
    out = yield from write(rpm.call(params, manager, *_comment(before), *words))
    tools.expect(out, f"run {manager} {' '.join(words)}")
    if after.packages is UNKNOWN:
        missing = [p.name for p in (yield from rpm.find(params)).found if p.version is None]
        if missing and not params.update_only and not params.skip_broken:
            raise ModuleError(f"{manager} reported success, but not there: {', '.join(missing)}")
    return {"rc": 0, "results": [str(move) for move in state.moves]}


def _comment(before: PackagesState) -> list[str]:
    """What marks the transaction in dnf's history; yum knows no comments."""
    if before.manager != rpm_plan.DNF:
        return []
    return ["--comment", f"runner::after={before.mark}"]


def undo(
    params: Params, change: Change[PackagesState]
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Undo the transaction by its number in the history of dnf or yum."""
    was = change.before
    manager = was.manager
    plain = params.model_copy(update={"update_cache": False})
    words = _comment(was) or [*was.asked] or [package.name for package in was.found]
    number = yield from _transaction(plain, was, words)
    out = yield from write(rpm.call(plain, manager, "history", "undo", number))
    tools.expect(out, f"undo transaction {number} of {manager}")
    yield from mark(params, was)
    return {}


def _transaction(
    params: Params, was: PackagesState, words: list[str]
) -> Generator[Request, Reply, str]:
    """The number of our transaction: the next one, or some later one if others came in between."""
    first = int(was.mark or 0) + 1
    for number in range(first, first + _LOOK_AHEAD):
        call = rpm.call(params, was.manager, "history", "info", str(number))
        (info,) = yield from read(call)
        # A preview has nobody to ask: it gets empty answers.
        if redhat.is_ours(info.stdout, words) or not (info.stdout + info.stderr):
            return str(number)
    raise Refused(
        f"the history of {was.manager} no longer tells what the run did",
        hint=f"see: {was.manager} history list",
    )


def mark(params: Params, was: PackagesState) -> Generator[Request, Reply, None]:
    """dnf forgets who wanted a package that it brings back."""
    if was.manager != rpm_plan.DNF:
        return
    params = params.model_copy(update={"update_cache": False})
    there = [move.name for move in was.moves if move.before is not None]
    chosen = [name for name in there if name not in was.kept_automatic]
    for verb, names in (("install", chosen), ("remove", [*was.kept_automatic])):
        if names:
            out = yield from write(rpm.call(params, was.manager, "mark", verb, *names))
            tools.expect(out, f"mark {', '.join(names)} as installed {_FOR[verb]}")
