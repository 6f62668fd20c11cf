"""A play that failed takes back what it did: on the hosts where it failed, or on all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.fleet import TestFleet

pytestmark = [pytest.mark.xdist_group("on_failure"), pytest.mark.timeout(300)]

PLAY = """
- hosts: windows
  gather_facts: false
  tasks:
    - win_regedit: {path: 'HKLM:\\SOFTWARE\\Acme', name: before, data: '1'}
- hosts: windows
  gather_facts: false
  on_failure: ON_FAILURE
  BUDGET
  tasks:
    - win_service: {name: Spooler, state: stopped, start_mode: disabled}
    - win_regedit: {path: 'HKLM:\\SOFTWARE\\Acme', name: during, data: '1'}
    - win_command: cmd /c exit 3
      when: inventory_hostname == 'b'
      ignore_errors: IGNORED
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    hosts = {name: {"lab_os": "2012r2"} for name in ("a", "b", "c")}
    with TestFleet(tmp_path_factory.mktemp("on-failure"), hosts) as fleet:
        yield fleet


def played(
    fleet: TestFleet, on_failure: str, ignored: str = "false", budget: str = ""
) -> tuple[str, set[str]]:
    """What was said, and the hosts on which the second play's changes stand."""
    text = PLAY.replace("ON_FAILURE", on_failure).replace("IGNORED", ignored)
    text = text.replace("BUDGET", budget)
    done = fleet.play(text)
    assert done.code == (0 if ignored == "true" else 2), done.err
    states = fleet.states()
    return done.out, {n for n in fleet.names if "during" in str(states[n])}


@pytest.mark.parametrize(
    ("on_failure", "ignored", "left"),
    [
        ("continue", "false", {"a", "b", "c"}),
        ("rollback", "false", {"a", "c"}),
        ("rollback_all", "false", set()),
        ("rollback", "true", {"a", "b", "c"}),
    ],
)
def test_what_is_left(fleet: TestFleet, on_failure: str, ignored: str, left: set[str]) -> None:
    first = fleet.states()
    said, found = played(fleet, on_failure, ignored)
    assert found == left
    assert all("before" in str(fleet.state(n)) for n in fleet.names), "another play's"
    runs = fleet.run("runs").out.splitlines()
    assert ("rollback" in runs[1].split()) is (left != {"a", "b", "c"})
    assert ("rollback" in said) or left == {"a", "b", "c"}
    last = next(line.split()[0] for line in runs[1:] if "rollback" not in line.split())
    assert fleet.run("rollback", last).code == 0
    assert fleet.states() == first, "the whole run can be taken back all the same"


@pytest.mark.parametrize(
    ("on_failure", "budget", "left"),
    [
        ("continue", "canary: [2]", {"a", "b"}),
        ("rollback_all", "canary: [2]", set()),
        ("rollback", "max_fail_percentage: 50", {"a", "c"}),
    ],
)
def test_a_budget_stops_or_undoes_as_the_play_says(
    fleet: TestFleet, on_failure: str, budget: str, left: set[str]
) -> None:
    first = fleet.states()
    _, found = played(fleet, on_failure, budget=budget)
    assert found == left
    runs = [line.split() for line in fleet.run("runs").out.splitlines()[1:]]
    last = next(words[0] for words in runs if "rollback" not in words)
    assert fleet.run("rollback", last).code == 0
    assert fleet.states() == first
