"""Kills the controller at random moments while the network makes trouble; goes on, takes all back.

The simulated hosts are the witness: what was sent to them twice, what they were sent that no record
tells of, how they are at the end. Whatever follows a death may die, too, and meet trouble.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from runner.journal.records import ChangeRecord
from tests.e2e.crash_book import Book
from tests.e2e.crash_play import ONCE, READY, Scene, fleet_of, scene
from tests.e2e.crash_tally import Tally, differences
from tests.e2e.fleet import PASSWORD, USER, Done
from tests.e2e.forking import Forker
from tests.transports.tcp_proxy import Kind, Proxy, Trouble

_QUICK: Final = (Kind.CUT, Kind.RESET, Kind.DELAY)
"""Troubles that show at once; the other ones take the time of a timeout."""
_COMMITS: Final = 24
"""About as often a small run commits to its journal."""
_QUIET: Final = 4.0
"""Seconds after which a command that neither ends nor is followed by another waits for input."""


class Crashes:
    """A fleet behind troubled proxies, whose controller keeps dying. A context manager.

    ``tasks`` is about how many tasks a playbook has; ``slow`` admits troubles that nobody is told
    of, which cost a timeout each.
    """

    def __init__(self, home: Path, seed: int, hosts: int, *, tasks: int, slow: bool) -> None:
        self._random = random.Random(seed)
        self._tasks = tasks
        self._kinds: tuple[Kind, ...] = tuple(Kind) if slow else _QUICK
        self.fleet = fleet_of(home, hosts)
        self.tally = Tally()
        self._stack = contextlib.ExitStack()
        self._proxies: dict[str, Proxy] = {}
        self._number = 0
        self._reach = (1, 1)
        self._whole = 1.0
        self._book = Book(home / "state" / "journal.db")
        self._of = ""
        """The run of this point."""
        self._records: dict[int, tuple[str, Any]] = {}
        """What its changes were on record as."""

    def __enter__(self) -> Crashes:
        try:
            self._stack.enter_context(self.fleet)
            for host in self.fleet.lab.hosts():
                self._proxies[host.name] = self._stack.enter_context(Proxy(host.port))
                for line in READY:
                    self.fleet.lab.exec(host.name, line)
            self._write_inventory()
            self._runner = Forker(self.fleet.home, self.fleet.environment)
            self._stack.enter_context(self._runner)
            self._measure()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _write_inventory(self) -> None:
        data = {name: {"ansible_port": proxy.port} for name, proxy in self._proxies.items()}
        common: dict[str, Any] = {
            "ansible_host": "127.0.0.1",
            "ansible_winrm_scheme": "http",
            "ansible_user": USER,
            "ansible_password": PASSWORD,
            "runner_connect_rate": 0,
        }
        if self._kinds is not _QUICK:  # else there is nothing to time out, however slow the machine
            common |= {"ansible_winrm_operation_timeout_sec": 2}
            common |= {"ansible_winrm_read_timeout_sec": 4}
        self.fleet.inventory = self.fleet.home / "proxied.yml"
        self.fleet.inventory.write_text(yaml.safe_dump({"all": {"hosts": data, "vars": common}}))

    def _measure(self) -> None:
        """How long a whole run takes, and how many bytes pass: deaths and troubles fall within."""
        for _ in range(2):  # the first one is slow, because nothing is imported yet
            play = self._scene()
            before = {name: proxy.passed for name, proxy in self._proxies.items()}
            begun = time.monotonic()
            done = self._runner.run(*self._run_words(play))
            assert done.code == 0, done.out + done.err
            self._whole = time.monotonic() - begun
            passed = [(self._proxies[name].passed, before[name]) for name in play.hosts]
            ups, downs = ([after[way] - b[way] for after, b in passed] for way in (0, 1))
            self._reach = (max(ups), max(downs))
            done = self._runner.run("rollback", "last")
            assert done.code == 0, done.out + done.err

    # -- one point --------------------------------------------------------------------------

    def point(self) -> None:
        """One death, and all that follows."""
        play = self._scene()
        first = self.fleet.states()
        for name in self.fleet.names:
            self.fleet.lab.exec(name, play.mark)
        runs = self._book.runs()
        self.tally.points += 1
        how = self._attempt(play, *self._words(play), deadly=1.0, troubled=0.6)
        where = f"point {self._number} ({', '.join(play.tasks)} on {', '.join(play.hosts)}; {how}"
        begun = [run for run in self._book.runs() if run not in runs]
        self._records = {}
        if not begun:
            self.tally.before_any_record += 1
            if self.fleet.states() != first:
                self._wrong(f"{where}: a host was changed without any record")
            return
        self._of = begun[0]
        self._witness(where, play)
        if self._chance(0.3):
            where += "; " + self._attempt(play, "resume", self._of, deadly=0.5, troubled=0.5)
            self._witness(where, play)
        if self._chance(0.75):
            self._go_on(where, play)
        if self._chance(0.3):
            where += "; " + self._attempt(play, "rollback", self._of, deadly=0.6, troubled=0.5)
            if self._chance(0.5):
                where += self._resume_rollbacks(where)
        self._take_back(where, play, first)

    def _scene(self) -> Scene:
        self._number += 1
        return scene(self._number, self._random, self.fleet.names, self._tasks)

    def _run_words(self, play: Scene) -> list[str]:
        path = self.fleet.write(play.text, f"crash-{play.number}.yml")
        return ["run", str(path), "-i", str(self.fleet.inventory)]

    def _words(self, play: Scene) -> list[str]:
        """A run, now and then as a plan that is applied."""
        words = self._run_words(play)
        if self._chance(0.8):
            return words
        plan = self.fleet.home / f"crash-{play.number}.plan"
        made = self._runner.run("plan", *words[1:], "-o", str(plan))
        assert made.code == 0, made.out + made.err
        return ["apply", str(plan)]

    def _attempt(self, play: Scene, *words: str, deadly: float, troubled: float) -> str:
        """Try it, with deaths and troubles; says which."""
        plans = {name: [self._trouble()] for name in play.hosts if self._random.random() < troubled}
        before = {name: len(proxy.happened) for name, proxy in self._proxies.items()}
        for name, troubles in plans.items():
            self._proxies[name].plan(*troubles)
        how = self._random.choice(("time", "byte", "journal")) if self._chance(deadly) else ""
        done, said = self._die(play, list(words), how)
        self._settle_network()
        if how and done.code == -9:
            self.tally.deaths[f"{words[0]} by {how}"] += 1
        elif how:
            self.tally.outlived += 1
        elif done.code not in (0, 2, 4):
            self._wrong(f"point {self._number}: {words[0]}: {done.code}: {done.out} {done.err}")
        met = [t for name, p in self._proxies.items() for t in p.happened[before[name] :]]
        self.tally.troubles.update(str(trouble.kind) for trouble in met)
        return ", ".join([f"{words[0]} {said}: {done.code}", *map(str, met)])

    def _die(self, play: Scene, words: list[str], how: str) -> tuple[Done, str]:
        """Run it and kill it: after some time, at a byte on its way, at a commit."""
        said = ""
        if how == "journal":
            moment = self._random.choice(("before", "after"))
            said = f"{moment} {self._random.randint(1, _COMMITS)}"
        command = self._runner.start(*words, die=said)
        seconds = None
        if how == "byte":
            up = self._chance(0.5)
            host = self._random.choice(play.hosts)
            byte = self._random.randrange(self._reach[0 if up else 1])
            self._proxies[host].alarm(up, byte, command.kill)
            said = f"at byte {byte} {'to' if up else 'from'} {host}"
        elif how == "time":
            seconds = self._random.uniform(0.05, 1.0) * self._whole
            said = f"after {seconds:.2f} s"
        done = command.wait(seconds)
        if done is None:
            command.kill()
            done = command.wait()
        assert done is not None
        return done, said

    def _settle_network(self) -> None:
        """What a dead controller had sent has arrived by now, or never will. (A packet that comes
        hours late is beyond what a test of this can ask.) What still runs then waits for input."""
        for proxy in self._proxies.values():
            proxy.plan()
            proxy.drop()
        last, quiet = -1, time.monotonic()
        while time.monotonic() < quiet + _QUIET:
            counters = [self.fleet.lab.counters(name) for name in self.fleet.names]
            if not any(count["running_commands"] for count in counters):
                return
            if (now := sum(count["commands"] + count["sends"] for count in counters)) != last:
                last, quiet = now, time.monotonic()
            time.sleep(0.02)

    def _trouble(self) -> Trouble:
        up = self._chance(0.5)
        byte = self._random.randrange(self._reach[0 if up else 1])
        seconds = self._random.choice((0.05, 0.2, 0.4))
        return Trouble(self._random.choice(self._kinds), up, byte, seconds)

    # -- what must follow -------------------------------------------------------------------

    def _go_on(self, where: str, play: Scene) -> None:
        """Resume until nothing is left to do, without any trouble."""
        done = self._runner.run("resume", self._of)
        self.tally.resumed[done.code] += 1
        self._witness(where, play)
        doubtful = self._book.doubtful(self._of)
        if done.code != (2 if doubtful else 0):
            self._wrong(f"{where}: resume {done.code}: {done.out[-2000:]}{done.err[-2000:]}")
        if not doubtful:
            return
        self.tally.in_doubt += len(doubtful)
        again = not any(self._lines(play, record.job.host, record.job.step) for record in doubtful)
        how = "--retry-in-doubt" if again else "--mark-done"
        done = self._runner.run("resume", self._of, how)
        if done.code != 0:
            self._wrong(f"{where}: {how} {done.code}: {done.out[-2000:]}{done.err[-2000:]}")
        self._witness(where, play)

    def _resume_rollbacks(self, where: str) -> str:
        """Go on with the way back itself, where that was begun and not ended."""
        cut = self._book.cut_rollbacks(self._of)
        for run in cut:
            done = self._runner.run("resume", run)
            if done.code != (2 if self._book.undo_doubtful(self._of) else 0):
                self._wrong(f"{where}: resume {run} {done.code}: {done.out[-2000:]}{done.err}")
        return f"; resumed {len(cut)}" if cut else ""

    def _take_back(self, where: str, play: Scene, first: Mapping[str, Any]) -> None:
        """Roll back without any trouble: then all is as it was, but for what cannot be."""
        done = self._runner.run("rollback", self._of)
        for name in self.fleet.names:
            twice = {step for step in ONCE if self._lines(play, name, f"back-{step}") > 1}
            if twice:
                self._wrong(f"{where}: the undo of {twice} on {name} ran twice")
        if doubtful := self._book.undo_doubtful(self._of):
            self.tally.undo_in_doubt += len(doubtful)
            if done.code != 2:
                self._wrong(f"{where}: rollback in doubt {done.code}: {done.out[-2000:]}")
            done = self._runner.run("rollback", self._of, "--retry-in-doubt")
        if done.code != 0:
            self._wrong(f"{where}: rollback {done.code}: {done.out[-2000:]}{done.err[-2000:]}")
        for name in self.fleet.names:
            for beside in ("forever", "undone"):
                self.fleet.lab.exec(name, f"if exist {play.log}.{beside} del {play.log}.{beside}")
            if (found := self.fleet.state(name)) != first[name]:
                odd = "; ".join(differences(first[name], found))
                self._wrong(f"{where}: {name} is not as at first: {odd}")
        if odd := self._book.odd():
            self._wrong(f"{where}: the journal: {odd}")

    def _witness(self, where: str, play: Scene) -> None:
        """What was sent is on record, nothing was sent twice, and no record was lost."""
        records = self._book.changes(self._of)
        known = {(record.job.step, record.where) for record in records}
        for name in self.fleet.names:
            lines = self.fleet.lab.state(name)["volatile"]["commands"]
            sent = play.steps_sent(lines)
            for step in set(sent):
                if (step, name) not in known:
                    self._wrong(f"{where}: {step}@{name} was sent and is on no record")
                if step in ONCE and sent.count(step) > 1:
                    self._wrong(f"{where}: {step}@{name} was sent {sent.count(step)} times")
        self._nothing_lost(where, records)

    def _nothing_lost(self, where: str, records: list[ChangeRecord]) -> None:
        """A record that was there stays there, with the state that was found first."""
        now = {record.id: (str(record.job), record.before) for record in records}
        lost = [number for number in self._records if now.get(number) != self._records[number]]
        if lost:
            self._wrong(f"{where}: records were lost or altered: {lost}")
        self._records = now

    # -- asking -----------------------------------------------------------------------------

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _wrong(self, text: str) -> None:
        self.tally.wrong.append(text)

    def _lines(self, play: Scene, host: str, step: str) -> int:
        """How often the host says that a command ran, or (``back-``) what takes it back."""
        beside = {"forever": ".forever", "back-first": ".undone", "back-second": ".undone"}
        log = play.log + beside.get(step, "")
        code, out, _ = self.fleet.lab.exec(host, f"type {log}")
        return out.decode().split().count(step) if code == 0 else 0
