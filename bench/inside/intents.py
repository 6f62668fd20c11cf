"""Changes a second that a journal takes: intent, settlement and outcome, as a run writes them."""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from runner.journal.journal import Journal
from runner.journal.records import Intent, RunRecord, new_run_id
from runner.model.job import JobId

_EACH: Final = 400
_ALL: Final = 4000
"""Changes at least of each writer, and in all."""


def _run(hosts: tuple[str, ...]) -> RunRecord:
    return RunRecord(
        id=new_run_id(),
        verb="run",
        title="bench",
        playbook="bench.yml",
        inventory=("inventory.yml",),
        digest="00" * 32,
        hosts=hosts,
        started=time.time(),
        user="bench",
        pid=os.getpid(),
        version="0",
    )


def _intent(host: str, number: int) -> Intent:
    return Intent(
        job=JobId(f"task-{number}", host),
        item="",
        task="stop the Server service",
        module="win_service",
        params={"name": "lanmanserver", "state": "stopped", "start_mode": "disabled"},
        subject="service lanmanserver",
        before={"state": "running", "start": "auto"},
        after={"state": "stopped", "start": "disabled"},
    )


def rate(path: Path, threads: int) -> float:
    """Durable intents a second with so many writers, each waiting for its own."""
    hosts = tuple(f"host{number:03}" for number in range(threads))
    count = min(_EACH, max(_ALL // threads, 1))
    with Journal.open(path) as journal:
        run = _run(hosts)
        journal.begin(run)

        def write(host: str) -> None:
            for number in range(count):
                intent = _intent(host, number)
                change = journal.intend(run.id, intent)
                journal.settle(change, "changed", found=intent.after)
                journal.outcome(run.id, intent.job, "", "changed", {"status": "changed"})

        began = time.monotonic()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(write, hosts))
        seconds = time.monotonic() - began
        journal.finish(run.id, "finished", 0)
    return count * threads / seconds


def main() -> None:
    """The process: THREADS DIRECTORY."""
    sys.stdout.write(json.dumps(rate(Path(sys.argv[2]) / "journal.db", int(sys.argv[1]))))


if __name__ == "__main__":
    main()
