"""A runner that takes hosts again and again, against others that want some of the same.

Each host that it holds it marks with a file that only one can make: so a second one that holds it
at the same time is seen, whatever the journal says.

Usage: python -m tests.journal.claimer JOURNAL MARKS SEED ROUNDS HOSTS
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from runner.errors import HostsBusy
from runner.journal import Journal
from tests.journal.support import a_run


def main() -> None:
    path, marks, seed, rounds, count = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])
    dice = random.Random(seed)
    every = [f"web{number:02}" for number in range(count)]
    held = refused = 0
    for _ in range(rounds):
        hosts = dice.sample(every, dice.randint(1, count - 1))
        # Opened anew each time, as every run does: recovering must bury nobody who is alive.
        with Journal.open(path) as journal:
            run = a_run(*hosts, user=f"user{seed}")
            try:
                journal.begin(run)
            except HostsBusy as error:
                if "of user" not in str(error):
                    raise
                refused += 1
                continue
            mine = [marks / host for host in hosts]
            for mark in mine:
                os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
            extra = dice.choice(every)
            try:
                journal.claim(run.id, extra)
                if extra not in hosts:
                    mine.append(marks / extra)
                    os.close(os.open(mine[-1], os.O_CREAT | os.O_EXCL))
            except HostsBusy:
                pass
            for mark in mine:
                mark.unlink()
            journal.finish(run.id, "finished", 0)
            held += 1
    print(held, refused)


if __name__ == "__main__":
    main()
