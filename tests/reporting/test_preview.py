"""The preview: complete, grouped, honest about what it could not predict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.job import JobId, Outcome, Status
from runner.model.state import Difference
from runner.reporting.collect import Collector, Entry
from runner.reporting.page import plain_text
from runner.reporting.preview import coverage, preview, tally
from tests.reporting.samples import (
    STOPPED,
    assert_harmless,
    check_golden,
    entries,
    hostile_events,
    stopped,
)


@pytest.mark.parametrize("verbosity", [0, 1, 2])
def test_golden(verbosity: int) -> None:
    lines = preview(entries(), heading="Preview: site.yml", verbosity=verbosity)
    check_golden(f"preview-diff-v{verbosity}", lines)


def test_golden_without_diff() -> None:
    check_golden("preview", preview(entries(), diff=False))


def test_golden_of_what_happened() -> None:
    check_golden("show", preview(entries(Status.CHANGED), predicted=False))


def fleet(count: int = 230) -> list[Entry]:
    """Ten tasks, of which one differs on some hosts and one names its host."""
    found = []
    for number in range(10):
        for place in range(count):
            host = f"web{place:03}"
            outcome = stopped(Status.WOULD_CHANGE)
            if number == 3 and place % 50 == 0:
                outcome = Outcome(Status.FAILED, f"{host}: no such service", advice=f"Ask {host}.")
            if number == 4:
                outcome = Outcome(Status.OK)
            found.append(Entry(JobId(f"s{number}", host), f"task {number}", outcome))
    return found


def test_230_hosts_fit_on_a_screen() -> None:
    lines = [line.plain for line in preview(fleet())]
    assert len(lines) < 60
    assert "  would change     web000, web001, … (230 hosts)  service lanmanserver" in lines
    assert "  failed           web000, web050, … (5 hosts)  HOST: no such service" in lines
    assert "Already so on all their hosts: task 4" in lines
    assert max(map(len, lines)) < 110


def test_all_hosts_are_named_with_v() -> None:
    text = plain_text(preview(fleet(), verbosity=1))
    assert all(f"web{place:03}" in text for place in range(230))


def test_outcomes_that_differ_in_anything_shown_are_not_grouped() -> None:
    base = stopped(Status.WOULD_CHANGE)
    others = [
        Outcome(Status.WOULD_CHANGE, subject="service other", differences=STOPPED),
        Outcome(Status.WOULD_CHANGE, subject=base.subject, differences=STOPPED[:1]),
        Outcome(Status.WOULD_CHANGE, subject=base.subject, differences=STOPPED, commands=("x",)),
        Outcome(Status.WOULD_CHANGE, subject=base.subject, differences=STOPPED, irreversible="y"),
        Outcome(Status.WOULD_CHANGE, subject=base.subject, differences=STOPPED, warnings=("w",)),
        Outcome(Status.WOULD_CHANGE, differences=(Difference("v", "1", 2),)),
        Outcome(Status.WOULD_CHANGE, differences=(Difference("v", 1, 2),)),
        Outcome(Status.SKIPPED, "condition false: a"),
        Outcome(Status.SKIPPED, "condition false: b"),
    ]
    found = [Entry(JobId("s", f"h{n}"), "t", o) for n, o in enumerate([base, base, *others])]
    lines = [line.plain for line in preview(found)]
    groups = [text for text in lines if text.startswith(("  would", "  skipped"))]
    assert len(groups) == 1 + len(others)
    assert any("h0, h1" in text for text in groups)


def test_many_different_outcomes_are_cut_with_a_word_about_it() -> None:
    found = [
        Entry(JobId("s", f"h{n}"), "t", Outcome(Status.WOULD_CHANGE, subject=f"file {n}"))
        for n in range(100)
    ]
    lines = [line.plain for line in preview(found)]
    assert any("… 80 more kinds of outcome on 80 hosts (-v shows all)" in text for text in lines)
    assert len([t for t in preview(found, verbosity=1) if "file" in t.plain]) == 100


def test_nothing_at_all() -> None:
    assert plain_text(preview([])) == "Nothing to do: no job at all\n"


@given(st.dictionaries(st.sampled_from(list(Status)), st.integers(0, 50)))
def test_coverage_counts_all_but_blocked_jobs(counts: dict[Status, int]) -> None:
    found = coverage(counts)
    assert found.jobs == sum(n for s, n in counts.items() if s is not Status.BLOCKED)
    assert 0 <= found.predicted <= found.jobs
    unknown = (Status.NOT_PREDICTABLE, Status.UNREACHABLE, Status.IN_DOUBT, Status.CANCELLED)
    assert (found.predicted == found.jobs) == (not any(counts.get(s) for s in unknown))


def test_coverage_text() -> None:
    counts = {Status.OK: 8, Status.NOT_PREDICTABLE: 1, Status.FAILED: 1, Status.BLOCKED: 2}
    assert coverage(counts).text == (
        "Predicted: 9 of 10 jobs (90.0 %); 2 blocked jobs are not counted"
    )
    assert coverage({Status.OK: 1}).text == "Predicted: 1 of 1 job (100 %)"


def test_tally_keeps_the_order_of_columns() -> None:
    assert list(tally(entries())) == [
        Status.OK,
        Status.WOULD_CHANGE,
        Status.IRREVERSIBLE,
        Status.NOT_PREDICTABLE,
        Status.SKIPPED,
        Status.FAILED,
        Status.UNREACHABLE,
        Status.CONFLICT,
        Status.IN_DOUBT,
        Status.BLOCKED,
        Status.CANCELLED,
    ]


def test_hostile_strings() -> None:
    collector = Collector(results=True)
    for event in hostile_events():
        collector.handle(event)
    for diff in (False, True):
        text = plain_text(preview(collector.entries(), diff=diff, verbosity=2))
        assert_harmless(text)
        assert "not markup" in text
