"""Shell: the script language at the other end. It quotes, frames and decodes; it sends nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from runner.errors import ModuleError
from runner.interfaces.detached import Jobs
from runner.interfaces.exchange import Command, Output
from runner.interfaces.lease import Leases
from runner.interfaces.listening import Stream
from runner.interfaces.setting import Setting


@dataclass(frozen=True, slots=True)
class RawOutput:
    """What a transport brought back, undecoded. ``code`` unsigned 32-bit."""

    code: int
    stdout: bytes = b""
    stderr: bytes = b""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Invocation:
    """One thing to hand to a transport: a command line, and bytes for its standard input.

    ``shown`` is what a person sees of it where the line itself cannot be read (it is encoded). No
    secret hides in it: it is plain text, which is masked before it is shown.
    """

    line: str
    stdin: bytes | None = None
    shown: str = ""

    @property
    def text(self) -> str:
        """What previews, reports and the journal show."""
        return self.shown or self.line


class Bundle(ABC):
    """Several reads framed into one invocation, with the key to take the answer apart."""

    invocation: Invocation

    @abstractmethod
    def outputs(self, raw: RawOutput, encoding: str) -> tuple[Output, ...]:
        """One Output per command. Raises ProtocolFailed when the frame is not whole."""


class Chain(ABC):
    """Several changes in one invocation that stops behind the first of them that fails."""

    invocation: Invocation

    @abstractmethod
    def outputs(self, raw: RawOutput, encoding: str) -> tuple[Output, ...]:
        """One Output for each command that was run, which are all up to the first whose exit code
        is not 0. Raises ProtocolFailed, which may have started, when that cannot be told."""


class Series(Chain):
    """Commands of users in one invocation, each in a process of its own, that stops behind the
    first whose exit code is not 0."""

    count: int

    @property
    @abstractmethod
    def border(self) -> bytes:
        """What stands on standard output before the first command, and behind each."""

    @abstractmethod
    def certain(self, raw: RawOutput, encoding: str) -> tuple[Output, ...]:
        """Of an answer that is not whole: the outputs of the first commands, as many as have
        surely ended. Raises nothing."""


class Shell(ABC):
    """One script language, in ``runner/shells/NAME.py`` as class ``Shell``."""

    name: ClassVar[str]
    encoding: ClassVar[str] = ""
    """What its programs print in, where that is not as the connection says."""

    @property
    def apart(self) -> bool:
        """Whether what it renders cannot be given to a transport, but must be launched as a job.

        So it is where nobody can become another user in the connection itself. Whoever drives
        such a shell uses ``launch``, ``jobs`` and ``keeper``.
        """
        return False

    @abstractmethod
    def render(self, command: Command) -> Invocation:
        """The invocation of one command. Raises ModuleError for a value that cannot be quoted."""

    @abstractmethod
    def bundle(self, commands: Sequence[Command]) -> Sequence[Bundle] | None:
        """The same reads in as few invocations as fit, in order; None when it cannot frame."""

    def together(self, command: Command) -> bool:
        """Whether this command can share an invocation with others, in ``bundle`` and ``chain``."""
        return False

    def chain(self, commands: Sequence[Command]) -> Chain | None:
        """Commands that are ``together``, as one invocation that stops behind the first that fails;
        None when they do not fit, or this language has none."""
        return None

    def joins(self, command: Command) -> bool:
        """Whether this command of a user comes to the same in a ``series`` as alone."""
        return False

    def parts(self, command: Command) -> bool:
        """Whether nothing may stand behind it in a ``series``: it may cut the connection, or leave
        something behind in what it was started from."""
        return True

    def series(self, commands: Sequence[Command]) -> Series | None:
        """The first of these commands as one invocation: as many as fit, and are ``joins``. None
        when that are fewer than two. The first one may be a script that is ``together``."""
        return None

    @abstractmethod
    def decode(self, raw: RawOutput, encoding: str) -> Output:
        """The text of one answer; what cannot be decoded is replaced.

        Raises ModuleError only where the command never ran: its setting refused it (``under``).
        """

    def shows(self, stream: Stream, line: str) -> bool:
        """Whether a line that came while a command runs is the command's own: not a mark of this
        shell, and not made for a machine."""
        return True

    def under(self, setting: Setting) -> Self:
        """This shell with every command run in that setting; an empty one gives this shell.

        Raises ModuleError for what this language cannot do.
        """
        if setting:
            what = "become" if setting.become else "environment"
            raise ModuleError(f"'{what}' is not possible with the shell '{self.name}'")
        return self

    def detach(
        self, command: Command, job: str, encoding: str
    ) -> Generator[Invocation, Output, None]:
        """Start a command that goes on by itself: what to send, in order.

        Each Invocation is answered with its Output, as this shell decodes it. ``encoding`` is the
        connection's: the job prints in it too. When the last one is answered the job runs; until
        then nothing of the command has. Raises ModuleError when it cannot be started.
        """
        raise ModuleError(f"a command of the shell '{self.name}' cannot be detached (async)")
        yield  # pragma: no cover

    def launch(
        self, invocation: Invocation, job: str, encoding: str
    ) -> Generator[Invocation, Output, None]:
        """Start what this shell rendered as a job; otherwise like ``detach``."""
        raise ModuleError(f"a command of the shell '{self.name}' cannot run as a job")
        yield  # pragma: no cover

    def jobs(self) -> Jobs:
        """What became of commands that this shell detached. Raises ModuleError like ``detach``."""
        raise ModuleError(f"a command of the shell '{self.name}' cannot be detached (async)")

    def leases(self) -> Leases | None:
        """How runs keep each other off hosts with this login shell; None: they cannot."""
        return None

    def keeper(self) -> Shell:
        """The shell for the commands of ``jobs``: the same user, nothing else of the setting."""
        return self
