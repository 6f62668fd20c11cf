"""What is wrong with ``become`` is found before any host is contacted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.app.wiring.become_check import bad_become
from runner.model.source import Source
from runner.model.task import Become, Task

TASK = Task("t", "win_command", {}, Source("play.yml", 3, 7))
RUNAS = Become(active=True, user="SYSTEM", method="runas")


def is_template(value: object) -> bool:
    return "{{" in str(value)


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (replace(TASK, become=replace(RUNAS, flags="logon_type=new_credentials")), "logon_type"),
        (replace(TASK, become=replace(RUNAS, flags="/netonly")), "none of logon_type"),
        (replace(TASK, become=replace(RUNAS, exe="psexec.exe")), "become_exe"),
        (
            replace(TASK, become=replace(RUNAS, method="ansible.builtin.runas", exe="x")),
            "become_exe",
        ),
    ],
)
def test_what_no_host_can_do(task: Task, words: str) -> None:
    found = bad_become(task, is_template)
    assert found is not None
    assert words in found[0]
    assert found[1]


@pytest.mark.parametrize(
    "task",
    [
        TASK,
        replace(TASK, become=RUNAS),
        replace(TASK, become=replace(RUNAS, flags="logon_type=batch")),
        replace(TASK, become=replace(RUNAS, flags="{{ flags }}", exe="{{ exe }}")),
        replace(TASK, become=replace(RUNAS, active=False, exe="x")),
        replace(TASK, become=Become(active=True, method="sudo", flags="-n", exe="/usr/bin/sudo")),
        replace(TASK, become=RUNAS, async_seconds=60.0, poll=0),
    ],
)
def test_what_may_be(task: Task) -> None:
    assert bad_become(task, is_template) is None
