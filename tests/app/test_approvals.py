"""Approvals are OpenSSH's signatures: ssh-keygen makes them and believes ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runner.app.approvals import approvals_of, load_key, read_approvers, sign, signer_of
from runner.errors import InputError
from tests.transports.kdc import missing

CONTENT = b"a plan\n"


def public_line(key: Ed25519PrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        .decode()
    )


def approvers_file(folder: Path, **keys: Ed25519PrivateKey) -> Path:
    path = folder / "approvers"
    lines = [f"{name} {public_line(key)} a comment" for name, key in keys.items()]
    path.write_text("# who may approve\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def ann() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def bob() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "fix[1].plan"
    path.write_bytes(CONTENT)
    return path


def test_each_approver_counts_once(
    plan: Path, ann: Ed25519PrivateKey, bob: Ed25519PrivateKey, tmp_path: Path
) -> None:
    known = read_approvers(approvers_file(tmp_path, ann=ann, bob=bob))
    for name, key in (("1", ann), ("2", ann), ("3", bob), ("4", Ed25519PrivateKey.generate())):
        (tmp_path / f"{plan.name}.{name}.sig").write_text(sign(CONTENT, key), encoding="ascii")
    (tmp_path / "other.plan.sig").write_text(sign(CONTENT, ann), encoding="ascii")
    found = approvals_of(plan, CONTENT, known)
    assert found.names == ("ann", "bob")
    assert found.refused == (
        f"{plan.name}.4.sig: signed by somebody who is not among the approvers",
    )


def test_a_signature_is_of_these_bytes_only(
    plan: Path, ann: Ed25519PrivateKey, tmp_path: Path
) -> None:
    known = read_approvers(approvers_file(tmp_path, ann=ann))
    (tmp_path / f"{plan.name}.sig").write_text(sign(CONTENT, ann), encoding="ascii")
    assert approvals_of(plan, CONTENT, known).names == ("ann",)
    found = approvals_of(plan, CONTENT + b" ", known)
    assert found.names == ()
    assert "not one of this plan" in found.refused[0]


@pytest.mark.parametrize("cut", [0, 5, 40, 90, 200])
def test_a_damaged_signature_is_no_crash(cut: int, ann: Ed25519PrivateKey) -> None:
    text = sign(CONTENT, ann)
    with pytest.raises(ValueError, match=r"SSH signature|damaged|cut off|Incorrect"):
        signer_of(CONTENT, text[:cut] + text[-30:])


def test_ssh_keygen_and_we_believe_each_other(tmp_path: Path, plan: Path) -> None:
    keygen = shutil.which("ssh-keygen") or ""
    if not keygen:
        missing("ssh-keygen (apt-get install openssh-client)")
    key = tmp_path / "key"
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "hush", "-f", key], check=True)
    with pytest.raises(TypeError):
        load_key(key, None)
    with pytest.raises(InputError, match="passphrase is wrong"):
        load_key(key, b"wrong")
    private = load_key(key, b"hush")
    approvers = approvers_file(tmp_path, ann=private)

    ours = sign(CONTENT, private)
    (tmp_path / "ours.sig").write_text(ours, encoding="ascii")
    verify = [keygen, "-Y", "verify", "-f", str(approvers), "-I", "ann", "-n", "runner-plan"]
    checked = subprocess.run(
        [*verify, "-s", str(tmp_path / "ours.sig")], input=CONTENT, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr

    plain = tmp_path / "plain"
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", plain], check=True)
    approvers = approvers_file(tmp_path, ann=load_key(plain, None))
    for namespace, names in (("file", ()), ("runner-plan", ("ann",))):
        signature = plan.with_name(f"{plan.name}.sig")
        signature.unlink(missing_ok=True)
        subprocess.run(
            [keygen, "-q", "-Y", "sign", "-n", namespace, "-f", plain, plan],
            check=True, capture_output=True,
        )  # fmt: skip
        found = approvals_of(plan, CONTENT, read_approvers(approvers))
        assert found.names == names
        assert bool(found.refused) is not bool(names)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ann", "not an approver"),
        ("ann ssh-rsa AAAA", "not an approver"),
        ("ann ssh-ed25519 AAAA", "damaged"),
        ("ann cert-authority ssh-ed25519 AAAA", "options are not supported: cert-authority"),
    ],
)
def test_who_may_approve_is_read_strictly(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "approvers"
    path.write_text(f"# comment\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"approvers:2:1: .*{said}"):
        read_approvers(path)


def test_other_kinds_of_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("hello", encoding="ascii")
    with pytest.raises(InputError, match="it is no key"):
        load_key(path, None)
    with pytest.raises(InputError, match="cannot read"):
        load_key(tmp_path / "none", None)
