"""Which hosts stay in one process, and which runs go in one altogether."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.app.crew.ties import split
from runner.app.wiring.options import RunOptions
from runner.app.wiring.prepare import Prepared, prepare

TASK = "    - debug: {msg: hello}\n"
TIED = {
    "serial": ("  serial: 2\n", TASK, "its hosts wait for each other at"),
    "linear": ("  strategy: linear\n", TASK, "its hosts wait for each other at"),
    "once": ("", "    - {name: one, debug: {msg: a}, run_once: true}\n", "task 'one' says 'run_on"),
    "throttle": ("", "    - {debug: {msg: a}, throttle: 1}\n", "says 'run_once' or 'throttle'"),
    "delegated": ("", "    - {ping: , delegate_to: localhost}\n", "says 'delegate_to'"),
    "fatal": ("  any_errors_fatal: true\n", TASK, "says 'any_errors_fatal'"),
    "fatal task": ("", "    - {ping: , any_errors_fatal: '{{ x }}'}\n", "says 'any_errors_fatal'"),
    "percentage": ("  max_fail_percentage: 10\n", TASK, "says 'max_fail_percentage'"),
    "on failure": ("  on_failure: stop\n", TASK, "says 'on_failure: stop'"),
    "end play": ("", "    - meta: end_play\n", "may end the play for other hosts"),
    "asks": ("", "    - pause: {prompt: sure?}\n", "may ask a person"),
    "looks": ("", "    - debug: {msg: \"{{ hostvars['a'].x }}\"}\n", "each other's variables"),
    "looks later": ("  vars: {x: \"{{ hostvars['a'] }}\"}\n", TASK, "each other's variables"),
    "unknown": ("", "    - include_tasks: '{{ x }}.yml'\n", "includes what only a host knows"),
    "included": ("", "    - include_tasks: once.yml\n", "the task 'inside' says 'run_once'"),
    "grows": (
        "",
        "    - group_by: {key: x}\n- hosts: x\n  tasks:\n" + TASK,
        "adds hosts or groups",
    ),
}


def prepared(
    home: Path,
    head: str = "",
    tasks: str = TASK,
    hosts: str = "a: , b: , c: , d: ",
) -> Prepared:
    known = f"    {{{hosts}}}\n"
    (home / "hosts.yml").write_text(
        f"all:\n  vars: {{ansible_connection: local}}\n  hosts:\n{known}"
    )
    (home / "once.yml").write_text("- {name: inside, debug: {msg: a}, run_once: true}\n")
    (home / "play.yml").write_text(f"- hosts: all\n  gather_facts: false\n{head}  tasks:\n{tasks}")
    return prepare(RunOptions(home / "play.yml", (home / "hosts.yml",)))


@pytest.mark.parametrize(("head", "tasks", "why"), TIED.values(), ids=TIED)
def test_what_keeps_all_hosts_together(tmp_path: Path, head: str, tasks: str, why: str) -> None:
    found = split(prepared(tmp_path, head, tasks), 2)
    assert not found.parts
    assert why in found.why


def test_hosts_without_ties_are_dealt_out_evenly(tmp_path: Path) -> None:
    found = split(prepared(tmp_path, hosts="a: , b: , c: "), 2)
    assert found.parts == (frozenset({0, 2}), frozenset({1}))
    assert split(prepared(tmp_path, hosts="a: , b: , c: "), 8).parts == tuple(
        frozenset({number}) for number in range(3)
    )


def test_one_host_needs_no_second_process(tmp_path: Path) -> None:
    assert split(prepared(tmp_path, hosts="a: "), 2).why == "there is one host only"


def test_hosts_that_share_a_limit_or_wait_for_each_other_stay_together(tmp_path: Path) -> None:
    hosts = "a: {pair: 1}, b: {pair: 2}, c: {pair: 1}, d: {after: b}"
    found = split(prepared(tmp_path, "  max_in_flight: {pair: 1}\n", hosts=hosts), 4)
    assert sorted(map(sorted, found.parts)) == [[0, 2], [1, 3]]
