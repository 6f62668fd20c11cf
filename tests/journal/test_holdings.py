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
