"""How ``apt`` carries a change out, and how it takes one back by apt's own record of it."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output, Reply, Request, Sleep, read, write
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import apt as _apt
from runner.modules._parts import apt_plan
from runner.modules._parts.apt import apt_get
from runner.modules._parts.apt_params import Params
from runner.modules._parts.packages import PackagesState
from runner.posix import debian, tools

_BUSY: Final = ("could not get lock", "unable to lock", "is another process using it")


def apply(
    params: Params, change: Change[PackagesState]
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Clean, update the lists, then install or remove, each where it is due."""
    before = change.before
    after: Any = change.after
    returned: dict[str, Any] = {"cache_updated": False, "cache_update_time": before.cache_time}
    did = False
    if after.cleaned is not None:
        did = yield from _clean(params)
    state = before
    if after.cache is not None:
        yield from _update(params)
        state = yield from _apt.find(params)
        returned["cache_update_time"] = state.cache_time
        returned["cache_updated"] = state.cache_time != before.cache_time
        apt_plan.planned(without_update(params), state)
    request = apt_plan.request(params, state)
    if request and (not params.whole or state.moves):
        out = yield from write(apt_get(params, "-o", before.mark, *request))
        _require(out, request)
        returned |= {"stdout": out.stdout, "stderr": out.stderr}
        did = True
        if change.touches("packages") and after.packages is UNKNOWN:
            _check((yield from _apt.find(without_update(params))), params)
    names = [name for name in state.automatic if params.state != "absent"]
    if names:
        marked = yield from write(tools.tool("apt-mark", "manual", "--", *names))
        tools.expect(marked, f"mark {', '.join(names)} as installed by hand")
        did = True
    nothing_else = not params.whole and not state.found
    if not did and not (nothing_else and returned["cache_updated"]):
        returned["changed"] = False
    return returned


def without_update(params: Params) -> Params:
    """The same task once the lists are up to date."""
    return params.model_copy(update={"update_cache": None, "cache_valid_time": 0})


def _require(out: Output, request: apt_plan.Request) -> None:
    words = [word for word in request if not word.startswith("-")]
    tools.expect(out, f"run apt-get {' '.join(words)}")


def _clean(params: Params) -> Generator[Request, Reply, bool]:
    """Whether that alone counts as a change, as with Ansible."""
    did = False
    alone = not params.name and params.deb is None and not params.whole
    for asked, verb in ((params.clean, "clean"), (params.autoclean, "autoclean")):
        if asked:
            out = yield from write(apt_get(params, verb))
            tools.expect(out, f"run apt-get {verb}")
            did = did or (alone and (verb == "clean" or "Del " in out.stdout))
    return did


def _update(params: Params) -> Generator[Request, Reply, None]:
    """Update the lists: again after failures, and for as long as another apt works."""
    end = time.monotonic() + params.lock_timeout
    tries = 0
    while True:
        # A list that could not be fetched is a failure, as for Ansible; by default apt only warns.
        out = yield from write(apt_get(params, "-q", "-o", "APT::Update::Error-Mode=any", "update"))
        if out.code == 0:
            return
        busy = any(words in out.stderr.lower() for words in _BUSY)
        if busy and time.monotonic() < end:
            yield Sleep(2.0)
            continue
        tries += 1
        if busy or tries >= params.update_cache_retries:
            tools.expect(out, "update the package lists (apt-get update)")
        yield Sleep(float(min(2 ** (tries - 1), params.update_cache_retry_max_delay)))


def undo(
    params: Params, change: Change[PackagesState]
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Put every package back that the change moved, in one transaction."""
    was = change.before
    (history,) = yield from read(tools.script(debian.READ_HISTORY))
    moves = debian.logged(history.stdout, was.mark) or was.moves
    if moves:
        yield from _take_back(params, was, moves)
    yield from mark(was)
    return {}


def mark(was: PackagesState) -> Generator[Request, Reply, None]:
    """apt takes what it is told to install for wanted; what was there for others is so again."""
    automatic = sorted({*was.automatic, *was.kept_automatic})
    if automatic:
        out = yield from write(tools.tool("apt-mark", "auto", "--", *automatic))
        tools.expect(out, f"mark {', '.join(automatic)} as installed for others")


def _take_back(
    params: Params, was: PackagesState, moves: tuple[debian.Move, ...]
) -> Generator[Request, Reply, None]:
    now = yield from _versions(moves)
    named = {package.name.partition(":")[0] for package in was.found}
    back: list[str] = []
    gone: list[str] = []
    came: list[str] = []
    for move in moves:
        here = now.get(move.name)
        if move.before is not None:
            if here == move.after and here != move.before:
                back.append(f"{move.name}={move.before}")
        elif here is not None:
            short = move.name.partition(":")[0]
            (gone if short in named else came).append(move.name)
    if not back and not gone and not came:
        return
    words = yield from _without_harm(params, back, gone, came)
    out = yield from write(apt_get(params, "--allow-downgrades", "install", "--", *words))
    _require(out, ("install", *words))


def _versions(moves: tuple[debian.Move, ...]) -> Generator[Request, Reply, dict[str, str]]:
    names = [move.name for move in moves]
    out, native = yield from read(
        tools.tool("dpkg-query", "-W", "-f", debian.DPKG_FORMAT, "--", *names),
        tools.tool("dpkg", "--print-architecture"),
    )
    known = debian.installed(out.stdout)
    found = {name: debian.find(known, name, native.stdout.strip()) for name in names}
    if not out.stdout:  # a preview has nobody to ask: everything is as it was left
        return {move.name: move.after for move in moves if move.after is not None}
    return {name: one.version for name, one in found.items() if one and one.version is not None}


def _without_harm(
    params: Params, back: list[str], gone: list[str], came: list[str]
) -> Generator[Request, Reply, list[str]]:
    """The words for apt-get. What came along and is needed by others now stays.

    Raises Refused when something else would have to go, or an old version cannot be had.
    """
    kept: set[str] = set()
    while True:
        leaving = [name for name in (*gone, *came) if name not in kept]
        words = [*back, *(f"{name}-" for name in leaving)]
        if not words:
            return words
        (out,) = yield from read(
            apt_get(params, "--simulate", "--allow-downgrades", "install", "--", *words)
        )
        if out.code != 0:
            raise Refused(f"apt-get cannot take it back: {tools.complaint(out)}")
        mine = {name.partition(":")[0] for name in leaving}
        removed = {m.name.partition(":")[0] for m in debian.simulated(out.stdout)
                   if m.after is None}  # fmt: skip
        others = removed - mine
        if not others:
            return words
        if kept or not came:
            raise Refused(
                f"other packages need what was installed: {', '.join(sorted(others))} would go too",
                hint="remove them first, or keep the package",
            )
        kept = set(came)


def _check(state: PackagesState, params: Params) -> None:
    """After the fact, where no version was known before: what was asked for must be there."""
    missing = [
        package.name
        for package in state.found
        if package.version is None and params.state != "absent" and not params.only_upgrade
    ]
    if missing:
        raise ModuleError(f"apt-get reported success, but not there: {', '.join(missing)}")
