"""What a module asks of a host, and what comes back. Data only: nobody here holds a connection.

A module's generators yield ``Request`` objects and are sent ``tuple[Output, ...]``::

    out, = yield from read(Exec("sc", "query", name))
    if out.code == 1060: ...
    yield from write(Exec("sc", "config", name, "start=", "disabled"))

Values go in as separate arguments; the shell at the other end quotes them. Nothing else ever
pastes a value into a command line.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from runner.interfaces.local_file import LocalFile

NO_WAY: Final = 0xFFFFFFFF
"""The answer to an Upload where the link has no way past the shell: nothing was sent."""
REFUSED: Final = 1
"""The answer where the host did not take all of it."""


class Verbatim(str):
    """An argument that the author of a module wrote, which the shell passes on untouched.

    Only for constants (``where "name='x'"`` of wmic, which parses the raw line itself). Never for
    a value that came from a playbook, an inventory or a host.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Exec:
    """A program with its arguments, each a separate value.

    ``timeout`` in seconds overrides the session's. ``disconnects`` says that losing the
    connection is what this command is expected to do (a restart).
    """

    argv: tuple[str, ...]
    timeout: float | None = None
    disconnects: bool = False

    def __init__(self, *argv: str, timeout: float | None = None, disconnects: bool = False) -> None:
        object.__setattr__(self, "argv", argv)
        object.__setattr__(self, "timeout", timeout)
        object.__setattr__(self, "disconnects", disconnects)


@dataclass(frozen=True, slots=True)
class Script:
    """A text in a script language, written by the user (win_shell) or by a module.

    ``shell`` names the language (``cmd``, ``powershell``, ``raw`` for the login shell as it is).
    ``params`` reach a powershell script as one encoded JSON value in ``$params``, never pasted.
    ``stdin`` is text for the script. ``chdir`` is the working directory. ``together``: it was made
    to stand in one line with other commands, and leaves nothing behind in that line.
    """

    shell: str
    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    stdin: str | None = None
    chdir: str | None = None
    timeout: float | None = None
    disconnects: bool = False
    together: bool = False


Command: TypeAlias = Exec | Script


@dataclass(frozen=True, slots=True)
class Output:
    """What one command answered. ``code`` is the exit code as an unsigned 32-bit number."""

    code: int
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0

    @property
    def signed(self) -> int:
        """The exit code as Windows tools print it: signed."""
        return self.code - (1 << 32) if self.code >= 1 << 31 else self.code


@dataclass(frozen=True, slots=True)
class Read:
    """Commands that change nothing; they may run in one round trip. Answer: one Output each."""

    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Write:
    """One command that may change the host. Answer: a tuple of one Output."""

    command: Command


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait some seconds without holding anything. Answer: an empty tuple."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Poll:
    """Ask the same reads again until ``done`` says so: a service stops, a package settles.

    ``timeout`` and ``interval`` in seconds; ``what`` names the wait for people. Answer: the last
    outputs. Raises ModuleError into the generator when time is up. A preview passes over it with
    an empty answer, so code behind a Poll must not need one.
    """

    commands: tuple[Command, ...]
    done: Callable[[Reply], bool]
    timeout: float
    what: str
    interval: float = 0.25


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Drop the connection and wait until the host accepts one again and runs a command.

    ``delay`` seconds before the first try, ``timeout`` seconds in all, ``pause`` between tries.
    Answer: an empty tuple. Raises Unreachable into the generator when time is up.
    """

    timeout: float
    delay: float = 0.0
    pause: float = 1.0
    connect_timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class Upload:
    """Write the content of a file of the controller, from byte ``start`` on, into one of the host.

    ``path`` is absolute, in a folder that exists; what the file has behind ``start`` is lost.
    ``before`` is a command that is sent ahead, where there is a way at all.
    Answer: a tuple of one Output with the code 0 when all of it was taken, NO_WAY, or REFUSED: a
    part of it may be there then. In both cases whoever asked sends it through the shell. When the
    connection breaks, a beginning of the content is there. The user is the connection's. Where
    ``before`` fails, its own Output is the answer.
    """

    path: str
    content: LocalFile
    start: int = 0
    timeout: float | None = None
    before: Command | None = None


Query: TypeAlias = Read | Sleep
Request: TypeAlias = Read | Write | Sleep | Poll | Reconnect | Upload
Reply: TypeAlias = tuple[Output, ...]


def read(*commands: Command) -> Generator[Read, Reply, Reply]:
    """Ask several things at once; the answers come in the same order."""
    return (yield Read(commands))


def write(command: Command) -> Generator[Write, Reply, Output]:
    """Send one command that may change the host."""
    return (yield Write(command))[0]
