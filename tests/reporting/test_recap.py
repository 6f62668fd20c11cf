"""The last words: who is well, what went wrong, what to do next."""

from __future__ import annotations

from runner.events import RunFinished
from runner.model.job import JobId, Outcome, Status
from runner.reporting.collect import Collector, Entry
from runner.reporting.grouping import troubles
from runner.reporting.page import plain_text
from runner.reporting.recap import recap, usual_commands
from tests.reporting.samples import (
    RUN,
    assert_harmless,
    check_golden,
    entries,
    finished,
    hostile_events,
    hostile_finished,
    stopped,
)


def test_golden_few_hosts() -> None:
    found = entries(Status.CHANGED)
    end = finished(found, interrupted=True)
    lines = recap(end, found, title="site.yml", next_commands=usual_commands(end, found))
    check_golden("recap-few", lines)


def fleet(count: int) -> list[Entry]:
    """A service stopped everywhere, and two kinds of trouble."""
    found = []
    for place in range(count):
        host = f"web{place:03}.corp.example"
        outcome = stopped(Status.CHANGED)
        if place % 60 == 1:
            message = f"{host} (10.0.0.{place}:5985): nobody answered"
            outcome = Outcome(
                Status.UNREACHABLE, message, advice=f"Try: runner doctor web{place:03}"
            )
        elif place % 40 == 2:
            outcome = Outcome(Status.FAILED, "rc 5: access is denied", category="module")
        found.append(Entry(JobId("stop", host), "stop the Server service", outcome))
        after = Outcome(Status.OK)
        if not outcome.is_good:
            after = Outcome(Status.BLOCKED, "it failed", blocked_by=JobId("stop", host))
        found.append(Entry(JobId("check", host), "check", after))
    return found


def test_golden_many_hosts() -> None:
    found = fleet(230)
    check_golden("recap-many", recap(finished(found), found, title="site.yml"))


def test_few_and_many() -> None:
    forty = plain_text(recap(finished(fleet(40)), fleet(40)))
    assert all(f"web{n:03}.corp.example  " in forty for n in range(40))
    many = plain_text(recap(finished(fleet(41)), fleet(41)))
    assert "web003.corp.example  ok" not in many
    assert "41 hosts: 39 without trouble, 2 in trouble" in many


def test_a_fleet_in_trouble_stays_readable() -> None:
    found = [
        Entry(JobId("s", f"h{n:05}"), "t", Outcome(Status.UNREACHABLE, f"h{n:05}: no route"))
        for n in range(5000)
    ]
    lines = [line.plain for line in recap(finished(found), found)]
    assert len(lines) < 40
    assert "… 4,980 more hosts in trouble" in lines
    assert any("h00006, … (5,000 hosts)" in text for text in lines)
    assert "      got:    HOST: no route" in lines


def test_ignored_failures_are_no_trouble() -> None:
    found = [
        Entry(JobId("s", f"h{n}"), "t", Outcome(Status.FAILED, "x", ignored=True))
        for n in range(50)
    ]
    text = plain_text(recap(finished(found), found))
    assert "Trouble" not in text
    assert "50 hosts: 50 without trouble, 0 in trouble" in text
    assert "50 failures were ignored because the playbook says so" in text


def test_usual_commands() -> None:
    def commands(verb: str, *statuses: Status, interrupted: bool = False) -> list[str]:
        found = [Entry(JobId("s", str(n)), "t", Outcome(s)) for n, s in enumerate(statuses)]
        return usual_commands(finished(found, verb, interrupted=interrupted), found)

    show = f"runner show {RUN}"
    resume = f"runner resume {RUN}"
    rollback = f"runner rollback {RUN} --check"
    assert commands("run", Status.OK) == [show]
    assert commands("run", Status.CHANGED) == [show, rollback]
    assert commands("run", Status.CHANGED, interrupted=True) == [show, resume, rollback]
    assert commands("run", Status.UNREACHABLE) == [show, resume]
    assert commands("apply", Status.IN_DOUBT) == [show, resume]
    assert commands("rollback", Status.IN_DOUBT) == [show]
    assert commands("rollback", Status.CHANGED) == [show]
    assert commands("check", Status.WOULD_CHANGE) == []
    assert commands("rollback check", Status.WOULD_CHANGE) == []
    assert usual_commands(RunFinished("", "rollback", {}, False, 0, 0.0, 0.0), []) == []


def test_nothing_done() -> None:
    text = plain_text(recap(RunFinished("r", "run", {}, False, 0, 0.0, 0.0), []))
    assert "Nothing to do: no job at all" in text
    assert text.rstrip().endswith("0.0s")


def test_hostile_strings() -> None:
    collector = Collector()
    for event in hostile_events():
        collector.handle(event)
    end = hostile_finished()
    lines = recap(end, collector.entries(), title="x", next_commands=["\x1b[2Jrunner"])
    assert_harmless(plain_text(lines))
    assert "Cannot be taken back" in plain_text(lines)


def test_the_same_trouble_at_other_addresses_and_ports_is_one() -> None:
    """Hosts behind one address have a port each; a port that all have is said."""

    def said(status: Status, *pairs: tuple[str, str]) -> list[tuple[str, list[str]]]:
        found = [
            Entry(JobId("s", f"h{n}"), "t", Outcome(status, message, advice=advice))
            for n, (message, advice) in enumerate(pairs)
        ]
        return [(f"{one.message}; {one.advice}", list(one.hosts)) for one in troubles(found)]

    late = "a command on http://{} was not done in 120 s"
    dead = "logging on at http://{} as Eva: refused"
    assert said(Status.FAILED, (late.format("192.0.2.1:5985"), ""),
                (late.format("192.0.2.2:5985"), "")) == [
        (late.format("ADDRESS:5985") + "; ", ["h0", "h1"]),
    ]  # fmt: skip
    assert said(Status.UNREACHABLE, (dead.format("127.0.0.1:1"), "nothing on port 1"),
                (dead.format("127.0.0.1:2"), "nothing on port 2"),
                (dead.format("127.0.0.1:2"), "nothing on port 2")) == [
        (dead.format("ADDRESS:PORT") + "; nothing on port PORT", ["h0", "h1", "h2"]),
    ]  # fmt: skip
    web = "fetch http://192.0.2.{}/a.msu failed"  # what a playbook names is not where a host is
    assert len(said(Status.FAILED, (web.format(1), ""), (web.format(2), ""))) == 2
