"""Who is at the other end: ``known_hosts``, strict unless the inventory opts out of strictness.

A key that differs from the recorded one is never accepted, whatever the settings.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final

import paramiko
from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

from runner.errors import PolicyRefused
from runner.transports.ssh_config import Target

_WRITING: Final = threading.Lock()


class KnownKeys:
    """The keys recorded for one name, out of all its files."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._good: list[paramiko.PKey] = []
        self._revoked: list[paramiko.PKey] = []
        for name in target.known_hosts:
            self._read(Path(name).expanduser())

    @property
    def types(self) -> tuple[str, ...]:
        """The kinds of key that are on record: these are asked for first."""
        return tuple(dict.fromkeys(key.get_name() for key in self._good))

    def check(self, key: paramiko.PKey) -> None:
        """Accept the key or raise PolicyRefused; a new one is recorded where that is allowed."""
        target = self._target
        shown = f"{key.get_name()} {key.fingerprint}"
        if key in self._revoked:
            raise PolicyRefused(
                f"{target.endpoint}: its host key is marked @revoked in known_hosts: {shown}",
                hint="do not trust this machine; ask who revoked the key",
            )
        if key in self._good:
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

    def _read(self, path: Path) -> None:
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return
        for number, line in enumerate(lines, 1):
            text, marker = line.strip(), ""
            if text.startswith("@"):
                marker, _, text = text.partition(" ")
            if not text or text.startswith("#") or marker == "@cert-authority":
                continue
            try:
                entry = HostKeyEntry.from_line(text, number)
            except (InvalidHostKey, paramiko.SSHException):
                continue
            if entry is None or entry.key is None or not self._names(entry):
                continue
            (self._revoked if marker == "@revoked" else self._good).append(entry.key)

    def _names(self, entry: HostKeyEntry) -> bool:
        keys = paramiko.HostKeys()
        return bool(keys._hostname_matches(self._target.host_key_name, entry))  # type: ignore[attr-defined]

    def _record(self, key: paramiko.PKey) -> None:
        path = Path(self._target.known_hosts[0]).expanduser()
        line = f"{self._target.host_key_name} {key.get_name()} {key.get_base64()}\n"
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
