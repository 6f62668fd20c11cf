"""How a play ends early, and how a run does."""

from __future__ import annotations

from typing import Any

import pytest

from runner.engine.tasks.work import Work
from runner.engine.visits.run import RunVisit
from runner.errors import JournalError
from runner.model.job import JobId, Status
from runner.model.playbook import Play
from runner.model.source import Source
from runner.model.state import Change
from tests.engine.toys import HERE, Fleet, ToyHost, task
from tests.engine.visits.visiting import SET, Book, writes


@pytest.mark.parametrize(("word", "elsewhere"), [("end_host", "ok"), ("end_play", "skipped")])
def test_a_play_can_be_ended_and_the_next_one_begins_all_the_same(
    word: str, elsewhere: str
) -> None:
    fleet = Fleet({"a": ToyHost(), "b": ToyHost()})
    plays = [
        Play(
            name, "all", Source("play.yml", line, 1), HERE, tasks=tasks, gather_facts=False,
            linear=True,
        )
        for name, line, tasks in (
            ("first", 1, (
                task("end", "say", {"text": word}, conditions=("inventory_hostname == 'a'",)),
                task("rest", "say", {"text": "x"}),
            )),
            ("second", 9, (task("other", "say", {"text": "x"}),)),
        )
    ]  # fmt: skip
    on_a = fleet.walk_plays(lambda r: RunVisit(r, Book(fleet)), *plays)
    assert on_a["rest"].status is Status.SKIPPED
    assert on_a["rest"].message == "ended by 'end'"
    assert fleet.outcomes[JobId("rest", "b")].status == elsewhere
    assert on_a["other"].status is Status.OK


@pytest.mark.parametrize("loop", [None, ["x", "y"]])
def test_without_a_record_nothing_is_sent_and_the_run_stops(loop: list[str] | None) -> None:
    class Full(Book):
        def intend(self, work: Work, change: Change[Any], irreversible: str, undo: Any = ()) -> int:
            raise JournalError("the disk is full")

    fleet = Fleet({"a": ToyHost({"k": "old"}), "b": ToyHost({"k": "old"})})
    with pytest.raises(JournalError, match="the disk is full"):
        fleet.walk(lambda r: RunVisit(r, Full(fleet)), task("t", "key", SET, loop=loop))
    assert [writes(host) for host in fleet.hosts.values()] == [[], []]
