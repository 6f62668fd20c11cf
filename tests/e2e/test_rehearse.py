"""``runner rehearse`` on an inventory of production: nobody there hears of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.lab.control.control import Lab
from runner.model.faults import PROFILES
from tests.e2e.fleet import ROOT, Done, jobs_of, run_command

pytestmark = [pytest.mark.xdist_group("rehearse"), pytest.mark.timeout(300)]

# The addresses are of networks for documentation (RFC 5737), the password is in a vault.
INVENTORY = """
all:
  vars:
    ansible_user: CORP\\\\operator
    ansible_winrm_transport: kerberos
    ansible_winrm_kerberos_hostname_override: dc.example.com
    ansible_password: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      33613264343937633831373339343565376136313565383832613233396639643264316566376262
      6437313930326233316261633333636661613833386630390a643833396465313135353636363130
      38313564333437353432623834616134653933353363336133373262313831636538613830336137
      6437663834313865650a333137306634626565393534316238326364623634373337393763626564
      6562
  children:
    windows:
      hosts:
        web01: {ansible_host: 192.0.2.10, os_version: Windows Server 2016}
        web02: {ansible_host: 192.0.2.11}
      children:
        win2012r2:
          hosts: {db01: {ansible_host: 192.0.2.12, ansible_port: 5986}}
        winxp:
          hosts: {xp01: {ansible_host: 192.0.2.14}}
    domain_controllers:
      hosts: {dc01: {ansible_host: 192.0.2.13}}
    linux:
      hosts: {lin01: {ansible_host: 198.51.100.7, ansible_connection: ssh, os: SUSE Linux 12}}
"""

PLAYBOOK = """
- name: Everywhere
  hosts: windows:domain_controllers:linux
  gather_facts: true
  vars: {ansible_host: 203.0.113.9}
  tasks:
    - name: stop
      id: stop
      win_service: {name: Spooler, state: stopped, start_mode: disabled}
    - name: here
      id: here
      delegate_to: localhost
      shell: touch MARK-{{ inventory_hostname }}
    - name: elsewhere
      id: elsewhere
      delegate_to: backup.example.com
      win_shell: 'echo x'
    - name: answer
      id: answer
      pause: {prompt: Is the van at the gate}
    - name: program
      id: program
      debug: {msg: "{{ lookup('pipe', 'touch MARK-pipe') }}"}
      ignore_errors: true
    - name: last
      id: last
      win_regedit: {path: 'HKLM:\\SOFTWARE\\Contoso', name: a, data: "{{ ansible_host }}"}

- name: Here
  hosts: localhost
  gather_facts: true
  tasks:
    - {name: file, id: file, copy: {dest: MARK-local, content: x}}
