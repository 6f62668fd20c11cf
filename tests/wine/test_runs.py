"""The whole product on Wine: `runner lab up`, runs over WinRM, rollbacks that leave no trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.fleet import ROOT, TestFleet
from tests.wine.wine import require_wine

CLOSE = r"""
- hosts: all
  gather_facts: false
  tasks:
    - name: rules of the firewall
      win_firewall_rule:
        name: 'WR & {{ word }} {{ item.protocol }} {{ item.direction }} (100%)'
        direction: '{{ item.direction }}'
        action: block
        protocol: '{{ item.protocol }}'
        localport: '{{ item.ports }}'
        description: Contain WannaCry
      loop:
        - {direction: in, protocol: tcp, ports: "135,137-139,445"}
        - {direction: in, protocol: udp, ports: "137-138"}
        - {direction: out, protocol: tcp, ports: "445"}
    - name: spooler off
      win_service: {name: Spooler, state: stopped, start_mode: disabled}
    - name: no smb over netbt
      win_regedit:
        path: HKLM:\SYSTEM\CurrentControlSet\Services\NetBT\Parameters
        name: SMBDeviceEnabled
        type: dword
        data: 0
    - name: a value with everything
      win_regedit:
        path: HKLM:\SOFTWARE\Contoso & Sons\Deep
        name: 'a "b" & c'
        data: '100% ^caret| <x> {{ word }} \'
    - name: a list
      win_regedit:
        path: HKLM:\SOFTWARE\Contoso & Sons
        name: l
        type: multistring
        data: [a b, c]
    - name: end the intruder
      win_command: taskkill /f /im evil.exe
      register: killed
      failed_when: killed.rc not in [0, 128]
    - name: hosts file
      win_shell: >-
        copy /y %SystemRoot%\System32\drivers\etc\hosts
        %SystemRoot%\System32\drivers\etc\hosts.before
        & echo 0.0.0.0 evil.example>>%SystemRoot%\System32\drivers\etc\hosts
      args: {executable: cmd}
      undo:
        - win_shell: >-
            move /y %SystemRoot%\System32\drivers\etc\hosts.before
            %SystemRoot%\System32\drivers\etc\hosts
          args: {executable: cmd}
"""

KILL = "end-the-intruder"
WORDS = {"wine01": "plain", "wine02": "路径"}
"""Page 437 has no Chinese: reg prints question marks there, here as on Microsoft's."""
RULES = (
    r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
)
OLD_RULE = "v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|App=System|Name=Desktop|"
"""One that is there before, as Windows has many; nobody may touch it."""
HOSTS = r"%SystemRoot%\System32\drivers\etc\hosts"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    """Two Wine machines, started by the command that people use."""
    require_wine()
    hosts: dict[str, dict[str, Any]] = {
        "wine01": {"lab_os": "2008r2-sp1", "word": WORDS["wine01"]},
        "wine02": {
            "lab_os": "2012r2",
            "lab_state": {"language": "chs"},
            "runner_codepage": 936,
            "word": WORDS["wine02"],
        },
    }
    common = {"lab_backend": "wine", "ansible_connection": "winrm"}
    with TestFleet(tmp_path_factory.mktemp("wine"), hosts, **common) as made:
        for name in made.names:
            for line in (
                "sc config Spooler start= auto",
                "net start Spooler",
                f"echo 127.0.0.1 localhost>{HOSTS}",
                f'reg add "{RULES}" /v old /d "{OLD_RULE}" /f',
                r"copy /y %SystemRoot%\System32\PING.EXE C:\evil.exe",
                r"start /b C:\evil.exe -n 600 127.0.0.1>nul",
            ):
                code, out, err = made.lab.exec(name, line)
                assert code == 0, (line, out, err)
        yield made


def processes(fleet: TestFleet, name: str) -> str:
    return fleet.lab.exec(name, "tasklist")[1].decode().lower()


