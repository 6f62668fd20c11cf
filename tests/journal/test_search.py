"""From what a person types to the run that is meant."""

from __future__ import annotations

import re
from typing import Any

import pytest

from runner.errors import RunNotFound
from runner.journal import Journal, RunRecord, new_run_id
from runner.model.job import Status
from tests.journal.support import a_run, an_intent

IDS = ("20261121-0900-bbbb", "20261122-0210-k7wq", "20261122-0210-k7xx", "20261123-1200-last")


@pytest.fixture
def history(journal: Journal) -> Journal:
    for number, run in enumerate(IDS):
        journal.begin(a_run(f"h{number}", id=run, started=1_800_000_000.0 + number))
        journal.finish(run, "finished", 0)
    return journal


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (IDS[0], IDS[0]),
        ("20261121", IDS[0]),
        ("2026112", None),
        ("20261122-0210-k7w", IDS[1]),
        ("k7wq", IDS[1]),
        ("K7WQ", IDS[1]),
        (" bbbb ", IDS[0]),
        ("last", IDS[3]),
    ],
)
def test_a_run_is_found(history: Journal, word: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(RunNotFound, match="beginning of 4 runs"):
            history.find(word)
    else:
        assert history.find(word).id == expected


def test_an_ambiguous_word_names_the_candidates(history: Journal) -> None:
    with pytest.raises(RunNotFound) as caught:
        history.find("20261122")
    assert IDS[1] in caught.value.hint
    assert IDS[2] in caught.value.hint
    assert IDS[0] not in caught.value.hint


@pytest.mark.parametrize("word", ["", "%", "_", "20261122-0210-k7wz", "2026_122", "nope"])
def test_an_unknown_word_names_what_is_near(history: Journal, word: str) -> None:
    with pytest.raises(RunNotFound, match="no recorded run") as caught:
        history.find(word)
    assert "run close-smb.yml  finished" in caught.value.hint
    if word == "20261122-0210-k7wz":
        assert IDS[1] in caught.value.hint
    assert caught.value.exit_code == 5


def test_long_lists_are_cut(journal: Journal) -> None:
    for number in range(13):
        journal.begin(a_run(f"h{number}", id=f"20270101-00{number:02}-zzzz"))
    with pytest.raises(RunNotFound, match="13 runs") as caught:
        journal.find("2027")
    assert "and 3 more" in caught.value.hint


def test_an_empty_journal(journal: Journal) -> None:
    with pytest.raises(RunNotFound, match="no run is recorded"):
        journal.find("last")
    with pytest.raises(RunNotFound) as caught:
        journal.find("abc")
    assert "No run is recorded" in caught.value.hint


def test_runs_come_latest_first_whatever_the_clock_said(journal: Journal) -> None:
    for host, started in [("a", 300.0), ("b", 100.0), ("c", 200.0)]:
        journal.begin(a_run(host, started=started))
    assert [r.hosts for r in journal.runs()] == [("c",), ("b",), ("a",)]
    assert [r.hosts for r in journal.runs(limit=1)] == [("c",)]
    assert journal.find("last").hosts == ("c",)


class TestLastToRollBack:
    def changed(self, journal: Journal, *hosts: str, **fields: Any) -> tuple[RunRecord, int]:
        run = a_run(*hosts)
        journal.begin(run)
        for host in hosts:
            change = journal.intend(run.id, an_intent(host, **fields))
            journal.settle(change, Status.CHANGED)
        journal.finish(run.id, "finished", 0)
        return run, change

    def rolled_back(self, journal: Journal, run: RunRecord, *hosts: str, code: int = 0) -> str:
        rollback = a_run(*(hosts or run.hosts), verb="rollback", of=run.id)
        journal.begin(rollback)
        journal.finish(rollback.id, "finished" if code == 0 else "failed", code)
        return rollback.id

    def last(self, journal: Journal) -> str:
        return journal.find("last", for_rollback=True).id

    def test_the_latest_run(self, journal: Journal) -> None:
        self.changed(journal, "a")
        run, _ = self.changed(journal, "b")
        assert self.last(journal) == run.id

    def test_what_is_taken_back_is_passed_over(self, journal: Journal) -> None:
        first, _ = self.changed(journal, "a")
        second, _ = self.changed(journal, "a")
        rollback = self.rolled_back(journal, second)
        assert self.last(journal) == first.id
        assert journal.find("last").id == rollback
        self.rolled_back(journal, first)
        with pytest.raises(RunNotFound, match="left to take back"):
            self.last(journal)

    def test_a_rollback_with_a_conflict_leaves_it(self, journal: Journal) -> None:
        run, _ = self.changed(journal, "a")
        self.rolled_back(journal, run, code=3)
        assert self.last(journal) == run.id

    def test_a_limited_rollback_leaves_the_rest(self, journal: Journal) -> None:
        run, _ = self.changed(journal, "a", "b")
        self.rolled_back(journal, run, "a")
        assert self.last(journal) == run.id
        self.rolled_back(journal, run, "b")
        with pytest.raises(RunNotFound):
            self.last(journal)

    def test_what_was_undone_one_by_one_counts(self, journal: Journal) -> None:
        run, change = self.changed(journal, "a", "b")
        rollback = self.rolled_back(journal, run, "a")
        journal.undone(change, rollback)  # b's
        with pytest.raises(RunNotFound):
            self.last(journal)

    @pytest.mark.parametrize("fields", [{"irreversible": "gone"}, {"rollback": False}])
    def test_what_cannot_be_undone_is_not_waited_for(
        self, journal: Journal, fields: dict[str, Any]
    ) -> None:
        run, _ = self.changed(journal, "a", "b", **fields)
        self.rolled_back(journal, run, "a")
        with pytest.raises(RunNotFound):
            self.last(journal)

    def test_a_run_without_changes_is_not_skipped(self, journal: Journal) -> None:
        """Else ``rollback last`` would undo an older run than the one a person has in mind."""
        self.changed(journal, "a")
        idle = a_run("a")
        journal.begin(idle)
        journal.finish(idle.id, "finished", 0)
        assert self.last(journal) == idle.id

    def test_a_part_of_the_way_back_leaves_the_rest(self, journal: Journal) -> None:
        run, _ = self.changed(journal, "a")
        part = a_run("a", verb="rollback", of=run.id, options={"part": {"tasks": ["x"]}})
        journal.begin(part)
        journal.finish(part.id, "finished", 0)
        assert self.last(journal) == run.id

    def test_what_a_rollback_took_back_stands_again_when_that_is_taken_back(
        self, journal: Journal
    ) -> None:
        run, change = self.changed(journal, "a")
        rollback = a_run("a", verb="rollback", of=run.id)
        journal.begin(rollback)
        back = journal.intend(rollback.id, an_intent("a"))
        journal.settle(back, Status.CHANGED)
        journal.undone(change, rollback.id)
        journal.finish(rollback.id, "finished", 0)
        again = a_run("a", verb="rollback", of=rollback.id)
        journal.begin(again)
        journal.undone(back, again.id)
        journal.finish(again.id, "finished", 0)
        assert self.last(journal) == run.id
        (first,) = journal.changes(run.id)
        assert (first.status, first.undone_by) == ("in doubt", None)
        assert journal.changes(rollback.id)[0].status == "undone"
        assert not journal.audit().wrong


def test_run_ids_are_short_sort_by_time_and_differ() -> None:
    assert new_run_id(1795313400.0).startswith("20261122-0210-")
    ids = {new_run_id() for _ in range(200)}
    assert len(ids) > 190
    assert all(re.fullmatch(r"\d{8}-\d{4}-[b-df-hj-km-np-tv-xz2-9]{4}", run) for run in ids)
    assert new_run_id(1_000_000_000) < new_run_id(1_000_000_060) < new_run_id()
