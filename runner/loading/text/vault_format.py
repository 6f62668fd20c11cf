"""Ansible Vault's text format, versions 1.1 and 1.2, and its one cipher.

A text is a header line (``$ANSIBLE_VAULT;1.1;AES256``, in 1.2 with the vault id behind it) and
lines of 80 hexadecimal digits. They spell three lines, again hexadecimal: salt, checksum,
ciphertext. PBKDF2-HMAC-SHA256 makes of password and salt the two keys and the initial counter;
AES-256 in counter mode encrypts the padded content, HMAC-SHA256 of the ciphertext is the
checksum. Source: Ansible documentation, "Encrypting content with Ansible Vault", section "Format
of files encrypted with Ansible Vault".
"""

from __future__ import annotations

import os
from binascii import Error as NotHexadecimal
from dataclasses import dataclass
from typing import Final

from runner.model.source import Source

HEADER: Final = "$ANSIBLE_VAULT"
CIPHER: Final = "AES256"
DEFAULT_ID: Final = "default"
"""The vault id of a text or password that names none."""

_VERSIONS: Final = ("1.1", "1.2")
_ITERATIONS: Final = 10_000
_KEY: Final = 32
_BLOCK: Final = 16
_SALT: Final = 32
_WIDTH: Final = 80


class FormatError(ValueError):
    """This begins like an encrypted text, but is none that can be read."""


class WrongPassword(ValueError):
    """The checksum does not fit: another password, or another text."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An encrypted text taken apart. ``label`` is its vault id, empty when it names none."""

    version: str
    label: str
    salt: bytes
    checksum: bytes
    ciphertext: bytes


def is_vaulted(content: str | bytes) -> bool:
    """Whether this content is an encrypted text."""
    if isinstance(content, bytes):
        return content.startswith(HEADER.encode())
    return content.startswith(HEADER)


def header_place(file: str, text: str) -> Source:
    """The place of a whole encrypted file: its header, in which nothing is secret."""
    return Source(file, 1, 1, text.split("\n", 1)[0].rstrip())


def parse(text: str) -> Envelope:
    """Take an encrypted text apart. Raises FormatError."""
    lines = [line.strip() for line in text.splitlines()]
    words = [word.strip() for word in lines[0].split(";")] if lines else []
    if not words or words[0] != HEADER:
        raise FormatError(f"it does not begin with {HEADER}")
    if len(words) < 3 or words[1] not in _VERSIONS:
        raise FormatError("its header is not that of version 1.1 or 1.2")
    if words[2] != CIPHER:
        raise FormatError(f"its cipher is not {CIPHER}")
    if not any(lines[1:]):
        raise FormatError("below its header stands nothing: digits on lines of their own")
    label = words[3] if len(words) > 3 else ""
    for number, line in enumerate(lines[1:], start=2):
        if not _is_hexadecimal(line):
            raise FormatError(f"its line {number} is damaged: not only hexadecimal digits")
    try:
        salt, checksum, ciphertext = bytes.fromhex("".join(lines[1:])).split(b"\n", 2)
        parts = [bytes.fromhex(part.decode("ascii")) for part in (salt, checksum, ciphertext)]
    except (ValueError, NotHexadecimal):
        raise FormatError("it is damaged: digits are missing or changed") from None
    if not parts[2] or len(parts[2]) % _BLOCK:
        raise FormatError("it is damaged: its end is missing")
    return Envelope(words[1], label, *parts)


def _is_hexadecimal(line: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in line)


def encrypt(content: bytes, password: bytes, label: str = "", salt: bytes | None = None) -> str:
    """The encrypted text of a content. With a ``label`` other than ``default``, version 1.2.

    ``salt`` is random unless a test fixes it.
    """
    from cryptography.hazmat.primitives.padding import PKCS7

    salt = os.urandom(_SALT) if salt is None else salt
    key, checksum_key, counter = _keys(password, salt)
    padder = PKCS7(_BLOCK * 8).padder()
    padded = padder.update(content) + padder.finalize()
    ciphertext = _counter_mode(key, counter, padded)
    parts = (salt, _checksum(checksum_key, ciphertext), ciphertext)
    digits = "\n".join(part.hex() for part in parts).encode().hex()
    header = f"{HEADER};1.1;{CIPHER}"
    if label and label != DEFAULT_ID:
        header = f"{HEADER};1.2;{CIPHER};{label}"
    body = (digits[at : at + _WIDTH] for at in range(0, len(digits), _WIDTH))
    return "".join(f"{line}\n" for line in (header, *body))


def decrypt(envelope: Envelope, password: bytes) -> bytes:
    """The content. Raises WrongPassword, before anything is decrypted, or FormatError."""
    from cryptography.hazmat.primitives.constant_time import bytes_eq
    from cryptography.hazmat.primitives.padding import PKCS7

    key, checksum_key, counter = _keys(password, envelope.salt)
    if not bytes_eq(_checksum(checksum_key, envelope.ciphertext), envelope.checksum):
        raise WrongPassword("the checksum does not fit")
    unpadder = PKCS7(_BLOCK * 8).unpadder()
    padded = _counter_mode(key, counter, envelope.ciphertext)
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise FormatError("its padding is wrong: it was not made by Ansible Vault") from None


def _keys(password: bytes, salt: bytes) -> tuple[bytes, bytes, bytes]:
    """The key of the cipher, the key of the checksum, and the initial counter."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    length = 2 * _KEY + _BLOCK
    made = PBKDF2HMAC(SHA256(), length=length, salt=salt, iterations=_ITERATIONS).derive(password)
    return made[:_KEY], made[_KEY : 2 * _KEY], made[2 * _KEY :]


def _checksum(key: bytes, ciphertext: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.hmac import HMAC

    made = HMAC(key, SHA256())
    made.update(ciphertext)
    return made.finalize()


def _counter_mode(key: bytes, counter: bytes, content: bytes) -> bytes:
    """AES in counter mode: encrypts, and decrypts what it encrypted."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    cipher = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    return cipher.update(content) + cipher.finalize()
