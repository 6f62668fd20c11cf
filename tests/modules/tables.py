"""Tables of what modules of Windows do, one file of ``tables/`` for each, with the way back beside.

A row is a system, a state and parameters; then the commands that must be sent, what differs on the
host afterwards, and the commands of the undo, after which nothing differs. ``test_tables`` runs
every row on a lab host; a row with ``answers`` is run on those (``answered``), for the lab lacks
the tools. ``python -m tests.modules.tables`` writes the files anew, from the cases of the contract
suite and from what is given in those rows: look at the diff, for what stands there is what a host
will be sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Reader, Writer
from runner.errors import ModuleError, Refused
from runner.interfaces.codec import from_json, to_json
from runner.interfaces.exchange import Command, Reply
from runner.interfaces.module import Effect
from runner.model.state import Change
from runner.modules import load, names
from tests.modules import answered
from tests.modules.beside import BESIDE
from tests.modules.contract.cases import COMMAND_CASES, READ_CASES, STATE_CASES, Case
from tests.modules.contract.cases_remedies import REMEDY_CASES, REMEDY_READS
from tests.modules.contract.cases_security import SECURITY_CASES, SECURITY_READS
from tests.modules.contract.test_contract import restart
from tests.modules.labhost import LabHost, LabTask

TABLES: Final = Path(__file__).with_name("tables")
_CONTRACT: Final[tuple[Case, ...]] = (
    *STATE_CASES, *REMEDY_CASES, *SECURITY_CASES, *COMMAND_CASES,
    *READ_CASES, *REMEDY_READS, *SECURITY_READS, *BESIDE,
)  # fmt: skip
_VARYING: Final = (
    (re.compile(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}"), "{GUID}"),
    (re.compile(r"runner-(script-)?[0-9a-f]{12,16}\b"), r"runner-\1HEX"),
    (re.compile(r'"job": "[0-9a-f]{16}"'), '"job": "HEX"'),
)
_GIVEN: Final = frozenset({"case", "os", "state", "parameters", "restart"})
_CLOCK: Final = frozenset({"date_time", "lastboot", "uptime_seconds", "boot_time", "lastwritetime",
                          "creationtime", "lastaccesstime"})  # fmt: skip
_MANY: Final = 8
_RULES: Final = "\\firewallrules"
_RULE_NAME: Final = re.compile(r"\|Name=([^|]*)")


def _is_data(case: Case) -> bool:
    """Whether a file can hold it: a folder's files, as the controller has them, are no data."""
    try:
        json.dumps([case.raw, case.state])
    except TypeError:
        return False
    return True


CASES: Final = tuple(case for case in _CONTRACT if _is_data(case))


def rows_of(name: str) -> list[dict[str, Any]]:
    """The rows of one module's file; none where there is no file."""
    path = TABLES / f"{name}.yml"
    text = path.read_text(encoding="utf-8") if path.exists() else "[]"
    found: list[dict[str, Any]] = yaml.load(text, yaml.CSafeLoader)
    return found


