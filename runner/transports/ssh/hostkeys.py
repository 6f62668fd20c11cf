"""Who is at the other end: ``known_hosts``, strict unless the inventory opts out of strictness.

A key that differs from the recorded one is never accepted, whatever the settings.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import paramiko
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

from runner.errors import PolicyRefused
from runner.transports.ssh.certificate import certificate_of
from runner.transports.ssh.config import Target

_WRITING: Final = threading.Lock()


def is_named(name: str, patterns: Sequence[str]) -> bool:
    """Whether a line of known_hosts is for that name (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""
    found = False
    for pattern in patterns:
        if pattern.startswith("|1|"):
            found = found or paramiko.HostKeys.hash_host(name, pattern) == pattern
        elif _matches(name, pattern.removeprefix("!")):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _matches(name: str, pattern: str) -> bool:
    """``*`` and ``?`` are the only special characters: a port's brackets are none."""
    plain = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(plain, name.lower()) is not None


class KnownKeys:
    """The keys recorded for one name, out of all its files."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._good: list[paramiko.PKey] = []
        self._revoked: list[paramiko.PKey] = []
        self._authorities: list[paramiko.PKey] = []
        self._elsewhere: list[paramiko.PKey] = []
        name = target.host_key_name
        self._read_all(name)
        if name.startswith("[") and not self._good:
            # As in OpenSSH: a line without a port may vouch for any, but is no proof against it.
            self._read_all(name[1:].partition("]")[0])
            self._good, self._elsewhere = [], self._good

    @property
    def types(self) -> tuple[str, ...]:
        """The kinds of key that are on record: these are asked for first."""
        return tuple(dict.fromkeys(key.get_name() for key in (*self._good, *self._elsewhere)))

    @property
    def has_authority(self) -> bool:
        """Whether a certificate may vouch for the host (``@cert-authority``)."""
        return bool(self._authorities)

    def check(self, key: paramiko.PKey) -> None:
        """Accept the key or raise PolicyRefused; a new one is recorded where that is allowed."""
        target = self._target
        if self._vouched(key):
            return
        shown = f"{key.get_name()} {key.fingerprint}"
        if key in self._revoked:
            raise PolicyRefused(
                f"{target.endpoint}: its host key is marked @revoked in known_hosts: {shown}",
                hint="do not trust this machine; ask who revoked the key",
            )
        if key in self._good or key in self._elsewhere:
            return
        if any(known.get_name() == key.get_name() for known in self._good):
            recorded = ", ".join(k.fingerprint for k in self._good)
            raise PolicyRefused(
                f"{target.endpoint}: its host key changed: {shown}, on record: {recorded}",
                hint="either the machine was set up anew, or somebody is in between: find out "
                f"which, then: ssh-keygen -R '{target.host_key_name}'",
            )
        if not target.accept_new or self._good:
            raise PolicyRefused(
                f"{target.endpoint}: its host key is not known: {shown}",
                hint="compare the fingerprint with the machine's, then add it: ssh-keyscan "
                f"-p {target.port} {target.address} >> ~/.ssh/known_hosts "
                "(or runner_ssh_host_keys: accept-new)",
            )
        self._record(key)

    def _vouched(self, key: paramiko.PKey) -> bool:
        """Whether an authority vouches for the key. Raises PolicyRefused when it does not any more.

        A certificate of another authority counts for nothing; the key itself may still be known.
        """
        if not self._authorities or key in self._revoked:
            return False
        try:
            certificate = certificate_of(key)
        except (paramiko.SSHException, IndexError, ValueError, KeyError):
            return False
        if certificate is None or certificate.authority not in self._authorities:
            return False
        if certificate.authority in self._revoked:
            return False
        name = self._target.host_key_name
        host = name[1:].partition("]")[0] if name.startswith("[") else name
        problem = certificate.problem(host)
        if problem and key not in self._good:
            raise PolicyRefused(
                f"{self._target.endpoint}: its host certificate '{certificate.key_id}' does not "
                f"hold: {problem}",
                hint=f"have its authority make a new one for the name {host}, or set HostKeyAlias "
                "to the name that it has",
            )
        return not problem

    def _read_all(self, name: str) -> None:
        for file in self._target.known_hosts:
            self._read(Path(file).expanduser(), name)

    def _read(self, path: Path, name: str) -> None:
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return
        for number, line in enumerate(lines, 1):
            text, marker = line.strip(), ""
            if text.startswith("@"):
                marker, _, text = text.partition(" ")
            if not text or text.startswith("#"):
                continue
            try:
                entry = HostKeyEntry.from_line(text, number)
            except (InvalidHostKey, paramiko.SSHException):
                continue
            if entry is None or entry.key is None or not is_named(name, entry.hostnames):
                continue
            match marker:
                case "":
                    self._good.append(entry.key)
                case "@revoked":
                    self._revoked.append(entry.key)
                case "@cert-authority":
                    self._authorities.append(entry.key)

    def _record(self, key: paramiko.PKey) -> None:
        if not self._target.known_hosts:
            raise PolicyRefused(
                f"{self._target.endpoint}: there is no file to record its new host key in",
                hint="set UserKnownHostsFile to one",
            )
        path = Path(self._target.known_hosts[0]).expanduser()
        name = self._target.host_key_name
        if self._target.hash_names:
            name = paramiko.HostKeys.hash_host(name)
        line = f"{name} {key.get_name()} {key.get_base64()}\n"
        try:
            with _WRITING:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                try:
                    os.write(handle, line.encode())
                finally:
                    os.close(handle)
        except OSError as error:
            raise PolicyRefused(
                f"{self._target.endpoint}: cannot record its new host key in {path}: {error}",
                hint="make the file writable, or add the key by hand",
            ) from None
