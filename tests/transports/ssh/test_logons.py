"""Logons that need more than a key in a file, and becoming others; against a real sshd."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runner.errors import AuthenticationFailed, InventoryError, ModuleError
from runner.interfaces.exchange import Exec, Script
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Shell
from runner.model.secret import Secret
from runner.shells import load
from runner.transports.ssh import passphrases
from tests.transports.sshd import IN_CI, TRANSPORT, Sshd, connect, keygen, require_sshd, says, sshd

pytestmark = pytest.mark.xdist_group("sshd")
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrases, "_ASKED", {})
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


@contextmanager
def agent(place: Path, *keys: Path) -> Iterator[Path]:
    """An agent that holds these keys."""
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(place)], stdout=subprocess.DEVNULL)
    try:
        environment = {**os.environ, "SSH_AUTH_SOCK": str(place)}
        end = time.monotonic() + 10
        while _silent(environment) and time.monotonic() < end:
            time.sleep(0.02)
        command = ["ssh-add", "-q", *map(str, keys)]
        subprocess.run(command, check=True, timeout=10, env=environment, capture_output=True)
        yield place
    finally:
        process.terminate()
        process.wait(5)


def _silent(environment: dict[str, str]) -> bool:
    """Whether no agent answers (ssh-add(1): exit code 2)."""
    done = subprocess.run(
        ["ssh-add", "-l"], env=environment, capture_output=True, check=False, timeout=10
    )
    return done.returncode == 2


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    require_sshd()
    with sshd(tmp_path / "sshd") as running:
        yield running


def authorize(server: Sshd, key: Path) -> None:
    with (server.folder / "authorized_keys").open("a") as file:
        file.write(Path(f"{key}.pub").read_text())


def known(server: Sshd, *words: str) -> str:
    return " ".join([f"-o UserKnownHostsFile={server.known_hosts}", *words])


def test_identities_only_means_the_agents_key_of_that_file(
    server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent can sign; the file is locked, or only its public half is there."""
    others = [keygen(tmp_path / f"other{n}") for n in range(7)]
    key = keygen(tmp_path / "key")
    authorize(server, key)
    with agent(tmp_path / "agent", *others, key) as place:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
        key.unlink()
        server.config.write_text(f"IdentityFile {key}\nIdentitiesOnly yes\n")
        link = connect(server, ansible_ssh_private_key_file=None,
                       ansible_ssh_common_args=known(server))  # fmt: skip
        assert says(link, "echo in") == "in"
    assert server.log.count("Failed publickey") == 0


def test_the_agent_of_the_configuration(server: Sshd, tmp_path: Path) -> None:
    with agent(tmp_path / "agent", server.key) as place:
        server.config.write_text(f"IdentityAgent {place}\n")
        link = connect(server, ansible_ssh_private_key_file=None,
                       ansible_ssh_common_args=known(server))  # fmt: skip
        assert says(link, "echo in") == "in"


