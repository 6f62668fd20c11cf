"""``runner doctor`` over SSH, against a real sshd."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from runner.app.doctor import Examination, doctor
from runner.app.wiring.reaching import ReachOptions
from runner.interfaces.examine import Verdict
from tests.e2e.clinic import by_step, failing
from tests.ports import free_port
from tests.transports.failing import canned, silent
from tests.transports.lab_ssh import Shell, lab_ssh
from tests.transports.sshd import Sshd, require_sshd, sshd

pytestmark = pytest.mark.usefixtures("impatient_doctor")


def over_ssh(folder: Path, server: Sshd, **more: object) -> Examination:
    path = folder / "ssh.yml"
    values = server.variables(ansible_connection="ssh", **more)
    path.write_text(yaml.safe_dump({"all": {"hosts": {"lin01": values}}}))
    return doctor(ReachOptions("lin01", (path,)))


def test_a_sound_host_over_ssh(tmp_path: Path, server: Sshd) -> None:
    found = over_ssh(tmp_path, server)
    steps = by_step(found)
    assert list(steps) == ["name", "port", "jumps", "banner", "host key", "methods", "logon",
                           "session", "shell", "sftp", "system", "rights", "tools"]  # fmt: skip
    assert found.exit_code == 0, found.verdict
    assert steps["banner"].data["banner"].startswith("SSH-2.0-OpenSSH")
    assert steps["host key"].data["on_record"] is True
    assert "publickey" in steps["methods"].data["offered"]
    assert steps["sftp"].said == "yes"
    assert steps["system"].data["kernel"]


def test_a_host_key_that_is_not_on_record(tmp_path: Path, server: Sshd) -> None:
    server.known_hosts.write_text("")
    failing(over_ssh(tmp_path, server), "host key", "ssh-keyscan")


def test_a_host_key_that_changed(tmp_path: Path, server: Sshd) -> None:
    other = (server.folder / "id_test.pub").read_text().split()[:2]
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {' '.join(other)}\n")
    failing(over_ssh(tmp_path, server), "host key", "somebody is in between")


def test_an_unknown_name(tmp_path: Path, server: Sshd) -> None:
    found = over_ssh(tmp_path, server, ansible_host="no-such-host.invalid")
    assert failing(found, "name", "DNS").category == "unreachable"


def test_nobody_listens(tmp_path: Path, server: Sshd) -> None:
    found = over_ssh(tmp_path, server, ansible_port=free_port())
    assert failing(found, "port", "is sshd running").category == "unreachable"


def test_packets_are_dropped(tmp_path: Path, server: Sshd) -> None:
    with silent() as port:
        found = over_ssh(tmp_path, server, ansible_port=port)
    assert failing(found, "port", "firewall").category == "unreachable"


def test_a_server_that_takes_no_sessions(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "sshd", "MaxSessions 0") as server:
        found = over_ssh(tmp_path, server)
    assert failing(found, "session", "MaxSessions").category == "policy"


def test_a_login_shell_that_runs_nothing(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "sshd", "ForceCommand exit 3") as server:
        found = over_ssh(tmp_path, server)
    step = failing(found, "session", "ForceCommand")
    assert (step.category, step.said) == ("policy", "'exit 0' ended with 3")


def test_commands_that_never_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_sshd()
    monkeypatch.setattr("runner.app.doctor._CHECK_SECONDS", 1.0)
    with sshd(tmp_path / "sshd", SLEEPS) as server:
        found = over_ssh(tmp_path, server)
    assert failing(found, "commands", "timeout").category == "timeout"


def test_a_key_that_is_refused(tmp_path: Path, server: Sshd) -> None:
    (server.folder / "authorized_keys").write_text("")
    failing(over_ssh(tmp_path, server), "logon", "authorized_keys")


SLEEPS = (
    'ForceCommand case "$SSH_ORIGINAL_COMMAND" in "exit 0") exit 0;; internal-sftp) exit 1;; '
    "*) exec sleep 30;; esac"
)
NO_SFTP = (
    'ForceCommand case "$SSH_ORIGINAL_COMMAND" in internal-sftp) exit 1;; '
    '*) exec sh -c "$SSH_ORIGINAL_COMMAND";; esac'
)


def test_no_sftp_is_only_a_note(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "sshd", NO_SFTP) as server:
        found = over_ssh(tmp_path, server)
    assert found.exit_code == 0, found.verdict
    assert by_step(found)["sftp"].verdict is Verdict.NOTE


def test_something_that_is_not_sshd(tmp_path: Path, server: Sshd) -> None:
    with canned("400 Bad Request") as port:
        found = over_ssh(tmp_path, server, ansible_port=port)
    failing(found, "banner", "really sshd")


def test_a_method_for_which_there_is_nothing(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "sshd", "PubkeyAuthentication no", "PasswordAuthentication yes") as server:
        failing(over_ssh(tmp_path, server), "methods", "ansible_password")


def over_windows(folder: Path, shell: Shell, **more: object) -> Examination:
    with lab_ssh(folder, shell=shell) as host:
        path = folder / "windows.yml"
        values = host.variables(ansible_connection="ssh", **more)
        path.write_text(yaml.safe_dump({"all": {"hosts": {"win01": values}}}))
        return doctor(ReachOptions("win01", (path,)))


@pytest.mark.parametrize(
    ("shell", "said"), [("cmd", "C:\\Windows\\system32\\cmd.exe"), ("powershell", "PowerShell 5")]
)
def test_the_shell_of_a_windows_host_is_named(tmp_path: Path, shell: Shell, said: str) -> None:
    found = over_windows(tmp_path, shell)
    step = by_step(found)["shell"]
    assert (step.verdict, step.said.lower()) == (Verdict.OK, said.lower())
    assert step.data["is"] == shell
    assert "codepage" in by_step(found) or "system" in by_step(found), "it goes on inside"


@pytest.mark.parametrize(
    ("shell", "set_to"), [("cmd", "powershell"), ("powershell", "cmd"), ("powershell", None)]
)
def test_another_shell_than_the_settings_say(
    tmp_path: Path, shell: Shell, set_to: str | None
) -> None:
    found = over_windows(tmp_path, shell, ansible_shell_type=set_to)
    step = failing(found, "shell", f"ansible_shell_type: {shell}")
    assert step.category == "policy"
