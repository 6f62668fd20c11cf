"""What a run knows of its passwords: one that a host refused is not tried on the next one.

With a wrong password for a domain account, each host that is tried counts towards the lock-out of
that one account: 230 hosts would lock it many times over. So the first logon with a password
waits for its answer before any other host is tried, and a refusal stops them all, unless that
password has worked somewhere in this run: then it is that host's own trouble.

Passwords are told apart by a digest under a key that lives as long as the run; they are not kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from runner.engine.pacing import stopped
from runner.engine.stop import Stop, StopLevel
from runner.errors import AuthenticationFailed
from runner.interfaces.access import Credential

PATIENCE: Final = 10.0
"""Seconds after which a first host that says nothing is not waited for any more: the next one is
tried beside it. (Who hangs has mostly not even looked at the password.)"""
_LOOK: Final = 0.2
"""Seconds between two looks at whether the run was stopped."""


@dataclass(slots=True)
class _Known:
    """What is known of one password. ``refused_by`` names the host that settled it for all;
    ``trying`` counts those who speak for all, ``since`` is when the last of them began."""

    trying: int = 0
    since: float = 0.0
    worked: bool = False
    refused_by: str = ""
    own_refusals: set[str] = field(default_factory=set)


class Credentials:
    """The passwords of one run. Thread-safe."""

    def __init__(self, stop: Stop, clock: Callable[[], float] = time.monotonic) -> None:
        self._stop = stop
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, _Known] = {}
        self._changed = threading.Condition()

    def is_unproven(self, credential: Credential) -> bool:
        """Whether it has not worked anywhere yet."""
        with self._changed:
            known = self._known.get(self._digest(credential))
            return known is None or not known.worked

    @contextmanager
    def trial(
        self,
        host: str,
        credential: Credential | None,
        is_refusal: Callable[[AuthenticationFailed], bool],
        *,
        keep_trying: bool = False,
    ) -> Iterator[None]:
        """Log on inside this block; it waits while another host is the first to be tried.

        Raises AuthenticationFailed, without a try, for a password that was refused: by this host,
        or (unless ``keep_trying``) by another one while it has worked nowhere.
        """
        if credential is None:
            yield
            return
        known, speaks = self._begin(host, credential, keep_trying)
        worked = refused = False
        try:
            yield
            worked = True
        except AuthenticationFailed as error:
            refused = is_refusal(error)
            raise
        finally:
            with self._changed:
                known.trying -= speaks
                known.worked = known.worked or worked
                if refused:
                    known.own_refusals.add(host)
                if refused and speaks and not known.worked:
                    known.refused_by = host
                self._changed.notify_all()

    def check(self, host: str, credential: Credential, *, keep_trying: bool = False) -> None:
        """Raises AuthenticationFailed for a password that ``trial`` would not try here any more."""
        with self._changed:
            known = self._known.get(self._digest(credential))
            if known is not None:
                self._check(known, host, credential, keep_trying)

    def forgive(self, host: str, credential: Credential | None) -> None:
        """This host may be asked again: it is starting up, and may not know its users yet."""
        if credential is not None:
            with self._changed:
                self._known.setdefault(self._digest(credential), _Known()).own_refusals.discard(
                    host
                )

    def _begin(self, host: str, credential: Credential, keep_trying: bool) -> tuple[_Known, bool]:
        """What is known of the password, and whether this logon speaks for all hosts."""
        with self._changed:
            known = self._known.setdefault(self._digest(credential), _Known())
            while True:
                self._check(known, host, credential, keep_trying)
                if known.worked or keep_trying:
                    return known, False
                if not known.trying or self._clock() - known.since > PATIENCE:
                    known.trying += 1
                    known.since = self._clock()
                    return known, True
                self._changed.wait(_LOOK)
                if self._stop.level >= StopLevel.NOW:
                    raise stopped()

    @staticmethod
    def _check(known: _Known, host: str, credential: Credential, keep_trying: bool) -> None:
        if host in known.own_refusals:
            raise AuthenticationFailed(
                f"not tried again: this password of {credential.user} was refused here before",
                hint="correct ansible_user and ansible_password for this host, then run again",
            )
        if known.refused_by and not known.worked and not keep_trying:
            raise AuthenticationFailed(
                f"not tried: this password of {credential.user} was refused by {known.refused_by}",
                hint="correct ansible_user and ansible_password; each try would bring the account "
                f"nearer to being locked. If only {known.refused_by} has another password, give it "
                "one of its own, or leave it out with --limit. Where each host has accounts of its "
                "own: --keep-trying-credentials, or runner_keep_trying_credentials in the "
                "inventory",
            )

    def _digest(self, credential: Credential) -> bytes:
        parts = (credential.kind, credential.user, credential.secret.reveal())
        text = "".join(f"{len(part)}:{part}" for part in parts)
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
