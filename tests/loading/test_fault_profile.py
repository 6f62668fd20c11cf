"""Profiles of faults: those with a name, and files with the place of every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import InputError
from runner.loading.fault_profile import read_profile
from runner.model.faults import KINDS, PROFILES, Fault


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "night.yml"
    path.write_text(text)
    return str(path)


def test_the_named_profiles_use_only_kinds_that_there_are() -> None:
    assert read_profile("none").faults == ()
    assert {"none", "flaky", "bad-night"} == set(PROFILES)
    for profile in PROFILES.values():
        assert {fault.kind for fault in profile.faults} <= set(KINDS)
    assert {fault.kind for fault in PROFILES["bad-night"].faults} == set(KINDS)


def test_a_file_says_what_strikes_whom_and_when(tmp_path: Path) -> None:
    found = read_profile(write(tmp_path, """
seed: 7
faults:
  - {kind: reset, hosts: 10%, after: [3, 20], times: 2}
  - {kind: powered off, hosts: 'web*'}
  - {kind: wrong time, hosts: 5, seconds: -90}
  - {kind: cut, hosts: 1}
"""))  # fmt: skip
    assert found.seed == 7
    assert found.faults == (
        Fault("reset", "10%", 3, 20, 2),
        Fault("powered off", "web*"),
        Fault("wrong time", "5", seconds=-90.0),
        Fault("cut", "1", 2, 20),
    )


MISTAKES = {
    "faults: [{kind: rest, hosts: 1}]": "1:17: there is no kind of fault 'rest'",
    "faults: [{kind: reset}]": "'hosts' is missing",
    "faults: [{hosts: 1}]": "'kind' is missing",
    "faults: [{kind: reset, hosts: 0%}]": "no host is hit",
    "faults: [{kind: reset, hosts: 1, aftr: 2}]": "'aftr' is not known here",
    "faults: [{kind: reset, hosts: 1, after: [5, 2]}]": "ends before it begins",
    "faults: [{kind: reset, hosts: 1, after: soon}]": "number of a job",
    "faults: [{kind: delay, hosts: 1, seconds: -1}]": "not negative",
    "faults: [{kind: reset, hosts: 1, times: 0}]": "at least 1",
    "faults: [3]": "a mapping is wanted",
    "faults: {kind: reset}": "'faults' is missing",
    "seed: x\nfaults: []": "this is a number",
    "": "is empty",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_profile(write(tmp_path, text))
    assert MISTAKES[text] in str(caught.value)


def test_a_name_that_is_none_brings_the_nearest() -> None:
    with pytest.raises(InputError, match=r"did you mean 'flaky'") as caught:
        read_profile("flakey")
    assert "no profile of faults 'flakey'" in str(caught.value)
