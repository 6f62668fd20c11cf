"""Which client is measured on what."""

from __future__ import annotations

from itertools import product

from bench.cases import (
    ALL,
    ANSIBLE_50,
    ANSIBLES,
    MATRICES,
    NO_FUSE,
    PYWINRM,
    QUICK,
    RUNNER,
    Case,
    Cell,
    full,
)


def test_the_full_matrix_has_every_combination() -> None:
    cells = full()
    for cell in product((10, 230, 1000), (1, 5, 20), (0, 20), ("ntlm", "basic")):
        clients = set(cells[Cell(*cell)])
        missing = {name.split(" -f")[0] for name in set(ALL) - clients}
        assert missing <= {"pywinrm wide", "ansible", "ansible raw"}
        assert bool(clients & set(ANSIBLES)) == (cell[0] * cell[1] <= 5000)
    assert {client for clients in cells.values() for client in clients} == set(ALL)


def test_the_quick_matrix_answers_the_questions_of_the_page() -> None:
    assert {RUNNER, NO_FUSE, PYWINRM, ANSIBLE_50} <= set(QUICK[Cell(230, 5)])
    for hosts in (1, 230):
        assert RUNNER in QUICK[Cell(hosts, 5, latency_ms=20)]
    for matrix in MATRICES.values():
        assert all(set(clients) <= set(ALL) for clients in matrix().values())


def test_only_what_takes_minutes_is_looked_at_once() -> None:
    assert Case(ANSIBLE_50, 230, 5).is_slow
    assert not Case(ANSIBLE_50, 230, 1).is_slow
    assert not Case(RUNNER, 1000, 20).is_slow
