"""How a run gets at its hosts: at what pace, with which passwords, and what they hold for it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from runner.engine.hosts import shortage
from runner.engine.hosts.credentials import Credentials
from runner.engine.hosts.pacing import UNPACED, Pace, PaceSettings, stopped
from runner.engine.stop import Stop, StopLevel
from runner.errors import AuthenticationFailed, JournalError
from runner.interfaces.access import GuardedTransport, Keeper
from runner.interfaces.transport import Connection, Transport
from runner.journal.holdings import LeftRecord

_REACH_SECONDS: Final = 5.0


class HeldLedger(Protocol):
    """What is written down of what hosts hold for a run."""

    def opened(self, host: str, place: str, held: str) -> None:
        """Durable when it returns."""

    def closed(self, host: str, held: str) -> None:
        """Soon on the disk."""

    def abandoned(self, host: str, held: Sequence[str]) -> None:
        """Nobody who holds them is there any more: they are left over."""

    def left(self, host: str, place: str) -> Sequence[LeftRecord]:
        """What runs that are over left there, and connections of this one that are."""

    def gone(self, left: Sequence[LeftRecord]) -> None:
        """These are not there any more."""


@dataclass(frozen=True, slots=True)
class Place:
    """One way to one host. ``options`` are the transport's."""

    host: str
    transport: Transport
    options: Any

    def __str__(self) -> str:
        credential = _credential(self)
        who = f" as {credential.user}" if credential else ""
        return f"{self.transport.endpoint(self.options)}{who}"


class Access:
    """What all links of a run share when they connect. Thread-safe.

    ``keep_trying`` says of a host whether passwords that others refused are tried on it.
    """

    def __init__(
        self,
        stop: Stop,
        pace: PaceSettings = UNPACED,
        *,
        keep_trying: frozenset[str] = frozenset(),
    ) -> None:
        self.stop = stop
        self.pace = Pace(stop, pace)
        self.credentials = Credentials(stop)
        self.ledger: HeldLedger | None = None
        self.keep_trying = keep_trying
        self.make_room: Callable[[], None] | None = None
        """Called before each connection, where there may not be one to every host at once."""
        self._opening = 0
        self._changed = threading.Condition()

    def connect(
        self, place: Place, timeout: float, *, knock: bool = False
    ) -> tuple[Connection, float]:
        """A new connection, and the seconds that it waited for its turn. Raises TransportError.

        ``timeout`` in seconds counts from that turn. With ``knock`` a host that does not take
        connections is told of sooner, and costs no logon's place in the queue.
        """
        if self.stop.level >= StopLevel.NOW:
            raise stopped()
        if self.make_room is not None:
            self.make_room()
        if not isinstance(place.transport, GuardedTransport):
            with shortage.told(may_have_started=False):
                return place.transport.connect(place.options, timeout=timeout), 0.0
        keeper = _HostKeeper(self, place)
        with self._counted(), shortage.told(may_have_started=False):
            try:
                connection, waited = self._admitted(keeper, place.transport, timeout, knock)
            finally:
                keeper.leave()
        if self.stop.level >= StopLevel.NOW:
            connection.close()
            raise stopped()
        return connection, waited

    def _admitted(
        self, keeper: _HostKeeper, transport: GuardedTransport, timeout: float, knock: bool
    ) -> tuple[Connection, float]:
        begun = time.monotonic()
        place = keeper.place
        credential = _credential(place)

        def is_refusal(error: AuthenticationFailed) -> bool:
            return transport.is_refusal(place.options, error)

        def reach() -> None:
            self.pace.admit()
            # While one host answers for all, those that are not there must not hold up the rest.
            limit = min(timeout, _REACH_SECONDS)
            keeper.keep(transport.reach(place.options, timeout=limit))

        trying = place.host in self.keep_trying
        with self.credentials.trial(
            place.host, credential, is_refusal, keep_trying=trying, reach=reach
        ):
            if knock and not keeper.has_reached:
                reach()
            if not keeper.has_reached:
                self.pace.admit()
            with self.pace.slot():
                waited = time.monotonic() - begun
                return transport.open(place.options, timeout=timeout, keeper=keeper), waited

    def forgive(self, place: Place) -> None:
        """This host may be asked again although it refused: see ``Credentials.forgive``."""
        self.credentials.forgive(place.host, _credential(place))

    def settled(self, seconds: float) -> bool:
        """Wait until nobody is connecting; whether that is so in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._opening == 0, seconds)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._changed:
            self._opening += 1
        try:
            yield
        finally:
            with self._changed:
                self._opening -= 1
                self._changed.notify_all()


class _HostKeeper(Keeper):
    """One connection's line to the run."""

    def __init__(self, access: Access, place: Place) -> None:
        self.place = place
        self.has_reached = False
        self._access = access
        self._reached: socket.socket | None = None
        self._left: Sequence[LeftRecord] = ()

    def keep(self, reached: socket.socket | None) -> None:
        """The host takes connections; this one is for the logon."""
        self.has_reached = True
        self._reached = reached

    def leave(self) -> None:
        """Close what nobody came for."""
        if (sock := self.reached()) is not None:
            sock.close()

    def reached(self) -> socket.socket | None:
        sock, self._reached = self._reached, None
        return sock

    def admit(self, seconds: float) -> None:
        if self._access.stop.level >= StopLevel.NOW:
            raise stopped()
        self._access.pace.admit(max(0.0, seconds))

    def left_over(self) -> Sequence[str]:
        ledger, place = self._access.ledger, self.place
        self._left = ledger.left(place.host, str(place)) if ledger is not None else ()
        return [each.held for each in self._left]

    def gone(self, held: Sequence[str]) -> None:
        found = [each for each in self._left if each.held in held]
        if found and self._access.ledger is not None:
            self._access.ledger.gone(found)

    def opened(self, held: str) -> None:
        if self._access.ledger is not None:
            self._access.ledger.opened(self.place.host, str(self.place), held)

    def closed(self, held: str) -> None:
        if self._access.ledger is not None:
            # After the end of the run there is no journal; a record too many does no harm.
            with contextlib.suppress(JournalError):
                self._access.ledger.closed(self.place.host, held)

    def abandoned(self, held: Sequence[str]) -> None:
        if held and self._access.ledger is not None:
            self._access.ledger.abandoned(self.place.host, held)


def _credential(place: Place) -> Any:
    transport = place.transport
    return transport.credential(place.options) if isinstance(transport, GuardedTransport) else None
