"""Reports to make pages of: one in which everything happens, one that is hostile, a big one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from runner.events import StepInfo
from runner.model.job import JobId, Outcome, Status
from runner.model.state import Difference
from runner.reporting.collect import Entry, in_order
from runner.reporting.graph.nodes import DrawEdge, DrawNode
from runner.reporting.report.report import Related, Report
from tests.reporting.samples import HOSTILE, HOSTS, RUN, START, STEPS, entries

MARKUP: Final = (
    "</script><script>alert('owned')</script><img src=x onerror=alert('owned')>"
    '<svg onload=alert("owned")>"\'><style>*{display:none}</style><!--<script>'
    "\u2028{{ 7*7 }}{% raw %}&amp; \u202egnirts\u202c\u200f\u200b"
)
"""What a host may send, to break out of whatever it is put into."""


def everything() -> Report:
    """A run in which everything happens that reports must show."""
    found = in_order(entries(Status.CHANGED), [step.step for step in STEPS], HOSTS)
    return Report(
        run=RUN,
        verb="run",
        title="playbooks/site.yml",
        started=START,
        user="mueller",
        version="1.2.3",
        hosts=HOSTS,
        steps=STEPS,
        entries=tuple(found),
        status="failed",
        finished=START + 64.5,
        exit_code=2,
        ended={entry.job: START + 2 + number for number, entry in enumerate(found)},
        facts=(("Inventory", "inventories/lab"),),
        related=(
            Related(
                "20170516-0900-bcdf", "a rollback of this run", "failed", START + 9e4, "eva", 3
            ),
        ),
        excluded=(("install MS17-010", "web02"),),
        changes=7,
        undone=3,
        foreseen=("Prediction: 9 of 10 jobs came as foreseen", "  verify @ web01: otherwise"),
        nodes=tuple(DrawNode(s.step, s.name, s.module, s.play) for s in STEPS),
        edges=(DrawEdge("stop-smb", "rules"), DrawEdge("rules", "patch", "play")),
        next_commands=(f"runner show {RUN}",),
    )


def hostile() -> Report:
    """A run of which every text is hostile."""
    bad = MARKUP + HOSTILE
    change = Difference(bad, bad, f"{bad}\n{bad}")
    part = Outcome(Status.FAILED, bad, item=bad, advice=bad, commands=(bad,), differences=(change,))
    outcome = Outcome(
        Status.CHANGED, bad, bad, bad, (change, Difference(bad, {bad: bad}, [bad])), (bad,),
        {bad: bad, "stdout": bad}, (part,), bad, None, bad, bad, warnings=(bad,),
    )  # fmt: skip
    failed = replace(outcome, status=Status.FAILED)
    steps = tuple(StepInfo(name + bad, bad, bad, bad, 1, bad) for name in "ab")
    found = (
        Entry(JobId(steps[0].step, bad), bad, outcome),
        Entry(JobId(steps[1].step, bad), bad, failed),
    )
    return Report(
        run=bad, verb="run", title=bad, started=START, user=bad, version=bad, hosts=(bad,),
        steps=steps, entries=found, status="finished", finished=START + 1, exit_code=0,
        ended={entry.job: START + 1 for entry in found},
        facts=((bad, bad),), related=(Related(bad, bad, bad, START, bad, 1),),
        excluded=((bad, bad),), changes=1, foreseen=(bad, bad),
        nodes=(DrawNode(bad, bad, bad, bad), DrawNode(f"b{bad}", bad, bad, bad)),
        edges=(DrawEdge(bad, f"b{bad}", label=bad),), next_commands=(bad,),
    )  # fmt: skip


def big(hosts: int = 230, tasks: int = 60) -> Report:
    """A fleet; every tenth job changed something, and each host says something of its own."""
    names = tuple(f"srv-{n:03}" for n in range(hosts))
    steps = tuple(
        StepInfo(f"t{n}", "fix", f"do number {n}", "win_shell", hosts) for n in range(tasks)
    )
    found, ended = [], {}
    for place, step in enumerate(steps):
        for number, name in enumerate(names):
            job = JobId(step.step, name)
            status = Status.CHANGED if (place + number) % 10 == 0 else Status.OK
            if number == 7 and place == 3:
                status = Status.FAILED
            said = {"rc": 0, "stdout": f"{name} says {place}\n" + "a line of output\n" * 8}
            found.append(Entry(job, step.name, Outcome(status, result=said, seconds=0.8)))
            ended[job] = START + place + number / hosts
    return replace(
        everything(), hosts=names, steps=steps, entries=tuple(found), ended=ended, nodes=(),
        edges=(),
    )  # fmt: skip