def outcome(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """What comes of a row: its commands, what differs on the host, and the commands of the undo.

    The undo is given what a rollback has: the recorded state, read back from JSON, and a new probe.
    Raises AssertionError if anything differs after it.
    """
    if "answers" in row:
        told: dict[str, Any] = _steady(answered.outcome(name, row))
        return told
    host = LabHost(row["os"], **row.get("state", {}))
    task = host.task(name, **row.get("parameters", {}))
    task.facts = {"shell_type": "cmd", **task.facts}
    before = _comparable(host)
    if task.module.effect is Effect.READ:
        return _seen(task, before)
    found = task.probe()
    try:
        change = task.plan(found)
    except Refused as refused:
        return {"refused": f"{refused.message}; {refused.hint}"}
    kept = json.loads(json.dumps(to_json(change.before)))
    there = Writer(host.link)
    if task.module.effect is not Effect.COMMAND or not getattr(found, "done", False):
        there.drive(task.module.apply(task.params, change, task.facts))
    came = {"commands": _steady(there.sent)}
    if row.get("restart"):
        restart(host)
    if different := dict(_different(before, _comparable(host))):
        came["differs"] = _steady(different)
    if why := task.module.irreversible(task.params, change, task.facts):
        return came | {"irreversible": why}
    if task.module.effect is Effect.STATE:
        later = LabTask(host, task.module, task.params)
        back = Change(change.subject, from_json(task.module.state, kept), later.probe())
        again = Writer(host.link)
        again.drive(task.module.undo(task.params, back, later.facts))
        came["undo"] = _steady(again.sent)
        if row.get("restart"):
            restart(host)
        assert _comparable(host) == before
    return came


class _Noting(Reader):
    """Notes each command before it travels together with others."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.asked: list[Any] = []

    def _read(self, commands: Sequence[Command]) -> Reply:
        self.asked += [answered.shown(command, "cmd") for command in commands]
        return super()._read(commands)


def _seen(task: LabTask, before: dict[str, Any]) -> dict[str, Any]:
    """What a task that only looks asks, and what it returns."""
    reader = _Noting(task.host.link)
    try:
        found = reader.drive(task.module.probe(task.params, task.facts))
    except ModuleError as error:
        return {"asks": _steady(reader.asked), "refused": error.message}
    assert _comparable(task.host) == before
    change = Change("", found, task.module.plan(task.params, found, task.facts))
    returns = _brief(to_json(dict(task.module.result(task.params, change, task.facts, {}))))
    came: dict[str, Any] = _steady({"asks": _first(reader.asked, 3 * _MANY), "returns": returns})
    return came


def _brief(value: Any) -> Any:
    """Without what a clock says; of a long list, its first items and its length."""
    if isinstance(value, dict):
        return {key: _brief(item) for key, item in value.items() if key not in _CLOCK}
    if isinstance(value, list):
        return [_brief(item) for item in _first(value, _MANY)]
    return value


def _first(values: list[Any], most: int) -> list[Any]:
    rest = [f"({len(values)} in all)"] if len(values) > most else []
    return values[:most] + rest


def _comparable(host: LabHost) -> dict[str, Any]:
    """The machine's state as plain data, its firewall rules by their names: Windows makes up their
    numbers anew."""
    state = dict(host.state)
    state["firewall"] = {**state["firewall"], "rules": _named(state["firewall"]["rules"])}
    state["registry"] = {
        path: _named(values) if path.lower().endswith(_RULES) else values
        for path, values in state["registry"].items()
    }
    plain: dict[str, Any] = json.loads(json.dumps(state))
    return plain


def _named(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Rules as the registry has them, by name, and by number where several have one."""
    found: dict[str, Any] = {}
    for rule in sorted(rules.values(), key=str):
        name = match[1] if (match := _RULE_NAME.search(str(rule))) else "?"
        at, key = 1, name
        while key in found:
            at, key = at + 1, f"{name} #{at + 1}"
        found[key] = rule
    return found


def _different(before: Any, after: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """What is there afterwards, by its place; None where something is gone."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from _different(before.get(key), after.get(key), f"{at} > {key}" if at else key)
    elif before != after:
        yield at, after


def given_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is given in a row; the rest comes of it."""
    return {key: row[key] for key in row if key in answered.GIVEN | _GIVEN}


def _steady(value: Any) -> Any:
    """Without what is another one each time."""
    text = json.dumps(value, ensure_ascii=False)
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return json.loads(text)


def _row(case: Case) -> dict[str, Any]:
    given: dict[str, Any] = {"case": case.name, "os": case.os}
    if case.state:
        given["state"] = dict(case.state)
    if case.raw:
        given["parameters"] = dict(case.raw)
    if case.restart:
        given["restart"] = True
    plain: dict[str, Any] = json.loads(json.dumps(given))
    return {**plain, **outcome(case.module, plain)}


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, and no references."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def text(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", data, "|" if "\n" in data else None)


_Dumper.add_representer(str, _Dumper.text)


def write() -> None:
    """Write all files anew."""
    TABLES.mkdir(exist_ok=True)
    for name in names():
        rows = [_row(case) for case in CASES if case.module == name]
        for row in rows_of(name):
            if "answers" in row:
                given = given_of(row)
                rows.append({**given, **outcome(name, given)})
        if rows:
            text = yaml.dump(rows, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
            (TABLES / f"{name}.yml").write_text(text, encoding="utf-8")


def on_windows() -> list[str]:
    """Modules that work on hosts with Windows."""
    guides = {name: load(name).guide for name in names()}
    return [name for name, guide in guides.items() if guide and guide.where in ("windows", "both")]


if __name__ == "__main__":
    write()
