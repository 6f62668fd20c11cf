"""A small run in which everything happens that reports must show."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.events import (
    Event,
    JobDetail,
    JobFinished,
    JobStarted,
    Notice,
    RunFinished,
    RunStarted,
    StepInfo,
)
from runner.model.job import JobId, Outcome, Status
from runner.model.state import UNKNOWN, Difference
from runner.reporting.collect import Entry
from runner.reporting.page import Line, plain_text

GOLDEN = Path(__file__).parent / "golden"
START = 1494835200.0  # 2017-05-15 08:00:00 UTC
RUN = "20170515-0800-7f3a"

HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07[bold red]not markup[/] \x1b[31mred\x1b[0m\x07\x08\x9b1;1H"
    "\u202egnirts\u202c\u200bzero\r\nsecond\tline \ud800 :smile: \x1bP1$r\x1b\\end"
)

STEPS = (
    StepInfo("stop-smb", "close SMB", "stop the Server service", "win_service", 4, "site.yml:5"),
    StepInfo("rules", "close SMB", "防火墙 block SMB", "win_firewall_rule", 4, "site.yml:9"),
    StepInfo("hosts-file", "close SMB", "write the hosts file", "win_copy", 4, "site.yml:14"),
    StepInfo("patch", "patch", "install MS17-010", "win_hotfix", 4, "site.yml:22"),
    StepInfo("check", "patch", "verify", "win_shell", 4, "site.yml:30"),
)
HOSTS = ("web01", "web02", "dc01", "files-中文")

STOPPED = (Difference("state", "running", "stopped"), Difference("start_mode", "auto", "disabled"))
COMMANDS = ("sc stop lanmanserver", "sc config lanmanserver start= disabled")


def stopped(status: Status) -> Outcome:
    """The Server service, stopped or about to be."""
    return Outcome(
        status,
        subject="service lanmanserver",
        differences=STOPPED,
        commands=COMMANDS,
        result={"rc": 0, "stdout": "STATE: 1\r\nSTOPPED\r\n", "stdout_lines": ["STATE: 1"]},
        seconds=1.24,
    )


def outcomes(changed: Status) -> Iterator[tuple[JobId, Outcome]]:
    """What became of every job; ``changed`` is CHANGED or WOULD_CHANGE."""
    yield JobId("stop-smb", "web01"), stopped(changed)
    yield JobId("stop-smb", "web02"), stopped(changed)
    yield (
        JobId("stop-smb", "dc01"),
        Outcome(
            Status.UNREACHABLE,
            "dc01 (10.0.0.5:5985): nobody answered within 20 s",
            advice="Is the host on, and is TCP 5985 open?\nTry: runner doctor dc01",
            category="unreachable",
        ),
    )
    yield JobId("stop-smb", "files-中文"), Outcome(Status.OK, subject="service lanmanserver")
    blocked = Outcome(Status.BLOCKED, "it was unreachable", blocked_by=JobId("stop-smb", "dc01"))
    for step in ("rules", "hosts-file", "patch", "check"):
        yield JobId(step, "dc01"), blocked
    rule = Difference("localport", "445", "135,137-139,445")
    items = (
        Outcome(changed, item="in-tcp", subject="rule in-tcp", differences=(rule,)),
        Outcome(Status.OK, item="in-udp", subject="rule in-udp"),
        Outcome(
            Status.FAILED,
            "netsh answered 1: the rule is set by group policy",
            advice="Change the group policy.",
            item="out-tcp",
            subject="rule out-tcp",
            commands=("netsh advfirewall firewall set rule name=out-tcp",),
        ),
    )
    yield JobId("rules", "web01"), Outcome(changed, "2 of 2 items", items=items[:2])
    yield JobId("rules", "web02"), Outcome(Status.FAILED, "1 of 3 items failed", items=items)
    skipped = Outcome(Status.SKIPPED, "condition false: ansible_distribution_version >= '6.0'")
    yield JobId("rules", "files-中文"), skipped
    text = Difference("content", "127.0.0.1 a\nold\nend\n", "127.0.0.1 a\nnew\nend\nmore\n")
    present = Difference("present", False, True)
    written = Outcome(
        changed,
        subject=r"file C:\Windows\System32\drivers\etc\hosts",
        differences=(text, present, Difference("mode", "1", 1)),
        warnings=("the file was open",),
    )
    yield JobId("hosts-file", "web01"), written
    yield JobId("hosts-file", "web02"), written
    yield (
        JobId("hosts-file", "files-中文"),
        Outcome(Status.CONFLICT, "content is neither the recorded old nor the recorded new one"),
    )
    patched = Outcome(
        changed,
        subject="hotfix KB4012598",
        differences=(Difference("installed_on", None, UNKNOWN),),
        irreversible="a later update has replaced it",
        commands=("dism /online /add-package\n  /packagepath:x.cab",),
        seconds=192,
    )
    yield JobId("patch", "web01"), patched
    yield JobId("patch", "web02"), Outcome(Status.IN_DOUBT, "sent, but the answer was lost")
    yield JobId("patch", "files-中文"), Outcome(Status.IRREVERSIBLE, "the old version is gone")
    yield (
        JobId("check", "web01"),
        Outcome(Status.FAILED, "rc 1", ignored=True, subject="command"),
    )
    yield JobId("check", "web02"), Outcome(Status.CANCELLED, "the run was interrupted")
    yield JobId("check", "files-中文"), Outcome(Status.NOT_PREDICTABLE, "depends on patch: rc")


def titles() -> dict[str, str]:
    """Step to the name of its task."""
    return {step.step: step.name for step in STEPS}


def entries(changed: Status = Status.WOULD_CHANGE) -> list[Entry]:
    """The same as plain entries."""
    return [Entry(job, titles()[job.step], outcome) for job, outcome in outcomes(changed)]


def started(verb: str = "run", hosts: tuple[str, ...] = HOSTS) -> RunStarted:
    """The first event."""
    return RunStarted(RUN, verb, "playbooks/site.yml", hosts, STEPS, START)


def finished(
    found: Sequence[Entry], verb: str = "run", *, interrupted: bool = False
) -> RunFinished:
    """The last event."""
    counts: dict[str, dict[Status, int]] = {}
    for entry in found:
        of_host = counts.setdefault(entry.job.host, {})
        of_host[entry.outcome.status] = of_host.get(entry.outcome.status, 0) + 1
    return RunFinished(RUN, verb, counts, interrupted, 84, 64.5, START + 64.5)


def events(verb: str = "run") -> list[Event]:
    """The whole run, a second a job."""
    changed = Status.WOULD_CHANGE if verb == "check" else Status.CHANGED
    found: list[Event] = [started(verb), Notice("2 hosts are held by another run", START + 1)]
    for number, (job, outcome) in enumerate(outcomes(changed)):
        time = START + 2 + number
        found += [
            JobStarted(job, time),
            JobDetail(job, f"$ step of {job.step}\noutput \x1b[31mred\x1b[0m", time + 0.2),
            JobFinished(job, outcome, time + 0.5),
        ]
    return [*found, finished(entries(changed), verb)]


def hostile_events() -> list[Event]:
    """A run in which everything that can come from outside is hostile."""
    bad = HOSTILE
    job = JobId(bad, bad)
    outcome = Outcome(
        Status.FAILED,
        bad,
        advice=bad,
        subject=bad,
        differences=(Difference(bad, bad, f"{bad}\n{bad}"), Difference("x", {bad: bad}, [bad])),
        commands=(bad,),
        result={bad: bad},
        items=(Outcome(Status.FAILED, bad, item=bad, advice=bad, commands=(bad,)),),
        category=bad,
        irreversible=bad,
        warnings=(bad,),
    )
    blocked = Outcome(Status.BLOCKED, bad, blocked_by=job)
    kept = Outcome(Status.CHANGED, bad, irreversible=bad, subject=bad)
    return [
        RunStarted(bad, "run", bad, (bad, "b"), (StepInfo(bad, bad, bad, bad, 3, bad),), START),
        Notice(bad, START, host=bad),
        JobStarted(job, START),
        JobDetail(job, bad, START),
        JobFinished(job, outcome, START),
        JobFinished(JobId(bad, "b"), blocked, START),
        JobFinished(JobId(bad, "c"), kept, START),
        JobStarted(JobId(bad, "d"), START),
        JobDetail(JobId(bad, "d"), bad, START),
    ]


def hostile_finished() -> RunFinished:
    """The end of the hostile run."""
    counts = {HOSTILE: {Status.FAILED: 1}, "b": {Status.BLOCKED: 1}, "c": {Status.CHANGED: 1}}
    return RunFinished(HOSTILE, "run", counts, False, 3, 1.0, START + 1)


def assert_harmless(text: str) -> None:
    """No character that a terminal obeys, and none that hides or reorders text."""
    bad = {
        char
        for char in text
        if char != "\n" and not char.isprintable() and unicodedata.category(char) != "Zs"
    }
    assert not bad, [hex(ord(char)) for char in bad]


def check_golden(name: str, lines: str | Sequence[Line]) -> None:
    """Compare with a text in golden/; RUNNER_UPDATE_GOLDEN=1 writes it anew."""
    text = lines if isinstance(lines, str) else plain_text(lines)
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("RUNNER_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
