"""schtasks.exe: create, run, query, end and delete tasks. Exit code 1 for every failure."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable

from runner.lab.state.process import Process
from runner.lab.state.tasks import ScheduledTask
from runner.lab.toolkit.taskxml import export, parse

_SCHEDULES = {"once", "onstart"}
_CALENDAR = {"minute", "hourly", "daily", "weekly", "monthly", "onlogon", "onidle", "onevent"}


def main(process: Process) -> int:
    """Dispatch on the verb."""
    words = process.args
    verb = words[0].lower() if words else "/query"
    if verb not in _VERBS:
        process.not_simulated(f"schtasks {verb}")
    return _VERBS[verb](process, words[1:])


def _options(
    process: Process, words: list[str], valued: set[str], flags: set[str]
) -> dict[str, str]:
    options: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0).lower()
        if word in valued and rest:
            options[word] = rest.pop(0)
        elif word in flags:
            options[word] = ""
        else:
            process.not_simulated(f"schtasks {word}")
    return options


def _create(process: Process, words: list[str]) -> int:
    options = _options(
        process, words, {"/tn", "/tr", "/sc", "/st", "/ru", "/rp", "/rl", "/sd", "/xml"},
        {"/f", "/np"},
    )  # fmt: skip
    host = process.host
    legacy = host.profile.legacy
    if legacy and {"/rl", "/np", "/xml"} & set(options):
        return process.fail(1, 'ERROR: Invalid syntax. Type "SCHTASKS /CREATE /?" for usage.\n')
    if "/sd" in options:
        process.not_simulated("schtasks /create /sd")
    if "/xml" in options:
        return _create_of_xml(process, options)
    name, command = options.get("/tn", ""), options.get("/tr", "")
    schedule = options.get("/sc", "").lower()
    if schedule in _CALENDAR:
        process.not_simulated(f"schtasks /sc {schedule}")
    if not name or not command or schedule not in _SCHEDULES:
        return process.fail(1, 'ERROR: Invalid syntax. Type "SCHTASKS /CREATE /?" for usage.\n')
    start = options.get("/st", "")
    shape = r"([01]\d|2[0-3]):[0-5]\d" + (":[0-5]\\d" if legacy else "")
    if schedule == "once" and not re.fullmatch(shape, start):
        return process.fail(1, "ERROR: Invalid Starttime value.\n")
    process.mutates()
    if host.tasks.find(name) is not None and "/f" not in options:
        process.out(f'WARNING: The task name "{name}" already exists. '
                    "Do you want to replace it (Y/N)? ")  # fmt: skip
        if process.read_line().strip().lower() != "y":
            return 1
    user = options.get("/ru", process.session.user) or "SYSTEM"
    task = ScheduledTask(name, command, user, schedule.upper(), start)
    if legacy and task.account in ("LOCAL SERVICE", "NETWORK SERVICE"):
        text = "ERROR: No mapping between account names and security IDs was done.\n"
        return process.fail(1, text)
    if not task.is_service and user != process.session.user and "/rp" not in options:
        process.not_simulated("schtasks /create for a user without /rp")
    if len(command) > 261:
        text = "ERROR: Value for '/TR' option cannot be more than 261 character(s).\n"
        return process.fail(1, text)
    host.tasks.add(task)
    if schedule == "once" and start[:5] < time.strftime("%H:%M") and not legacy:
        process.err("WARNING: Task may not run because /ST is earlier than current time.\n")
    process.out(f'SUCCESS: The scheduled task "{name}" has successfully been created.\n')
    return 0


def _create_of_xml(process: Process, options: dict[str, str]) -> int:
    """`/create /tn NAME /xml FILE [/f]`, for accounts that need no password."""
    if set(options) - {"/tn", "/xml", "/f"}:
        process.not_simulated("schtasks /create /xml with more than /tn and /f")
    host, name = process.host, options.get("/tn", "")
    file = host.files.find(process.absolute(options["/xml"]))
    process.mutates()
    if file is None or file.content is None:
        return process.fail(1, "ERROR: The system cannot find the file specified.\n")
    try:
        parsed = parse(file.content.decode("utf-16"), name)
    except (ValueError, UnicodeError) as error:
        return process.fail(1, f"ERROR: The task XML is malformed.\n{error}\n")
    if host.tasks.find(name) is not None and "/f" not in options:
        process.out(f'WARNING: The task name "{name}" already exists. '
                    "Do you want to replace it (Y/N)? ")  # fmt: skip
        if process.read_line().strip().lower() != "y":
            return 1
    user = parsed.user or process.session.user
    start = time.strftime("%H:%M", time.localtime(parsed.start)) if parsed.start else ""
    task = ScheduledTask(name, parsed.command, user, parsed.schedule, start, parsed.enabled,
                         definition=parsed.written(), due=parsed.start,
                         registered=parsed.registered, at_boot=parsed.at_boot)  # fmt: skip
    host.tasks.add(task)
    process.out(f'SUCCESS: The scheduled task "{name}" has successfully been created.\n')
    return 0


def _change(process: Process, words: list[str]) -> int:
    """`/change /tn NAME /enable|/disable`."""
    options = _options(process, words, {"/tn"}, {"/enable", "/disable"})
    wanted = {"/enable", "/disable"} & set(options)
    if process.host.profile.legacy or len(wanted) != 1:
        return process.fail(1, 'ERROR: Invalid syntax. Type "SCHTASKS /CHANGE /?" for usage.\n')
    process.mutates()
    task = process.host.tasks.find(options.get("/tn", ""))
    if task is None:
        return _missing(process)
    task.enabled = wanted == {"/enable"}
    if task.definition:
        parsed = parse(task.definition, task.name)
        parsed.enable(on=task.enabled)
        task.definition = parsed.written()
    process.out(f'SUCCESS: The parameters of scheduled task "{task.name}" have been changed.\n')
    return 0


def _missing(process: Process) -> int:
    if process.host.profile.nt >= (6, 0):
        return process.fail(1, "ERROR: The system cannot find the file specified.\n")
    return process.fail(1, "ERROR: The specified task name does not exist in the system.\n")


def _named(process: Process, words: list[str], flags: set[str]) -> ScheduledTask | None:
    options = _options(process, words, {"/tn"}, flags)
    if "/tn" not in options:
        process.not_simulated("schtasks without /tn")
    return process.host.tasks.find(options["/tn"])


def _run(process: Process, words: list[str]) -> int:
    task = _named(process, words, {"/i"})
    process.mutates()
    if task is None:
        return _missing(process)
    process.host.tasks.run(task)
    process.out(f'SUCCESS: Attempted to run the scheduled task "{task.name}".\n')
    return 0


def _end(process: Process, words: list[str]) -> int:
    task = _named(process, words, set())
    process.mutates()
    if task is None:
        return _missing(process)
    task.cancelled.set()
    process.out(f'SUCCESS: The scheduled task "{task.name}" has been terminated successfully.\n')
    return 0


def _delete(process: Process, words: list[str]) -> int:
    task = _named(process, words, {"/f"})
    process.mutates()
    if task is None:
        return _missing(process)
    if "/f" not in [word.lower() for word in words]:
        process.out(f'WARNING: Are you sure you want to remove the task "{task.name}" (Y/N)? ')
        if process.read_line().strip().lower() != "y":
            return 1
    process.host.tasks.delete(task)
    process.out(f'SUCCESS: The scheduled task "{task.name}" was successfully deleted.\n')
    return 0


def _query(process: Process, words: list[str]) -> int:
    legacy = process.host.profile.legacy
    options = _options(process, words, {"/tn", "/fo"}, {"/nh", "/v", "/xml"})
    tasks = process.host.tasks.all()
    if legacy and {"/tn", "/xml"} & set(options):
        return process.fail(1, 'ERROR: Invalid syntax. Type "SCHTASKS /QUERY /?" for usage.\n')
    if "/tn" in options:
        found = process.host.tasks.find(options["/tn"])
        if found is None:
            return _missing(process)
        tasks = [found]
    if "/xml" in options:
        if len(tasks) != 1:
            process.not_simulated("schtasks /query /xml without /tn")
        process.out(_definition(tasks[0]) + "\n")
        return 0
    form = options.get("/fo", "table").lower()
    if form not in ("table", "csv", "list"):
        return process.fail(1, "ERROR: Invalid syntax.\n")
    rows = [_fields(process, task, verbose="/v" in options) for task in tasks]
    if not rows:
        process.out(
            "INFO: There are no scheduled tasks presently available at your access level.\n"
        )
        return 0
    process.out(_table(rows, form, header="/nh" not in options))
    return 0


def _definition(task: ScheduledTask) -> str:
    return task.definition or export(
        task.name, task.command, task.user, task.schedule, task.start_time, enabled=task.enabled
    )


def _fields(process: Process, task: ScheduledTask, *, verbose: bool) -> dict[str, str]:
    legacy = process.host.profile.legacy
    status = "Running" if task.running else "Ready" if task.enabled else "Disabled"
    shown = task.name if legacy else "\\" + task.name.strip("\\")
    if not verbose:
        return {"TaskName": shown, "Next Run Time": "N/A", "Status": status}
    last = "Never"
    if task.last_run is not None:
        last = time.strftime("%m/%d/%Y %I:%M:%S %p", time.localtime(task.last_run))
    return {
        "HostName": process.host.name.upper(), "TaskName": shown, "Next Run Time": "N/A",
        "Status": status, "Last Run Time": last, "Last Result": str(task.last_result),
        "Task To Run": task.command, "Run As User": task.user, "Schedule Type": task.schedule,
        "Start Time": task.start_time,
    }  # fmt: skip


def _table(rows: list[dict[str, str]], form: str, *, header: bool) -> str:
    names = list(rows[0])
    if form == "list":
        width = max(map(len, names)) + 2
        blocks = ["\n" + "".join(f"{n + ':':<{width}}{row[n]}\n" for n in names) for row in rows]
        return "".join(blocks)
    if form == "csv":
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows(([names] if header else []) + [list(row.values()) for row in rows])
        return text.getvalue()
    widths = {n: max(len(n), *(len(row[n]) for row in rows)) for n in names}
    lines = [" ".join(row[n].ljust(widths[n]) for n in names) for row in rows]
    if header:
        rule = " ".join("=" * widths[n] for n in names)
        lines = [" ".join(n.ljust(widths[n]) for n in names), rule, *lines]
    return "\n" + "\n".join(lines) + "\n"


_VERBS: dict[str, Callable[[Process, list[str]], int]] = {
    "/create": _create, "/run": _run, "/end": _end, "/delete": _delete, "/query": _query,
    "/change": _change,
}  # fmt: skip
