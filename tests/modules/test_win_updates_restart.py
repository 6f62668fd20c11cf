"""win_updates with ``reboot``: restarts, what is offered after them, and the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Output
from runner.model.state import Change
from tests.modules.scripted import Scripted, task
from tests.modules.test_win_updates import (
    CLEAN,
    HOST,
    LOOK,
    ROLLUP,
    SEARCH,
    SECURITY,
    START,
    A,
    B,
    row,
)

FIRST = row(A, "first", SECURITY)
SECOND = row(B, "second", ROLLUP)
WAITS = row(A, "first", SECURITY, flags="010")
BOOTED = "LastBootUpTime=2017051{}080000.000000+000\r\nLocalDateTime=20170511090000.000000+000\r\n"


def offered(rows: str, restart: int = 0) -> Output:
    return Output(0, f"{rows}restart={restart}\r\nend\r\n")


def done(update: str, restart: int = 0) -> Output:
    return Output(0, f"i;{update};2;0\r\nrestart={restart}\r\nend\r\n")


def host(searches: Sequence[Output], ends: Sequence[Output], boots: int = 4) -> Scripted:
    clocks = [Output(0, BOOTED.format(day)) for day in range(1, boots + 1)]
    return Scripted({
        SEARCH: list(searches), START: Output(0, "started\r\n"), LOOK: list(ends),
        CLEAN: Output(0), "wmic os": clocks, "shutdown": Output(0),
        "sc query bufsize": Output(0, ""), "%SystemRoot%\\System32\\findstr": Output(0),
    })  # fmt: skip


def run(machine: Scripted, **raw: Any) -> tuple[Any, Any, Change[Any], Any]:
    module, params = task("win_updates", reboot=True, **raw)
    before = machine.drive(module.probe(params, HOST))
    change = Change("", before, module.plan(params, before, HOST))
    return module, params, change, machine.drive(module.apply(params, change, HOST))


def test_it_goes_on_behind_a_restart_until_nothing_is_left() -> None:
    machine = host([offered(FIRST), offered(SECOND), offered("")], [done(A, restart=1), done(B)])
    module, params, change, applied = run(machine)
    assert [line for line in machine.sent if line in (START, CLEAN)] == [START, CLEAN] * 2
    assert sum(line.startswith("shutdown") for line in machine.sent) == 1
    result = module.result(params, change, HOST, applied)
    assert (result["installed_update_count"], result["found_update_count"]) == (2, 2)
    assert (result["reboot_required"], result["rebooted"]) == (False, True)
    assert result["updates"][B]["title"] == "second"
    assert machine.reconnects == 1


def test_what_waits_for_a_restart_gets_it_first() -> None:
    machine = host([offered(WAITS, 1), offered("")], [])
    module, params, change, applied = run(machine)
    assert change.before.waiting
    assert [each.field for each in change.differences()] == ["waiting"]
    assert module.message(params, change, HOST) == "a restart is needed"
    assert applied == {"reboot_required": False, "done": (), "rebooted": True}
    assert not module.irreversible(params, change, HOST)
    assert machine.drive(module.undo(params, change, HOST)) == {}
    assert START not in machine.sent


def test_a_host_that_waits_for_ever_is_not_restarted_for_ever() -> None:
    machine = host([offered(WAITS, 1), offered(WAITS, 1)], [])
    with pytest.raises(ModuleError, match="says still that a restart"):
        run(machine)
    assert sum(line.startswith("shutdown") for line in machine.sent) == 1


def test_an_update_that_is_offered_again_is_not_installed_again() -> None:
    machine = host([offered(FIRST), offered(FIRST)], [done(A, restart=1)])
    _, _, _, applied = run(machine)
    assert machine.sent.count(START) == 1
    assert applied["reboot_required"] is False


def test_searching_and_downloading_restart_nothing() -> None:
    for state in ("searched", "downloaded"):
        module, params = task("win_updates", reboot=True, state=state)
        found = host([offered(WAITS, 1)], []).drive(module.probe(params, HOST))
        assert not found.waiting


def test_a_log_gets_a_line_for_each_update() -> None:
    machine = host([offered(FIRST)], [done(A)])
    run(machine, log_path=r"C:\a b\updates.log")
    (line,) = [line for line in machine.sent if "findstr" in line]
    assert line.endswith('"^">>"C:\\a b\\updates.log"')
    (script,) = [script for script in machine.scripts if "findstr" in script.text]
    assert (script.stdin or "").endswith(" first: 0x00000000\r\n")
