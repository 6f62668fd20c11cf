"""Secrets that a rollback needs: encrypted in the journal, opened only with the key."""

from __future__ import annotations

import stat
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from runner.app.wiring.ledger import RunLedger, UndoLedger
from runner.app.wiring.seals import KEY_FILE, Seals
from runner.engine.tasks.work import Work
from runner.engine.undoing.undo import params_of
from runner.engine.variables.keywords import Keywords
from runner.errors import JournalError, Refused
from runner.interfaces.exchange import Output, Read, Reply, Request, Script, Write
from runner.interfaces.params import parse
from runner.journal import Journal, RunRecord
from runner.loading.text.vault import VaultKeys, VaultPassword
from runner.model.job import JobId, Status
from runner.model.playbook import Play
from runner.model.secret import Redactor, Secret
from runner.model.source import Source
from runner.model.state import Change
from runner.model.task import Task
from runner.modules import load
from tests.journal.support import a_run
from tests.modules.facts import facts as windows_facts
from tests.modules.test_win_user import ANSWERS

OLD, NEW = "Alt-und-g3heim!", "Neu-und-g3heim!"


def vault(text: str, label: str = "prod") -> VaultKeys:
    return VaultKeys([VaultPassword(label, Secret(text), "a test")])


def seals(home: Path, keys: VaultKeys | None = None, told: list[str] | None = None) -> Seals:
    return Seals(keys or VaultKeys(), home, (lambda _: None) if told is None else told.append)


