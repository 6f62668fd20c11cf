"""``runner ping``: who answers, and what to do about the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from runner.app.doctor import doctor
from runner.app.ping import ping
from runner.app.wiring.reaching import ReachOptions
from runner.cli.main import invoke
from runner.errors import PatternError, UsageError
from tests.e2e.clinic import Admit
from tests.transports.sshd import Sshd


def test_ping_tells_who_answers_and_groups_the_advice(
    admit: Admit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic = admit()
    values = yaml.safe_load(clinic.inventory().read_text())["all"]["hosts"]["web01"]
    hosts = {"web01": values, **{f"off{n}": {**values, "ansible_port": 1} for n in (1, 2)}}
    path = tmp_path / "three.yml"
    path.write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    assert invoke(["ping", "all", "-i", str(path)]) == 4
    out = capsys.readouterr().out
    assert "1 of 3 hosts answer" in out
    assert "unreachable (2): off1, off2" in out
    assert out.count("winrm quickconfig") == 1
    assert "Errno" not in out
    assert clinic.front.counters()["commands"] == 1
    assert clinic.front.counters()["open_shells"] == 0
    assert invoke(["ping", "web01", "-i", str(path), "--json"]) == 0
    (pong,) = json.loads(capsys.readouterr().out)["hosts"]
    assert (pong["host"], pong["ok"], pong["category"]) == ("web01", True, "")
    assert pong["seconds"] > 0


@pytest.mark.parametrize("os", ["2003-sp2", "2025"])
def test_ping_runs_the_cheapest_command(admit: Admit, os: str) -> None:
    clinic = admit(os)
    assert ping(ReachOptions("all", (clinic.inventory(),))).exit_code == 0
    asked, *ran = clinic.machine.snapshot()["volatile"]["commands"]
    # WinRM 1.1 cannot print UTF-8: there the connection asks first what it does print.
    assert (ran or [asked]) == ["exit 0"]
    assert not ran or "CodePage" in asked


def test_ping_over_ssh(tmp_path: Path, server: Sshd) -> None:
    path = tmp_path / "ssh.yml"
    values = server.variables(ansible_connection="ssh")
    path.write_text(yaml.safe_dump({"all": {"hosts": {"lin01": values}}}))
    assert ping(ReachOptions("all", (path,))).exit_code == 0


def test_words_that_name_nobody_or_too_many(admit: Admit) -> None:
    clinic = admit()
    with pytest.raises(PatternError):
        ping(ReachOptions("nobody", (clinic.inventory(),)))
    text = clinic.inventory().read_text()
    (clinic.folder / "two.yml").write_text(text.replace("web01:", "web02:"))
    inventory = (clinic.inventory(), clinic.folder / "two.yml")
    with pytest.raises(UsageError, match="names 2 hosts"):
        doctor(ReachOptions("all", inventory))