"""


def inventory(folder: Path) -> Path:
    path = folder / "hosts.yml"
    path.write_text(INVENTORY)
    return path


def playbook(folder: Path, text: str = PLAYBOOK) -> Path:
    path = folder / "play.yml"
    path.write_text(text.replace("MARK", str(folder / "mark")))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rehearse")


@pytest.fixture(scope="module")
def home(folder: Path) -> Iterator[Path]:
    yield folder / "home"
    if (folder / "home" / "lab").exists():
        Lab.attach(folder / "home" / "lab").stop()


@pytest.fixture(scope="module")
def rehearsed(folder: Path, home: Path) -> Done:
    """One rehearsal under audit, kept."""
    words = [
        "rehearse", str(playbook(folder)), "-i", str(inventory(folder)), "--keep", str(home),
        "--json", str(folder / "report.json"), "-o", str(folder / "report.html"),
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.rehearsing", str(folder / "audit"), *words],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=250,
        env={**os.environ, "RUNNER_HOME": str(folder / "ordinary"), "COLUMNS": "200"},
    )  # fmt: skip
    assert (folder / "report.json").exists(), done.stdout + done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def jobs(rehearsed: Done, folder: Path) -> dict[tuple[str, str], Any]:
    return dict(jobs_of(json.loads((folder / "report.json").read_text("utf-8"))))


TWINS = {"web01": "2016", "web02": "2019", "db01": "2012r2", "xp01": "2003-sp2", "dc01": "2019"}


def test_every_connection_goes_to_a_twin_and_no_name_is_looked_up(
    rehearsed: Done, folder: Path, home: Path
) -> None:
    lab = Lab.attach(home / "lab")
    ports = {host.port for host in lab.hosts()}
    seen = [json.loads(line) for line in (folder / "audit").read_text().splitlines()]
    connected = [said for event, said in seen if event in ("socket.connect", "socket.sendto")]
    assert {address for address, *_ in connected} == {"127.0.0.1"}
    assert ports <= {port for _, port, *_ in connected}
    looked_up = {said for event, said in seen if event == "socket.getaddrinfo"}
    assert looked_up <= {"127.0.0.1", "localhost"}, looked_up
    started = [said for event, said in seen if event == "subprocess.Popen"]
    assert [words[1:3] for words in started] == [["-m", "runner.lab"]]


def test_the_playbook_ran_on_the_twins(rehearsed: Done, jobs: dict[Any, Any], home: Path) -> None:
    assert {host.name: host.os for host in Lab.attach(home / "lab").hosts()} == TWINS
    for name in TWINS:
        assert jobs["stop", name]["status"] == "changed"
        assert jobs["last", name]["status"] == "changed"
    state = Lab.attach(home / "lab").state("web01")["state"]
    assert state["services"]["Spooler"]["state"] == "stopped"
    assert "203.0.113.9" in json.dumps(state["registry"])  # the playbook's variables are its own
    assert rehearsed.code == 0, rehearsed.out


def test_what_is_for_this_machine_or_for_strangers_is_shown_and_not_done(
    jobs: dict[Any, Any], folder: Path
) -> None:
    for step, host in (("here", "web01"), ("elsewhere", "web01"), ("file", "localhost")):
        job = jobs[step, host]
        assert job["status"] == "skipped", job
        assert job["message"].startswith("shown, not run: on "), job
    assert jobs["program", "web01"]["status"] == "not predictable"
    assert list(folder.glob("mark*")) == []
    assert not (folder / "ordinary").exists()  # nor is anything in the usual journal


def test_the_end_says_what_would_have_needed_a_person(rehearsed: Done, folder: Path) -> None:
    section = rehearsed.out[rehearsed.out.index("What would have needed a person") :]
    for text in (
        "somebody is asked: Is the van at the gate",
        "to be done on this machine: shell: ",
        "not rehearsed: its variable os: SUSE Linux 12: the lab does not have suse  (lin01)",
        "their twins simulate 2019  (web02, dc01)",
        "the lab has no Windows XP: the twins of these simulate 2003-sp2  (xp01)",
        "encrypted text not opened",
    ):
        assert text in section
    assert "NOT REHEARSED: lin01" in rehearsed.out
    assert "Windows XP, rehearsed as 2003-sp2: xp01" in rehearsed.out
    page = (folder / "report.html").read_text("utf-8")
    assert "What would have needed a person" in page
    assert "Is the van at the gate" in page


def test_in_the_home_of_a_rehearsal_every_verb_reaches_twins(
    rehearsed: Done, folder: Path, home: Path
) -> None:
    ping = run_command(
        {"RUNNER_HOME": str(home)}, "ping", "windows", "-i", str(folder / "hosts.yml")
    )
    assert ping.code == 0, ping.out + ping.err
    first = json.loads((home / "first.json").read_text("utf-8"))
    back = run_command({"RUNNER_HOME": str(home)}, "rollback", "last")
    assert back.code == 0, back.out + back.err
    lab = Lab.attach(home / "lab")
    assert {name: lab.state(name)["state"] for name in TWINS} == first


NIGHT = """
faults:
  - {kind: powered off, hosts: web02}
  - {kind: reset, hosts: web01, after: 2}
  - {kind: wrong time, hosts: db01, seconds: 7200}
"""


def test_faults_strike_where_the_profile_says_and_local_work_is_done_on_request(
    tmp_path: Path,
) -> None:
    (tmp_path / "night.yml").write_text(NIGHT)
    play = """
- hosts: windows
  gather_facts: false
  tasks:
    - {name: first, id: first, win_regedit: {path: 'HKLM:\\\\SOFTWARE\\\\A', name: a, data: b}}
    - {name: second, id: second, win_regedit: {path: 'HKLM:\\\\SOFTWARE\\\\A', name: c, data: d}}
    - {name: here, id: here, delegate_to: localhost, run_once: true, shell: touch MARK-here}
