"""Transport and Connection: how bytes travel to a host, and one open link to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from runner.interfaces.listening import Listener
from runner.interfaces.shell import Invocation, RawOutput


class Options(BaseModel):
    """A transport's settings of one host, read from its inventory variables."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Connection(ABC):
    """One open link. Used by one thread at a time. After any TransportError it is dead."""

    encoding: str = "utf-8"
    """How the host encodes what its programs print on this link."""
    exchanges: int = 0
    """Round trips so far (HTTP requests for WinRM), for the books."""
    listener: Listener | None = None
    """Who is told of a command's output while it runs; mostly nobody. A transport that cannot
    tell before the end leaves it alone."""

    @abstractmethod
    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        """Run one command line, at most ``timeout`` seconds by our own clock.

        Raises a TransportError; its ``may_have_started`` is False only if that is sure. On a
        passed deadline the command is signalled before DeadlineExceeded is raised.
        """

    @abstractmethod
    def close(self) -> None:
        """Release what the host holds for us (shell, session). Never raises, may be repeated."""


class Transport(ABC):
    """One way to reach hosts, in ``runner/transports/NAME.py`` as class ``Transport``.

    ``name`` is what ``ansible_connection`` says. ``default_shell`` names the language at the
    other end unless ``ansible_shell_type`` says otherwise.
    """

    name: ClassVar[str]
    default_shell: ClassVar[str] = "cmd"
    shared: ClassVar[bool] = True
    """Whether other controllers may reach the same hosts: then runs take leases there."""

    @abstractmethod
    def options(self, host: str, variables: Mapping[str, Any]) -> Options:
        """Read and check this transport's variables before any host is contacted.

        Raises InventoryError for an unknown or contradictory setting.
        """

    @abstractmethod
    def connect(self, options: Any, *, timeout: float) -> Connection:
        """Open a link: connect, log on, get ready to run commands. Raises TransportError."""

    def endpoint(self, options: Any) -> str:
        """Where that is, for people: ``http://10.0.0.5:5985``."""
        return ""

    def language(self, options: Any, shell: str) -> str:
        """The language that lines for this host are to be in, where ``shell`` is what it starts.

        A transport may have its own way through one shell to another.
        """
        return shell
