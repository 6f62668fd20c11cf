"""What was altered behind the journal's back is found, and named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.journal import Journal, chain
from runner.journal.chain import SEALED, Audit
from runner.journal.schema import MIGRATIONS, migrate
from runner.journal.store import connect
from runner.model.job import JobId, Status
from tests.journal.support import a_run, an_intent

RUN = "20260101-1200-bcdf"


def fill(path: Path) -> None:
    """A run with two changes, each settled, their outcomes, its steps and its plan."""
    with Journal.open(path) as journal:
        journal.begin(a_run("web01", "web02", id=RUN))
        journal.plan_graph(RUN, {"steps": []}, [])
        journal.keep_plan(RUN, b"a plan")
        for host in ("web01", "web02"):
            change = journal.intend(RUN, an_intent(host))
            journal.settle(change, str(Status.CHANGED), found={"state": "stopped"})
            journal.outcome(RUN, JobId("stop-smb", host), "", "changed", {"x": 1})
        journal.finish(RUN, "finished", 0)


def audit(path: Path, expected: str | None = None) -> Audit:
    with Journal.open(path) as journal:
        return journal.audit(expected)


def behind_its_back(path: Path, *statements: str) -> None:
    """As somebody would who knows SQLite, and takes the triggers away first."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        question = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in connection.execute(question).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def test_what_the_journal_writes_is_in_the_chain(path: Path) -> None:
    fill(path)
    found = audit(path)
    assert found.wrong == ()
    assert found.rows == 1 + 1 + 1 + 2 + 2
    assert found.links > found.rows, "a change has a link for its intent and one for its end"
    assert audit(path, found.head).wrong == ()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE changes SET before = '{}' WHERE host = 'web02'",
            f"change 2 of run {RUN}: stop-smb@web02 was altered by something else",
        ),
        ("UPDATE runs SET user = 'eve'", f"run {RUN} was altered by something else"),
        (
            "UPDATE outcomes SET status = 'ok' WHERE host = 'web01'",
            f"the outcome of stop-smb@web01 in run {RUN} was altered by something else",
        ),
        (
            "UPDATE graphs SET edges = '[1]'",
            f"the steps of run {RUN} was altered by something else",
        ),
        (
            "UPDATE plans SET content = x'00'",
            f"the plan of run {RUN} was altered by something else",
        ),
        ("DELETE FROM changes WHERE id = 2", "changes 2 was removed by something else"),
        (
            "INSERT INTO outcomes VALUES (99, 'R', 's', 'web09', '', 'ok', '{}', 0)",
            "the outcome of s@web09 in run R was added by something else",
        ),
    ],
)
def test_one_altered_record_is_found_and_named(path: Path, statement: str, said: str) -> None:
    fill(path)
    behind_its_back(path, statement)
    assert audit(path).wrong == (said,)


def test_an_altered_link_is_found(path: Path) -> None:
    fill(path)
    behind_its_back(path, "UPDATE chain SET digest = 'x' WHERE number = 3")
    assert "link 3 of the chain" in audit(path).wrong[0]


def test_a_gap_in_the_chain_is_found(path: Path) -> None:
    fill(path)
    behind_its_back(path, "DELETE FROM chain WHERE number IN (3, 4)")
    assert "links 3 to 4 of the chain are gone" in audit(path).wrong


def test_a_chain_made_anew_shows_by_its_head(path: Path) -> None:
    fill(path)
    head = audit(path).head
    behind_its_back(path, "UPDATE runs SET user = 'eve'", "DROP TABLE chain")
    with closing(connect(path)) as connection:
        for statement in next(step for step in MIGRATIONS if "CREATE TABLE chain" in step[0]):
            connection.execute(statement)
    assert audit(path).wrong == ()
    assert audit(path, head).wrong == (
        f"the chain does not contain {head}: it was cut off, or made anew",
    )


def test_rows_of_an_older_file_are_entered(path: Path) -> None:
    before = next(n for n, step in enumerate(MIGRATIONS) if "CREATE TABLE chain" in step[0])
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with closing(connect(path)) as connection:
        migrate(connection, path, MIGRATIONS[:before])
        columns = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
        values = dict.fromkeys(columns, "x") | {"number": 1, "of": None}
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", values)
    with Journal.open(path) as journal:
        found = journal.audit()
    assert (found.rows, found.wrong) == (1, ())


def test_every_column_is_sealed(path: Path) -> None:
    """A column that a later format adds needs its triggers made anew."""
    fill(path)
    with closing(connect(path)) as connection:
        for table in SEALED:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            question = "SELECT sql FROM sqlite_master WHERE name = ?"
            [made] = connection.execute(question, [f"chain_{table}_update"]).fetchone()
            assert [c for c in columns if f'NEW."{c}"' not in made] == []


scalars = st.none() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text()


@given(st.lists(scalars | st.binary(), min_size=1, max_size=4), st.integers(0, 3), scalars)
def test_other_values_have_other_digests(values: list[object], at: int, other: object) -> None:
    digest: Callable[..., str] = chain._digest
    at %= len(values)
    changed = [*values[:at], other, *values[at + 1 :]]
    fields = [part for n, value in enumerate(values) for part in (str(n), value)]
    others = [part for n, value in enumerate(changed) for part in (str(n), value)]
    same = [repr(v) for v in values] == [repr(v) for v in changed]
    assert (digest(*fields) == digest(*others)) is same
