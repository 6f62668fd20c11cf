"""A random campaign: runs over twenty hosts, a TCP proxy with one trouble in front of each.

What the runner says of each job is held against what the simulated hosts know of themselves.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from runner.journal.journal import Journal
from tests.e2e.campaign_play import STEPS, VALUES, log, play, service, value, wanted
from tests.e2e.fleet import PASSWORD, USER, TestFleet, jobs_of
from tests.transports.tcp_proxy import Kind, Proxy, Trouble

HOSTS: Final = 20
JOB_LIMIT: Final = 45.0
"""Seconds that one job may take whatever happens: its probe, its change, another look at the host
after a loss, each within TASK_SECONDS or the time of a logon, and cleaning up."""
_SYSTEMS: Final = ("2008r2-sp1", "2012r2", "2016", "2019", "2022")
_SECURE: Final = {
    "ansible_winrm_scheme": "https",
    "ansible_winrm_server_cert_validation": "ignore",
}
"""One host in four is reached so."""


@dataclass
class Tally:
    """What a campaign came to."""

    runs: int = 0
    planned: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    hosts_hit: int = 0
    hosts_whole: int = 0
    """Hosts that were hit, and every job of which came out well all the same."""
    in_doubt_done: int = 0
    in_doubt_not: int = 0
    left_after_run: int = 0
    left_unnamed: int = 0
    """Of these on hosts that take no names."""
    left_by: list[str] = field(default_factory=list)
    longest_run: float = 0.0
    longest_job: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        passed = sum(self.happened.values())
        yield f"runs {self.runs}, troubles planned {self.planned}, came to pass {passed}"
        yield "  " + ", ".join(f"{kind} {n}" for kind, n in self.happened.most_common())
        yield "jobs: " + ", ".join(f"{status} {n}" for status, n in self.statuses.most_common())
        yield f"hosts hit {self.hosts_hit}, all well all the same {self.hosts_whole}"
        yield f"in doubt: {self.in_doubt_done} had been done, {self.in_doubt_not} not"
        yield f"shells left after a run: {self.left_after_run}, on 2008 R2: {self.left_unnamed}"
        yield from (f"  {text}" for text in self.left_by[:20])
        yield f"longest run {self.longest_run:.1f} s, longest job {self.longest_job:.1f} s"
        yield f"wrong: {len(self.wrong)}"
        yield from self.wrong[:20]


def _way(number: int) -> Mapping[str, str]:
    return _SECURE if number % 4 == 3 else {}


class Campaign:
    """A fleet behind proxies. A context manager."""

    def __init__(self, home: Path, seed: int) -> None:
        self._random = random.Random(seed)
        self.seed = seed
        self.tally = Tally()
        hosts = {
            f"web{n:02}": {"lab_os": _SYSTEMS[n % len(_SYSTEMS)], **_way(n)} for n in range(HOSTS)
        }
        self.fleet = TestFleet(home, hosts)
        self._cleanup = contextlib.ExitStack()
        self._proxies: dict[str, Proxy] = {}
        self._reach = (0, 0)
        self._were: dict[str, tuple[str, int]] = {}
        self._had: dict[str, int] = {}
        self._knew: dict[str, int] = {}

    def __enter__(self) -> Campaign:
        self._cleanup.enter_context(self.fleet)
        for host in self.fleet.lab.hosts():
            self._proxies[host.name] = self._cleanup.enter_context(Proxy(host.port))
        data = {
            name: {"ansible_port": proxy.port, **_way(int(name[3:]))}
            for name, proxy in self._proxies.items()
        }
        common = {
            "ansible_host": "127.0.0.1",
            "ansible_winrm_scheme": "http",
            "ansible_user": USER,
            "ansible_password": PASSWORD,
            "ansible_winrm_operation_timeout_sec": 2,
            "ansible_winrm_read_timeout_sec": 4,
            "runner_connect_rate": 0,
        }
        self.fleet.inventory = self.fleet.home / "proxied.yml"
        self.fleet.inventory.write_text(yaml.safe_dump({"all": {"hosts": data, "vars": common}}))
        self._measure()
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def round(self) -> None:
        """One run with a trouble for each host, and what became of it."""
        number = self.tally.runs + 1
        plans = {name: self._trouble() for name in self._proxies}
        for name, proxy in self._proxies.items():
            proxy.plan(*plans[name])
        before = {name: len(p.happened) for name, p in self._proxies.items()}
        self._were = {name: service(self.fleet.state(name)) for name in self._proxies}
        self._had = {name: self._shells(name) for name in self._proxies}
        self._knew = {name: len(self._commands(name)) for name in self._proxies}
        begun = time.monotonic()
        done = self.fleet.run(
            "run", str(self._playbook(number)), "-i", str(self.fleet.inventory), "--json", "-",
            timeout=240,
        )  # fmt: skip
        took = time.monotonic() - begun
        for proxy in self._proxies.values():
            proxy.plan()
        hit = {name: p.happened[before[name] :] for name, p in self._proxies.items()}
        self._judge(number, done.report() if done.out else {"jobs": []}, hit, took)
        if not done.out:
            self.tally.wrong.append(f"round {number}: no report: {done.err[-500:]}")
        self._after(number, hit)

    # -- what may go wrong ------------------------------------------------------------------

    def _measure(self) -> None:
        """How many bytes an undisturbed run passes: the troubles fall within them."""
        before = {name: proxy.passed for name, proxy in self._proxies.items()}
        done = self.fleet.run("run", str(self._playbook(0)), "-i", str(self.fleet.inventory))
        assert done.code == 0, done.out + done.err
        passed = [p.passed for p in self._proxies.values()]
        ups = [after[0] - b[0] for after, b in zip(passed, before.values(), strict=True)]
        downs = [after[1] - b[1] for after, b in zip(passed, before.values(), strict=True)]
        self._reach = (max(ups), max(downs))

    def _trouble(self) -> list[Trouble]:
        """One trouble, sometimes a second one soon after it."""
        found = [self._one()]
        if self._random.random() < 0.25:
            found.append(self._one(soon=True))
        self.tally.planned += len(found)
        return found

    def _one(self, *, soon: bool = False) -> Trouble:
        up = self._random.random() < 0.5
        byte = self._random.randrange(self._reach[0 if up else 1] // (10 if soon else 1))
        kind = self._random.choice(list(Kind))
        return Trouble(kind, up, byte, self._random.choice([0.3, 1.0, 3.0, 6.0]))

    def _playbook(self, number: int) -> Path:
        return self.fleet.write(play(number), f"round{number}.yml")

    # -- what is true -----------------------------------------------------------------------

    def _judge(
        self, number: int, report: Mapping[str, Any], hit: Mapping[str, list[Trouble]], took: float
    ) -> None:
        tally, jobs = self.tally, jobs_of(report)
        tally.runs += 1
        tally.longest_run = max(tally.longest_run, took)
        for name in self._proxies:
            for trouble in hit[name]:
                tally.happened[f"{trouble.kind} {'up' if trouble.up else 'down'}"] += 1
            mine = {step: jobs[step, name] for step in STEPS if (step, name) in jobs}
            if len(mine) != len(STEPS):
                tally.wrong.append(f"round {number} {name}: jobs are missing: {sorted(mine)}")
                continue
            statuses = [mine[step]["status"] for step in STEPS]
            tally.statuses.update(statuses)
            tally.hosts_hit += bool(hit[name])
            tally.hosts_whole += bool(hit[name]) and set(statuses) <= {"changed", "ok"}
            where = f"round {number} {name} ({', '.join(map(str, hit[name])) or 'not hit'})"
            tally.wrong += [f"{where}: {text}" for text in self._lies(number, name, mine)]

    def _lies(self, number: int, name: str, jobs: Mapping[str, Any]) -> Iterator[str]:
        """Where the report and the host do not agree."""
        state = self.fleet.state(name)
        known = self._commands(name)[self._knew[name] :]
        done = {
            "first": self._times(name, number, "first"),
            "second": self._times(name, number, "second"),
            "service": int(service(state) == wanted(number)),
            "registry": int(value(state, "round") == str(number)),
            **{step: int(value(state, step) == str(number)) for step in VALUES if step != "round"},
        }
        for step, times in done.items():
            status, job = jobs[step]["status"], jobs[step]
            self.tally.longest_job = max(self.tally.longest_job, job["seconds"])
            if job["seconds"] > JOB_LIMIT:
                yield f"{step} took {job['seconds']:.0f} s"
            if status not in ("changed", "ok", "in doubt", "unreachable", "failed", "blocked"):
                yield f"{step} is {status}"
            if status in ("changed", "ok") and times != 1:
                yield f"{step} is {status}, but it was done {times} times"
            already = step == "service" and self._were[name] == wanted(number)
            if status in ("unreachable", "failed", "blocked") and times and not already:
                yield f"{step} is {status}, but it was done: {job['message']}"
            if status == "in doubt":
                self.tally.in_doubt_done += times
                self.tally.in_doubt_not += not times
                if times > 1:
                    yield f"{step} was done {times} times"
            if status in ("unreachable", "failed", "in doubt") and not job["message"]:
                yield f"{step} is {status} and says nothing"
            for line in job.get("commands", ()):
                # Alone, or in a script with others.
                if (sent := sum(text.count(line) for text in known)) > 1:
                    yield f"{step}: sent {sent} times: {line}"

    def _times(self, name: str, number: int, word: str) -> int:
        _, out, _ = self.fleet.lab.exec(name, f"type {log(number)}")
        return out.split().count(word.encode())

    def _after(self, number: int, hit: Mapping[str, list[Trouble]]) -> None:
        """What is left on the hosts is on record, and the next run on them gives it back."""
        left = {name: max(0, self._shells(name) - self._had[name]) for name in self._proxies}
        if not any(left.values()):
            return
        self.tally.left_after_run += sum(left.values())
        self.tally.left_unnamed += sum(
            count for name, count in left.items() if "2008r2" in self._system(name)
        )
        self.tally.left_by += [
            f"{self._system(name)}: {', '.join(map(str, hit[name]))}" for name in left if left[name]
        ]
        with Journal.open(self.fleet.home / "state" / "journal.db") as journal:
            for name, count in left.items():
                scheme = _way(int(name[3:])).get("ansible_winrm_scheme", "http")
                place = f"{scheme}://127.0.0.1:{self._proxies[name].port} as {USER.casefold()}"
                recorded = len(journal.left(name, place))
                if recorded < count:
                    self.tally.wrong.append(
                        f"round {number} {name}: {count} shells are left, {recorded} on record"
                    )
        done = self.fleet.play("- hosts: all\n  gather_facts: false\n  tasks: [{win_ping: {}}]\n")
        if done.code:
            self.tally.wrong.append(f"round {number}: the run after it: {done.out[-500:]}")
        for name in self._proxies:
            if count := self._shells(name):
                self.tally.wrong.append(f"round {number} {name}: {count} shells for ever")

    def _system(self, name: str) -> str:
        return _SYSTEMS[int(name[3:]) % len(_SYSTEMS)]

    def _commands(self, name: str) -> list[str]:
        found: list[str] = self.fleet.lab.state(name)["volatile"]["commands"]
        return found

    def _shells(self, name: str) -> int:
        return self.fleet.lab.counters(name)["open_shells"]
