"""A verb that failed, told apart by what it says about the command.

The question that decides everything is whether a command may have started. Only Command can
start one, so every other verb is judged by it: before Command nothing has started, after it
something has.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from runner.errors import TransportError
from runner.transports.winrm.faults import Remedy


class Verb(StrEnum):
    """A message to the host, in words for people."""

    LOGON = "logging on"
    CREATE = "opening a shell"
    COMMAND = "starting a command"
    SEND = "sending input to a command"
    RECEIVE = "waiting for a command"
    SIGNAL = "ending a command"
    DELETE = "closing the shell"
    CONFIG = "reading the configuration"
    SHELLS = "listing the shells"


BEFORE_COMMAND: Final = frozenset({Verb.LOGON, Verb.CREATE, Verb.CONFIG, Verb.SHELLS})


class LinkFailure(Exception):
    """A verb failed: ``error`` for whoever asked, ``remedy`` where sending again is safe.

    ``answer_lost`` means that the request may have been carried out, and its answer is gone.
    """

    def __init__(
        self, error: TransportError, *, remedy: Remedy = Remedy.NONE, answer_lost: bool = False
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.remedy = remedy
        self.answer_lost = answer_lost


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was tried and where. ``trusted``: this logon has worked before on this connection."""

    verb: Verb
    endpoint: str
    user: str
    auth: str
    trusted: bool

    @property
    def started(self) -> bool:
        """Whether a command may have started, if nothing is known of this message's fate."""
        return self.verb not in BEFORE_COMMAND

    @property
    def started_earlier(self) -> bool:
        """The same if this message itself surely was not carried out."""
        return self.started and self.verb is not Verb.COMMAND

    def says(self, what: str) -> str:
        """The first line of an error."""
        who = f" as {self.user}" if self.user and self.verb in BEFORE_COMMAND else ""
        return f"{self.verb} at {self.endpoint}{who}: {what}"
