"""A runner that will be killed: it says each change's id only after ``intend`` returned.

Usage: python -m tests.journal.victim JOURNAL THREADS
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from runner.journal import Journal
from tests.journal.support import a_run, an_intent


def main() -> None:
    path, threads = Path(sys.argv[1]), int(sys.argv[2])
    hosts = [f"web{number:02}" for number in range(threads)]
    journal = Journal.open(path)
    run = a_run(*hosts)
    journal.begin(run)
    os.write(1, f"{run.id}\n".encode())

    def work(host: str) -> None:
        while True:
            change = journal.intend(run.id, an_intent(host))
            os.write(1, f"{change} {host}\n".encode())  # one write: lines never mix
            journal.settle(change, "changed", found={"state": "stopped"})

    for host in hosts:
        threading.Thread(target=work, args=[host], daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
