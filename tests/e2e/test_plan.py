"""A plan is applied exactly: what drifted since is refused, field by field."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.app.plan_file import read_plan, write_plan
from tests.e2e.fleet import TestFleet, run_command

pytestmark = [pytest.mark.xdist_group("plan"), pytest.mark.timeout(300)]

HOSTS = int(os.environ.get("PLAN_HOSTS", "30"))
"""``make plan-test`` does it with 230."""
BY_HAND = ("h007", "h012", f"h{HOSTS - 1:03}")
FIX = """
- hosts: windows
  gather_facts: false
  vars: {key: 'HKLM:\\SOFTWARE\\Acme'}
  tasks:
    - name: stop the spooler
      win_service: {name: Spooler, state: stopped, start_mode: disabled}
    - name: mark it
      win_regedit: {path: "{{ key }}", name: "{{ item }}", data: "{{ value | default(1) }}"}
      loop: [one, two]
"""
HAND = """
- hosts: windows
  gather_facts: false
  tasks:
    - win_service: {name: Spooler, start_mode: manual}
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    hosts = {f"h{n:03}": {"lab_os": "2012r2"} for n in range(HOSTS)}
    with TestFleet(tmp_path_factory.mktemp("plan"), hosts) as fleet:
        yield fleet


@pytest.fixture
def fix(fleet: TestFleet) -> Path:
    path = fleet.home / "fix.yml"
    path.write_text(FIX, encoding="utf-8")
    return path


def test_three_hosts_drifted(fleet: TestFleet, fix: Path, tmp_path: Path) -> None:
    plan, first = tmp_path / "fix.plan", fleet.states()
    made = fleet.run("plan", str(fix), "-i", str(fleet.inventory), "-o", str(plan))
    assert made.code == 0, made.err
    assert fleet.states() == first
    shown = fleet.run("show", str(plan))
    assert "start_mode  auto -> disabled" in shown.out
    assert fleet.play(HAND, "-l", ",".join(BY_HAND)).code == 0
    drifted = fleet.states()

    refused = fleet.run("apply", str(plan))
    assert refused.code == 3
    assert f"{HOSTS - 3} of {HOSTS} hosts are as the plan found them" in refused.out
    named = [line for line in refused.out.splitlines() if "DRIFTED" in line]
    assert [line.split()[1].rstrip(":") for line in named] == list(BY_HAND)
    assert all("start_mode: planned on 'auto', found 'manual'" in line for line in named)
    assert fleet.states() == drifted, "nothing is done on any host"

    applied = fleet.run("apply", str(plan), "--skip-drifted")
    assert applied.code == 3
    assert (
        f"Prediction: {2 * (HOSTS - 3)} of {2 * (HOSTS - 3)} jobs came as foreseen" in applied.out
    )
    states = fleet.states()
    assert {name for name in fleet.names if states[name] == drifted[name]} == set(BY_HAND)

    again = fleet.run("apply", str(plan), "--skip-drifted", "--check")
    assert again.code == 3
    assert f"{HOSTS - 3} of {HOSTS}" in again.out
    back = fleet.run("rollback", "last")
    assert back.code == 0, back.out
    assert fleet.states() == drifted


def test_what_a_plan_is_held_against(fleet: TestFleet, fix: Path, tmp_path: Path) -> None:
    plan = tmp_path / "one.plan"
    words = ["plan", str(fix), "-i", str(fleet.inventory), "-l", "h001", "-o", str(plan)]
    assert fleet.run(*words, "-e", "value=7", "--valid-for", "1h").code == 0
    assert "not part of the plan" in fleet.run("apply", str(plan), "-e", "other=1").err
    assert "another value" in fleet.run("apply", str(plan), "-e", "value=8").err
    assert fleet.run("apply", str(plan), "--require-approvals", "1").code == 5

    fix.write_text(FIX.replace("disabled", "manual"), encoding="utf-8")
    changed = fleet.run("apply", str(plan))
    assert changed.code == 5
    assert "the playbook is not what" in changed.err
    fix.write_text(FIX, encoding="utf-8")

    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace('"data": "7"', '"data": "6"'), encoding="utf-8")
    tampered = fleet.run("apply", str(plan))
    assert tampered.code == 5
    assert "was altered after it was written: the plan of h001" in tampered.err
    plan.write_text(text, encoding="utf-8")

    assert fleet.run("apply", str(plan)).code == 0
    assert "Prediction: 2 of 2 jobs came as foreseen" in fleet.run("show", "last").out
    assert fleet.run("rollback", "last").code == 0


