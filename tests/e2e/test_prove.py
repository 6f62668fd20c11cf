"""playbooks/prove.yml: on the lab's machines, which do what the runner takes cmd to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.fleet import ROOT, TestFleet

PROVE = ROOT / "playbooks" / "prove.yml"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    hosts = {"old": {"lab_os": "2003-sp2"}, "new": {"lab_os": "2025"}}
    with TestFleet(
        tmp_path_factory.mktemp("prove"), hosts, ansible_connection="winrm"
    ) as made:  # fmt: skip
        yield made


def test_all_is_as_expected_and_nothing_is_left(fleet: TestFleet) -> None:
    before = fleet.states()
    done = fleet.play(PROVE, "-e", "prove_word=é")
    assert done.code == 0, done.out + done.err
    assert "P3c   as expected" in done.out
    assert "P11   as expected" in done.out
    assert "P9    as expected: stored as it is: a é %OS% b" in done.out
    assert "P6    shown: how WinRM or SSH starts cmd: C:\\W" in done.out
    assert fleet.states() == before


def test_what_differs_is_named_and_the_run_fails(fleet: TestFleet) -> None:
    lines = '[{"id": "P1", "what": "x", "send": "echo b", "expect": "a"}]'
    done = fleet.play(
        PROVE, "-l", "new", "-e", f'{{"prove_lines": {lines}, "prove_data": {{"P3": "x"}}}}'
    )
    assert done.code != 0
    assert "P1    DIFFERS: x: b" in done.out
    assert "differs: P1" in done.out
