"""What hosts of different processes see of each other, and how a run ends that cannot go on."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.app.crew import going
from runner.app.run import run
from runner.app.wiring.options import RunOptions, View
from runner.engine.walk.walk import Walk
from runner.errors import JournalError, RunnerError
from runner.journal.journal import Journal
from runner.journal.rows import Announced

Play = Callable[..., int]


@pytest.fixture(name="play")
def _play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Runs tasks on the hosts a and b, each in a process of its own; gives the exit code."""
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(going, "can_fork", lambda: True)  # the tests' own threads hold nothing
    forked: list[int] = []
    real = os.fork

    def fork() -> int:
        pid = real()
        forked.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", fork)

    def play(*tasks: dict[str, Any], processes: int = 2, **fields: Any) -> int:
        whole = {"hosts": "all", "gather_facts": False, "tasks": list(tasks), **fields}
        (tmp_path / "play.yml").write_text(yaml.safe_dump([whole]))
        hosts: dict[str, Any] = {"a": {}, "b": {}}
        known = {"all": {"hosts": hosts, "vars": {"ansible_connection": "local"}}}
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump(known))
        return run(
            RunOptions(
                tmp_path / "play.yml",
                (tmp_path / "hosts.yml",),
                processes=processes,
                view=View(json_file=str(tmp_path / "report.json")),
            )
        )

    yield play
    for pid in forked:
        with pytest.raises(ChildProcessError):  # it has ended, and was waited for
            os.waitpid(pid, os.WNOHANG)


def until(condition: str) -> dict[str, Any]:
    """A task of the host a that waits for something."""
    return {
        "name": "wait", "command": {"argv": ["true"]}, "until": condition, "retries": 600,
        "delay": 0.05, "when": "inventory_hostname == 'a'",
    }  # fmt: skip


def test_a_template_file_sees_variables_of_a_host_of_another_process(
    play: Play, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.j2").write_text("{{ hostvars['b'].word | default('not yet') }}")
    set_fact = {"set_fact": {"word": "of {{ inventory_hostname }}"}}
    assert play(set_fact, until("lookup('template', 'other.j2') == 'of b'")) == 0
    assert "in one process" not in capfd.readouterr().out


def test_who_is_out_of_a_play_is_known_in_all_processes(play: Play) -> None:
    fails = {"fail": {"msg": "x"}, "when": "inventory_hostname == 'b'"}
    assert play(fails, until("'b' not in ansible_play_hosts")) == 2


def test_a_password_is_made_once_by_all_processes(play: Play, tmp_path: Path) -> None:
    asked = {"set_fact": {"word": "{{ lookup('password', 'made') }}"}}
    kept = {"shell": "echo '{{ word | hash }}' > " + str(tmp_path / "{{ inventory_hostname }}.sum")}
    assert play(asked, kept) == 0
    assert (tmp_path / "a.sum").read_text() == (tmp_path / "b.sum").read_text()


def test_a_secret_that_one_process_learns_is_masked_by_all(
    play: Play, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "made").write_text("no-Secret-7\n")
    of_b = "inventory_hostname == 'b'"
    read = {"set_fact": {"word": "{{ lookup('password', 'made') }}"}, "when": of_b}
    go = {"shell": f"touch {tmp_path}/go", "when": of_b}
    shown = {"debug": {"msg": "it is {{ lookup('file', 'made') }}"}}
    assert play(read, go, until(f"lookup('fileglob', '{tmp_path}/go') != ''"), shown) == 0
    out = capfd.readouterr().out
    assert out.count("it is ********") >= 2
    assert "no-Secret-7" not in out + (tmp_path / "report.json").read_text()


def test_without_a_journal_nothing_is_sent_and_no_process_stays(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Journal, run: str, intents: Sequence[Announced]) -> Future[list[int]]:
        refused: Future[list[int]] = Future()
        refused.set_exception(JournalError("the disk is full"))
        return refused

    monkeypatch.setattr(Journal, "announce", refuse)
    with pytest.raises(JournalError, match="the disk is full"):
        play({"shell": f"touch {tmp_path}/sent-{{{{ inventory_hostname }}}}"})
    assert not list(tmp_path.glob("sent-*"))


def test_a_mistake_in_one_process_is_told_by_its_words(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(_: object) -> None:
        raise KeyError("never there")

    monkeypatch.setattr(Walk, "run", mistaken)
    with pytest.raises(RunnerError, match=r"internal error: KeyError\('never there'\)"):
        play({"ping": None})


def test_where_the_system_forks_no_more_the_run_goes_in_one_process(
    play: Play, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    once = iter([os.fork])

    def refuse() -> int:
        for fork in once:
            return fork()
        raise BlockingIOError(errno.EAGAIN, "no more")

    monkeypatch.setattr(os, "fork", refuse)
    deaf = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert play({"ping": None}) == 0
    assert "the system has no room for another one (no more)" in capfd.readouterr().out
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == deaf


def test_what_a_process_starts_hears_signals_and_chance_differs(play: Play, tmp_path: Path) -> None:
    chance = "echo {{ 1000000000000000 | int | random }}"
    seen = f"(grep -E 'Sig(Ign|Blk)' /proc/self/status; {chance}) > {tmp_path}"
    assert play({"shell": seen + "/{{ inventory_hostname }}.several"}) == 0
    assert play({"shell": seen + "/{{ inventory_hostname }}.one"}, processes=1) == 0
    found = [(tmp_path / name).read_text().splitlines() for name in
             ("a.one", "b.one", "a.several", "b.several")]  # fmt: skip
    assert len({tuple(lines[:2]) for lines in found}) == 1, found
    assert len({lines[2] for lines in found}) == 4, found


def test_a_run_that_cannot_begin_leaves_no_process(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise JournalError("locked")

    monkeypatch.setattr(Journal, "begin", refuse)
    with pytest.raises(JournalError, match="locked"):
        play({"ping": None})
    assert not [one for one in threading.enumerate() if one.name == "event-bus"]


def test_one_process_says_why(play: Play, capfd: pytest.CaptureFixture[str]) -> None:
    assert play({"debug": {"msg": "x"}}, serial=1) == 0
    said = "--processes 2: this goes in one process, because its hosts wait for each other"
    assert said in capfd.readouterr().out
