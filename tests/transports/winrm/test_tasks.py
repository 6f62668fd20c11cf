"""A play over every logon there is: previewed, run, taken back."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.lab.fleet import Fleet
from runner.lab.machine import Machine
from runner.lab.spec import LabSpec
from runner.lab.winrm.front import Front
from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.tls_clients import Mapping as Mapped
from tests.e2e.fleet import Done, jobs_of, run_command
from tests.transports import kdc
from tests.transports.certificates import Issuer
from tests.transports.kdc import HOST, Kdc, missing

PLAY = """\
- hosts: all
  gather_facts: false
  tasks:
    - win_ping: {}
    - win_service: {name: Spooler, state: stopped, start_mode: disabled}
    - win_copy: {dest: 'C:\\note.txt', content: "für {{ inventory_hostname }}\\n"}
    - win_command: cmd /c exit 3
      register: asked
      failed_when: asked.rc != 3
"""
PREDICTED = ("ok", "would change", "would change", "not predictable")
UPN = "deploy@localhost"
USER, PASSWORD = "Administrator", "Correct-Horse-7"


class Way:
    """One host, reached by one kind of logon."""

    def __init__(self, fleet: Fleet, folder: Path, logon: Mapping[str, Any]) -> None:
        front, machine = fleet.members[0].front, fleet.members[0].machine
        assert isinstance(front, Front)
        assert isinstance(machine, Machine)
        self.front, self.machine = front, machine
        self.variables = {
            "ansible_host": "127.0.0.1",
            "ansible_port": front.port,
            "ansible_winrm_scheme": front.scheme,
            **logon,
        }
        if front.scheme == "https":
            authority = folder / f"{front.port}.pem"
            authority.write_bytes(front.ca_pem)
            self.variables["ansible_winrm_ca_trust_path"] = str(authority)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.machine.snapshot()["state"]
        return found


@pytest.fixture
def ways(running: Kdc, alone: None, tmp_path: Path) -> Iterator[dict[str, Way]]:
    """A host for each logon that there is."""
    del alone
    try:
        import requests_credssp  # noqa: F401
    except ImportError:
        missing("requests-credssp (pip install 'runner[credssp]')")
    issuer = Issuer("Client authority")
    certificate, key = issuer.issue("deploy", upn=UPN, client=True).write(tmp_path, "deploy")
    password = {"ansible_user": USER, "ansible_password": PASSWORD}
    ticket = {
        "ansible_user": kdc.USER,
        "ansible_password": kdc.PASSWORD,
        "ansible_winrm_transport": "kerberos",
        "ansible_winrm_kerberos_hostname_override": HOST,
    }
    kinds: dict[str, tuple[str, str, FrontOptions, dict[str, Any]]] = {
        "kerberos": ("2019", "http", FrontOptions(keytab=running.keytab(f"HTTP/{HOST}")), ticket),
        "credssp": (
            "2016", "http", FrontOptions(credssp="1.3"),
            {**password, "ansible_winrm_transport": "credssp"},
        ),
        "certificate": (
            "2022", "https",
            FrontOptions(client_certificate=Mapped(issuer.papers.pem, UPN), basic=False),
            {
                "ansible_winrm_transport": "certificate",
                "ansible_winrm_cert_pem": certificate,
                "ansible_winrm_cert_key_pem": key,
            },
        ),
        "ntlm": ("2008r2-sp1", "http", FrontOptions(), password),
        "bound": ("2012r2", "https", FrontOptions(channel_binding="strict"), password),
        "basic": (
            "2025", "https", FrontOptions(), {**password, "ansible_winrm_transport": "basic"},
        ),
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        found = {}
        for name, (system, scheme, options, logon) in kinds.items():
            host = {
                "name": name, "port": 0, "os": system, "scheme": scheme,
                "user": logon.get("ansible_user", USER),
                "password": logon.get("ansible_password", PASSWORD),
            }  # fmt: skip
            spec = LabSpec.model_validate({"hosts": [host]})
            found[name] = Way(stack.enter_context(Fleet(spec, options=options)), tmp_path, logon)
        yield found
        for name, way in found.items():
            counted = way.front.counters()
            assert counted["open_shells"] == counted["failed_logons"] == 0, name
            assert counted["clear_bodies"] == 0, name


@pytest.mark.timeout(300)
def test_tasks_run_over_every_logon(ways: Mapping[str, Way], tmp_path: Path) -> None:
    inventory, play = tmp_path / "inventory.yml", tmp_path / "play.yml"
    hosts = {name: way.variables for name, way in ways.items()}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    play.write_text(PLAY, encoding="utf-8")

    def run(*words: str) -> Done:
        environment = {**os.environ, "RUNNER_HOME": str(tmp_path / "state")}
        return run_command(environment, *words)

    def came_to(*more: str) -> tuple[str, set[tuple[str, ...]]]:
        """The number of the run, and what became of the tasks on each host."""
        done = run("run", str(play), "-i", str(inventory), "--json", "-", *more)
        assert done.code == 0, done.out + done.err
        report = done.report()
        jobs = jobs_of(report).items()
        each = (tuple(job["status"] for (_, host), job in jobs if host == name) for name in ways)
        return report["run"], set(each)

    before = {name: way.state() for name, way in ways.items()}
    assert came_to("--check")[1] == {PREDICTED}
    assert {name: way.state() for name, way in ways.items()} == before
    first, became = came_to()
    assert became == {("ok", "changed", "changed", "changed")}
    for name, way in ways.items():
        assert way.state()["services"]["Spooler"]["start"] == 4, name  # disabled
        assert way.state() != before[name]
    back = run("rollback", first, "--irreversible")
    assert back.code in (0, 2), back.out + back.err
    assert {name: way.state() for name, way in ways.items()} == before
