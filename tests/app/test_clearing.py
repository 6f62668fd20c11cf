"""The lease of a controller that died goes from a POSIX host, too, though nothing else is to be
done there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.app.clearing import as_whom
from runner.app.wiring.fleet import load_fleet
from runner.cli.main import invoke
from runner.engine.hosts.host_lease import HostLease
from runner.engine.hosts.link import Link
from runner.engine.variables.variables import Variables
from runner.journal import Journal
from runner.posix.lease import PosixLeases
from runner.shells.posix import Shell
from runner.transports.local.transport import Transport as Local
from tests.journal.support import a_run

PLAY = """
- hosts: a
  gather_facts: false
  tasks:
    - copy: {dest: "{{ folder }}/note", content: "hello\\n"}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hosts are this machine, as if it were one that more controllers may reach; its leases
    are in a folder of their own."""
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(Local, "shared", True)
    monkeypatch.setattr(Shell, "leases", lambda _self: PosixLeases(str(tmp_path / "leases")))
    inventory = "a\nb\n[all:vars]\nansible_connection=local\n"
    (tmp_path / "inventory.ini").write_text(inventory, encoding="utf-8")
    (tmp_path / "site.yml").write_text(PLAY, encoding="utf-8")
    return tmp_path


def entries(home: Path) -> list[str]:
    folder = home / "leases"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def play(home: Path) -> int:
    words = ["run", str(home / "site.yml"), "-i", str(home / "inventory.ini")]
    return invoke([*words, "-e", f"folder={home}"])


def open_records(home: Path, run: str) -> list[str]:
    with Journal.open(home / "state" / "journal.db") as journal:
        return [host for host in ("a", "b") if journal.hosts_left([run])(host)]


def die(home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run it on a controller that dies before it gives its host back; gives the run's id."""
    with monkeypatch.context() as dying:
        dying.setattr(HostLease, "release", lambda _self, _link: None)
        assert play(home) == 0
    with Journal.open(home / "state" / "journal.db") as journal:
        run = journal.runs(1)[0].id
        journal.reopen(run, os.getpid(), user="kim", why="a test")
        journal.finish(run, "crashed", 1)
    return run


def test_a_run_that_ends_leaves_neither_a_lease_nor_a_record(home: Path) -> None:
    assert play(home) == 0
    assert entries(home) == []
    with Journal.open(home / "state" / "journal.db") as journal:
        run = journal.runs(1)[0].id
    assert open_records(home, run) == []


@pytest.mark.parametrize("verb", ["resume", "rollback"])
def test_the_lease_of_a_dead_run_is_removed(
    home: Path, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = die(home, monkeypatch)
    assert [name.startswith(run) for name in entries(home)] == [True]
    assert open_records(home, run) == ["a"]
    assert invoke([verb, run]) == 0
    assert entries(home) == []
    assert open_records(home, run) == []
    assert (home / "note").exists() == (verb == "resume")
    assert invoke(["audit", "verify"]) == 0


def test_it_is_removed_when_all_is_back_already(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = die(home, monkeypatch)
    left = entries(home)
    assert invoke(["rollback", run, "--no-lease"]) == 0
    assert entries(home) == left
    assert open_records(home, run) == ["a"]
    assert invoke(["rollback", run]) == 0
    assert entries(home) == []
    assert open_records(home, run) == []


def test_it_is_on_record_before_it_is_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: HostLease, link: Link, *_more: object) -> None:
        assert entries(home) == []
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(HostLease, "_drive", fails)
        play(home)
    with Journal.open(home / "state" / "journal.db") as journal:
        run = journal.runs(1)[0].id
        assert [c.status for c in journal.changes(run)] == []
    assert open_records(home, run) == ["a"]


def test_it_is_removed_as_who_wrote_it(home: Path) -> None:
    held = 'r1.00000000 {"environment":{},"become":"sudo","user":"root","flags":"-H","exe":""}'
    with Journal.open(home / "state" / "journal.db") as journal:
        run = a_run("a")
        journal.begin(run)
        journal.opened(run.id, "A", "lease", held)
        journal.opened(run.id, "b", "ssh://b", "a shell")
        fleet = load_fleet(
            (home / "inventory.ini",), ("ansible_become_pass=Tr0ub4dor",), None, home
        )
        variables = Variables(
            fleet.inventory, fleet.extra, check_mode=False, playbook_dir=str(home)
        )
        of = as_whom(journal, fleet, variables, [run.id])
        found = of("a")
        assert (found.become, found.user, found.flags) == ("sudo", "root", "-H")
        assert found.password is not None
        assert found.password.reveal() == "Tr0ub4dor"
        assert not of("b")
        assert not as_whom(journal, fleet, variables, ["other"])("a")
