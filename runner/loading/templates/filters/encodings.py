"""Filters between a text and its encodings, hashes and parts."""

from __future__ import annotations

import base64
import hashlib
import string
import uuid
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote_plus, urlsplit

_NAMESPACE: Final = uuid.UUID("361E6D51-FAEC-444A-9079-341386DA8E2E")
"""Ansible's own, so that both make the same UUID of the same text."""
_PASSWORD_HASHES: Final = {
    "md5": "md5_crypt",
    "blowfish": "bcrypt",
    "sha256": "sha256_crypt",
    "sha512": "sha512_crypt",
}
_BCRYPT_LETTERS: Final = "./" + string.ascii_uppercase + string.ascii_lowercase + string.digits
_ROUNDS: Final = {"sha256_crypt": 535_000, "sha512_crypt": 656_000, "bcrypt": 12}
_MOST_ROUNDS: Final = {"sha256_crypt": 5_000_000, "sha512_crypt": 5_000_000, "bcrypt": 16}
_URL_PARTS: Final = (
    "fragment",
    "hostname",
    "netloc",
    "password",
    "path",
    "port",
    "query",
    "scheme",
    "username",
)


def as_text(value: Any) -> str:
    """The value as a text."""
    return value if isinstance(value, str) else str(value)


def b64encode(value: Any, encoding: str = "utf-8", urlsafe: bool = False) -> str:
    """Base64 of the text in an encoding (utf-16-le for PowerShell's -EncodedCommand)."""
    content = as_text(value).encode(encoding)
    encoded = base64.urlsafe_b64encode(content) if urlsafe else base64.b64encode(content)
    return encoded.decode("ascii")


def b64decode(value: Any, encoding: str = "utf-8", urlsafe: bool = False) -> str:
    """The text behind base64."""
    text = as_text(value)
    decoded = base64.urlsafe_b64decode(text) if urlsafe else base64.b64decode(text)
    return decoded.decode(encoding)


def hashed(value: Any, hashtype: str = "sha1") -> str:
    """A hash of the text (UTF-8), in hex."""
    if hashtype not in hashlib.algorithms_available or hashtype.startswith("shake"):
        raise ValueError(f"there is no hash '{hashtype}'")
    return hashlib.new(hashtype, as_text(value).encode(), usedforsecurity=False).hexdigest()


def sha1(value: Any) -> str:
    """SHA-1 of the text, in hex."""
    return hashed(value, "sha1")


def md5(value: Any) -> str:
    """MD5 of the text, in hex."""
    return hashed(value, "md5")


def password_hash(
    password: Any,
    hashtype: str = "sha512",
    salt: str | None = None,
    salt_size: int | None = None,
    rounds: int | None = None,
    ident: str | None = None,
) -> str:
    """A password as ``/etc/shadow`` keeps it; with a ``salt`` it is the same each time."""
    name = _PASSWORD_HASHES.get(hashtype, hashtype)
    if name not in _PASSWORD_HASHES.values():
        known = ", ".join(_PASSWORD_HASHES)
        raise ValueError(f"there is no password hash '{hashtype}', only {known}")
    if rounds is not None and rounds > _MOST_ROUNDS.get(name, 0) > 0:
        raise ValueError(f"more than {_MOST_ROUNDS[name]:,} rounds is too much")
    if not isinstance(password, str):
        raise TypeError(f"needs a text, not {type(password).__name__}")
    settings: dict[str, Any] = {}
    if salt:
        settings["salt"] = _bcrypt_salt(str(salt)) if name == "bcrypt" else str(salt)
    elif salt_size is not None:
        settings["salt_size"] = salt_size
    if name != "md5_crypt":
        settings["rounds"] = rounds or _ROUNDS[name]
    if name == "bcrypt":
        settings["ident"] = ident or "2b"
    import passlib.hash  # few playbooks hash passwords, and its import takes long

    scheme = getattr(passlib.hash, name)
    return str(scheme.using(**settings).hash(password))


def _bcrypt_salt(salt: str) -> str:
    """The salt as it appears in the hash: of its last character only two bits count."""
    position = _BCRYPT_LETTERS.find(salt[-1])
    return salt[:-1] + _BCRYPT_LETTERS[position & 48] if position >= 0 else salt


def to_uuid(value: Any, namespace: Any = _NAMESPACE) -> str:
    """The UUID (version 5) that a text has in a namespace."""
    space = namespace if isinstance(namespace, uuid.UUID) else uuid.UUID(as_text(namespace))
    return str(uuid.uuid5(space, as_text(value)))


def url_parts(value: str, query: str = "") -> Any:
    """The parts of a URL, or one of them."""
    found = urlsplit(as_text(value))
    parts = {name: getattr(found, name) for name in _URL_PARTS}
    if not query:
        return parts
    if query not in parts:
        raise ValueError(f"there is no URL component '{query}', only {', '.join(parts)}")
    return parts[query]


def urldecode(value: str) -> str:
    """The text behind a URL-encoded one."""
    return unquote_plus(value)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "b64encode": b64encode,
    "b64decode": b64decode,
    "hash": hashed,
    "sha1": sha1,
    "checksum": sha1,
    "md5": md5,
    "password_hash": password_hash,
    "to_uuid": to_uuid,
    "urlsplit": url_parts,
    "urldecode": urldecode,
}
