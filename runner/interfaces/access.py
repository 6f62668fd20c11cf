"""What a run and a transport tell each other about connections, beyond ``Transport``.

All of it is optional: a transport that derives from ``Transport`` alone works, but its
connections are neither paced nor recorded, and a password that one host refused is tried on the
next one.
"""

from __future__ import annotations

import socket
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runner.errors import AuthenticationFailed
from runner.interfaces.transport import Connection, Transport
from runner.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Credential:
    """With what a host is asked to let us in.

    ``kind`` is the kind of logon (``winrm ntlm``, ``ssh password``), ``user`` in a spelling that
    is the same for the same account.
    """

    kind: str
    user: str
    secret: Secret


class Keeper:
    """The run's side of a connection, called by it on its own thread. This one does nothing."""

    def admit(self, seconds: float) -> None:
        """Wait for the turn to connect again, at most so long. Raises TransportError if stopped."""

    def reached(self) -> socket.socket | None:
        """The connection that ``reach`` has made for this logon, if there is one: it is given once,
        and who is given it closes it."""
        return None

    def left_over(self) -> Sequence[str]:
        """What runs that are over left on this host, as this user: to be given back before
        anything new is opened, because it takes up quota, and what ran in it may still run."""
        return ()

    def gone(self, held: Sequence[str]) -> None:
        """Of that, these are surely not there any more."""

    def opened(self, held: str) -> None:
        """The host holds, or is just asked to hold, something for us (a remote shell).

        Durable when it returns: who comes after a crash knows what to give back.
        """

    def closed(self, held: str) -> None:
        """The host does not hold it any more."""

    def abandoned(self, held: Sequence[str]) -> None:
        """This connection is over, and could not give these back: the next one to this host may."""


class KeptConnection(Connection):
    """A connection for which the host holds something that outlives it."""

    @abstractmethod
    def end_now(self, seconds: float) -> bool:
        """End what runs and give everything back, at most so long; from any thread.

        A ``run`` that is under way on another thread fails. Whether all of it is surely gone.
        """


class GuardedTransport(Transport):
    """A transport whose connections are made at a pace, and with care for passwords."""

    @abstractmethod
    def open(self, options: Any, *, timeout: float, keeper: Keeper) -> Connection:
        """Like ``connect``, telling ``keeper`` what the host holds for it."""

    def connect(self, options: Any, *, timeout: float) -> Connection:
        """Open a link that nobody keeps."""
        return self.open(options, timeout=timeout, keeper=Keeper())

    @abstractmethod
    def credential(self, options: Any) -> Credential | None:
        """The password with which it logs on; None when it needs none (a key, a ticket)."""

    @abstractmethod
    def is_refusal(self, options: Any, error: AuthenticationFailed) -> bool:
        """Whether the host looked at the password and said no.

        False when it does not offer this logon, or something else stood in the way.
        """

    @abstractmethod
    def reach(self, options: Any, *, timeout: float) -> socket.socket | None:
        """See whether anybody answers there, without logging on. Raises TransportError.

        The connection that this took is for the logon (``Keeper.reached``), so that no host sees
        one come and go unused; None where nothing was, or could be, connected.
        """
