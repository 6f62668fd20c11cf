"""What the registry says a service does when it fails, and how sc is told the same."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.lab.toolkit.servicesettings import failure_actions
from runner.windows.recovery import INFINITE, KINDS, Recovery, parse, sc_options

# As Windows 10 keeps it: one day, restart after a minute twice, then nothing.
REAL = "80510100000000000000000003000000140000000100000060ea00000100000060ea00000000000000000000"


def test_reads_what_windows_writes() -> None:
    assert parse(REAL) == Recovery(("restart/60000", "restart/60000", "none/0"), 86400)


def test_no_value_is_no_action() -> None:
    assert parse(None) == Recovery()


@pytest.mark.parametrize(
    "printed",
    ["805101000000", "zz", 7, REAL[:-8], REAL.replace("0100000060ea", "0900000060ea")],
)
def test_what_is_no_such_structure_is_told(printed: object) -> None:
    assert parse(printed) is None


def test_words_for_sc() -> None:
    actions = ("restart/60000", "run_command/0", "reboot/1", "none/5")
    assert sc_options(Recovery(actions, INFINITE)) == (
        "reset=", "INFINITE", "actions=", "restart/60000/run/0/reboot/1//5",
    )  # fmt: skip
    assert sc_options(Recovery()) == ("reset=", "0", "actions=", "")


NUMBERS = st.integers(0, 0xFFFFFFFF)


@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS.values())), NUMBERS), min_size=1), NUMBERS)
def test_what_sc_is_told_is_found_again(actions: list[tuple[str, int]], reset: int) -> None:
    wanted = Recovery(tuple(f"{kind}/{delay}" for kind, delay in actions), reset)
    words = sc_options(wanted)
    made = failure_actions(dict(zip(words[::2], words[1::2], strict=True)))
    assert made is not None
    assert parse(made.hex()) == wanted
    assert struct.unpack_from("<I", made)[0] == reset
