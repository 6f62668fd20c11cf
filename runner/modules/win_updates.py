"""Search, download and install what Windows Update, or the host's WSUS, offers.

This needs PowerShell on the host. Searching is done over the connection; downloading and installing
are refused there by Windows, so a scheduled task does them as SYSTEM, and is asked how far it is.
Where there is no PowerShell, ``win_hotfix`` installs packages that lie on the host.

Categories are compared by their GUIDs, so names are English on every language. With ``reboot`` the
host is restarted where that is needed, and what is offered then is installed too, until nothing is
left; without it ``reboot_required`` says whether ``win_reboot`` is needed. Installed updates are
not removed by a rollback.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Output, Poll, Query, Reply, Request, Script, read, write
from runner.interfaces.guide import Guide, Using
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import updates_scripts as scripts
from runner.modules._parts.updates_params import CATEGORIES, SERVERS, Params
from runner.modules._parts.updates_scripts import Done, Update
from runner.modules._parts.win_restart import Usual, booted, restart
from runner.windows import log
from runner.windows.facts import WindowsFacts

_HOURS: Final = 6 * 3600.0
_EVERY: Final = 10.0


@dataclass(frozen=True, slots=True)
class Offered:
    """The updates that the task is about and that are not installed; ``ready`` of them are
    downloaded. ``updates`` are all that are offered, ``restart`` says that one is needed."""

    missing: tuple[str, ...]
    ready: tuple[str, ...] = ()
    waiting: bool = False
    """A restart is needed, and this task is to make it."""
    updates: tuple[Update, ...] = dataclasses.field(default=(), compare=False)
    restart: bool = dataclasses.field(default=False, compare=False)


class Module(base.Module[Params, Offered]):
    """Installs what is offered."""

    params = Params
    state = Offered
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_updates_module.html"
    )
    guide = Guide(
        example="win_updates:\n  category_names: SecurityUpdates\n  reject_list: KB4012212",
        using=(Using("powershell, a scheduled task as SYSTEM", since="2008r2", powershell=True),),
        undo="updates that were installed or downloaded",
        instead="win_hotfix with a bulletin or a package",
    )

    def subject(self, params: Params) -> str:
        return f"windows updates {', '.join(params.category_names).lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Offered]:
        host = WindowsFacts.of(facts)
        if host.nt < (6, 1) or not host.powershell:
            raise Refused(
                f"{host.name}: updates are searched with PowerShell 2.0 and Windows 7 or later",
                hint="use win_hotfix with a bulletin or a package that lies on the host",
            )
        (out,) = yield from read(scripts.search(SERVERS[params.server_selection]))
        if not scripts.is_whole(out):
            raise ModuleError(f"the search for updates failed: {_said(out)}", hint=_HINT)
        offered = scripts.offered(out)
        wanted = [u for u in offered if not u.pending and not params.why_not(u)]
        restart = scripts.needs_restart(out) or any(u.pending for u in offered)
        return Offered(
            missing=tuple(sorted(update.id for update in wanted)),
            ready=tuple(sorted(update.id for update in wanted if update.downloaded)),
            waiting=restart and params.restarts,
            updates=offered,
            restart=restart,
        )

    def plan(self, params: Params, before: Offered, facts: base.Facts) -> Offered:
        if params.state == "installed":
            return dataclasses.replace(before, missing=(), ready=(), waiting=False)
        if params.state == "downloaded":
            return dataclasses.replace(before, ready=before.missing)
        return before

    def apply(
        self, params: Params, change: Change[Offered], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        now, done, restarts = change.before, dict[str, Update](), 0
        while True:
            if now.waiting:
                yield from _restart(params)
                restarts += 1
                now = yield from self.probe(params, facts)
            known = {update.id: update for update in now.updates}
            new = [known[each] for each in now.missing if each not in done]
            if not new and not now.waiting:
                break
            if now.waiting and not new:
                raise ModuleError(
                    "the host restarted, and says still that a restart is needed", hint=_HINT
                )
            found = yield from _handled(params, new)
            done |= {update.id: update for update in new if update.id in found.results}
            if not (params.restarts and found.restart):
                now = dataclasses.replace(now, restart=now.restart or found.restart)
                break
            now = dataclasses.replace(now, waiting=True)
        return {
            "reboot_required": now.restart,
            "done": tuple(done.values()),
            "rebooted": bool(restarts),
        }

    def undo(
        self, params: Params, change: Change[Offered], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if why := self.irreversible(params, change, facts):
            raise Refused(why)
        return {}  # a restart leaves nothing to take back
        yield  # pragma: no cover

    def irreversible(self, params: Params, change: Change[Offered], facts: base.Facts) -> str:
        if (change.before.missing, change.before.ready) == (
            change.after.missing,
            change.after.ready,
        ):
            return ""
        word = "installed" if params.state == "installed" else "downloaded"
        return f"updates that were {word} are not taken away again"

    def result(
        self,
        params: Params,
        change: Change[Offered],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        before = change.before
        acting = params.state == "installed" and bool(before.missing or before.waiting)
        done: dict[str, Update] = {each.id: each for each in applied.get("done", ())}
        finished = done if acting else {}
        found = {update.id: update for update in before.updates} | finished
        rows = {key: _row(update, key in finished) for key, update in found.items()}
        restart: Any = before.restart
        if acting:
            restart = applied["reboot_required"] if applied else UNKNOWN
        left_out = {u.id: params.why_not(u) for u in before.updates}
        mine = (*before.missing, *(key for key in finished if key not in before.missing))
        return {
            "found_update_count": len(mine),
            "installed_update_count": len(finished),
            "failed_update_count": 0,
            "reboot_required": restart,
            "rebooted": applied.get("rebooted", UNKNOWN if acting and params.reboot else False),
            "updates": {key: rows[key] for key in mine if key in rows},
            "filtered_updates": {
                key: {**rows[key], "filtered_reason": why[0], "filtered_reasons": list(why)}
                for key, why in left_out.items()
                if why
            },
        }

    def message(self, params: Params, change: Change[Offered], facts: base.Facts) -> str:
        titles = {update.id: update.title for update in change.before.updates}
        named = [titles.get(each, each) for each in change.before.missing]
        if not named:
            return "a restart is needed" if change.before.waiting else "nothing is offered"
        return f"{len(named)} offered: {'; '.join(named)}"


_HINT: Final = "the host's WindowsUpdate.log says more; is the service wuauserv disabled?"


def _restart(params: Params) -> Generator[Request, Reply, None]:
    patience = Usual(reboot_timeout=params.reboot_timeout)
    yield from restart(patience, (yield from booted(patience)))


def _handled(params: Params, updates: Sequence[Update]) -> Generator[Request, Reply, Done]:
    """Install or download these, as SYSTEM. Raises ModuleError unless all went well."""
    job, server = secrets.token_hex(8), SERVERS[params.server_selection]
    install, ids = params.state == "installed", tuple(update.id for update in updates)
    out = yield from write(scripts.start(job, ids, server, install=install))
    if out.code or (out.stdout and "started" not in out.stdout):
        yield from write(scripts.clean(job))
        raise ModuleError(f"the task for the updates cannot be started: {_said(out)}")
    # When the connection is lost or time is up, the task is left alone: it is installing.
    reply = yield Poll((scripts.look(job),), _over, _HOURS, "updates", _EVERY)
    yield from write(scripts.clean(job))
    if not reply:  # a preview, which goes no further
        return Done()
    end = reply[0]
    found = scripts.done(end)
    if params.log_path is not None:
        yield from write(_log(params.log_path, updates, found))
    if found.error or not scripts.is_whole(end):
        why = found.error or "the task ended before it was done"
        raise ModuleError(f"the updates were not all handled: {why}", hint=_HINT)
    failed = {each: code for each, code in found.results.items() if code}
    if failed:
        raise ModuleError(_failures(failed, updates), hint=_HINT)
    return found


def _log(path: str, updates: Sequence[Update], found: Done) -> Script:
    lines = [f"{update.title}: 0x{found.results.get(update.id, 0):08x}" for update in updates]
    return log.added(path, [*lines, *[found.error] * bool(found.error)])


def _over(reply: Reply) -> bool:
    return not reply[0].stdout.strip().startswith("running")


def _said(out: Output) -> str:
    lines = (out.stderr.strip() or out.stdout.strip()).splitlines()
    return lines[0].strip() if lines else f"exit code {out.signed}"


def _failures(failed: Mapping[str, int], updates: Sequence[Update]) -> str:
    titles = {update.id: update.title for update in updates}
    each = (f"{titles.get(key, key)}: 0x{code:08x}" for key, code in failed.items())
    return f"{len(failed)} updates failed: {'; '.join(each)}"


def _row(update: Update, installed: bool) -> dict[str, Any]:
    names = {guid: name for name, guid in CATEGORIES.items()}
    return {
        "id": update.id,
        "title": update.title,
        "kb": list(update.kb),
        "categories": [names.get(each, each) for each in update.categories],
        "downloaded": update.downloaded or installed,
        "installed": installed,
    }