"""
    done = run_command(
        {"RUNNER_HOME": str(tmp_path / "ordinary")},
        "rehearse", str(playbook(tmp_path, play)), "-i", str(inventory(tmp_path)), "-l",
        "windows,lin01", "--faults", str(tmp_path / "night.yml"), "--with-local", "--json", "-",
    )  # fmt: skip
    assert done.code == 4, done.err
    jobs = jobs_of(done.report())
    assert jobs["first", "web02"]["status"] == "unreachable"
    assert {jobs[step, "web01"]["status"] for step in ("first", "second")} == {"changed"}
    assert (tmp_path / "mark-here").exists()
    assert "powered off: web02" in done.err
    assert "What would have needed a person" in done.err
    assert list(tmp_path.glob("runner-rehearsal*")) == []


EIGHT = "all:\n  children:\n    windows:\n      hosts:\n" + "".join(
    f"        h{n}: {{ansible_host: 192.0.2.{n}, os_version: Windows Server {os}}}\n"
    for n, os in enumerate(("2003 R2", "2008 R2", "2012 R2", "2016") * 2, start=1)
)
STEPS = "- hosts: windows\n  gather_facts: false\n  tasks:\n" + "".join(
    f"    - win_regedit: {{path: 'HKLM:\\SOFTWARE\\A', name: v{n}, data: x}}\n"
    "      timeout: \"{{ 4 if inventory_hostname == 'h4' else 120 }}\"\n"  # the one that hangs
    f"      when: {n} == 1 or inventory_hostname in ('h3', 'h5')\n"  # those that are reset later
    for n in range(1, 6)
)


def night(tmp_path: Path, profile: str) -> tuple[str, dict[Any, Any], set[str]]:
    """What was said, the jobs, and who was struck."""
    (tmp_path / "hosts.yml").write_text(EIGHT)
    done = run_command(
        {"RUNNER_HOME": str(tmp_path / "ordinary")},
        "rehearse", str(playbook(tmp_path, STEPS)), "-i", str(tmp_path / "hosts.yml"),
        "--faults", profile, "--rollback", "--json", str(tmp_path / "report.json"),
    )  # fmt: skip
    said = done.out + done.err
    for fault in PROFILES[profile].faults:
        assert f"faults '{profile}': {fault.kind}: h" in said, said
    assert "internal error" not in said
    jobs = dict(jobs_of(json.loads((tmp_path / "report.json").read_text("utf-8"))))
    assert len(jobs) == 8 * 5
    struck = set(re.findall(r"\bh\d\b", " ".join(re.findall(r"faults '.*", said))))
    bad = {host for (_, host), job in jobs.items() if job["status"] not in ("changed", "skipped")}
    assert bad <= struck, "who is not struck does not suffer"
    return said, jobs, struck


def test_a_bad_night_is_rehearsed_to_its_end(tmp_path: Path) -> None:
    """Whatever comes, every job has an end, and the way back is gone where there is one."""
    said, jobs, struck = night(tmp_path, "bad-night")
    bad = {host for (_, host), job in jobs.items() if job["status"] not in ("changed", "skipped")}
    assert {job["status"] for job in jobs.values()} <= {
        "changed", "skipped", "unreachable", "failed", "in doubt", "blocked",
    }  # fmt: skip
    assert {"h2", "h4"} <= bad, "one is off, one hangs"
    assert re.search(r"\d of 8 twins are as they were before the run", said), said
    spared = {f"h{n}" for n in range(1, 9)} - struck
    assert not [line for line in said.splitlines() if re.match(rf"  ({'|'.join(spared)}): ", line)]
    assert re.search(r"powered off: h\d: did not come", said), said


def test_a_flaky_network_is_survived_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A connection that is cut between commands is made again, a slow one is waited for. What is
    reset under a command is not sent twice: that job, and none of another host, is bad."""
    said, jobs, _ = night(tmp_path, "flaky")
    reset = set(re.findall(r"\bh\d\b", re.findall(r"faults 'flaky': reset: (.*)", said)[0]))
    bad = {
        (host, job["status"])
        for (_, host), job in jobs.items()
        if job["status"] not in ("changed", "skipped")
    }
    assert {host for host, _ in bad} <= reset, said
    assert {status for _, status in bad} <= {"unreachable", "in doubt", "blocked"}, said
    assert "8 of 8 twins are as they were before the run" in said, said
