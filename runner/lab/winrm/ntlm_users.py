"""The accounts of one host, under the names by which a client may call them.

pyspnego's NTLM acceptor looks a user up in the file that the environment variable NTLM_USER_FILE
names at that moment. Hosts with different passwords live in one process here, so each has a file
of its own and the variable is set, under a lock, around each step of a logon.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from spnego._ntlm_raw.crypto import ntowfv1

_VARIABLE: Final = "NTLM_USER_FILE"
_KEYTAB_VARIABLE: Final = "KRB5_KTNAME"
_environment = threading.Lock()


@dataclass(frozen=True)
class Account:
    """One user of one host: ``admin`` of the host itself, ``CORP\\bob`` or ``bob@corp``."""

    host: str
    user: str
    password: str = field(repr=False)

    def names(self) -> tuple[tuple[str, str], ...]:
        """Every (domain, user) pair that means this account."""
        domain, backslash, user = self.user.rpartition("\\")
        if backslash and domain not in {"", "."}:
            return ((domain, user), ("", f"{user}@{domain}"))
        name, at, suffix = user.partition("@")
        if at:
            short = suffix.partition(".")[0]
            return (("", user), (suffix, name), *(((short, name),) if short != suffix else ()))
        netbios = self.host.partition(".")[0][:15]
        # A client may echo the challenge's target name, which pyspnego takes from this machine.
        domains = ("", ".", netbios, self.host, socket.gethostname())
        return tuple((domain, user) for domain in dict.fromkeys(d.upper() for d in domains))

    def is_principal(self, principal: str) -> bool:
        """Whether a Kerberos principal, ``user@REALM``, is this account."""
        name, _, realm = principal.rpartition("@")
        wanted = {(realm.lower(), name.lower()), ("", principal.lower())}
        return any((d.lower(), u.lower()) in wanted for d, u in self.names())

    def matches(self, name: str, password: str) -> bool:
        """Whether a Basic logon is right; takes the same time for a nearly right password."""
        domain, _, user = name.rpartition("\\")
        known = any(
            (domain.lower(), user.lower()) == (d.lower(), u.lower()) for d, u in self.names()
        )
        same = hmac.compare_digest(password.encode(), self.password.encode())
        return known and same


class UserFile:
    """An account in the form that pyspnego reads, readable for this user only.

    ``keytab`` is the host's own, for a logon by ticket inside CredSSP.
    """

    def __init__(self, account: Account, directory: Path, keytab: Path | None = None) -> None:
        self._keytab = keytab
        digest = ntowfv1(account.password).hex().upper()
        lines = "".join(
            f"{domain}\\{user}:1000:{'0' * 32}:{digest}:[U]:LCT-0\n"
            if domain
            else f"{user}:1000:{'0' * 32}:{digest}:[U]:LCT-0\n"
            for domain, user in account.names()
        )
        # Equal content is one file: a thousand hosts with one account need no thousand files.
        self._path = directory / hashlib.sha256(lines.encode()).hexdigest()[:32]
        self._write(lines)

    def _write(self, lines: str) -> None:
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(lines)

    @contextmanager
    def active(self) -> Iterator[None]:
        """While this lasts, pyspnego knows these accounts and no others; others wait."""
        wanted = {_VARIABLE: str(self._path)}
        if self._keytab is not None:
            wanted[_KEYTAB_VARIABLE] = f"FILE:{self._keytab}"
        with _environment:
            before = {name: os.environ.get(name) for name in wanted}
            os.environ.update(wanted)
            try:
                yield
            finally:
                for name, value in before.items():
                    if value is None:
                        del os.environ[name]
                    else:
                        os.environ[name] = value
