"""The language as Ansible speaks it: each case through runner, and the recorded answers through
ansible-core again, where there is one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conformance import theirs
from tests.conformance.case import Case, Made, asked_before, question, read_cases, read_expected
from tests.conformance.ours import run_case

CASES = read_cases()
EXPECTED = read_expected()
IN_CI = bool(os.environ.get("CI"))
EVERYTHING = bool(os.environ.get("RUNNER_TEST_EVERYTHING"))
SAMPLE = ("blocks", "order")
"""The topics that are always asked again: the answers to all questions take three minutes."""


@pytest.mark.parametrize("case", CASES, ids=[c.id for c in CASES])
def test_runner_makes_of_it_what_is_expected(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    wanted = case.expect or EXPECTED[case.id]
    made = run_case(case, tmp_path / "case")
    assert made.jobs == wanted.jobs
    if not case.exits:
        assert made.exit == wanted.exit


class Asking:
    """Asks ansible-core, one topic at a time: starting it takes longer than a case."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._answers: dict[str, Mapping[str, Made]] = {}

    def about(self, case: Case) -> Made:
        """What ansible-core makes of the case."""
        if case.topic not in self._answers:
            topic = [c for c in CASES if c.topic == case.topic]
            self._answers[case.topic] = theirs.run_cases(topic, self._folder / case.topic)
        return self._answers[case.topic][case.id]


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Asking:
    if not theirs.available():
        if IN_CI:
            pytest.fail(f"{theirs.VARIABLE} must name an environment with ansible-core")
        pytest.skip(f"set {theirs.VARIABLE} to the bin directory of one with ansible-core")
    return Asking(tmp_path_factory.mktemp("ansible"))


@pytest.mark.parametrize("topic", sorted({case.topic for case in CASES}))
def test_the_answers_are_to_these_questions(topic: str) -> None:
    """Whoever changes a case asks again: ``python -m tests.conformance.record TOPIC``."""
    assert asked_before(topic) == question(topic)


def _asks(case: Case) -> bool:
    return EVERYTHING or case.topic in SAMPLE


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("ansible")
@pytest.mark.parametrize(
    "case", [c for c in CASES if _asks(c)], ids=[c.id for c in CASES if _asks(c)]
)
def test_ansible_still_says_what_was_recorded(case: Case, asking: Asking) -> None:
    assert asking.about(case) == EXPECTED[case.id]


def test_a_difference_is_one() -> None:
    """A case that says ``differs`` really differs; no answer is kept of a case that is gone."""
    for case in CASES:
        if case.expect is not None:
            assert case.expect != EXPECTED[case.id], case.id
    assert set(EXPECTED) == {case.id for case in CASES}
