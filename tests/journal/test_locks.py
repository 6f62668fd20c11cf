"""Two runs never work on one host; a run that died holds nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner.errors import HostsBusy, JournalError, RunNotFound
from runner.journal import Journal, process
from runner.journal.process import Process
from runner.model.job import Status
from tests.journal.support import DEAD_PID, a_run, an_intent


def test_a_busy_host_names_who_works_there(path: Path, journal: Journal) -> None:
    first = a_run("web01", "web02", "web03", started=time.time() - 200)
    journal.begin(first)
    with Journal.open(path) as other, pytest.raises(HostsBusy) as caught:
        other.begin(a_run("db01", "WEB02", "web03", user="bob"))
    text = str(caught.value)
    assert "2 of 3 hosts are being worked on by another run" in text
    assert f"WEB02, web03: run {first.id} (run close-smb.yml) of alice" in text
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(first.started))
    assert f"process {os.getpid()} on {socket.gethostname()}, since {since}, for 3 min" in text
    assert f"kill -INT {os.getpid()}" in text
    assert [run.id for run in journal.runs()] == [first.id]


def test_a_refused_run_holds_nothing(journal: Journal) -> None:
    journal.begin(a_run("web01"))
    with pytest.raises(HostsBusy):
        journal.begin(a_run("web01", "db01"))
    journal.begin(a_run("db01"))


def test_every_holder_is_named_and_long_lists_are_cut(journal: Journal) -> None:
    many = [f"web{n:02}" for n in range(30)]
    one, two = a_run(*many), a_run("db01", user="carol", started=time.time() - 7500)
    journal.begin(one)
    journal.begin(two)
    with pytest.raises(HostsBusy) as caught:
        journal.begin(a_run(*many, "db01"))
    text = str(caught.value)
    assert "31 of 31 hosts" in text
    assert "web04 and 25 more: run " + one.id in text
    assert f"db01: run {two.id} (run close-smb.yml) of carol" in text
    assert "2 h 5 min" in text


def test_finish_frees_the_hosts(journal: Journal) -> None:
    run = a_run("web01")
    journal.begin(run)
    journal.finish(run.id, "finished", 0)
    journal.begin(a_run("web01"))


def test_runs_on_other_hosts_go_side_by_side(path: Path, journal: Journal) -> None:
    with Journal.open(path) as other:
        journal.begin(a_run("a"))
        other.begin(a_run("b"))


def test_a_dead_run_is_crashed_and_its_open_changes_are_in_doubt(journal: Journal) -> None:
    dead = a_run("web01", pid=DEAD_PID)
    journal.begin(dead)
    settled = journal.intend(dead.id, an_intent())
    journal.intend(dead.id, an_intent(step="second"))
    journal.settle(settled, Status.CHANGED)
    journal.begin(a_run("web01"))
    record = journal.find(dead.id)
    assert (record.status, record.finished, record.exit_code) == ("crashed", None, None)
    assert [c.status for c in journal.changes(dead.id)] == ["changed", "in doubt"]


def test_opening_tells_the_truth_about_dead_runs(path: Path, journal: Journal) -> None:
    dead, alive = a_run("a", pid=DEAD_PID), a_run("b")
    journal.begin(alive)
    journal.begin(dead)
    with Journal.open(path) as other:
        assert {r.id: r.status for r in other.runs()} == {dead.id: "crashed", alive.id: "running"}
    assert journal.recover() == []


def test_a_run_that_lost_its_hosts_cannot_send(journal: Journal) -> None:
    run = a_run("web01")
    journal.begin(run)
    with pytest.raises(JournalError, match="does not hold db01"):
        journal.intend(run.id, an_intent("db01"))
    journal.finish(run.id, "finished", 0)
    with pytest.raises(JournalError, match="does not hold web01"):
        journal.intend(run.id, an_intent("web01"))
    assert journal.changes(run.id) == []


def test_a_run_of_another_machine_is_not_presumed_dead(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: "ctl2")
        away = a_run("web01", pid=DEAD_PID)
        journal.begin(away)
    with pytest.raises(HostsBusy, match="ctl2 and cannot be seen from here"):
        journal.begin(a_run("web01"))
    journal.abandon(away.id)
    journal.begin(a_run("web01"))
    assert journal.find(away.id).status == "crashed"


def test_only_the_invisible_can_be_given_up(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    with pytest.raises(JournalError, match="is alive: process"):
        journal.abandon(run.id)
    journal.finish(run.id, "finished", 0)
    with pytest.raises(JournalError, match="is not running"):
        journal.abandon(run.id)


class TestReopen:
    def test_a_crashed_run_goes_on_in_sequence(self, journal: Journal) -> None:
        run = a_run("web01", pid=DEAD_PID)
        journal.begin(run)
        journal.intend(run.id, an_intent(step="first"))
        journal.reopen(run.id, os.getpid(), user="kim", why="resume")
        record = journal.find(run.id)
        assert (record.status, record.pid, record.user) == ("running", os.getpid(), "alice")
        journal.intend(run.id, an_intent(step="second"))
        assert [(c.sequence, c.status) for c in journal.changes(run.id)] == [
            (1, "in doubt"),
            (2, "intended"),
        ]
        with pytest.raises(HostsBusy):
            journal.begin(a_run("web01"))

    def test_an_ended_run_is_running_again(self, journal: Journal) -> None:
        run = a_run()
        journal.begin(run)
        journal.finish(run.id, "interrupted", 130)
        journal.reopen(run.id, os.getpid(), user="kim", why="resume")
        record = journal.find(run.id)
        assert (record.status, record.finished, record.exit_code) == ("running", None, None)

    def test_not_while_it_runs_nor_while_others_hold_its_hosts(self, journal: Journal) -> None:
        run, other = a_run("web01"), a_run("web01")
        journal.begin(run)
        with pytest.raises(HostsBusy, match=run.id):
            journal.reopen(run.id, os.getpid(), user="kim", why="resume")
        journal.finish(run.id, "failed", 2)
        journal.begin(other)
        with pytest.raises(HostsBusy, match=other.id):
            journal.reopen(run.id, os.getpid(), user="kim", why="resume")
        assert journal.find(run.id).status == "failed"
        with pytest.raises(RunNotFound, match="nope"):
            journal.reopen("nope", os.getpid(), user="kim", why="resume")


class TestProcess:
    def test_this_one_is_alive(self) -> None:
        me = Process.of(os.getpid())
        assert me.is_seen_alive
        assert not me.is_dead

    def test_one_that_ended_is_dead_even_unreaped(self) -> None:
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
            its = Process.of(child.pid)
            assert its.is_seen_alive
            child.kill()
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie now
            assert its.is_dead
        assert its.is_dead

    @pytest.mark.skipif(not process._boot(), reason="this system does not tell births")
    def test_an_id_used_again_is_another_process(self) -> None:
        me = Process.of(os.getpid())
        boot, namespace, start = me.birth.split("/")
        earlier = f"{boot}/{namespace}/{int(start) - 1}"
        assert Process(me.machine, me.pid, earlier).is_dead
        assert Process(me.machine, me.pid, f"other-boot/{namespace}/{start}").is_dead

    @pytest.mark.skipif(not process._boot(), reason="this system does not tell births")
    def test_another_container_cannot_be_seen(self) -> None:
        me = Process.of(os.getpid())
        boot, _, start = me.birth.split("/")
        other = Process(me.machine, me.pid, f"{boot}/pid:[1]/{start}")
        assert not other.is_dead
        assert not other.is_seen_alive

    def test_without_proc_the_id_alone_decides(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(process, "_PROC", Path("/nonexistent"))
        assert Process.of(os.getpid()).is_seen_alive
        assert Process.of(os.getpid()).birth == ""
        assert Process.of(DEAD_PID).is_dead


@pytest.mark.timeout(60)
def test_two_runs_never_hold_one_host_however_they_race(path: Path, tmp_path: Path) -> None:
    """Three processes take overlapping sets of hosts, all or none; files bear witness."""
    marks = tmp_path / "marks"
    marks.mkdir()
    Journal.open(path).close()
    racers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.journal.claimer", path, marks, str(seed), "40", "4"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(3)
    ]
    said = [racer.communicate(timeout=50) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0], said
    counts = [tuple(map(int, out.split())) for out, _ in said]
    assert all(held + refused == 40 for held, refused in counts)
    assert sum(held for held, _ in counts) > 0
    assert list(marks.iterdir()) == []
    with Journal.open(path) as journal:
        assert {run.status for run in journal.runs()} == {"finished"}


def test_what_is_delegated_to_this_machine_needs_no_lock_there(journal: Journal) -> None:
    one, two = a_run("web01"), a_run("web02")
    journal.begin(one)
    journal.begin(two)
    for run, host in ((one, "web01"), (two, "web02")):
        journal.intend(run.id, an_intent(host, target="localhost"))
    journal.finish(one.id, "finished", 0)
    with pytest.raises(JournalError, match="does not hold web01"):
        journal.intend(one.id, an_intent("web01", target="localhost"))
    with pytest.raises(JournalError, match="does not hold db01"):
        journal.intend(two.id, an_intent("web02", target="db01"))


def test_a_process_that_cannot_be_looked_at_is_not_presumed_dead(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run("web01")
    journal.begin(run)
    with monkeypatch.context() as patch:
        patch.setattr(process, "_start", lambda _pid: None)
        assert journal.recover() == []
        with pytest.raises(HostsBusy):
            journal.begin(a_run("web01"))
