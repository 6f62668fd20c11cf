"""kill -9, a full disk, many threads: what was promised is on the disk, and only that."""

from __future__ import annotations

import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from runner.errors import JournalError
from runner.journal import Journal
from runner.model.job import JobId, Status
from tests.journal.support import a_run, an_intent

ROOT = Path(__file__).parents[2]


def _integrity(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


@pytest.mark.parametrize("promises", [1, 60, 400])
def test_kill_9_loses_no_promise(path: Path, promises: int) -> None:
    victim = [sys.executable, "-m", "tests.journal.victim", str(path), "8"]
    with subprocess.Popen(victim, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        run = process.stdout.readline().strip()
        lines = [process.stdout.readline() for _ in range(promises)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.read().splitlines()
    assert process.returncode == -signal.SIGKILL
    promised = {int(line.split()[0]): line.split()[1] for line in lines}
    assert len(promised) >= promises

    assert _integrity(path) == "ok"
    with Journal.open(path) as journal:
        assert journal.find(run).status == "crashed"
        kept = {change.id: change for change in journal.changes(run)}
        assert promised.items() <= {c.id: c.job.host for c in kept.values()}.items()
        assert {c.status for c in kept.values()} <= {"changed", "in doubt"}
        assert [c.sequence for c in kept.values()] == list(range(1, len(kept) + 1))
        journal.begin(a_run(*set(promised.values())))  # its hosts are free


def test_64_threads_share_commits(journal: Journal) -> None:
    hosts = [f"web{number:02}" for number in range(64)]
    run = a_run(*hosts)
    journal.begin(run)
    together = threading.Barrier(len(hosts))
    before = journal.written

    def work(host: str) -> list[int]:
        together.wait()
        ids = []
        for number in range(10):
            ids.append(journal.intend(run.id, an_intent(host, f"s{number}")))
            with closing(sqlite3.connect(journal.path)) as connection:
                question = "SELECT host, step FROM changes WHERE id = ?"
                assert connection.execute(question, ids[-1:]).fetchone() == (host, f"s{number}")
            journal.settle(ids[-1], Status.CHANGED)
        return ids

    with ThreadPoolExecutor(len(hosts)) as pool:
        ids = [change for ids in pool.map(work, hosts) for change in ids]
    journal.flush()
    assert len(set(ids)) == 640
    changes = journal.changes(run.id)
    assert [c.sequence for c in changes] == list(range(1, 641))
    assert Counter(c.status for c in changes) == {"changed": 640}
    for host in hosts:
        assert [c.job.step for c in changes if c.job.host == host] == [f"s{n}" for n in range(10)]
    commits = journal.written.commits - before.commits
    assert journal.written.records - before.records >= 1280
    assert commits < 640  # fewer commits than intents alone


def test_what_nobody_waits_for_travels_together(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    before = journal.written.commits
    for number in range(500):
        journal.outcome(run.id, JobId(f"s{number}", "web01"), "", Status.OK, {})
    journal.flush()
    assert journal.written.commits - before < 100
    assert len(journal.outcomes(run.id)) == 500


def test_two_processes_may_write_at_once(path: Path, journal: Journal) -> None:
    with Journal.open(path) as other:
        runs = {journal: a_run("a"), other: a_run("b")}
        for each, run in runs.items():
            each.begin(run)

        def work(each: Journal) -> None:
            for _ in range(50):
                each.settle(
                    each.intend(runs[each].id, an_intent(*runs[each].hosts)), Status.CHANGED
                )

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, runs))
        for run in runs.values():
            other.flush()
            journal.flush()
            assert [c.sequence for c in journal.changes(run.id)] == list(range(1, 51))


@contextmanager
def no_file_grows(limit: int) -> Iterator[None]:
    """A disk that takes no more: writes beyond this size fail, for this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more_stops_the_intent_and_keeps_the_rest(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    change = journal.intend(run.id, an_intent())
    with no_file_grows(journal.path.with_name("journal.db-wal").stat().st_size):
        journal.settle(change, Status.CHANGED)
        with pytest.raises(JournalError, match="disk") as caught:
            journal.intend(run.id, an_intent(step="never-sent"))
        assert "Nothing is sent to a host that is not recorded first." in str(caught.value)
        with pytest.raises(JournalError, match="disk"):
            journal.flush()
        with pytest.raises(JournalError, match="disk"):
            journal.finish(run.id, "failed", 1)
    assert journal.intend(run.id, an_intent(step="sent")) > change
    records = {c.job.step: c.status for c in journal.changes(run.id)}
    assert records == {"stop-smb": "changed", "sent": "intended"}
    journal.finish(run.id, "finished", 0)
    assert _integrity(journal.path) == "ok"


def test_close_says_when_something_could_not_be_kept(path: Path) -> None:
    journal = Journal.open(path)
    run = a_run()
    journal.begin(run)
    change = journal.intend(run.id, an_intent())
    with no_file_grows(path.with_name("journal.db-wal").stat().st_size):
        journal.settle(change, Status.CHANGED)
        with pytest.raises(JournalError, match="disk"):
            journal.close()


def test_a_full_database_is_a_full_disk(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    journal._writer.call(lambda c: c.execute("PRAGMA max_page_count = 1").fetchone())
    with pytest.raises(JournalError, match="the disk is full"):
        journal.intend(run.id, an_intent(before="x" * 100_000))
    assert journal.changes(run.id) == []


def test_a_file_that_breaks_under_the_run_stops_it(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.begin(a_run("a"))
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        for page in range(1, size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 512)
    with pytest.raises(JournalError, match="damaged") as caught:
        Journal.open(path)
    assert ".recover" in str(caught.value)


def test_a_wrong_record_does_not_harm_its_neighbours(journal: Journal) -> None:
    """A group holds the work of many hosts; one that is refused must not take the rest along."""
    run = a_run(*(f"h{number}" for number in range(32)))
    journal.begin(run)
    together = threading.Barrier(32)

    def work(number: int) -> bool:
        together.wait()
        host = f"h{number}" if number % 2 else "not-ours"
        try:
            journal.intend(run.id, an_intent(host))
        except JournalError:
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(work, range(32))) == [False, True] * 16
    assert [c.sequence for c in journal.changes(run.id)] == list(range(1, 17))


def test_a_damaged_page_shows_before_a_run_begins_or_does_no_harm(tmp_path: Path) -> None:
    """Whichever page it is: no run begins that cannot record what it does."""
    path = tmp_path / "journal.db"
    with Journal.open(path) as journal:
        for number in range(12):
            run = a_run(f"h{number}")
            journal.begin(run)
            change = journal.intend(run.id, an_intent(f"h{number}", before="x" * 1500))
            journal.settle(change, Status.CHANGED)
            journal.outcome(run.id, JobId("s", f"h{number}"), "", Status.OK, {"text": "y" * 900})
            journal.finish(run.id, "finished", 0)
    whole = path.read_bytes()
    refused: list[str] = []
    for page in range(1, len(whole) // 4096):
        path.write_bytes(whole[: page * 4096] + b"\xff" * 4096 + whole[(page + 1) * 4096 :])
        run = a_run("new")
        try:
            with Journal.open(path) as journal:
                journal.begin(run)
        except JournalError as error:
            refused.append(f"{page}: {error}")
            continue
        with Journal.open(path) as journal:
            change = journal.intend(run.id, an_intent("new"))
            journal.settle(change, Status.CHANGED)
            journal.outcome(run.id, JobId("s", "new"), "", Status.OK, {})
            journal.finish(run.id, "finished", 0)
    assert len(refused) > 10
    assert not [text for text in refused if "damaged" not in text or ".recover" not in text]


def test_a_file_that_was_cut_off_is_refused_before_a_run_begins(path: Path) -> None:
    with Journal.open(path) as journal:
        run = a_run("a")
        journal.begin(run)
        journal.intend(run.id, an_intent("a", before="x" * 9000))
        journal.finish(run.id, "finished", 0)
    path.write_bytes(path.read_bytes()[:-4096])
    with pytest.raises(JournalError, match="damaged"), Journal.open(path) as journal:
        journal.begin(a_run("b"))


def test_a_run_does_not_begin_where_there_is_no_room_for_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal.open(path) as journal:
        few = shutil.disk_usage(path.parent)._replace(free=2_000_000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: few)
        run = a_run("a")
        journal.begin(run)
        journal.finish(run.id, "finished", 0)
        with pytest.raises(JournalError, match=r"only 2\.0 MB are free") as caught:
            journal.begin(a_run(*(f"h{number}" for number in range(230))))
        assert "Nothing was sent" in caught.value.hint
        assert len(journal.runs()) == 1


def test_a_clock_that_jumps_back_loses_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1778655600.0
    monkeypatch.setattr(time, "time", lambda: now)
    first = a_run()
    journal.begin(first)
    one = journal.intend(first.id, an_intent(step="one"))
    now -= 7200
    two = journal.intend(first.id, an_intent(step="two"))
    journal.settle(one, Status.CHANGED)
    journal.settle(two, Status.CHANGED)
    journal.finish(first.id, "finished", 0)
    second = a_run()
    journal.begin(second)
    journal.finish(second.id, "finished", 0)
    assert [c.job.step for c in journal.changes(first.id)] == ["one", "two"]
    assert [run.id for run in journal.runs()] == [second.id, first.id]
    assert journal.find("last").id == second.id
    assert journal.audit().wrong == ()


@pytest.mark.parametrize("what", ["full", "readonly"])
def test_a_real_disk_that_takes_nothing(what: str, tmp_path: Path) -> None:
    """A file system of its own, in a namespace of its own."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare -rm: no mounts here")
    command = ["unshare", "-rm", sys.executable, "-m", "tests.journal.tiny_disk", what, tmp_path]
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (
        done.stdout.splitlines()
        == {
            "full": ["runs: 1", "refused: only", "intend: the disk is full", "kept: changed", "ok"],
            "readonly": ["open: Read-only file system"],
        }[what]
    )