def test_a_plan_expires_and_holds_no_secret(fleet: TestFleet, fix: Path, tmp_path: Path) -> None:
    plan = tmp_path / "short.plan"
    words = ["plan", str(fix), "-i", str(fleet.inventory), "-l", "h002", "-o", str(plan)]
    assert fleet.run(*words, "--valid-for", "0.1s").code == 0
    time.sleep(0.2)
    late = fleet.run("apply", str(plan))
    assert late.code == 5
    assert "was valid until" in late.err

    secret = "Open-Sesame-99"
    again = ["-e", f"ansible_become_password={secret}"]
    assert fleet.run(*words, *again).code == 0
    assert secret not in plan.read_text(encoding="utf-8")
    without = fleet.run("apply", str(plan), "--check")
    assert without.code == 5
    assert "secrets that it does not hold: ansible_become_password" in without.err
    assert fleet.run("apply", str(plan), "--check", *again).code == 0


SECRETS = """
- hosts: windows
  gather_facts: false
  tasks:
    - win_regedit: {path: 'HKLM:\\SOFTWARE\\Acme', name: tok, data: "{{ pw }}"}
    - win_shell: "echo {{ db.password }} {{ plain }} {{ pw | b64encode }}"
      args: {executable: cmd}
    - debug: {msg: "{{ pw }} is {{ pw | length }} long"}
"""


def test_what_is_a_password_by_its_name_stands_nowhere(fleet: TestFleet, tmp_path: Path) -> None:
    hidden = ("Open-Sesame-99", "Nested-77x", "T3Blbi1TZXNhbWUtOTk")
    given = ["-e", f"pw={hidden[0]}", "-e", f'{{"db": {{"password": "{hidden[1]}"}}}}']
    plan, play = tmp_path / "named.plan", fleet.write(SECRETS, "named.yml")
    words = ["plan", str(play), "-i", str(fleet.inventory), "-l", "h003", "-o", str(plan)]
    made = fleet.run(*words, *given, "-e", "plain=visible")
    assert made.code == 0, made.err
    text = plan.read_text(encoding="utf-8")
    assert '"plain": "visible"' in text
    without = fleet.run("apply", str(plan))
    assert without.code == 5
    assert "secrets that it does not hold: db, pw" in without.err
    done = fleet.run("apply", str(plan), *given)
    assert done.code == 0, done.err
    assert hidden[0] in str(fleet.state("h003")), "the host gets the value itself"
    assert "is 14 long" in done.out
    shown = fleet.run("show", "last").out
    journal = b"".join(p.read_bytes() for p in (fleet.home / "state").glob("journal.db*"))
    for secret in hidden:
        assert secret not in text + made.out + without.err + done.out + shown
        assert secret.encode() not in journal


