"""Tasks of a host's task scheduler, with ``schtasks`` and the XML that it reads and writes.

From Vista and Server 2008 on. What a playbook says is written into the task's own definition; all
else of it stays. A rollback registers the definition that was found, byte for byte as the host
printed it. Accounts with a password are refused: ``schtasks`` would show the password in the
process list and the host's security log.

Server 2003 and XP have no XML: what is done there could neither be compared nor taken back, so the
module refuses. ``schtasks`` cannot remove a folder; an empty one stays.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.model.secret import MASK
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import restoring_settings, scheduled_task_xml
from runner.modules._parts.scheduled_task_params import Params
from runner.modules._parts.win_files import require_windows
from runner.windows import reading, task_commands, task_xml, wmi
from runner.windows.exit_codes import expect
from runner.windows.facts import WindowsFacts
from runner.windows.task_xml import Action

_KEPT_PASSWORDS = ("password", "token_or_password")
_PASSWORD_HINT = "the password may be wrong, or the account may not log on as a batch job"


@dataclass(frozen=True, slots=True)
class TaskState:
    """One task. ``settings`` are those that are not as by default; ``xml`` is its definition."""

    present: bool = False
    enabled: bool = False
    actions: tuple[Action, ...] = ()
    triggers: tuple[str, ...] = ()
    user: str = ""
    group: str = ""
    logon_type: str = ""
    run_level: str = ""
    display_name: str = ""
    description: str = ""
    author: str = ""
    date: str = ""
    source: str = ""
    version: str = ""
    settings: tuple[str, ...] = ()
    password: str = ""
    """Of which nothing is known but that it is given now."""
    xml: str = field(default="", compare=False)


class Module(base.Module[Params, TaskState]):
    """Brings one task of the scheduler to a state."""

    params = Params
    state = TaskState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/community/windows/"
        "win_scheduled_task_module.html"
    )
    guide = Guide(
        example="win_scheduled_task:\n  name: nightly\n  username: SYSTEM\n  actions:\n"
        "    - path: cmd.exe\n      arguments: /c C:\\agent\\nightly.cmd\n  triggers:\n"
        "    - type: daily\n      start_boundary: '2017-05-15T03:00:00'",
        using=(
            Using("schtasks, findstr, certutil, wmic", since="2008"),
            Using("Schedule.Service", since="2008r2", powershell=True, part="password"),
        ),
        undo="the password of a task that has one",
        instead="win_command with schtasks /create and 'check: schtasks /query'",
    )

    def subject(self, params: Params) -> str:
        return f"scheduled task {params.full_name.lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, TaskState]:
        require_windows(facts, "win_scheduled_task", "file with a file of cron")
        host = WindowsFacts.of(facts)
        if host.nt < (6, 0):
            return (yield from _without_xml(params, host.name))
        (output,) = yield from read(task_commands.query(params.full_name))
        if output.code != 0:
            return TaskState()
        xml = output.stdout.strip()
        if "?" in xml.partition("?>")[2]:
            xml = yield from _as_kept(params, host.system_root)
        state = _state(xml)
        return (yield from _as_named(params, state))

    def plan(self, params: Params, before: TaskState, facts: base.Facts) -> TaskState:
        if params.state == "absent":
            return TaskState()
        if not before.present and params.actions is None:
            raise Refused(
                f"there is no scheduled task {params.full_name} on this host",
                hint="check 'name' and 'path', or give 'actions' (and 'triggers') to make one",
            )
        root = task_xml.root_of(before.xml)
        scheduled_task_xml.edit(root, params)
        after = _state(task_xml.written(root))
        if before.present and params.username is None and params.group is None:
            after = dataclasses.replace(after, user=before.user)
        if not (after.user or after.group):
            nobody: Any = UNKNOWN  # whoever the runner is on the host
            after = dataclasses.replace(after, user=nobody)
        if params.password is not None and (params.update_password or not before.present):
            unknown: Any = UNKNOWN
            after = dataclasses.replace(after, password=unknown)
        found = Change("", before, after)
        if before.present and not found.differences():
            return before
        if params.password is not None and not _only_enabled(found):
            _require_password(params, WindowsFacts.of(facts))
            return after
        if before.logon_type in _KEPT_PASSWORDS and not _only_enabled(found):
            raise Refused(
                f"the scheduled task {params.full_name} runs with a password, which schtasks wants "
                "to be told again for this change",
                hint="say its 'password', give it an account without one ('username: SYSTEM') by "
                "removing and making it anew, or change it by hand",
            )
        return after

    def apply(
        self, params: Params, change: Change[TaskState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        name, after = params.full_name, change.after
        if not after.present:
            out = yield from write(task_commands.delete(name))
            expect(out, "schtasks", f"remove the scheduled task {name}")
        elif _only_enabled(change):
            out = yield from write(task_commands.enable(name, on=after.enabled))
            expect(out, "schtasks", f"{'en' if after.enabled else 'dis'}able the task {name}")
        elif after.logon_type in _KEPT_PASSWORDS and params.secret is not None:
            user = params.username or after.user
            out = yield from write(
                task_commands.create_with_password(name, after.xml, user, params.secret)
            )
            expect(out, "schtasks", f"register the scheduled task {name}", hint=_PASSWORD_HINT)
        else:
            out = yield from write(task_commands.create(name, after.xml))
            hint = "an account that Windows does not know, or a value that its schema refuses"
            expect(out, "schtasks", f"register the scheduled task {name}", hint=hint)
        return {}

    def restore(self, params: Params, change: Change[TaskState]) -> tuple[base.Restoring, ...]:
        return restoring_settings.scheduled_task(params.name, params.path, change)

    def irreversible(self, params: Params, change: Change[TaskState], facts: base.Facts) -> str:
        before = change.before
        if before.logon_type in _KEPT_PASSWORDS and not _only_enabled(change):
            return f"the password of {before.user} is not in the task's definition"
        return ""

    def result(
        self,
        params: Params,
        change: Change[TaskState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        after = change.after
        found: dict[str, Any] = {"name": params.name, "path": params.path, "exists": after.present}
        if after.present:
            found |= {"enabled": after.enabled, "username": after.user or None}
        return found


def _require_password(params: Params, host: WindowsFacts) -> None:
    if params.secret == MASK:
        raise Refused(f"the password of {params.username} is not on record")
    if not host.powershell:
        raise Refused(
            f"{host.name} has no PowerShell, and schtasks would show the password in the list of "
            "processes and in the security log",
            hint="run the task as SYSTEM, LocalService, NetworkService or a group, or with "
            "logon_type: s4u",
        )


def _state(xml: str) -> TaskState:
    root = task_xml.root_of(xml)
    known = task_xml.definition(root)
    fields = {f.name: getattr(known, f.name) for f in dataclasses.fields(known)}
    return TaskState(present=True, xml=xml, **fields)


def _as_kept(params: Params, root: str) -> Generator[Query, Reply, str]:
    """The definition in the scheduler's own file, where a question mark may be a lost letter."""
    path = f"{root}\\System32\\Tasks{params.full_name}"
    (output,) = yield from read(reading.encoded(path))
    try:
        return reading.bytes_of(output, path).decode("utf-16")
    except (ModuleError, UnicodeError):
        raise ModuleError(
            f"the definition of the task {params.full_name} may hold letters that the code page of "
            f"the connection does not have, and {path} could not be read",
            hint="set runner_codepage: 65001",
        ) from None


