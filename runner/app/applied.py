"""A plan is applied once: who applies it again must say so, and who was cut goes on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from runner.errors import InputError
from runner.journal.applied import Applied
from runner.journal.journal import Journal
from runner.journal.place import journal_path
from runner.journal.records import RUNNING

_NAMED: Final = 10
_CUT: Final = frozenset({"interrupted", "crashed"})


def earlier(digest: str) -> list[Applied]:
    """The runs in this user's journal that applied the plan, latest first. A journal that is not
    there is not made."""
    if not journal_path().exists():
        return []
    with Journal.open() as journal:
        return journal.applied(digest)


def require_new(path: Path, hosts: Sequence[str], runs: Sequence[Applied], *, again: bool) -> str:
    """Raise InputError if the plan may not be applied (once more), now that these runs did so.

    ``hosts`` are those of the plan. ``again``: a person said to apply it once more; that does not
    count while one of the runs is under way, was cut, or has something in doubt, for then nobody
    knows what would be done twice. Gives what the trail should say of it, or nothing.
    """
    if not runs:
        return ""
    open_ = [one for one in runs if _is_open(one)]
    if again and not open_:
        return f"the plan was applied before: {'; '.join(map(_said, runs))}"
    one = (open_ or runs)[0]
    text = f"{path} was applied already: {_said(one)}"
    if missed := _not_in(hosts, one):
        text += f". Not part of that run: {_names(missed)}"
    raise InputError(text, hint=_hint(one, missed))


def said_of(runs: Sequence[Applied]) -> list[str]:
    """For people, where nothing is to be applied just now."""
    return [f"applied already: {_said(one)}" for one in runs]


def _is_open(one: Applied) -> bool:
    cut = one.run.status in _CUT or one.doubtful > 0
    return one.run.status == RUNNING or (cut and not one.taken_back)


def _said(one: Applied) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.run.started))
    state = {RUNNING: "is under way", "finished": "went well"}.get(one.run.status, one.run.status)
    doubt = f", in doubt: {one.doubtful}" if one.doubtful else ""
    back = ", taken back since" if one.taken_back else ""
    hosts = f"on {len(one.run.hosts):,} host{'' if len(one.run.hosts) == 1 else 's'}"
    return f"run {one.run.id} of {one.run.user}, {when}, {hosts} ({state}{doubt}{back})"


def _not_in(hosts: Sequence[str], one: Applied) -> list[str]:
    done = frozenset(one.run.hosts)
    return [host for host in hosts if host not in done]


def _hint(one: Applied, missed: Sequence[str]) -> str:
    run = one.run.id
    if one.run.status == RUNNING:
        return f"look at it with: runner show {run}"
    fresh = "to bring hosts to what it says once more, plan anew: runner plan"
    if missed:
        fresh = f"for the other hosts make a plan of their own: runner plan -l {_names(missed)}"
    if _is_open(one):
        return f"go on with it: runner resume {run}; or take it back: runner rollback {run}"
    if one.run.status == "failed" and not one.taken_back:
        fresh = f"do what is left: runner resume {run}; {fresh}"
    return f"{fresh}; what it does, commands included, is done once more with --again"


def _names(hosts: Sequence[str]) -> str:
    more = len(hosts) - _NAMED
    return ",".join(hosts[:_NAMED]) + (f" and {more} more" if more > 0 else "")
