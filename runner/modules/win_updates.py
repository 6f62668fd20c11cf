"""Search, download and install what Windows Update, or the host's WSUS, offers.

This needs PowerShell on the host. Searching is done over the connection; downloading and installing
are refused there by Windows, so a scheduled task does them as SYSTEM, and is asked how far it is.
Where there is no PowerShell, ``win_hotfix`` installs packages that lie on the host.

Categories are compared by their GUIDs, so names are English on every language. A restart is not
part of this task: ``reboot_required`` says whether ``win_reboot`` is needed. Installed updates are
not removed by a rollback.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from pydantic import AliasChoices, Field, field_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Output, Poll, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Words
from runner.model.state import UNKNOWN, Change
from runner.modules import _updates_scripts as scripts
from runner.modules._updates_scripts import Update
from runner.windows.facts import WindowsFacts

_SERVERS: Final = {"default": 0, "managed_server": 1, "windows_update": 2}
_HOURS: Final = 6 * 3600.0
_EVERY: Final = 10.0
# Microsoft, "Update classification GUIDs".
CATEGORIES: Final = {
    "application": "5c9376ab-8ce6-464a-b136-22113dd69801",
    "connectors": "434de588-ed14-48f5-8eed-a15e09a991f6",
    "criticalupdates": "e6cf1350-c01b-414d-a61f-263d14d133b4",
    "definitionupdates": "e0789628-ce08-4437-be74-2495b842f43b",
    "developerkits": "e140075d-8433-45c3-ad87-e72345b36078",
    "drivers": "ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0",
    "featurepacks": "b54e7d24-7add-428f-8b75-90a396fa584f",
    "guidance": "9511d615-35b2-47bb-927f-f73d8e9260bb",
    "securityupdates": "0fa1201d-4330-4fa8-8ae9-b877473b6441",
    "servicepacks": "68c5b0a3-d1a6-4553-ae49-01d3a7827828",
    "tools": "b4832bd8-e735-4761-8daf-37f882276dab",
    "updaterollups": "28bc880e-0592-4cbf-8f95-c79b17911d5f",
    "updates": "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83",
    "upgrades": "3689bdc8-b205-4af4-8d4a-a63924c5e9d5",
}


class Params(base.Params):
    """Parameters of Ansible's win_updates."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "reboot": "restart with win_reboot when reboot_required says so, then run this again",
        "reboot_timeout": "it is a parameter of win_reboot",
        "log_path": "what was done is in the journal; Windows keeps WindowsUpdate.log",
    }

    category_names: Words = Field(
        ("CriticalUpdates", "SecurityUpdates", "UpdateRollups"),
        description="categories in English, or * for all",
    )
    state: Literal["installed", "searched", "downloaded"] = Field(
        "installed", description="what is done with the updates that are found"
    )
    accept_list: Words = Field(
        (),
        validation_alias=AliasChoices("accept_list", "whitelist"),
        description="only these: KB numbers, or regular expressions for titles",
    )
    reject_list: Words = Field(
        (),
        validation_alias=AliasChoices("reject_list", "blacklist"),
        description="not these, even if they are accepted",
    )
    skip_optional: bool = Field(False, description="leave out what Windows calls optional")
    server_selection: Literal["default", "managed_server", "windows_update"] = Field(
        "default", description="who is asked: as the host is set up, its WSUS, or Microsoft"
    )

    @field_validator("category_names")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name != "*" and name.replace(" ", "").lower() not in CATEGORIES:
                known = ", ".join(sorted(CATEGORIES))
                raise ValueError(f"'{name}' is no category; there are: {known}, and *")
        return names

    @field_validator("accept_list", "reject_list")
    @classmethod
    def _patterns(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            try:
                re.compile(text)
            except re.error as error:
                raise ValueError(f"'{text}' is no regular expression: {error}") from None
        return texts

    def why_not(self, update: Update) -> tuple[str, ...]:
        """Why an update is left out, in Ansible's words; empty when it is wanted."""
        wanted = {CATEGORIES[n.replace(" ", "").lower()] for n in self.category_names if n != "*"}
        reasons = []
        if self.accept_list and not _named(update, self.accept_list):
            reasons.append("accept_list")
        if _named(update, self.reject_list):
            reasons.append("reject_list")
        if "*" not in self.category_names and not wanted & set(update.categories):
            reasons.append("category_names")
        if self.skip_optional and update.optional:
            reasons.append("skip_optional")
        return tuple(reasons)


def _named(update: Update, patterns: tuple[str, ...]) -> bool:
    numbers = {f"kb{number}" for number in update.kb}
    return any(p.lower() in numbers or re.search(p, update.title, re.I) for p in patterns)


@dataclass(frozen=True, slots=True)
class Offered:
    """The updates that the task is about and that are not installed; ``ready`` of them are
    downloaded. ``updates`` are all that are offered, ``restart`` says that one is needed."""

    missing: tuple[str, ...]
    ready: tuple[str, ...] = ()
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
        (out,) = yield from read(scripts.search(_SERVERS[params.server_selection]))
        if not scripts.is_whole(out):
            raise ModuleError(f"the search for updates failed: {_said(out)}", hint=_HINT)
        offered = scripts.offered(out)
        wanted = [u for u in offered if not u.pending and not params.why_not(u)]
        return Offered(
            missing=tuple(sorted(update.id for update in wanted)),
            ready=tuple(sorted(update.id for update in wanted if update.downloaded)),
            updates=offered,
            restart=scripts.needs_restart(out) or any(u.pending for u in offered),
        )

    def plan(self, params: Params, before: Offered, facts: base.Facts) -> Offered:
        if params.state == "installed":
            return dataclasses.replace(before, missing=(), ready=())
        if params.state == "downloaded":
            return dataclasses.replace(before, ready=before.missing)
        return before

    def apply(
        self, params: Params, change: Change[Offered], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        install = params.state == "installed"
        ids, server = change.before.missing, _SERVERS[params.server_selection]
        job = secrets.token_hex(8)
        out = yield from write(scripts.start(job, ids, server, install=install))
        if out.code or (out.stdout and "started" not in out.stdout):
            yield from write(scripts.clean(job))
            raise ModuleError(f"the task for the updates cannot be started: {_said(out)}")
        # When the connection is lost or time is up, the task is left alone: it is installing.
        reply = yield Poll((scripts.look(job),), _over, _HOURS, "updates", _EVERY)
        yield from write(scripts.clean(job))
        if not reply:
            return {}
        end = reply[0]
        found = scripts.done(end)
        if found.error or not scripts.is_whole(end):
            why = found.error or "the task ended before it was done"
            raise ModuleError(f"the updates were not all handled: {why}", hint=_HINT)
        failed = {each: code for each, code in found.results.items() if code}
        if failed:
            raise ModuleError(_failures(failed, change.before.updates), hint=_HINT)
        return {"reboot_required": found.restart, "done": tuple(found.results)}

    def undo(
        self, params: Params, change: Change[Offered], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        raise Refused(self.irreversible(params, change, facts))
        yield  # pragma: no cover

    def irreversible(self, params: Params, change: Change[Offered], facts: base.Facts) -> str:
        if not change.differences():
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
        installing = params.state == "installed" and bool(before.missing)
        finished = set(applied.get("done", ())) if installing else set()
        rows = {update.id: _row(update, update.id in finished) for update in before.updates}
        restart: Any = before.restart
        if installing:
            restart = bool(applied["reboot_required"] or restart) if applied else UNKNOWN
        left_out = {u.id: params.why_not(u) for u in before.updates}
        return {
            "found_update_count": len(before.missing),
            "installed_update_count": len(finished),
            "failed_update_count": 0,
            "reboot_required": restart,
            "updates": {key: rows[key] for key in before.missing if key in rows},
            "filtered_updates": {
                key: {**rows[key], "filtered_reason": why[0], "filtered_reasons": list(why)}
                for key, why in left_out.items()
                if why
            },
        }

    def message(self, params: Params, change: Change[Offered], facts: base.Facts) -> str:
        titles = {update.id: update.title for update in change.before.updates}
        named = [titles.get(each, each) for each in change.before.missing]
        return f"{len(named)} offered: {'; '.join(named)}" if named else "nothing is offered"


_HINT: Final = "the host's WindowsUpdate.log says more; is the service wuauserv disabled?"


def _over(reply: Reply) -> bool:
    return not reply[0].stdout.strip().startswith("running")


def _said(out: Output) -> str:
    lines = (out.stderr.strip() or out.stdout.strip()).splitlines()
    return lines[0].strip() if lines else f"exit code {out.signed}"


def _failures(failed: Mapping[str, int], updates: tuple[Update, ...]) -> str:
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
