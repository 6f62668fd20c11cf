"""Every module on every generation: what its guide says is what happens."""

from __future__ import annotations

import re

import pytest
import yaml

from runner.errors import ModuleError
from runner.interfaces.guide import (
    GENERATIONS,
    NATIVE,
    NOT_SUPPORTED,
    PARTLY,
    POWERSHELL,
    Generation,
    Guide,
    Using,
)
from runner.interfaces.module import Effect
from runner.interfaces.params import problems
from runner.model.source import Source
from runner.model.task import FREE_FORM
from runner.modules import load, names
from tests.modules.contract.cases import COMMAND_CASES
from tests.modules.generations import FILES, OS_OF, SAMPLES
from tests.modules.labhost import LabHost, LabTask

_TOOLS = re.compile(
    r"(?i)(?<![\w.\\])(sc|reg|netsh|wmic|dism|pkgmgr|certutil|powershell|icacls|tzutil|attrib|"
    r"findstr|schtasks|shutdown|cscript|netstat|tasklist|taskkill|servermanagercmd|ocsetup|oclist|"
    r"whoami|wevtutil|secedit|msiexec|driverquery|systeminfo|fsutil|forfiles|choco)(?:\.exe)?\s"
)
_WORDS = re.compile(r"[a-z]+")


def sampled() -> list[str]:
    return sorted(SAMPLES)


@pytest.fixture(scope="module", params=GENERATIONS)
def host(request: pytest.FixtureRequest) -> tuple[Generation, LabHost]:
    generation: Generation = request.param
    return generation, LabHost(OS_OF[generation], files=FILES)


def run(task: LabTask) -> None:
    """As the engine does it: probe, plan, apply, probe, compare; and back again."""
    change = task.plan()
    if task.module.effect is Effect.READ:
        return
    if task.module.effect is Effect.COMMAND:
        assert not task.apply(change).get("failed")
        return
    if change.differences():
        task.apply(change)
        assert not task.plan().differences()
        task.undo(change)
        assert [d.field for d in task.plan().differences()] == [
            d.field for d in change.differences()
        ]


def test_the_guide_says_what_happens(host: tuple[Generation, LabHost]) -> None:
    generation, machine = host
    for name in sampled():
        guide = load(name).guide
        assert guide is not None
        before = len(machine.machine.counters.commands)
        if guide.way(generation) == NOT_SUPPORTED:
            with pytest.raises(ModuleError) as refused:
                run(machine.task(name, **dict(SAMPLES[name])))
            assert refused.value.hint, f"{name} does not say what to do instead"
            continue
        run(machine.task(name, **dict(SAMPLES[name])))
        assert guide.way(generation) in (NATIVE, PARTLY), f"{name} works on {generation}"
        if load(name).needs_facts:
            continue  # what gathers the facts is the business of setup
        lines = list(machine.machine.counters.commands)[before:]
        used = {word.lower() for line in lines for word in _TOOLS.findall(f" {line} ")}
        declared = set(_WORDS.findall(" ".join(u.tools for u in guide.on(generation)).lower()))
        assert name.endswith("command") or used <= declared, name


@pytest.mark.parametrize("name", [n for n in names() if load(n).guide])
def test_every_example_is_a_task_of_its_module(name: str) -> None:
    module = load(name)
    assert module.guide is not None
    found = yaml.safe_load(module.guide.example)
    args = found.pop("args", {})
    assert list(found) == [name]
    raw = found[name]
    raw = {**args, **(raw if isinstance(raw, dict) else {FREE_FORM: raw} if raw else {})}
    place = Source("play.yml", 1, 1)
    assert not problems(module, raw, lambda value: "{{" in str(value), {}, place)


def test_a_guide_in_words() -> None:
    guide = Guide(
        "x:", (Using("a", until="2008"), Using("powershell", "2012", powershell=True, part="b"),
               Using("powershell", "2022", powershell=True))
    )  # fmt: skip
    said = {generation: guide.way(generation) for generation in GENERATIONS}
    assert said["2003"] == said["2008"] == NATIVE
    assert said["2008r2"] == said["2012"] == NOT_SUPPORTED
    assert said["2022"] == said["2025"] == POWERSHELL
    mixed = Guide("x:", (Using("a"), Using("powershell", "2012", powershell=True, part="b")))
    assert [mixed.way("2008"), mixed.way("2012")] == [NATIVE, PARTLY]


def test_samples_are_modules() -> None:
    assert set(SAMPLES) <= set(names())
    assert {case.module for case in COMMAND_CASES} - set(SAMPLES) == {"win_powershell"}
