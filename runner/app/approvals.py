"""Approvals: detached Ed25519 signatures of a plan file.

They have OpenSSH's format (PROTOCOL.sshsig), so that an approver needs nothing but
``ssh-keygen -Y sign -n runner-plan -f KEY fix.plan``, with a key in an agent, too. Who may approve
stands in a file of the form that ssh-keygen(1) calls ALLOWED SIGNERS: ``NAME ssh-ed25519 KEY``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from runner.errors import InputError
from runner.model.source import Source

NAMESPACE: Final = b"runner-plan"
_MAGIC: Final = b"SSHSIG"
_KIND: Final = b"ssh-ed25519"
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_HASHES: Final = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_LINE: Final = 70


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who may approve, with the key by which that shows."""

    name: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Approvals:
    """Who approved, and which signatures do not count, with the reason."""

    names: tuple[str, ...]
    refused: tuple[str, ...] = ()


def sign(content: bytes, key: Ed25519PrivateKey) -> str:
    """An approval of these bytes."""
    public = _string(_KIND) + _string(_raw(key.public_key()))
    signed = _string(_KIND) + _string(key.sign(_message(content, b"sha512")))
    blob = (
        _MAGIC + struct.pack(">I", 1) + _string(public) + _string(NAMESPACE) + _string(b"")
        + _string(b"sha512") + _string(signed)
    )  # fmt: skip
    text = base64.b64encode(blob).decode()
    lines = [text[i : i + _LINE] for i in range(0, len(text), _LINE)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def signer_of(content: bytes, signature: str) -> bytes:
    """The raw public key that signed these bytes.

    Raises ValueError with the reason when the signature is none of them.
    """
    blob = _Blob(_unarmored(signature))
    if blob.take(len(_MAGIC)) != _MAGIC or blob.take(4) != struct.pack(">I", 1):
        raise ValueError("not an SSH signature of version 1")
    public, namespace, _reserved, algorithm, signed = (blob.string() for _ in range(5))
    if namespace != NAMESPACE:
        said = namespace.decode(errors="replace")
        raise ValueError(f"signed for '{said}', not for '{NAMESPACE.decode()}'")
    if algorithm not in _HASHES:
        raise ValueError("signed with an unknown hash")
    key, value = _Blob(public), _Blob(signed)
    if key.string() != _KIND or value.string() != _KIND:
        raise ValueError("not an Ed25519 key")
    raw = key.string()
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(value.string(), _message(content, algorithm))
    except InvalidSignature:
        raise ValueError("the signature is not one of this plan") from None
    return raw


def load_key(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    """A private key in OpenSSH's or PEM form. Raises InputError with what to do.

    Raises TypeError when it needs a passphrase and none is given.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot read {path}: {reason}") from None
    load = (
        serialization.load_ssh_private_key
        if b"OPENSSH PRIVATE KEY" in content
        else serialization.load_pem_private_key
    )
    try:
        key = load(content, passphrase)
    except (ValueError, UnsupportedAlgorithm) as error:
        what = "the passphrase is wrong, or the file is no key" if passphrase else "it is no key"
        raise InputError(f"cannot use {path}: {what}", hint=str(error)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(
            f"cannot use {path}: not an Ed25519 key",
            hint="make one with: ssh-keygen -t ed25519 -f KEY",
        )
    return key


def read_approvers(path: Path) -> tuple[Approver, ...]:
    """Who may approve. Raises InputError with the place of what is wrong."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot read {path}: {reason}") from None
    except UnicodeDecodeError:
        raise InputError(f"cannot read {path}: it is not UTF-8") from None
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                found.append(_approver(line))
            except ValueError as error:
                source = Source(str(path), number, 1, line)
                hint = "a line is: NAME ssh-ed25519 KEY"
                raise InputError(str(error), source=source, hint=hint) from None
    if not found:
        raise InputError(f"{path} names nobody", hint="a line is: NAME ssh-ed25519 KEY")
    return tuple(found)


def approvals_of(plan: Path, content: bytes, approvers: tuple[Approver, ...]) -> Approvals:
    """Who of the approvers signed it: each counts once, and so does each key.

    Signatures lie beside the plan, in files that are called like it and end in ``.sig``.
    """
    names, keys, refused = [], set(), []
    for path in sorted(plan.parent.glob(f"{_escaped(plan.name)}*.sig")):
        try:
            key = signer_of(content, path.read_text(encoding="ascii", errors="replace"))
        except ValueError as error:
            refused.append(f"{path.name}: {error}")
            continue
        name = next((a.name for a in approvers if a.key == key), None)
        if name is None:
            refused.append(f"{path.name}: signed by somebody who is not among the approvers")
        elif name not in names and key not in keys:
            names.append(name)
            keys.add(key)
    return Approvals(tuple(names), tuple(refused))


def _approver(line: str) -> Approver:
    words = line.split()
    if "ssh-ed25519" not in words[1:-1]:
        raise ValueError("not an approver with an Ed25519 key")
    at = words.index("ssh-ed25519", 1)
    if at != 1:
        raise ValueError(f"options are not supported: {' '.join(words[1:at])}")
    try:
        blob = _Blob(base64.b64decode(words[2], validate=True))
        kind, raw = blob.string(), blob.string()
        Ed25519PublicKey.from_public_bytes(raw)
    except (binascii.Error, ValueError):
        raise ValueError("the key is damaged") from None
    if kind != _KIND:
        raise ValueError("the key is of another kind than it says")
    return Approver(words[0], raw)


class _Blob:
    """Reads the strings that SSH's formats are made of (RFC 4251, section 5)."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, count: int) -> bytes:
        if len(self._data) < count:
            raise ValueError("it is cut off")
        found, self._data = self._data[:count], self._data[count:]
        return found

    def string(self) -> bytes:
        return self.take(struct.unpack(">I", self.take(4))[0])


def _unarmored(text: str) -> bytes:
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        raise ValueError("not an SSH signature")
    try:
        return base64.b64decode("".join(lines[1:-1]), validate=True)
    except binascii.Error:
        raise ValueError("it is damaged") from None


def _message(content: bytes, algorithm: bytes) -> bytes:
    digest = _HASHES[algorithm](content).digest()
    return _MAGIC + _string(NAMESPACE) + _string(b"") + _string(algorithm) + _string(digest)


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
