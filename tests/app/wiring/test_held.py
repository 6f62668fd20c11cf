"""What hosts hold for a run: who finds it when the controller died."""

from __future__ import annotations

import os
from pathlib import Path

from runner.app.wiring.held import Held
from runner.journal.journal import Journal
from tests.journal.support import a_run

PLACE = "http://web01:5985 as kim"


def test_a_run_that_is_gone_on_with_gives_back_what_it_left(tmp_path: Path) -> None:
    """Else what ran there goes on: a command that waits for input keeps its file open."""
    with Journal.open(tmp_path / "journal.db") as journal:
        run = a_run("web01")
        journal.begin(run)
        Held(journal, run.id).opened("web01", PLACE, "of a dead controller")
        journal.finish(run.id, "failed", 2)
        journal.reopen(run.id, os.getpid(), user="kim", why="resume")
        now = Held(journal, run.id)
        now.opened("web01", PLACE, "its own")
        (left,) = now.left("web01", PLACE)
        assert left.held == "of a dead controller"
        now.gone([left])
        assert now.left("web01", PLACE) == []
        assert journal.left("web01", PLACE) == [], "to others it is a run that is at work"


def test_what_a_broken_connection_could_not_give_back_is_for_the_next_one(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as journal:
        run = a_run("web01")
        journal.begin(run)
        held = Held(journal, run.id)
        for shell in ("of the broken one", "of another one"):
            held.opened("web01", PLACE, shell)
        held.abandoned("web02", ["of another one"])
        assert held.left("web01", PLACE) == []
        held.abandoned("web01", ["of the broken one"])
        (left,) = held.left("web01", PLACE)
        assert left.held == "of the broken one"