def test_too_many_keys_of_an_agent_leave_the_password_its_turn(
    server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with agent(tmp_path / "agent", *[keygen(tmp_path / f"k{n}") for n in range(8)]) as place:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
        with pytest.raises(AuthenticationFailed, match="more keys were not offered"):
            connect(server, ansible_ssh_private_key_file=None,
                    ansible_ssh_common_args=known(server))  # fmt: skip


def test_a_key_and_then_a_password(tmp_path: Path, account: tuple[str, str]) -> None:
    require_sshd()
    name, password = account
    readable = Path(tempfile.mkdtemp())  # by that account, as sshd reads its keys
    methods = "AuthenticationMethods publickey,password"
    with sshd(tmp_path / "s", methods, f"AuthorizedKeysFile {readable}/keys") as server:
        readable.chmod(0o755)
        (readable / "keys").write_text(Path(f"{server.key}.pub").read_text())
        with pytest.raises(AuthenticationFailed, match="also wants password"):
            connect(server, ansible_user=name)
        link = connect(server, ansible_user=name, ansible_password=Secret(password))
        assert says(link, "id -un") == name
    shutil.rmtree(readable)


PAM = ("UsePAM yes", "PasswordAuthentication no", "KbdInteractiveAuthentication yes")


@pytest.fixture
def questions(tmp_path: Path) -> Iterator[Sshd]:
    """An sshd that takes passwords as answers to questions only, as many do with PAM."""
    require_sshd()
    if not Path("/etc/pam.d/sshd").exists() or os.geteuid() != 0:
        if IN_CI:
            pytest.fail("needs PAM's settings for sshd (openssh-server), and root")
        pytest.skip("needs /etc/pam.d/sshd, and root")
    with sshd(tmp_path / "s", *PAM) as running:
        yield running


def test_questions_are_answered_with_the_password(
    questions: Sshd, account: tuple[str, str]
) -> None:
    name, password = account
    more: dict[str, Any] = {"ansible_user": name, "ansible_ssh_private_key_file": None}
    link = connect(questions, ansible_password=Secret(password), **more)
    assert says(link, "id -un") == name
    assert "keyboard-interactive" in questions.log
    said = "PAM: Authentication failure"
    before = questions.log.count(said)
    with pytest.raises(AuthenticationFailed, match="the password") as caught:
        connect(questions, ansible_password=Secret("wrong"), **more)
    assert questions.log.count(said) == before + 1
    options = TRANSPORT.options("h", questions.variables())
    assert TRANSPORT.is_refusal(options, caught.value)


def test_a_switched_off_way_is_not_tried(server: Sshd) -> None:
    with pytest.raises(AuthenticationFailed, match="nothing to log on with"):
        connect(server, ansible_ssh_common_args=known(server, "-o PubkeyAuthentication=no"))


# -- passphrases ---------------------------------------------------------------------------------

ASK = """\
import sys
sys.path.insert(0, {root!r})
from runner.transports.ssh.transport import Transport
from runner.interfaces.shell import Invocation
variables = {variables!r}
for host in ("one", "two"):
    options = Transport().options(host, variables)
    link = Transport().connect(options, timeout=20)
    print(host, link.run(Invocation("echo in"), timeout=10).stdout)
    link.close()
"""


def on_a_terminal(script: str, answer: str) -> tuple[int, str]:
    """Run a script on a terminal of its own, and answer its question."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", script])
    said, answered = b"", False
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        said += data
        if b"Passphrase" in said and not answered:
            answered = True
            time.sleep(0.1)
            os.write(terminal, answer.encode() + b"\n")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), said.decode(errors="replace")


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_passphrase_is_asked_for_once(server: Sshd, tmp_path: Path) -> None:
    key = keygen(tmp_path / "key", passphrase="open sesame")
    authorize(server, key)
    variables = server.variables(ansible_ssh_private_key_file=str(key))
    script = ASK.format(root=str(ROOT), variables=variables)
    code, said = on_a_terminal(script, "open sesame")
    assert code == 0, said
    assert said.count(f"Passphrase for the key {key}:") == 1
    assert "one b'in\\n'" in said
    assert "two b'in\\n'" in said
    assert "open sesame" not in said


def test_nobody_is_asked_without_a_terminal(server: Sshd, tmp_path: Path) -> None:
    key = keygen(tmp_path / "key", passphrase="open sesame")
    authorize(server, key)
    variables = server.variables(ansible_ssh_private_key_file=str(key))
    script = ASK.format(root=str(ROOT), variables=variables)
    done = subprocess.run(
        [sys.executable, "-c", script], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Passphrase for" not in done.stdout + done.stderr
    assert "there is no terminal" in done.stderr
    assert "ssh-add it" in done.stderr


def test_nobody_is_asked_for_what_the_agent_holds(
    server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keygen(tmp_path / "key")
    authorize(server, key)
    monkeypatch.setattr(passphrases, "has_terminal", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: pytest.fail("asked"))
    with agent(tmp_path / "agent", key) as place:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
        command = ["ssh-keygen", "-q", "-p", "-N", "secret", "-P", "", "-f", str(key)]
        subprocess.run(command, check=True, timeout=10, capture_output=True)
        link = connect(server, ansible_ssh_private_key_file=str(key))
        assert says(link, "echo in") == "in"


def test_nobody_is_asked_where_the_configuration_says_so(
    server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keygen(tmp_path / "key", passphrase="x1")
    monkeypatch.setattr(passphrases, "has_terminal", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: "not it")
    words = known(server, "-o BatchMode=yes")
    values = server.variables(ansible_ssh_private_key_file=str(key), ansible_ssh_common_args=words)
    TRANSPORT.options("h", values)
    with pytest.raises(InventoryError, match="not the passphrase"):
        TRANSPORT.options("h", server.variables(ansible_ssh_private_key_file=str(key)))


# -- become --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["su", "sudo"])
def test_become_passwords_are_in_no_list_of_processes(
    method: str, server: Sshd, account: tuple[str, str], tmp_path: Path
) -> None:
    """With the account's own password; whoever looks at the processes meanwhile sees none."""
    if shutil.which(method) is None or os.geteuid() != 0:
        pytest.skip(f"needs {method}, and root")
    name, password = account
    if method == "sudo":
        # What Debian's sudoers allows everything, for its own password.
        subprocess.run(["usermod", "-aG", "sudo", name], check=True, timeout=20)
    whom = name if method == "su" else "root"

    def becoming(secret: str) -> Shell:
        setting = Setting(become=method, user=whom, password=Secret(secret))
        return load("posix").under(setting)

    shell = becoming(password)
    seen = "ps -eo args; id -un"
    link = connect(
        server, ansible_user=name, ansible_password=Secret(password),
        ansible_ssh_private_key_file=None,
    )  # fmt: skip
    invocation = shell.render(Script("posix", seen))
    assert password not in invocation.line
    output = shell.decode(link.run(invocation, timeout=20), link.encoding)
    assert output.code == 0, output
    assert output.stdout.strip().endswith(whom)
    assert password not in output.stdout
    assert method in output.stdout
    wrong = becoming("not " + password)
    with pytest.raises(ModuleError, match="incorrect become password"):
        wrong.decode(link.run(wrong.render(Exec("true")), timeout=20), link.encoding)
    link.close()
