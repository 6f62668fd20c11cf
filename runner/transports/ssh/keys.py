"""Private keys in files: reading them, with or without a passphrase."""

from __future__ import annotations

import base64
import binascii
import copy
from functools import lru_cache
from pathlib import Path

import paramiko

from runner.model.secret import Secret


def load_key(path: Path, phrase: Secret | None) -> paramiko.PKey:
    """A private key of whatever kind. Raises PasswordRequiredException, or SSHException.

    It is the caller's own, to add a certificate to.
    """
    password = phrase.reveal() if phrase else None
    return copy.copy(_loaded(path, path.stat().st_mtime_ns, password))


@lru_cache(maxsize=64)  # opening a locked key is made slow on purpose (bcrypt), and hosts are many
def _loaded(path: Path, _modified: int, password: str | None) -> paramiko.PKey:
    last: Exception = paramiko.SSHException("not a private key")
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key_file(str(path), password)
        except paramiko.PasswordRequiredException:
            raise
        except (paramiko.SSHException, ValueError, IndexError) as error:
            last = error
    raise paramiko.SSHException(str(last))


def is_encrypted(path: Path) -> bool:
    """Whether a private key needs a passphrase. False for what is no key, or cannot be read."""
    try:
        load_key(path, None)
    except paramiko.PasswordRequiredException:
        return True
    except (paramiko.SSHException, OSError):
        return False
    return False


def public_blob(name: str) -> bytes:
    """The public half of a key file, which stands beside it (``.pub``); empty when it does not.

    ``IdentityFile`` may name the public half itself, where an agent holds the other one.
    """
    for place in (f"{name}.pub", name):
        try:
            words = Path(place).read_text(encoding="ascii").split()
        except (OSError, UnicodeDecodeError):
            continue
        if len(words) >= 2 and not words[0].startswith("-"):
            try:
                return base64.b64decode(words[1], validate=True)
            except binascii.Error:
                continue
    return b""