def test_a_run_is_previewed_made_and_taken_back(fleet: TestFleet) -> None:
    before = fleet.states()
    report = fleet.report(CLOSE, "--check")
    assert {job["status"] for job in report["jobs"]} <= {"would change", "not predictable"}
    lost = {job["step"] for job in report["jobs"] if job["irreversible"]}
    assert lost == {KILL}, "nothing starts a process again: the preview says so, of it alone"
    assert fleet.states() == before, "a preview changed something"
    assert "evil.exe" in processes(fleet, "wine01")

    report = fleet.report(CLOSE)
    assert not [job for job in report["jobs"] if job["status"] != "changed"]
    for name in fleet.names:
        assert b"1  STOPPED" in fleet.lab.exec(name, "sc query Spooler")[1]
        assert b"4   DISABLED" in fleet.lab.exec(name, "sc qc Spooler")[1]
        assert b"evil.example" in fleet.lab.exec(name, f"type {HOSTS}")[1]
        assert "evil.exe" not in processes(fleet, name)
        keys = fleet.state(name)["registry"]
        netbt = r"HKEY_LOCAL_MACHINE\System\CurrentControlSet\Services\NetBT\Parameters"
        found = {key.lower(): values for key, values in keys.items()}
        assert found[netbt.lower()]['"SMBDeviceEnabled"'] == "dword:00000000"
        policy = [text for key, values in keys.items() for text in values.values()
                  if key.lower().endswith("\\firewallrules")]  # fmt: skip
        ours = [text for text in policy if f"Name=WR & {WORDS[name]} " in text]
        assert len(ours) == 3
        for text in ours:
            assert {"Action=Block", "Active=TRUE"} <= set(text.split("|"))
        assert f'"{OLD_RULE}"' in policy
        deep = found["hkey_local_machine\\software\\contoso & sons\\deep"]
        assert deep[r'"a \"b\" & c"'] == rf'"100% ^caret| <x> {WORDS[name]} \\"'

    again = fleet.report(CLOSE, "--check")
    words = ("spooler", "value", "rules", "smb", "list")
    quiet = [job for job in again["jobs"] if any(word in job["step"] for word in words)]
    assert len(quiet) == len(words) * len(fleet.names)
    assert {job["status"] for job in quiet} == {"ok"}, quiet

    done = fleet.run("rollback", report["run"], "-i", str(fleet.inventory), "--json", "-")
    assert done.code == 0, done.out + done.err
    back = {job["step"]: job["status"] for job in done.report()["jobs"]}
    assert back.pop(KILL) == "irreversible"
    assert set(back.values()) == {"changed"}
    assert fleet.states() == before, "the rollback left something"
    for name in fleet.names:
        assert b"4  RUNNING" in fleet.lab.exec(name, "sc query Spooler")[1]
        assert fleet.lab.exec(name, f"type {HOSTS}")[1] == b"127.0.0.1 localhost\r\n"
        assert "evil.exe" not in processes(fleet, name), "and nothing pretends that it did"
        assert not fleet.lab.state(name)["volatile"]["not_simulated"]


def test_prove_says_what_wine_does_otherwise(fleet: TestFleet) -> None:
    """docs/real-hosts.md: the lines tell a cmd that puts in the value of a defined variable."""
    before = fleet.state("wine01")
    text = (ROOT / "playbooks" / "prove.yml").read_text(encoding="utf-8")
    variables = yaml.safe_load(text)[0]["vars"]
    lines = [line for line in variables["prove_lines"] if line["id"] in ("P1", "P4", "P8b")]
    data = {key: variables["prove_data"][key] for key in ("P3a", "P10e")}
    given = {"prove_lines": lines, "prove_data": data}
    done = fleet.play(ROOT / "playbooks" / "prove.yml", "-l", "wine01", "-e", json.dumps(given))
    assert done.code != 0
    assert "differs: P1 P3a\n" in done.out
    assert "P8b   as expected" in done.out
    assert "P10e  as expected" in done.out
    assert fleet.state("wine01") == before


def test_the_inventory_that_ships_is_one_that_can_be_served() -> None:
    """Its ports are fixed, so it is only read here."""
    text = (ROOT / "inventories" / "wine" / "hosts.yml").read_text(encoding="utf-8")
    assert "lab_backend: wine" in text


def test_what_a_wine_machine_cannot_be_is_refused(tmp_path: Path) -> None:
    require_wine()
    for variables, said in (
        ({"lab_os": "2016"}, "Wine cannot be 2016"),
        ({"lab_os": "2012", "lab_state": {"updates": ["KB4012212"]}}, "takes no updates"),
    ):
        folder = tmp_path / str(variables["lab_os"])
        folder.mkdir()
        fleet = TestFleet(folder, {"x": variables}, lab_backend="wine")
        up = fleet.run("lab", "up", "-i", str(fleet.inventory))
        assert up.code != 0
        assert said in up.err
