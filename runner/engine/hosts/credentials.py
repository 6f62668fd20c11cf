"""What a run knows of its passwords: one that a host refused is not tried on the next one.

With a wrong password for a domain account, each host that is tried counts towards the lock-out of
that one account: 230 hosts would lock it many times over. So the first logon with a password
waits for its answer before any other host is tried, and a refusal stops them all, unless that
password has worked somewhere in this run: then it is that host's own trouble.

Who is to be first is connected to before that, and only then speaks for all: of hosts that are off
several are tried side by side, and they hold up nobody for long.

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

from runner.engine.hosts.pacing import stopped
from runner.engine.stop import Stop, StopLevel
from runner.errors import AuthenticationFailed
from runner.interfaces.access import Credential

PATIENCE: Final = 10.0
"""Seconds after which a first host that says nothing is not waited for any more: the next one is
tried beside it. (Who hangs has mostly not even looked at the password.)"""
REACHING: Final = 0.5
"""The same for a host that has not even taken the connection yet; the more of these there are, the
sooner the next one is tried: half of it for two, a hundredth for fifty."""
_LOOK: Final = 0.2
"""Seconds between two looks at whether the run was stopped."""


@dataclass(slots=True)
class _Known:
    """What is known of one password. ``refused_by`` names the host that settled it for all;
    ``trying`` counts those who speak for all, ``since`` is when the last of them began;
    ``reaching`` and ``reached_for`` are the same of those who are only connected to."""

    trying: int = 0
    since: float = 0.0
    reaching: int = 0
    reached_for: float = 0.0
    worked: bool = False
    refused_by: str = ""
    own_refusals: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Part:
    """What a host has in settling a password: it is connected to as the first one, it speaks for
    all. ``asks``: a refusal is an answer to the password, and not our own word."""

    reaches: bool
    speaks: bool = False
    asks: bool = True


class Credentials:
    """The passwords of one run. Thread-safe."""

    def __init__(self, stop: Stop, clock: Callable[[], float] = time.monotonic) -> None:
        self._stop = stop
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, _Known] = {}
        self._changed = threading.Condition()

    @contextmanager
    def trial(
        self,
        host: str,
        credential: Credential | None,
        is_refusal: Callable[[AuthenticationFailed], bool],
        *,
        keep_trying: bool = False,
        reach: Callable[[], None] = lambda: None,
    ) -> Iterator[None]:
        """Log on inside this block; it waits while another host is the first to be tried.

        ``reach`` connects to this host, when it may become the first one. Raises what that raises,
        and AuthenticationFailed, without a try, for a password that was refused: by this host, or
        (unless ``keep_trying``) by another one while it has worked nowhere.
        """
        if credential is None:
            yield
            return
        known = self._known_of(credential)
        part = _Part(self._until_ours(known, host, credential, keep_trying))
        worked = refused = False
        try:
            if part.reaches:
                reach()
                self._speak(known, part, host, credential)
            yield
            worked = True
        except AuthenticationFailed as error:
            refused = part.asks and is_refusal(error)
            raise
        finally:
            with self._changed:
                known.trying -= part.speaks
                known.reaching -= part.reaches
                known.worked = known.worked or worked
                if refused:
                    known.own_refusals.add(host)
                if refused and part.speaks and not known.worked:
                    known.refused_by = host
                self._changed.notify_all()

    def forgive(self, host: str, credential: Credential | None) -> None:
        """This host may be asked again: it is starting up, and may not know its users yet."""
        if credential is not None:
            with self._changed:
                self._known.setdefault(self._digest(credential), _Known()).own_refusals.discard(
                    host
                )

    def _known_of(self, credential: Credential) -> _Known:
        with self._changed:
            return self._known.setdefault(self._digest(credential), _Known())

    def _until_ours(
        self, known: _Known, host: str, credential: Credential, keep_trying: bool
    ) -> bool:
        """Wait until this host may be connected to; whether it is to be the first one."""
        with self._changed:
            while True:
                self._check(known, host, credential, keep_trying)
                if known.worked or keep_trying:
                    return False
                wait = self._speech(known)
                if wait <= 0 and known.reaching:
                    wait = known.reached_for + REACHING / known.reaching - self._clock()
                if wait <= 0:
                    known.reaching += 1
                    known.reached_for = self._clock()
                    return True
                self._wait(wait)

    def _speak(self, known: _Known, part: _Part, host: str, credential: Credential) -> None:
        """This host has taken the connection: wait until it may be shown the password."""
        with self._changed:
            part.asks = False
            while not known.worked and (wait := self._speech(known)) > 0:
                self._check(known, host, credential, keep_trying=False)
                self._wait(wait)
            self._check(known, host, credential, keep_trying=False)
            known.reaching -= 1
            part.reaches, part.speaks, part.asks = False, not known.worked, True
            if part.speaks:
                known.trying += 1
                known.since = self._clock()

    def _speech(self, known: _Known) -> float:
        """Seconds for which those who speak for all are still to be waited for."""
        return known.since + PATIENCE - self._clock() if known.trying else 0.0

    def _wait(self, seconds: float) -> None:
        self._changed.wait(min(_LOOK, max(seconds, 0.001)))
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
