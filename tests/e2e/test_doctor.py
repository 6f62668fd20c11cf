"""``runner doctor`` over WinRM: what it finds, on sound hosts and on sick ones."""

from __future__ import annotations

import dataclasses
import json
import socket
import time
from email.utils import formatdate
from typing import Any

import pytest

from runner.app.doctor import lines_of
from runner.cli.main import invoke
from runner.interfaces.examine import Verdict
from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.wsman.faults import Fault
from runner.lab.winrm.wsman.limits import Limits
from tests.e2e.clinic import Admit, Clinic, by_step, failing
from tests.transports.failing import VERBS, canned, silent
from tests.transports.kdc import need_kerberos

pytestmark = pytest.mark.usefixtures("impatient_doctor")

ALL = ["name", "port", "certificate", "service", "schemes", "clock", "logon", "shell", "quotas",
       "code page", "system", "rights", "tools"]  # fmt: skip


def test_a_sound_host(admit: Admit) -> None:
    clinic = admit()
    found = clinic.examine()
    steps = by_step(found)
    assert list(steps) == ALL
    assert found.exit_code == 0
    assert found.verdict == "web01 can be worked on"
    assert steps["system"].data["name"] == "Windows Server 2012 R2 x64"
    assert steps["rights"].data == {"user": "web01\\administrator", "administrator": True}
    assert steps["quotas"].data["MaxShellsPerUser"] == 30
    assert steps["schemes"].data == {"offered": ["Negotiate"], "wanted": "ntlm"}
    assert steps["service"].data["product"] == "OS: 0.0.0 SP: 0.0 Stack: 3.0"
    assert steps["code page"].data == {"codepage": 65001}
    assert all(steps[step].seconds > 0 for step in ("port", "logon", "shell", "system"))
    assert clinic.front.counters()["logons"] == 2


@pytest.mark.parametrize("os", ["2003-sp2", "2008r2-sp1", "2025"])
def test_hosts_of_every_generation(admit: Admit, os: str) -> None:
    found = admit(os).examine()
    steps = by_step(found)
    assert found.exit_code == 0, found.verdict
    assert steps["quotas"].verdict is (Verdict.OK if os == "2025" else Verdict.SKIPPED)
    missing = {tool for tool, there in steps["tools"].data.items() if not there}
    assert ("wmic" in missing) is (os == "2025")
    assert ("powershell" in missing) is (os == "2003-sp2")
    assert ("code page" in found.verdict) is (os == "2003-sp2")


def test_https_with_a_good_certificate(admit: Admit) -> None:
    step = by_step(admit(scheme="https").examine())["certificate"]
    assert step.verdict is Verdict.OK
    assert step.data["subject"] == "web01"
    assert set(step.data["names"]) == {"web01", "127.0.0.1"}
    assert step.data["tls"].startswith("TLSv1.")


def test_basic_over_https(admit: Admit) -> None:
    found = admit(scheme="https").examine(ansible_winrm_transport="basic")
    assert found.exit_code == 0, found.verdict


def test_an_unknown_name(admit: Admit) -> None:
    failing(admit().examine(ansible_host="no-such-host.invalid"), "name", "DNS", "ansible_host")


def test_nothing_listens(admit: Admit) -> None:
    clinic = admit()
    clinic.machine.power_off()
    found = failing(clinic.examine(), "port", "winrm quickconfig", "5986 https")
    assert "refused" in found.said


def test_packets_are_dropped(admit: Admit) -> None:
    with silent() as port:
        begun = time.monotonic()
        failing(admit().examine(ansible_port=port), "port", "firewall")
        assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    ("flaw", "words"),
    [("expired", ("renew",)), ("wrong_name", ("ansible_host",)), ("", ("trust_path",))],
)
def test_certificates(admit: Admit, flaw: str, words: tuple[str, ...]) -> None:
    clinic = admit(scheme="https", options=FrontOptions(certificate_flaw=flaw))  # type: ignore[arg-type]
    trust = {} if flaw else {"ansible_winrm_ca_trust_path": None}
    found = failing(clinic.examine(**trust), "certificate", *words)
    assert found.data["subject"] == ("another.invalid" if flaw == "wrong_name" else "web01")
    assert found.category == "tls"
    ignored = clinic.examine(ansible_winrm_server_cert_validation="ignore", **trust)
    assert ignored.exit_code == 0
    assert by_step(ignored)["certificate"].verdict is Verdict.NOTE


