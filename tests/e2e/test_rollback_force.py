"""``rollback --force`` at a terminal: it asks about each host, and does what was answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from runner.journal.journal import Journal
from tests.e2e import terminal
from tests.e2e.fleet import TestFleet
from tests.e2e.terminal import INTERRUPT

pytestmark = [pytest.mark.xdist_group("rollback_force"), pytest.mark.timeout(300)]

PLAY = """
- hosts: windows
  gather_facts: false
  tasks:
    - win_service: {name: Spooler, start_mode: START}
"""
QUESTION = re.compile(
    r"(\w+): service spooler was changed by somebody since\b.*?\(default: no\) ", re.DOTALL
)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    home = tmp_path_factory.mktemp("force")
    with TestFleet(home, {name: {"lab_os": "2012r2"} for name in ("a", "b")}) as fleet:
        yield fleet


def at_a_terminal(
    fleet: TestFleet, *words: str, answers: Mapping[str, str]
) -> tuple[int, str, list[str]]:
    """Answer each host's question: the exit code, all that was shown, and who was asked about, in
    turn."""
    asked: list[str] = []

    def answer(found: re.Match[str]) -> str:
        asked.append(found[1])
        return answers[found[1]]

    code, said = terminal.at_a_terminal(fleet.environment, *words, question=QUESTION, answer=answer)
    return code, said, asked


def regretted(fleet: TestFleet) -> str:
    """A run that disabled a service, and somebody who set it to something else on both hosts."""
    assert fleet.play(PLAY.replace("START", "disabled")).code == 0
    with Journal.open(fleet.home / "state" / "journal.db") as journal:
        run = journal.runs()[0].id
    assert fleet.play(PLAY.replace("START", "manual")).code == 0
    return run


def start_of(fleet: TestFleet, host: str) -> int:
    return int(fleet.state(host)["services"]["Spooler"]["start"])


def test_yes_for_one_host_and_no_for_another(fleet: TestFleet) -> None:
    run = regretted(fleet)
    code, said, asked = at_a_terminal(
        fleet, "rollback", run, "--force", answers={"a": "y", "b": "n"}
    )
    assert sorted(asked) == ["a", "b"], said
    assert code == 3, said
    assert (start_of(fleet, "a"), start_of(fleet, "b")) == (2, 3), "automatic again; left manual"
    assert said.count("before 'auto', left by the run 'disabled', now 'manual'") >= 2
    assert re.search(r"conflict +b\b", said), said
    assert re.search(r"changed +a\b", said), said
    code, said, asked = at_a_terminal(fleet, "rollback", run, "--force", answers={"b": "all"})
    assert (code, asked) == (0, ["b"]), said
    assert start_of(fleet, "b") == 2, "what was refused can be said yes to later"


def test_ctrl_c_at_the_question_puts_nothing_back(fleet: TestFleet) -> None:
    run = regretted(fleet)
    before = fleet.states()
    code, said, _ = at_a_terminal(
        fleet, "rollback", run, "--force", answers={"a": INTERRUPT, "b": INTERRUPT}
    )
    assert code == 130, said
    assert fleet.states() == before