def test_a_clock_that_was_put_back_makes_no_plan_good_again(
    fleet: TestFleet, fix: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "clock.plan"
    words = ["plan", str(fix), "-i", str(fleet.inventory), "-l", "h004", "-o", str(plan)]
    assert fleet.run(*words, "--valid-for", "1h").code == 0
    found, _ = read_plan(plan)
    assert found.expires is not None
    for ahead, code in ((60.0, 0), (86400.0, 5)):  # as if the clock had been put back since
        write_plan(
            plan, replace(found, created=found.created + ahead, expires=found.expires + ahead)
        )
        done = fleet.run("apply", str(plan), "--check")
        assert done.code == code, done.err
    assert "whether it is still valid cannot be told" in done.err


def test_a_journal_that_cannot_take_it_shows_before_a_host_is_looked_at(
    fleet: TestFleet, fix: Path, tmp_path: Path
) -> None:
    plan, home = tmp_path / "fix.plan", tmp_path / "home"
    words = ["-i", str(fleet.inventory), "-l", "h005"]
    assert fleet.run("plan", str(fix), *words, "-o", str(plan)).code == 0
    environment = {**fleet.environment, "RUNNER_HOME": str(home)}
    assert run_command(environment, "run", str(fix), *words).code == 0
    assert run_command(environment, "rollback", "last").code == 0
    journal = home / "journal.db"
    content = journal.read_bytes()
    newer = content[:60] + (99).to_bytes(4, "big") + content[64:]  # sqlite.org/fileformat.html
    damaged = content[:-4096] + b"\xff" * 4096  # the last page, where the next records would go
    before = fleet.lab.counters("h005")
    for wrong, said in ((newer, "written by a newer runner"), (damaged, "it is damaged")):
        journal.write_bytes(wrong)
        refused = run_command(environment, "apply", str(plan))
        assert refused.code == 1
        assert said in refused.err
    assert fleet.lab.counters("h005") == before, "nobody was contacted"
    journal.write_bytes(content)
    assert len(run_command(environment, "runs").out.splitlines()) == 3, "nothing is lost"
    assert run_command(environment, "audit", "verify").code == 0


CLIENT = """
- hosts: windows
  gather_facts: false
  tasks:
    - win_service: {name: lanmanworkstation, dependencies: [bowser, mrxsmb20, nsi]}
    - win_service: {name: mrxsmb10, start_mode: disabled}
"""
"""The second one finds nothing that rests on it any more, when the first one is done."""


def test_what_rests_on_a_service_is_not_what_a_plan_rests_on(tmp_path: Path) -> None:
    hosts = {name: {"lab_os": "2008r2-sp1"} for name in ("a", "b")}
    with TestFleet(tmp_path, hosts) as fleet:
        first, plan = fleet.states(), tmp_path / "client.plan"
        play = fleet.write(CLIENT)
        made = fleet.run("plan", str(play), "-i", str(fleet.inventory), "-o", str(plan))
        assert made.code == 0, made.err
        assert fleet.play(CLIENT, "-l", "a").code == 0
        done = fleet.run("apply", str(plan), "--skip-drifted")
        assert done.code == 0, done.out + done.err
        services = {name: state["services"] for name, state in fleet.states().items()}
        assert services["a"] == services["b"] != first["b"]["services"]


STOP = """
- hosts: windows
  gather_facts: false
  tasks:
    - win_service: {name: lanmanserver, state: stopped, force_dependent_services: true}
"""


def test_what_would_be_stopped_along_and_was_not_planned_is_refused(tmp_path: Path) -> None:
    agent = {"state": "stopped", "path": "C:\\a\\agent.exe", "depends": ["lanmanserver"]}
    hosts = {n: {"lab_os": "2019", "lab_state": {"services": {"Agent": agent}}} for n in ("a", "b")}
    with TestFleet(tmp_path, hosts) as fleet:
        plan, play = tmp_path / "stop.plan", fleet.write(STOP)
        made = fleet.run("plan", str(play), "-i", str(fleet.inventory), "-o", str(plan))
        assert made.code == 0, made.err
        assert fleet.lab.exec("a", "net start Agent")[0] == 0
        done = fleet.run("apply", str(plan), "--skip-drifted")
        assert "running_dependents: planned on" in done.out + done.err, done.out
        services = {name: state["services"] for name, state in fleet.states().items()}
        assert services["a"]["LanmanServer"]["state"] == "running"
        assert services["b"]["LanmanServer"]["state"] == "stopped"
