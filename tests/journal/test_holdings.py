"""What hosts hold for a run outlives it: the next one finds it."""

from __future__ import annotations

from pathlib import Path

from runner.journal.journal import Journal
from tests.journal.support import a_run

PLACE = "http://10.0.0.5:5985 as ops"


def test_only_what_runs_that_are_over_left_at_that_place(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        journal.begin(a_run("web01", id="r1"))
        journal.opened("r1", "WEB01", PLACE, "shell 1")
        journal.opened("r1", "web01", PLACE, "shell 2")
        journal.opened("r1", "web01", "http://10.0.0.5:5985 as other", "shell 3")
        journal.closed("r1", "web01", "shell 2")
        assert journal.left("web01", PLACE) == [], "it is still at work"
        journal.finish("r1", "interrupted", 130)
        (left,) = journal.left("Web01", PLACE)
        assert (left.run, left.held) == ("r1", "shell 1")
        journal.gone([left])
        assert journal.left("web01", PLACE) == []
        assert journal.left("web02", PLACE) == []


def test_the_hosts_on_which_a_run_was_when_its_controller_died(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        for run in ("r1", "r2"):
            journal.begin(a_run(f"web-{run}", id=run))
        journal.opened("r1", "WEB01", PLACE, "shell 1")
        journal.opened("r1", "web02", PLACE, "shell 2")
        journal.closed("r1", "web02", "shell 2")
        journal.opened("r2", "web03", PLACE, "shell 3")
        was_there = journal.hosts_left(["r1", "r0"])
        assert [host for host in ("Web01", "web02", "web03") if was_there(host)] == ["Web01"]
        assert not journal.hosts_left([])("web01")
