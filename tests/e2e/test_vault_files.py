"""``runner vault``: files and values encrypted, read and changed, as ansible-vault does it."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.cli.main import invoke
from runner.loading.text.vault_format import decrypt, encrypt, parse
from tests.e2e.vaulting import PW, opened, rubbish, workplace

ANSIBLE = os.environ.get("RUNNER_TEST_ANSIBLE", "")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the test's own."""
    with workplace(tmp_path, monkeypatch) as folder:
        yield folder


def test_encrypt_and_decrypt(capfd: pytest.CaptureFixture[str]) -> None:
    for name, mode in (("a.yml", 0o640), ("b.bin", 0o600)):
        Path(name).write_bytes(b"\x00\xff content\r\n")
        Path(name).chmod(mode)
    assert invoke(["vault", "encrypt", "a.yml", "b.bin", *PW]) == 0
    assert opened("a.yml") == opened("b.bin") == b"\x00\xff content\r\n"
    assert Path("a.yml").read_text().startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert [stat.S_IMODE(Path(n).stat().st_mode) for n in ("a.yml", "b.bin")] == [0o640, 0o600]
    assert capfd.readouterr().err == "encrypted: a.yml\nencrypted: b.bin\n"
    assert invoke(["vault", "decrypt", "a.yml", "b.bin", *PW]) == 0
    assert Path("a.yml").read_bytes() == b"\x00\xff content\r\n"
    assert stat.S_IMODE(Path("a.yml").stat().st_mode) == 0o600  # as ansible-vault leaves it
    assert rubbish() == []


def test_the_old_content_is_overwritten_on_the_disk() -> None:
    Path("a").write_text("geheim" * 100)
    descriptor = os.open("a", os.O_RDONLY)
    try:
        assert invoke(["vault", "encrypt", "a", *PW]) == 0
        assert set(os.read(descriptor, 10_000)) == {0}
    finally:
        os.close(descriptor)


def test_another_name_of_the_same_file_keeps_its_content() -> None:
    Path("a").write_text("geheim")
    Path("b").hardlink_to("a")
    assert invoke(["vault", "encrypt", "a", *PW]) == 0
    assert Path("b").read_text() == "geheim"
    Path("link").symlink_to("a")
    assert invoke(["vault", "decrypt", "link", *PW]) == 0
    assert (Path("link").is_symlink(), Path("a").read_text()) == (True, "geheim")