def test_https_to_a_port_of_http(admit: Admit) -> None:
    failing(admit().examine(ansible_winrm_scheme="https"), "certificate", "5986")


def test_http_to_a_port_of_https(admit: Admit) -> None:
    clinic = admit(scheme="https")
    more = {"ansible_winrm_scheme": "http", "ansible_winrm_ca_trust_path": None}
    failing(clinic.examine(**more), "service", "5986 https")


@pytest.mark.parametrize(
    ("status", "word"), [(404, "ansible_winrm_path"), (403, "IPv4Filter"), (503, "sc query winrm"),
                         (302, "ansible_port")],
)  # fmt: skip
def test_something_else_answers(admit: Admit, status: int, word: str) -> None:
    with canned(f"{status} No") as port:
        found = failing(admit().examine(ansible_port=port), "service", word)
        assert f"HTTP {status}" in found.said


def test_a_port_that_takes_connections_and_says_nothing(admit: Admit) -> None:
    clinic = admit()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        failing(clinic.examine(ansible_port=port), "service", "says nothing")


def test_a_logon_that_is_not_offered(admit: Admit) -> None:
    clinic = admit(scheme="https", options=FrontOptions(basic=False))
    failing(clinic.examine(ansible_winrm_transport="basic"), "schemes", "ansible_winrm_transport")
    assert clinic.front.counters()["failed_logons"] == 0


def test_a_wrong_password_is_tried_once(admit: Admit) -> None:
    clinic = admit()
    wrong = "-".join(["Wr0ng", "Secret"])
    found = clinic.examine(ansible_password=wrong)
    failing(found, "logon", "ansible_user", "ansible_password")
    assert clinic.front.counters()["failed_logons"] == 1
    assert wrong not in json.dumps(found.as_data())


def refuse(clinic: Clinic, verb: str, code: int) -> None:
    service = clinic.front._served.service
    handlers: Any = service._handlers

    def failing_handler(_request: Any, _caller: Any) -> bytes:
        raise Fault(code, f"Fault {code}. ")

    handlers[VERBS[verb]] = (handlers[VERBS[verb]][0], failing_handler)


@pytest.mark.parametrize(
    ("code", "category", "word"),
    [(5, "authorization", "Administrators"), (2150859180, "policy", "AllowRemoteShellAccess"),
     (2150859173, "quota", "MaxShellsPerUser")],
)  # fmt: skip
def test_a_shell_that_is_refused(admit: Admit, code: int, category: str, word: str) -> None:
    clinic = admit()
    refuse(clinic, "Create", code)
    assert failing(clinic.examine(), "shell", word).category == category


@pytest.mark.parametrize("verb", ["Create", "Command"])
def test_messages_that_the_host_does_not_understand(admit: Admit, verb: str) -> None:
    clinic = admit()
    refuse(clinic, verb, 123456)
    found = clinic.examine()
    step = {"Create": "shell", "Command": "commands"}[verb]
    assert failing(found, step, "WinRM/Operational").category == "protocol"


def test_a_host_that_refuses_unencrypted_messages(admit: Admit) -> None:
    with canned("500 ") as port:
        found = failing(admit().examine(ansible_port=port), "service", "ansible_winrm_scheme")
        assert found.category == "protocol", "whatever it is, it is not WinRM that answers so"


def test_a_connection_that_breaks_under_every_command(admit: Admit) -> None:
    clinic = admit()
    clinic.front.inject("drop_receive", 99)
    step = failing(clinic.examine(), "commands", "what it did shows on the host")
    assert step.category == "connection lost"


