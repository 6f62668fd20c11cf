"""The contract of modules (tests/modules/contract) where their tools are real: registry, services,
commands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from runner.interfaces.codec import from_json, to_json
from runner.interfaces.module import CommandState
from runner.lab.wine.state import exported
from runner.model.state import UNKNOWN, Change, differences
from tests.lab.machine_bench import changes
from tests.modules.contract.cases import COMMAND_CASES, STATE_CASES, Case
from tests.modules.contract.cases import READ_CASES as PLAIN_READS
from tests.modules.contract.cases_security import SECURITY_CASES, SECURITY_READS
from tests.modules.labhost import LabTask
from tests.wine.wine import WineBench
from tests.wine.winehost import WineHost

READ_CASES = (*PLAIN_READS, *SECURITY_READS)
NAMES = (
    "service-start", "service-create", "service-delete", "service-words", "service-restart",
    "regedit-new-value", "regedit-other-type", "regedit-delete-value", "regedit-new-keys",
    "regedit-list-order", "regedit-list-gone",
    "regedit-key-only", "regedit-delete-key", "regedit-binary", "view-32", "view-64", "reg-stat-32",
    "environment-new", "environment-user", "environment-gone", "environment-several", "path-user",
    "reg-stat", "reg-stat-absent", "service-info", "service-info-absent", "wait-nt",
    "command", "command-created", "command-checked", "shell", "raw", "ping",
)  # fmt: skip
"""Cases whose tools are real on Wine. What is left out: Wine's LanmanServer cannot run; its service
manager keeps no delayed start, failure actions, SID types and privileges; dism, wusa, shutdown and
PowerShell are stubs; netsh, in test_firewall, is one of ours; reg loads no hives;
of a value with ``^%NAME^%`` Wine makes another (test_quoting)."""
RUN = tuple(
    c for c in (*STATE_CASES, *SECURITY_CASES, *COMMAND_CASES, *READ_CASES) if c.name in NAMES
)
WINES_OWN = {"pre_shutdown_timeout_ms"}
"""Fields that Wine's service manager fills in a new service by itself."""


def test_every_name_is_a_case() -> None:
    assert {case.name for case in RUN} == set(NAMES)


def _bring(bench: WineBench, state: Mapping[str, Any]) -> list[str]:
    """Bring about what a case finds on its machine; the lines that take it back."""
    undo: list[str] = []
    for name, service in state.get("services", {}).items():
        if path := service.get("path"):
            bench.ok(f'sc create {name} binPath= "{path}"')
            undo.append(f"sc delete {name}")
        elif service.get("start") == "disabled":
            bench.ok(f"sc config {name} start= disabled")
            undo.append(f"sc config {name} start= demand")
    for key, values in state.get("registry", {}).items():
        bench.ok(f'reg add "{key}" /f')
        bench.run(f'reg delete "{key}" /ve /f')  # Wine sets an empty one (differences.yml)
        undo.append(f'reg delete "{key}" /f')
        for name, data in values.items():
            kind, text = _typed(data)
            bench.ok(f'reg add "{key}" /v "{name}" /t {kind} /d "{text}" /f')
            undo.insert(0, f'reg delete "{key}" /v "{name}" /f')
    if any(key.endswith("Parameters") for key in state.get("registry", {})):
        undo = [line for line in undo if "/v" in line or "sc " in line]
    return undo


def _typed(data: Any) -> tuple[str, str]:
    if isinstance(data, int):
        return "REG_DWORD", str(data)
    if isinstance(data, list):
        return "REG_MULTI_SZ", r"\0".join(data)
    return "REG_SZ", str(data)


@pytest.fixture(params=RUN, ids=lambda case: case.name)
def task(request: pytest.FixtureRequest, chinese: WineBench) -> Iterator[LabTask]:
    """A case's task on the Chinese machine, in the state that the case begins with."""
    case: Case = request.param
    undo = _bring(chinese, case.state)
    made = WineHost(chinese).task(case.module, **dict(case.raw))
    yield made
    for line in undo:
        chinese.run(line)


@pytest.fixture
def case(request: pytest.FixtureRequest, task: LabTask) -> Case:
    found: Case = request.node.callspec.params["task"]
    return found


def keys_of(task: LabTask, module: str) -> dict[str, dict[str, str]]:
    """The key that a case is about, as ``reg export`` writes it; empty if it is not there."""
    host = task.host
    assert isinstance(host, WineHost)
    name = getattr(task.params, "path", None) or ""
    if module == "win_service":
        name = rf"HKLM\SYSTEM\CurrentControlSet\Services\{getattr(task.params, 'name', '')}"
    elif not name.startswith("HKLM"):
        return {}
    elif name.upper().startswith("HKLM\\SOFTWARE\\"):
        name = "\\".join(name.split("\\")[:3])
    if host.bench.run(rf'reg export "{name}" C:\case.reg /y').code != 0:
        return {}
    path = host.bench.machine.drive / "case.reg"
    found = exported(path.read_bytes().decode("utf-16"))
    path.unlink()
    return found


@pytest.fixture(scope="module", autouse=True)
def _nothing_else_changes(raw_chinese: WineBench) -> Iterator[None]:
    """All cases together leave the whole registry and all files as they were."""
    before = raw_chinese.everything()
    yield
    assert not changes(before, raw_chinese.everything())


def test_the_contract(task: LabTask, case: Case) -> None:
    """Probing twice gives the same and changes nothing; what is applied is found; undo gives back
    what was there, also when everything has been through JSON, as for a rollback."""
    if case in COMMAND_CASES:
        _command(task)
        return
    before = keys_of(task, case.module)
    found = task.probe()
    assert task.probe() == found
    assert keys_of(task, case.module) == before
    if case in READ_CASES:
        return
    change = task.plan(found)
    assert change.differences()
    kept = json.loads(json.dumps(to_json(change.before)))
    task.apply(change)
    after = task.probe()
    wrong = [d for d in differences(change.after, after) if d.before is not UNKNOWN]
    assert not [d for d in wrong if d.field not in WINES_OWN]
    again = task.plan(after).differences()
    assert [d.after for d in again] == [UNKNOWN] if case.again else not again
    params = from_json(task.module.params, json.loads(json.dumps(to_json(task.params))))
    later = LabTask(task.host, task.module, params)
    later.undo(Change(change.subject, from_json(task.module.state, kept), later.probe()))
    assert not differences(change.before, later.probe())
    assert keys_of(task, case.module) == before


def _command(task: LabTask) -> None:
    before = task.probe()
    assert isinstance(before, CommandState)
    if before.done:
        return
    change = Change("", before, task.module.plan(task.params, before, {}))
    result = task.module.result(task.params, change, {}, task.apply(change))
    assert result["rc"] == 0
    assert result["stdout_lines"]
