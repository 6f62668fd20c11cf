"""What a simulated program is given when it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn

from runner.lab.faults import NotSimulated
from runner.lab.languages import localized
from runner.lab.state.paths import absolute
from runner.lab.state.streams import Sink, Source, decode, encode

if TYPE_CHECKING:
    from runner.lab.state.host import Host

__all__ = ["Console", "Environment", "Process", "Session", "split_arguments"]


class Environment:
    """Environment variables: names in any case of letters, the spelling kept."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, tuple[str, str]] = {}
        for name, value in (values or {}).items():
            self.set(name, value)

    def get(self, name: str) -> str | None:
        found = self._values.get(name.upper())
        return found[1] if found else None

    def set(self, name: str, value: str) -> None:
        old = self._values.get(name.upper())
        self._values[name.upper()] = (old[0] if old else name, value)

    def remove(self, name: str) -> bool:
        """Forget a variable; False if there was none."""
        return self._values.pop(name.upper(), None) is not None

    def items(self) -> Iterator[tuple[str, str]]:
        """Names and values in the order in which `set` lists them."""
        for key in sorted(self._values):
            yield self._values[key]

    def copy(self) -> Environment:
        copy = Environment()
        copy._values = dict(self._values)
        return copy


@dataclass(slots=True)
class Console:
    """What the processes of one console share. A remote shell fixes its code page."""

    codepage: int
    fixed: bool = True


@dataclass(slots=True)
class Session:
    """What a process hands on to the processes that it starts."""

    host: Host
    env: Environment
    cwd: str
    user: str
    console: Console
    cancelled: threading.Event
    is_system: bool = False
    epoch: int = 0
    memory_mb: int | None = None
    """What a program may take of memory; None: as much as it likes."""

    @property
    def codepage(self) -> int:
        """In which texts are written and read."""
        return self.console.codepage

    def is_scratch(self, path: str) -> bool:
        """Whether a file lies in the folder for temporary files: making one changes nothing that
        administration is about."""
        return path.lower().startswith(f"{self.env.get('TEMP') or '?'}\\".lower())

    def child(self) -> Session:
        """The session of a child process: changes there do not come back."""
        return replace(self, env=self.env.copy())


@dataclass(slots=True)
class Process:
    """One run of one program: its command line, its three streams and its session."""

    session: Session
    line: str
    stdin: Source
    stdout: Sink
    stderr: Sink
    path: str = ""
    _argv: list[str] | None = field(default=None, repr=False)

    @property
    def host(self) -> Host:
        return self.session.host

    @property
    def argv(self) -> list[str]:
        """The command line as the Microsoft C start-up code takes it apart."""
        if self._argv is None:
            self._argv = split_arguments(self.line)
        return self._argv

    @property
    def args(self) -> list[str]:
        """`argv` without the program."""
        return self.argv[1:]

    @property
    def tail(self) -> str:
        """The raw command line after the program's name."""
        return self.line[_program_end(self.line) :]

    def out(self, text: str) -> None:
        """Write text with `\\n` line ends to standard output in the console code page, in the
        language of the system where the text is the tool's own."""
        self.stdout.write(self._encoded(text))

    def err(self, text: str) -> None:
        """The same to standard error."""
        self.stderr.write(self._encoded(text))

    def _encoded(self, text: str) -> bytes:
        language = self.host.profile.language.key
        if language != "enu":
            text = localized(text, language, self._tool)
        return encode(text.replace("\n", "\r\n"), self.session.codepage)

    @property
    def _tool(self) -> str:
        """`sc`, of C:\\Windows\\System32\\sc.exe."""
        return (self.path or self.argv[0]).rpartition("\\")[2].lower().partition(".")[0]

    def fail(self, code: int, text: str) -> int:
        """Write an error text and hand back the exit code."""
        self.err(text)
        return code

    def absolute(self, path: str) -> str:
        """A path argument seen from the process's working directory."""
        return absolute(path.strip('"'), self.session.cwd)

    def not_simulated(self, what: str) -> NoReturn:
        """Say that the lab does not know this, loudly."""
        raise NotSimulated(what)

    def sleep(self, seconds: float) -> None:
        """Wait; other commands run meanwhile. Raises Cancelled or PoweredOff."""
        self.host.sleep(self.session, seconds)

    def mutates(self) -> None:
        """Count an operation that changes, or could have changed, the state of the machine."""
        self.host.counters.writes += 1

    def makes_file(self, path: str) -> None:
        """The same for an operation that only writes a file."""
        if not self.session.is_scratch(path):
            self.mutates()

    def read(self) -> bytes:
        """All of standard input; blocks while the client keeps it open."""
        if not self.stdin.blocking:
            return self.stdin.read()
        with self.host.released():
            data = self.stdin.read()
        self.host.check(self.session)
        return data

    def read_line(self) -> str:
        """One line of standard input without its end; empty at the end of input."""
        if self.stdin.blocking:
            with self.host.released():
                data = self.stdin.read_line()
            self.host.check(self.session)
        else:
            data = self.stdin.read_line()
        return decode(data, self.session.codepage).rstrip("\r\n")


def _program_end(line: str) -> int:
    """Where the program's name ends: quotes only group, a backslash is nothing special."""
    quoted = False
    for at, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif char in " \t" and not quoted:
            return at
    return len(line)


def split_arguments(line: str) -> list[str]:
    """A command line as argv, by the rules of the Microsoft C run-time.

    Source: Microsoft "Parsing C command-line arguments": 2n backslashes and a quote are n
    backslashes and a delimiter, 2n+1 are n backslashes and a quote; `""` inside quotes is a quote.
    """
    end = _program_end(line)
    argv = [line[:end].replace('"', "")]
    rest, at, size = line[end:], 0, len(line) - end
    while True:
        while at < size and rest[at] in " \t":
            at += 1
        if at >= size:
            return argv
        argument, quoted = [], False
        while at < size and (quoted or rest[at] not in " \t"):
            slashes = 0
            while at < size and rest[at] == "\\":
                slashes += 1
                at += 1
            if at < size and rest[at] == '"':
                argument.append("\\" * (slashes // 2))
                if slashes % 2:
                    argument.append('"')
                elif quoted and at + 1 < size and rest[at + 1] == '"':
                    argument.append('"')
                    at += 1
                else:
                    quoted = not quoted
                at += 1
                continue
            argument.append("\\" * slashes)
            if at < size and (quoted or rest[at] not in " \t"):
                argument.append(rest[at])
                at += 1
        argv.append("".join(argument))