def _only_enabled(change: Change[TaskState]) -> bool:
    return [difference.field for difference in change.differences()] == ["enabled"]


def _without_xml(params: Params, host: str) -> Generator[Query, Reply, TaskState]:
    (output,) = yield from read(Exec("schtasks", "/query", "/fo", "csv", "/nh"))
    rows = csv.reader(io.StringIO(output.stdout))
    names = {row[0].strip("\\").casefold() for row in rows if row}
    if params.state == "absent" and params.name.casefold() not in names:
        return TaskState()
    raise Refused(
        f"{host} has no XML of its scheduled tasks, so what is changed there could neither be "
        "compared nor taken back",
        hint="use win_command with schtasks /create or /delete, and 'check' or 'creates'",
    )


def _as_named(params: Params, state: TaskState) -> Generator[Query, Reply, TaskState]:
    """The same with account and group as the playbook names them, where these are the same."""
    user = yield from _alias(params.username, state.user, "useraccount")
    group = yield from _alias(params.group, state.group, "group")
    return dataclasses.replace(state, user=user, group=group)


def _alias(wanted: str | None, found: str, kind: str) -> Generator[Query, Reply, str]:
    if wanted is None or not found or found.casefold() == wanted.casefold():
        return found
    if found.casefold().endswith(f"\\{wanted.casefold()}"):
        return wanted
    if found.upper().startswith("S-1-5-") and not wanted.upper().startswith("S-1-"):
        where = f"sid='{found}'"
        (output,) = yield from read(
            Exec("wmic", kind, "where", where, "get", "Caption,Name", "/value")
        )
        names = {value.casefold() for value in wmi.properties(output).values()}
        if names & {wanted.casefold(), wanted.rpartition("\\")[2].casefold()}:
            return wanted
    return found
