"""win_firewall_rule through Wine's cmd and reg: what it says to netsh arrives, and is read back.

Wine's netsh is a stub. ``programs/netsh.c`` stands in for it and keeps rules in the registry as
[MS-GPFAS] has them; whether Microsoft's netsh takes the same words is not shown by it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from runner.interfaces.codec import from_json, to_json
from runner.model.state import Change, differences
from runner.windows.firewall import POLICY, RULES
from tests.modules.labhost import LabTask
from tests.wine.wine import WineBench
from tests.wine.winehost import WineHost

PORTS = {"direction": "in", "action": "block", "protocol": "tcp", "localport": "135,137-139,445"}
RULES_WANTED: tuple[dict[str, Any], ...] = (
    {"name": "block (smb) & <139> ^x 100% !y!", **PORTS, "description": "a & b c^ (d) %z",
     "enabled": False},
    {"name": "堵住 445", **PORTS, "profiles": ["domain", "private"],
     "direction": "out", "remoteip": "10.0.0.0/8,192.0.2.7", "program": r"C:\a b\x (1).exe"},
)  # fmt: skip


@pytest.fixture(scope="module")
def machine(raw_chinese: WineBench) -> Iterator[WineHost]:
    """The key goes afterwards; all else is as it was."""
    before = raw_chinese.registry("HKLM")
    raw_chinese.ok(f'reg add "{RULES}" /f')
    yield WineHost(raw_chinese)
    for made in (RULES, POLICY, POLICY.rpartition("\\")[0], POLICY.rpartition("\\Parameters")[0]):
        if not any(key.upper().endswith(made.upper().removeprefix("HKLM")) for key in before):
            raw_chinese.ok(f'reg delete "{made}" /f')
    assert raw_chinese.registry("HKLM") == before


@pytest.fixture
def host(machine: WineHost, chinese: WineBench) -> WineHost:
    assert chinese is machine.bench
    return machine


def _rules(host: WineHost) -> list[list[str]]:
    """The rules without the numbers that they get anew, and the order of their fields."""
    (values,) = host.bench.registry(RULES).values()
    assert all(re.fullmatch(r'"\{[0-9A-F-]{36}\}"', name) for name in values if name != "@")
    return sorted(
        sorted(text.strip('"').split("|")) for name, text in values.items() if name != "@"
    )


@pytest.mark.parametrize("wanted", RULES_WANTED, ids=lambda wanted: str(wanted["name"]))
def test_a_rule_is_made_found_changed_and_taken_back(
    wanted: dict[str, Any], host: WineHost
) -> None:
    assert not _rules(host)
    made = _apply(host, wanted)
    first = _rules(host)
    assert len(first) == 1
    changed = _apply(host, {**wanted, "localport": "445", "protocol": "tcp", "description": "b"})
    assert f"Name={wanted['name']}" in _rules(host)[0]
    _undo(changed)
    assert _rules(host) == first
    gone = _apply(host, {"name": wanted["name"], "state": "absent"})
    assert not _rules(host)
    _undo(gone)
    assert _rules(host) == first
    _undo(made)
    assert not _rules(host)


def test_a_rule_that_is_not_there_cannot_be_deleted(host: WineHost) -> None:
    assert host.bench.run("netsh advfirewall firewall delete rule name=x").code == 1


_CHANGES: dict[int, Change[Any]] = {}


def _apply(host: WineHost, wanted: dict[str, Any]) -> LabTask:
    """Bring the rule about; what a rollback needs has been through JSON, as the journal has it."""
    task = host.task("win_firewall_rule", **wanted)
    change = task.plan()
    assert change.differences()
    task.apply(change)
    assert not differences(change.after, task.probe())
    kept = from_json(task.module.state, json.loads(json.dumps(to_json(change.before))))
    _CHANGES[id(task)] = Change(change.subject, kept, change.after)
    return task


def _undo(task: LabTask) -> None:
    change = _CHANGES.pop(id(task))
    task.undo(Change(change.subject, change.before, task.probe()))
    assert not differences(change.before, task.probe())
