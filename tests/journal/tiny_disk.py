"""A journal on a disk of two megabytes: run in a namespace where this process may mount it."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from pathlib import Path

from runner.errors import JournalError
from runner.journal import Journal
from runner.model.job import Status
from tests.journal.support import a_run, an_intent


def main() -> None:
    what, place = sys.argv[1], Path(sys.argv[2])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", place], check=True)
    path = place / "journal.db"
    if what == "readonly":
        Journal.open(path).close()
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        try:
            Journal.open(path)
        except JournalError as error:
            print("open:", *re.findall("Read-only file system", error.message))
        return
    with Journal.open(path) as journal:
        run = a_run("web01")
        journal.begin(run)
        change = journal.intend(run.id, an_intent())
        print("runs:", len(journal.runs()))
        try:
            journal.begin(a_run(*(f"h{number}" for number in range(1000))))
        except JournalError as error:
            print("refused:", error.message.split()[0])
        filler = place / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 4096):
                continue
        journal.settle(change, Status.CHANGED)
        try:
            journal.intend(run.id, an_intent(before="x" * 50_000))
        except JournalError as error:
            print("intend:", *re.findall("the disk is full|the disk does not take", error.message))
        filler.unlink()
        # What nobody waited for is written as soon as there is room.
        try:
            journal.flush()
        except JournalError:
            journal.flush()
        print("kept:", *(record.status for record in journal.changes(run.id)))
        journal.finish(run.id, "finished", 0)
        print("ok" if not journal.audit().wrong else "wrong")


if __name__ == "__main__":
    main()