class TestSealing:
    def test_with_the_vault_password_there_is_no_key_file(self, tmp_path: Path) -> None:
        told: list[str] = []
        sealed = seals(tmp_path, vault("correct horse"), told).seal({"password": OLD})
        assert sealed.startswith("$ANSIBLE_VAULT;1.2;AES256;prod")
        assert list(tmp_path.iterdir()) == []
        opened = seals(tmp_path, vault("correct horse"), told).open(sealed)
        assert (opened, told) == ({"password": OLD}, [OLD, OLD])
        with pytest.raises(Refused, match="none of the given vault passwords opens it"):
            seals(tmp_path, vault("wrong")).open(sealed)

    def test_without_one_this_controller_has_a_key_of_its_own(self, tmp_path: Path) -> None:
        sealed = seals(tmp_path).seal({"password": OLD})
        file = tmp_path / KEY_FILE
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [each.name for each in tmp_path.iterdir()] == [KEY_FILE]
        key = file.read_text()
        assert seals(tmp_path, vault("added later")).open(sealed) == {"password": OLD}
        assert file.read_text() == key
        file.unlink()
        with pytest.raises(Refused) as caught:
            seals(tmp_path).open(sealed)
        assert f"the key {file} is gone" in caught.value.hint

    def test_a_key_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        sealed = seals(tmp_path).seal({"password": OLD})
        (tmp_path / KEY_FILE).chmod(0o644)
        with pytest.raises(JournalError, match="can be read by others"):
            seals(tmp_path).open(sealed)

    def test_those_who_make_the_key_at_once_have_the_same(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            sealed = list(pool.map(lambda n: seals(tmp_path).seal({"n": str(n)}), range(8)))
        assert [seals(tmp_path).open(one)["n"] for one in sealed] == [str(n) for n in range(8)]


class Host:
    """A host with one user, whose password it knows."""

    def __init__(self, password: str) -> None:
        self.password = password

    def drive(self, steps: Generator[Request, Reply, Any]) -> Any:
        reply: Any = None
        while True:
            try:
                request = steps.send(reply)
            except StopIteration as end:
                return end.value
            if isinstance(request, Write):
                reply = (self._answer(request.command),)
            else:
                assert isinstance(request, Read)
                reply = tuple(map(self._answer, request.commands))

    def _answer(self, command: Any) -> Output:
        if isinstance(command, Script):
            if command.text.startswith("$s="):
                return Output(0, f"code={0 if command.stdin == self.password else 1326}\r\n")
            self.password = str(command.stdin)
            return Output(0)
        line = " ".join(command.argv)
        return next((out for start, out in ANSWERS.items() if line.startswith(start)), Output(1))


MODULE = load("win_user")
FACTS = windows_facts("2016")


def work_of(**raw: Any) -> Work:
    task = Task(name="a new password", module="win_user", args=raw, source=Source("p.yml", 1, 1))
    params = parse(MODULE, raw, {}, Source("p.yml", 1, 1))
    return Work(
        JobId("set", "web01"), task, cast(Play, None), MODULE, params, FACTS, cast(Any, None), {},
        keywords=Keywords(),
    )  # fmt: skip


def changed(host: Host, work: Work, journal: Journal, keys: VaultKeys) -> RunRecord:
    """What a run does and records."""
    run = a_run("web01")
    journal.begin(run)
    home = journal.path.parent
    ledger = RunLedger(journal, run.id, Redactor([OLD, NEW]), seals(home, keys))
    before = host.drive(MODULE.probe(work.params, FACTS))
    change = Change(work.subject, before, MODULE.plan(work.params, before, FACTS))
    intent = ledger.intend(work, change, MODULE.irreversible(work.params, change, FACTS))
    host.drive(MODULE.apply(work.params, change, FACTS))
    found = host.drive(MODULE.probe(work.params, FACTS))
    assert not Change("", change.after, found).differences()
    ledger.settle(intent, Status.CHANGED, found, {})
    journal.finish(run.id, "finished", 0)
    return run


@pytest.mark.parametrize("keys", [VaultKeys(), vault("correct horse")], ids=["key", "vault"])
def test_an_old_password_that_the_task_says_comes_back(tmp_path: Path, keys: VaultKeys) -> None:
    from runner.interfaces.codec import from_json

    host = Host(OLD)
    work = work_of(name="bob", password=NEW, old_password=OLD)
    path = tmp_path / "state" / "journal.db"
    with Journal.open(path) as journal:
        run = changed(host, work, journal, keys)
        (record,) = journal.changes(run.id)
        assert host.password == NEW
        assert record.irreversible == ""
        opening = seals(path.parent, keys)
        params = params_of(record, MODULE, opening.open)
        states = (from_json(MODULE.state, each) for each in (record.before, record.found))
        change = Change(record.subject, *states)
        assert not Change("", change.after, host.drive(MODULE.probe(params, FACTS))).differences()
        # The way back is itself on record, with what it needs to be taken back.
        again = a_run("web01", of=run.id, verb="rollback")
        journal.begin(again)
        UndoLedger(journal, again.id).intend(record, change.after, change.before)
        host.drive(MODULE.undo(params, change, FACTS))
        assert host.password == OLD
        assert not Change("", change.before, host.drive(MODULE.probe(params, FACTS))).differences()
        (back,) = journal.changes(again.id)
        assert params_of(back, MODULE, opening.open).secrets_for_undo() == {
            "password": NEW, "old_password": OLD,
        }  # fmt: skip
    for file in path.parent.iterdir():
        assert OLD.encode() not in file.read_bytes()
        assert NEW.encode() not in file.read_bytes()


def test_one_that_somebody_changed_since_is_seen(tmp_path: Path) -> None:
    host, keys = Host(OLD), vault("correct horse")
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        run = changed(host, work_of(name="bob", password=NEW, old_password=OLD), journal, keys)
        (record,) = journal.changes(run.id)
        host.password = "a third one"
        params = params_of(record, MODULE, seals(journal.path.parent, keys).open)
        assert host.drive(MODULE.probe(params, FACTS)).password == "another one"


def test_without_the_old_one_the_change_is_irreversible(tmp_path: Path) -> None:
    host = Host(OLD)
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        run = changed(host, work_of(name="bob", password=NEW), journal, VaultKeys())
        (record,) = journal.changes(run.id)
    assert "see old_password" in record.irreversible
    assert record.facts is None
    assert not (tmp_path / "state" / KEY_FILE).exists()


def test_an_old_password_that_is_not_the_present_one_is_refused_beforehand() -> None:
    host, work = Host("a third one"), work_of(name="bob", password=NEW, old_password=OLD)
    before = host.drive(MODULE.probe(work.params, FACTS))
    with pytest.raises(Refused, match="is not the password that user bob has now"):
        MODULE.plan(work.params, before, FACTS)
