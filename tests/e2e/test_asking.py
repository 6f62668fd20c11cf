"""A run that asks the person at the terminal, and what Ctrl-C does to the question."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.fleet import TestFleet
from tests.e2e.terminal import END, INTERRUPT, at_a_terminal

pytestmark = [pytest.mark.xdist_group("asking"), pytest.mark.timeout(300)]

PLAY = """
- hosts: windows
  gather_facts: false
  tasks:
    - {name: before, win_service: {name: Spooler, start_mode: START}}
    - {name: ask, pause: {prompt: "Go on?", echo: ECHO}, register: said}
    - name: after
      win_regedit: {path: 'HKLM:\\SOFTWARE\\T', name: V, data: "<{{ said.user_input }}>"}
"""
ASKED_BEFORE = """
- hosts: windows
  vars_prompt: [{name: who, prompt: Who, private: PRIVATE}]
  tasks:
    - win_ping:
"""
QUESTION = re.compile(r"\nGo on\? ")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    home = tmp_path_factory.mktemp("asking")
    with TestFleet(home, {name: {"lab_os": "2012r2"} for name in ("a", "b")}) as fleet:
        yield fleet


def played(
    fleet: TestFleet, text: str, typed: str, question: re.Pattern[str] = QUESTION
) -> tuple[int, str, dict[tuple[str, str], str]]:
    """Run it at a terminal: the exit code, what was shown, and each job's end in the report."""
    play, report = fleet.write(text), fleet.home / "report.json"
    report.unlink(missing_ok=True)
    code, said = at_a_terminal(
        fleet.environment, "run", str(play), "-i", str(fleet.inventory), "--json", str(report),
        question=question, answer=lambda _found: typed,
    )  # fmt: skip
    jobs: list[Any] = json.loads(report.read_text())["jobs"] if report.exists() else []
    return code, said, {(job["step"], job["host"]): job["status"] for job in jobs}


def start_of(fleet: TestFleet, host: str) -> int:
    return int(fleet.state(host)["services"]["Spooler"]["start"])


def test_enter_alone_goes_on_and_the_answer_is_empty(fleet: TestFleet) -> None:
    text = PLAY.replace("START", "disabled").replace("ECHO", "true")
    code, said, ends = played(fleet, text, "")
    assert code == 0, said
    assert said.count("Go on? ") == 1, "once for all hosts"
    assert {ends["after", host] for host in "ab"} == {"changed"}, said
    assert "<>" in json.dumps(fleet.state("a")), "the empty answer came on"


@pytest.mark.parametrize(("echo", "seen"), [("true", True), ("false", False)])
def test_what_is_typed_is_the_answer_and_is_shown_unless_it_is_to_be_hidden(
    fleet: TestFleet, echo: str, seen: bool
) -> None:
    text = PLAY.replace("START", "disabled").replace("ECHO", echo).replace("T', ", f"T{echo}', ")
    code, said, _ = played(fleet, text, f"yes-{echo}")
    assert code == 0, said
    assert (f"Go on? yes-{echo}" in said) is seen, said
    assert f"<yes-{echo}>" in json.dumps(fleet.state("a"))


def test_ctrl_c_at_the_question_ends_the_run_in_good_order(fleet: TestFleet) -> None:
    text = PLAY.replace("START", "manual").replace("ECHO", "false").replace("T', ", "Never', ")
    code, said, ends = played(fleet, text, INTERRUPT)
    assert code == 130, said
    assert start_of(fleet, "a") == start_of(fleet, "b") == 3, "what came before is done"
    assert {ends["before", host] for host in "ab"} == {"changed"}, ends
    others = {end for (step, _), end in ends.items() if step != "before"}
    assert others == {"cancelled"}, ends
    assert "the run was interrupted during the pause" in said, "what was under way is told"
    assert "Never" not in json.dumps(fleet.state("a"))
    assert "interrupted" in fleet.run("runs").out


def test_a_terminal_that_gives_no_answer_is_no_consent(fleet: TestFleet) -> None:
    text = PLAY.replace("START", "manual").replace("ECHO", "true").replace("T', ", "Never', ")
    code, said, ends = played(fleet, text, END)
    assert code == 2, said
    assert "failed" in {ends["ask", host] for host in "ab"}, ends
    assert "Never" not in json.dumps(fleet.state("a"))


@pytest.mark.parametrize("private", ["true", "false"])
def test_ctrl_c_at_vars_prompt_ends_it_before_any_host_is_contacted(
    fleet: TestFleet, private: str
) -> None:
    runs = fleet.run("runs").out
    code, said, ends = played(
        fleet, ASKED_BEFORE.replace("PRIVATE", private), INTERRUPT, re.compile(r"Who: ")
    )
    assert (code, ends) == (130, {}), said
    assert "Traceback" not in said
    assert fleet.run("runs").out == runs, "no run began"