def test_commands_that_never_end(admit: Admit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.app.doctor._CHECK_SECONDS", 1.0)
    clinic = admit(latency=30)
    begun = time.monotonic()
    step = failing(clinic.examine(), "commands", "look at what it waits for")
    assert step.category == "timeout"
    assert time.monotonic() - begun < 15
    assert clinic.front.counters()["running_commands"] == 0


def test_a_logon_that_is_refused_only_for_the_time_being_is_not_tried_again(admit: Admit) -> None:
    clinic = admit()
    clinic.front.inject("refuse_logon", 1)
    failing(clinic.examine(), "logon", "could lock the account")
    assert clinic.front.counters()["failed_logons"] == 1


def test_an_account_without_rights(admit: Admit) -> None:
    clinic = admit()
    clinic.run(r"reg delete HKU\S-1-5-19 /f")
    found = clinic.examine()
    step = by_step(found)["rights"]
    assert step.verdict is Verdict.FAILED
    assert "LocalAccountTokenFilterPolicy" in step.advice
    assert found.exit_code == 4
    assert list(by_step(found))[-1] == "tools", "what else is there is still told"


@pytest.mark.parametrize(("minutes", "words"), [(3, "w32tm"), (-20, "Kerberos")])
def test_clocks_that_differ(
    admit: Admit, monkeypatch: pytest.MonkeyPatch, minutes: int, words: str
) -> None:
    def other(usegmt: bool) -> str:
        return formatdate(time.time() + minutes * 60, usegmt=usegmt)

    monkeypatch.setattr("runner.lab.winrm.http_message.formatdate", other)
    step = by_step(admit().examine())["clock"]
    assert step.verdict is Verdict.NOTE
    assert words in step.advice
    assert step.data["skew_seconds"] == pytest.approx(minutes * 60, abs=5)


def test_a_clock_that_no_ticket_bears_ends_it_before_any_logon(
    admit: Admit, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_kerberos()

    def other(usegmt: bool) -> str:
        return formatdate(time.time() - 1200, usegmt=usegmt)

    monkeypatch.setattr("runner.lab.winrm.http_message.formatdate", other)
    clinic = admit()
    more = {"ansible_winrm_transport": "kerberos", "ansible_user": "bob@CORP.EXAMPLE"}
    found = failing(clinic.examine(**more), "clock", "w32tm", "five minutes")
    assert found.category == "authentication"
    assert clinic.front.counters()["failed_logons"] == 0


def test_low_quotas_are_told(admit: Admit) -> None:
    limits = dataclasses.replace(Limits.of(admit().machine.profile), memory_mb=100)
    step = by_step(admit(options=FrontOptions(limits=limits)).examine())["quotas"]
    assert step.verdict is Verdict.NOTE
    assert step.advice.startswith("MaxMemoryPerShellMB")


def test_the_lines_say_what_was_found_and_what_to_do(admit: Admit) -> None:
    clinic = admit()
    clinic.machine.power_off()
    lines = [line for finding in clinic.examine().findings for line in lines_of(finding)]
    assert lines[0].startswith("-     Is its name known?")
    assert lines[1].startswith("FAIL  Does the port take connections?")
    assert lines[2].startswith("      what to do: nothing listens there")


def test_json_and_exit_codes(admit: Admit, capsys: pytest.CaptureFixture[str]) -> None:
    clinic = admit()
    assert invoke(["doctor", "web01", "-i", str(clinic.inventory()), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["host"], data["transport"], data["ok"]) == ("web01", "winrm", True)
    assert [step["step"] for step in data["steps"]] == ALL
    clinic.machine.power_off()
    assert invoke(["doctor", "web01", "-i", str(clinic.inventory())]) == 4
    out = capsys.readouterr().out
    assert "FAIL" in out
    assert out.rstrip().splitlines()[-1].startswith("web01 cannot be worked on: port")
    assert invoke(["doctor", "nobody", "-i", str(clinic.inventory())]) == 5