def test_output_goes_elsewhere(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Path("a").write_text("content")
    assert invoke(["vault", "encrypt", "a", "--output", "b", *PW]) == 0
    assert (Path("a").read_text(), opened("b")) == ("content", b"content")
    assert stat.S_IMODE(Path("b").stat().st_mode) == 0o600
    capfdbinary.readouterr()
    assert invoke(["vault", "decrypt", "b", "--output", "-", *PW]) == 0
    assert capfdbinary.readouterr().out == b"content"
    assert invoke(["vault", "encrypt", "a", "b", "--output", "c", *PW]) == 5


def run(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """``runner vault`` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "runner", "vault", *words],
        input=stdin, capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def test_standard_input_and_output() -> None:
    text = run("encrypt", *PW, stdin=b"piped\n")
    assert (text.returncode, text.stderr) == (0, b"")
    back = run("decrypt", "-", *PW, stdin=text.stdout)
    assert back.stdout == b"piped\n"
    values = run("encrypt-string", *PW, "--stdin-name", "from_stdin", stdin=b"x")
    assert values.stdout.startswith(b"from_stdin: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n")
    assert run("encrypt-string", *PW, stdin=b"").returncode == 5


def test_nothing_is_encrypted_twice_and_nothing_is_half_done(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("plain").write_text("content")
    Path("vaulted").write_text(encrypt(b"x", b"hunter2"))
    assert invoke(["vault", "encrypt", "plain", "vaulted", *PW]) == 5
    assert "vaulted is already encrypted" in capfd.readouterr().err
    assert Path("plain").read_text() == "content"
    assert invoke(["vault", "decrypt", "vaulted", "plain", *PW]) == 5
    assert "plain is not encrypted" in capfd.readouterr().err
    assert Path("vaulted").read_text().startswith("$ANSIBLE_VAULT")
    assert invoke(["vault", "encrypt-string", Path("vaulted").read_text(), *PW]) == 5


def test_view(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Path("a").write_text(encrypt("ä\r\n".encode(), b"hunter2"))
    assert invoke(["vault", "view", "a", *PW]) == 0
    assert capfdbinary.readouterr().out == "ä\r\n".encode()


def test_wrong_password_and_damaged_file(capfd: pytest.CaptureFixture[str]) -> None:
    Path("a").write_text(encrypt(b"geheim", b"hunter2", "prod"))
    assert invoke(["vault", "view", "a", "--vault-id", "prod@other"]) == 5
    said = capfd.readouterr().err
    assert "a:1:1: this is encrypted with the vault id 'prod'" in said
    assert "the password for 'prod' is wrong, or the text was tampered with" in said
    Path("a").write_text(Path("a").read_text()[:-8])
    assert invoke(["vault", "view", "a", "--vault-id", "prod@pw"]) == 5
    assert "a:1:1: this vault text cannot be read: it is damaged" in capfd.readouterr().err


def test_vault_ids_when_encrypting(capfd: pytest.CaptureFixture[str]) -> None:
    Path("a").write_text("x")
    both = ("--vault-id", "dev@pw", "--vault-id", "prod@other")
    assert invoke(["vault", "encrypt", "a", *both]) == 5
    assert "2 vault passwords are given: dev, prod" in capfd.readouterr().err
    assert invoke(["vault", "encrypt", "a", *both, "--encrypt-vault-id", "qa"]) == 5
    assert invoke(["vault", "encrypt", "a", *both, "--encrypt-vault-id", "prod"]) == 0
    assert Path("a").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert opened("a", "s3cret") == b"x"


@pytest.mark.parametrize("name", ["RUNNER_VAULT_PASSWORD_FILE", "ANSIBLE_VAULT_PASSWORD_FILE"])
def test_the_environment_names_a_password_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", "missing")
    monkeypatch.setenv(name, "pw")
    Path("a").write_text("x")
    assert invoke(["vault", "encrypt", "a"]) == 0
    assert opened("a") == b"x"


def test_rekey(capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        Path(name).write_text(encrypt(b"content", b"hunter2"))
        Path(name).chmod(0o644)
    assert invoke(["vault", "rekey", "a", "b", *PW, "--new-vault-id", "prod@other"]) == 0
    assert opened("a", "s3cret") == opened("b", "s3cret") == b"content"
    assert Path("a").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert stat.S_IMODE(Path("a").stat().st_mode) == 0o644
    assert invoke(["vault", "rekey", "a", "--vault-id", "prod@other",
                   "--new-vault-password-file", "pw"]) == 0  # fmt: skip
    assert opened("a") == b"content"
    both = ("--vault-id", "dev@pw", "--vault-id", "prod@other", "--encrypt-vault-id", "prod")
    assert invoke(["vault", "rekey", "a", *both]) == 0
    assert opened("a", "s3cret") == b"content"
    assert invoke(["vault", "rekey", "a", *PW, "--new-vault-password-file", "pw"]) == 5
    twice = ("--new-vault-id", "x@pw", "--new-vault-password-file", "pw")
    assert invoke(["vault", "rekey", "b", *PW, *twice]) == 5
    capfd.readouterr()


def test_encrypt_string(capfd: pytest.CaptureFixture[str]) -> None:
    import yaml

    words = ["encrypt-string", *PW, "-n", "first", "one", "--name", "second", "two\nlines", "third"]
    assert invoke(["vault", *words]) == 0
    out = capfd.readouterr().out
    assert out.count("!vault |\n          $ANSIBLE_VAULT;1.1;AES256\n") == 3
    named = out[: out.rindex("!vault")]
    found = yaml.safe_load(named.replace("!vault ", ""))
    plain = {name: decrypt(parse(text), b"hunter2") for name, text in found.items()}
    assert plain == {"first": b"one", "second": b"two\nlines"}
    assert invoke(["vault", "encrypt_string", *PW, "x", "--output", "values.yml"]) == 0
    assert Path("values.yml").read_text().startswith("!vault |\n")


@pytest.mark.parametrize(
    "words",
    [
        ["encrypt-string", *PW, ""],
        ["encrypt-string", *PW, "-n", "a", "-n", "b", "x"],
        ["encrypt-string", *PW, "-n", "a: b", "x"],
        ["encrypt-string", *PW, "--prompt", "-"],
        ["encrypt", *PW, "missing"],
        ["encrypt", "--vault-password-file", "missing", "pw"],
        ["encrypt", "--vault-id", "a;b@pw", "pw"],
        ["view"],
        ["veiw", "a"],
        ["rekey", "pw", *PW, "--new-vault-id", "x@pw"],
    ],
)
def test_wrong_words(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert invoke(["vault", *words]) == 5
    assert capfd.readouterr().err.startswith("ERROR: ")


def test_a_person_is_asked_at_the_terminal() -> None:
    Path("a").write_text("content")
    terminal, other_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "vault", "encrypt", "a"],
        stdin=other_end, stdout=other_end, stderr=other_end, start_new_session=True,
    )  # fmt: skip
    os.close(other_end)
    said = b""
    try:
        for question in (b"New vault password: ", b"Confirm new vault password: "):
            while question not in said:
                said += os.read(terminal, 1000)
            os.write(terminal, b"typed in\n")
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    assert b"typed in" not in said
    assert opened("a", "typed in") == b"content"


def test_without_a_terminal_nobody_is_asked() -> None:
    Path("a").write_text("content")
    done = subprocess.run(
        [sys.executable, "-m", "runner", "vault", "encrypt", "a"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
        start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 5
    assert "there is no terminal" in done.stderr
    assert "--vault-password-file" in done.stderr


@pytest.mark.skipif(not ANSIBLE, reason="RUNNER_TEST_ANSIBLE names no folder with ansible-vault")
def test_ansible_reads_our_files_and_values(tmp_path: Path) -> None:
    environment = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "ansible")}

    def ansible(program: str, *words: str) -> str:
        done = subprocess.run(
            [Path(ANSIBLE) / program, *words],
            env=environment, check=True, capture_output=True, text=True, timeout=110,
        )  # fmt: skip
        return done.stdout

    Path("vars.yml").write_text("whole: from a file ☃\n")
    assert invoke(["vault", "encrypt", "vars.yml", "--vault-id", "prod@other"]) == 0
    assert invoke(["vault", "encrypt-string", *PW, "-n", "single", "a 'value'", "--output",
                   "single.yml"]) == 0  # fmt: skip
    Path("play.yml").write_text(
        "- hosts: localhost\n  connection: local\n  gather_facts: false\n"
        "  vars_files: [vars.yml, single.yml]\n"
        "  tasks: [{debug: {msg: '<{{ whole }}|{{ single }}>'}}]\n"
    )
    said = ansible("ansible-playbook", "play.yml", "--vault-id", "prod@other", *PW)
    assert "<from a file ☃|a 'value'>" in said
    assert invoke(["vault", "rekey", "vars.yml", "--vault-id", "prod@other",
                   "--new-vault-id", "qa@pw"]) == 0  # fmt: skip
    assert ansible("ansible-vault", "view", "vars.yml", "--vault-id", "qa@pw") == (
        "whole: from a file ☃\n"
    )
