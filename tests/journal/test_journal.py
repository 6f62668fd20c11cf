"""What is written comes back, in order, from another connection and after a restart."""

from __future__ import annotations

import time
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import HostsBusy, JournalError
from runner.journal import Journal, PlanGraph, new_run_id
from runner.model.job import JobId, Status
from tests.journal.support import a_run, an_intent


def test_a_run_comes_back_as_it_was_begun(journal: Journal) -> None:
    run = a_run("web01", "web02", options=MappingProxyType({"limit": "web*", "tags": ["smb"]}))
    journal.begin(run)
    assert journal.runs() == [a_run(**{f: getattr(run, f) for f in run.__dataclass_fields__})]
    assert journal.find(run.id).options == {"limit": "web*", "tags": ["smb"]}


def test_finish_says_how_and_when(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    before = time.time()
    journal.finish(run.id, "failed", 2)
    ended = journal.find(run.id)
    assert (ended.status, ended.exit_code) == ("failed", 2)
    assert ended.finished is not None
    assert before <= ended.finished <= time.time()


def test_a_change_from_intent_to_undone(journal: Journal) -> None:
    run, rollback = a_run(), a_run(verb="rollback")
    journal.begin(run)
    intent = an_intent(
        item="1", irreversible="", place="a.yml:3:5", undo=[{"win_shell": "x"}], facts={"os": "6.1"}
    )
    change = journal.intend(run.id, intent)
    (record,) = journal.changes(run.id)
    for field in intent.__dataclass_fields__:
        assert getattr(record, field) == getattr(intent, field)
    assert (record.id, record.run, record.sequence) == (change, run.id, 1)
    assert (record.status, record.found, record.settled) == ("intended", None, None)

    journal.settle(change, Status.CHANGED, found={"state": "stopped"}, applied={"rc": 0})
    (record,) = journal.changes(run.id)
    assert (record.status, record.found, record.applied) == (
        "changed", {"state": "stopped"}, {"rc": 0},
    )  # fmt: skip
    assert record.can_be_undone

    journal.finish(run.id, "finished", 0)
    journal.begin(rollback)
    journal.undone(change, rollback.id)
    (record,) = journal.changes(run.id)
    assert (record.status, record.undone_by) == ("undone", rollback.id)
    assert record.found == {"state": "stopped"}
    assert not record.can_be_undone


@pytest.mark.parametrize("fields", [{"rollback": False}, {"irreversible": "no way back"}])
def test_what_cannot_be_undone(journal: Journal, fields: dict[str, Any]) -> None:
    run = a_run()
    journal.begin(run)
    journal.intend(run.id, an_intent(**fields))
    assert not journal.changes(run.id)[0].can_be_undone


def test_a_later_settle_keeps_what_is_known(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    change = journal.intend(run.id, an_intent())
    journal.settle(change, Status.IN_DOUBT, applied={"rc": 0})
    journal.settle(change, Status.CHANGED, found={"state": "stopped"})
    (record,) = journal.changes(run.id)
    assert (record.status, record.applied, record.found) == (
        "changed", {"rc": 0}, {"state": "stopped"},
    )  # fmt: skip


def test_sequence_counts_per_run(journal: Journal) -> None:
    one, two = a_run("a"), a_run("b")
    journal.begin(one)
    journal.begin(two)
    for host, run in [("a", one), ("b", two), ("a", one), ("b", two)]:
        journal.intend(run.id, an_intent(host))
    assert [c.sequence for c in journal.changes(one.id)] == [1, 2]
    assert [c.sequence for c in journal.changes(two.id)] == [1, 2]


def test_outcomes_in_order(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    for number in range(20):
        journal.outcome(run.id, JobId(f"s{number}", "web01"), "", Status.OK, {"n": number})
    records = journal.outcomes(run.id)
    assert [r.data["n"] for r in records] == list(range(20))
    assert records[3].job == JobId("s3", "web01")
    assert records[3].status == "ok"


def test_the_graph_is_kept(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    assert journal.graph(run.id) == PlanGraph([], [])
    journal.plan_graph(run.id, [{"step": "a", "play": "p"}], [("a", "b")])
    assert journal.graph(run.id) == PlanGraph([{"step": "a", "play": "p"}], [["a", "b"]])


def test_a_run_begins_with_its_graph_and_its_plan_or_not_at_all(journal: Journal) -> None:
    """Whoever is killed in between would leave a run that nobody can take back, or an apply that
    goes on without its plan."""
    run, graph = a_run(), PlanGraph([{"step": "a"}], [["a", "b"]])
    journal.begin(run, graph, b"the plan")
    assert (journal.graph(run.id), journal.plan(run.id)) == (graph, b"the plan")
    late = a_run()
    with pytest.raises(HostsBusy):
        journal.begin(late, graph, b"the plan")
    assert [one.id for one in journal.runs()] == [run.id]
    assert (journal.graph(late.id), journal.plan(late.id)) == (PlanGraph([], []), None)


def test_everything_survives_a_restart(path: Path) -> None:
    run = a_run()
    with Journal.open(path) as journal:
        journal.begin(run)
        change = journal.intend(run.id, an_intent())
        journal.settle(change, Status.CHANGED)
        journal.outcome(run.id, JobId("stop-smb", "web01"), "", Status.CHANGED, {})
        journal.finish(run.id, "finished", 0)
    with Journal.open(path) as journal:
        assert journal.find("last").status == "finished"
        assert [c.status for c in journal.changes(run.id)] == ["changed"]
        assert len(journal.outcomes(run.id)) == 1


def test_close_writes_what_is_queued(path: Path) -> None:
    run = a_run()
    with Journal.open(path) as journal:
        journal.begin(run)
        change = journal.intend(run.id, an_intent())
        journal.settle(change, Status.FAILED)
    with Journal.open(path) as journal:
        assert journal.changes(run.id)[0].status == "failed"


def test_open_changes_are_in_doubt_when_the_run_ends(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    settled = journal.intend(run.id, an_intent())
    journal.intend(run.id, an_intent(step="second"))
    journal.settle(settled, Status.CHANGED)
    journal.finish(run.id, "interrupted", 130)
    assert [c.status for c in journal.changes(run.id)] == ["changed", "in doubt"]


def test_an_id_is_taken_once(journal: Journal) -> None:
    run = a_run("a")
    journal.begin(run)
    with pytest.raises(JournalError, match="UNIQUE"):
        journal.begin(a_run("b", id=run.id))
    assert len(journal.runs()) == 1
    journal.begin(a_run("b"))  # the refused one holds nothing


def test_a_wrong_settle_shows_at_the_latest_when_the_run_ends(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    journal.settle(4711, Status.CHANGED)
    with pytest.raises(JournalError, match="no change 4711"):
        journal.finish(run.id, "finished", 0)
    assert journal.find(run.id).status == "finished"


def test_words_outside_the_table_are_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="'done'"):
        journal.settle(1, "done")
    with pytest.raises(ValueError, match="'ok'"):
        journal.finish("x", "ok", 0)


def test_runs_of_unknown_ids(journal: Journal) -> None:
    with pytest.raises(JournalError, match="no run nope"):
        journal.finish("nope", "finished", 0)
    with pytest.raises(JournalError, match="does not hold web01"):
        journal.intend("nope", an_intent())
    assert journal.changes("nope") == []


@pytest.mark.parametrize("value", [object(), float("nan"), {"x": b"bytes"}, {(1, 2): 3}])
def test_a_state_that_is_not_json_stops_only_itself(journal: Journal, value: object) -> None:
    run = a_run()
    journal.begin(run)
    with pytest.raises(JournalError, match="the before of service lanmanserver"):
        journal.intend(run.id, an_intent(before=value))
    assert journal.intend(run.id, an_intent()) > 0
    assert len(journal.changes(run.id)) == 1


def test_after_close_nothing_is_taken(path: Path) -> None:
    journal = Journal.open(path)
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.begin(a_run())


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=_JSON, text=st.text(st.characters()))
def test_any_json_and_any_text_survives(tmp_path: Path, value: object, text: str) -> None:
    with Journal.open(tmp_path / f"{new_run_id()}.db") as journal:
        run = a_run()
        journal.begin(run)
        change = journal.intend(run.id, an_intent(before=value, subject=text, item=text))
        journal.settle(change, Status.CHANGED, found=[value])
        (record,) = journal.changes(run.id)
        journal.finish(run.id, "finished", 0)
    assert record.before == value
    assert record.found == [value]
    shown = text.encode("utf-8", "backslashreplace").decode()
    assert (record.subject, record.item) == (shown, shown)
