"""Kills the controller at random moments, goes on, takes all back; the simulated hosts are the
witness: what was sent to them twice, what they hold that no record tells of, how they are at the
end."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from runner.journal.journal import Journal
from tests.e2e.fleet import TestFleet

_SYSTEMS: Final = ("2008r2-sp1", "2012r2", "2016", "2019", "2022")

PLAY: Final = """
- hosts: all
  gather_facts: false
  tasks:
    - name: first
      id: first
      win_shell: 'echo first>>{log}'
      args: {{executable: cmd}}
      undo:
        - win_shell: 'if exist {log} del {log}'
          args: {{executable: cmd}}
    - name: service
      win_service: {{name: Spooler, state: stopped, start_mode: disabled}}
    - name: registry
      win_regedit: {{path: 'HKLM:\\SOFTWARE\\Crash\\{number}', name: "{{{{ item }}}}", data: '1'}}
      loop: [one, two]
      notify: handled
    - name: second
      id: second
      win_shell: 'echo second>>{log}'
      args: {{executable: cmd}}
      undo:
        - win_shell: 'if exist {log} del {log}'
          args: {{executable: cmd}}
  handlers:
    - name: handled
      win_regedit: {{path: 'HKLM:\\SOFTWARE\\Crash\\{number}', name: handled, data: '1'}}
"""


@dataclass
class Tally:
    """What the crashes came to."""

    points: int = 0
    before_any_record: int = 0
    in_doubt: int = 0
    resumed: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        yield f"killed {self.points} times, {self.before_any_record} before anything was on record"
        yield f"commands in doubt after a resume: {self.in_doubt}; exit codes {dict(self.resumed)}"
        yield f"wrong: {len(self.wrong)}"
        yield from self.wrong[:20]


class Crashes:
    """A fleet whose controller keeps dying. A context manager."""

    def __init__(self, home: Path, seed: int, hosts: int) -> None:
        self._random = random.Random(seed)
        self.fleet = TestFleet(
            home, {f"web{n:02}": {"lab_os": _SYSTEMS[n % len(_SYSTEMS)]} for n in range(hosts)}
        )
        self.tally = Tally()
        self._number = 0
        self._whole = 0.0

    def __enter__(self) -> Crashes:
        self.fleet.__enter__()
        begun = time.monotonic()
        assert self.fleet.play(self._next()[0]).code == 0
        self._whole = time.monotonic() - begun
        assert self.fleet.run("rollback", "last").code == 0
        return self

    def __exit__(self, *_: object) -> None:
        self.fleet.__exit__()

    def _next(self) -> tuple[Path, str]:
        self._number += 1
        log = f"C:\\crash-{self._number}.log"
        path = self.fleet.home / f"crash-{self._number}.yml"
        path.write_text(PLAY.format(log=log, number=self._number), encoding="utf-8")
        return path, log

    def point(self) -> None:
        """One death, and all that follows."""
        play, log = self._next()
        first = self.fleet.states()
        runs = self._runs()
        after = self._random.uniform(0.2, 1.0) * self._whole
        killed = self.fleet.start("run", str(play), "-i", str(self.fleet.inventory))
        time.sleep(after)
        killed.kill()
        killed.communicate()
        self.tally.points += 1
        where = f"point {self._number}, killed after {after:.2f} s"
        if self._runs() == runs:
            self.tally.before_any_record += 1
            if self.fleet.states() != first:
                self.tally.wrong.append(f"{where}: a host was changed without any record")
            return
        self._witness(where, log)
        resumed = self.fleet.run("resume", "last")
        self.tally.resumed[resumed.code] += 1
        doubtful = re.search(r"^\S+ +in doubt ", resumed.out, re.M) is not None
        if resumed.code not in ((2,) if doubtful else (0,)):
            self.tally.wrong.append(f"{where}: resume {resumed.code}: {resumed.out[-2000:]}")
        self._witness(where, log)
        if doubtful:
            self.tally.in_doubt += 1
            done = self.fleet.run("resume", "last", "--mark-done")
            if done.code != 0:
                self.tally.wrong.append(f"{where}: --mark-done {done.code}: {done.out[-2000:]}")
            self._witness(where, log)
        back = self.fleet.run("rollback", "last")
        if back.code != 0:
            self.tally.wrong.append(f"{where}: rollback {back.code}: {back.out[-2000:]}")
        after_all = self.fleet.states()
        other = [name for name in self.fleet.names if after_all[name] != first[name]]
        if other:
            self.tally.wrong.append(f"{where}: not as at first: {', '.join(other)}")

    def _runs(self) -> int:
        with closing(Journal.open(self.fleet.home / "state" / "journal.db")) as journal:
            return len(journal.runs())

    def _witness(self, where: str, log: str) -> None:
        """What was sent is on record, and nothing was sent twice."""
        with closing(Journal.open(self.fleet.home / "state" / "journal.db")) as journal:
            known = {change.job for change in journal.changes(journal.runs(1)[0].id)}
        recorded = {(job.step, job.host) for job in known}
        for host in self.fleet.names:
            code, out, _ = self.fleet.lab.exec(host, f"type {log}")
            lines = Counter(out.decode().split() if code == 0 else [])
            for step, times in lines.items():
                if times > 1:
                    self.tally.wrong.append(f"{where}: {step}@{host} was sent {times} times")
                if (step, host) not in recorded:
                    self.tally.wrong.append(f"{where}: {step}@{host} is on no record")
