"""Secrets that a rollback needs: kept in the journal encrypted, and only opened to take back.

The key is the first vault password of the run. Where none is given it is a random one of this
controller's own, in the file ``key`` beside the journal, made when it is first needed (mode 0600).
Who has a copy of the journal without that file, or without the vault password, has no secret.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from runner.errors import InputError, JournalError, Refused
from runner.loading.text.vault import VaultKeys, VaultPassword
from runner.loading.text.vault_format import encrypt
from runner.model.secret import Secret

KEY_FILE: Final = "key"
_LABEL: Final = "runner-key"


class Seals:
    """Seals and opens the secrets of one journal. Thread-safe.

    ``on_secret`` is told of each that is opened: it must be masked from now on.
    """

    def __init__(self, keys: VaultKeys, home: Path, on_secret: Callable[[str], None]) -> None:
        self._keys = keys
        self._file = home / KEY_FILE
        self._on_secret = on_secret
        self._lock = threading.Lock()

    def seal(self, values: Mapping[str, str]) -> str:
        """The values as a vault text. Raises JournalError when there can be no key for it."""
        for value in values.values():
            self._on_secret(value)
        password = next(iter(self._keys.passwords), None) or self._own(make=True)
        assert password is not None
        return encrypt(json.dumps(dict(values)).encode(), password.key, password.label)

    def open(self, sealed: str) -> dict[str, str]:
        """What was sealed. Raises Refused where the key is missing."""
        own = self._own(make=False)
        keys = VaultKeys([*self._keys.passwords, *([own] if own else [])])
        try:
            content = keys.open(sealed, InputError).content
        except InputError as error:
            missing = f"the key {self._file} is gone" if own is None else ""
            raise Refused(
                f"the secrets to take this back cannot be opened: {error.message}",
                hint=missing or error.hint,
            ) from None
        found: dict[str, str] = json.loads(content)
        for value in found.values():
            self._on_secret(value)
        return found

    def _own(self, *, make: bool) -> VaultPassword | None:
        """This controller's own key."""
        with self._lock:
            try:
                if make and not self._file.exists():
                    _create(self._file)
                if not self._file.exists():
                    return None
                if os.name == "posix" and self._file.stat().st_mode & 0o077:
                    raise JournalError(
                        f"the key {self._file} can be read by others",
                        hint=f"close it: chmod 600 {self._file}; what it protects may be known",
                    )
                text = self._file.read_text("ascii").strip()
            except (OSError, ValueError) as error:
                raise JournalError(f"the key {self._file} cannot be used: {error}") from error
        return VaultPassword(_LABEL, Secret(text), str(self._file))


def _create(file: Path) -> None:
    """Whole or not at all; of two who make it at once, one is the first."""
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    new.touch(mode=0o600, exist_ok=False)
    with new.open("w", encoding="ascii") as writing:
        writing.write(f"{secrets.token_urlsafe(48)}\n")
        writing.flush()
        os.fsync(writing.fileno())
    try:
        os.link(new, file)
    except FileExistsError:
        pass
    finally:
        new.unlink()
