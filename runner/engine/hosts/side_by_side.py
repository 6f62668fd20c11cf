"""Several probes side by side: what they ask at the same time travels in one exchange.

One of them is whose turn it is: it is driven as it would be alone, failures included. The others
only come along. What they ask must share an invocation with others; who asks for more, or fails,
is left out, and is asked again when its own turn comes.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import Any, Final, Protocol

from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Reader
from runner.errors import HostError
from runner.interfaces.exchange import Command, Output, Read, Reply
from runner.interfaces.module import Facts, Module, Params

UNASKED: Final = object()
"""Stands for a state that nobody knows."""
LONGEST_SECONDS: Final = 45.0
"""How long an exchange with several probes may take; then each is asked alone."""
_MOST_ROUNDS: Final = 4


class Asks(Protocol):
    """A job as its probe needs it."""

    @property
    def module(self) -> Module[Any, Any]: ...
    @property
    def params(self) -> Params: ...
    @property
    def facts(self) -> Facts: ...
    @property
    def link(self) -> Link: ...


class Companion:
    """The probe of a job that comes along. ``state`` is what it found."""

    def __init__(self, work: Asks) -> None:
        self.work = work
        self.state: Any = UNASKED
        self.wants: tuple[Command, ...] = ()
        self._generator: Generator[Any, Reply, Any] | None = None

    def begin(self) -> None:
        """Let it say what it wants first."""
        generator = self.work.module.probe(self.work.params, self.work.facts)
        self._generator = generator
        self._go_on(generator, None)

    def answer(self, outputs: dict[Command, Output]) -> None:
        """Give it what it wanted, and let it say what it wants next."""
        if self._generator is not None:
            self._go_on(self._generator, tuple(outputs[command] for command in self.wants))

    def give_up(self) -> None:
        """It is asked alone, later."""
        self.wants = ()
        if self._generator is not None:
            self._generator.close()
            self._generator = None

    def _go_on(self, generator: Generator[Any, Reply, Any], reply: Reply | None) -> None:
        self.wants = ()
        try:
            request = next(generator) if reply is None else generator.send(reply)
        except StopIteration as stop:
            self.state = stop.value
            self._generator = None
            return
        except Exception:  # noqa: BLE001 - it fails, or does not, when its own turn comes
            self._generator = None
            return
        if isinstance(request, Read) and all(map(self._shares, request.commands)):
            self.wants = request.commands
        else:
            self.give_up()

    def _shares(self, command: Command) -> bool:
        shell = self.work.link.shell_of(command)
        return command.timeout is None and shell.together(command)


class SideBySide(Reader):
    """Drives one probe, with companions. ``failed`` when an exchange for several went wrong."""

    def __init__(self, link: Link, companions: Sequence[Companion]) -> None:
        super().__init__(link)
        self._companions = companions
        self.failed = False
        for companion in companions:
            companion.begin()

    def finish(self) -> None:
        """Ask what companions still want. Raises nothing."""
        for _ in range(_MOST_ROUNDS):
            if self._wanted():
                try:
                    self._ask(())
                except HostError:
                    self._give_up()
        self._give_up(failed=self.failed)

    def _read(self, commands: Sequence[Command]) -> Reply:
        if not self._wanted():
            return super()._read(commands)
        self._connect()  # who cannot be reached is not asked twice
        try:
            return self._ask(commands)
        except HostError:
            self._give_up()
            return super()._read(commands)

    def _wanted(self) -> dict[Command, None]:
        return dict.fromkeys(c for companion in self._companions for c in companion.wants)

    def _ask(self, commands: Sequence[Command]) -> Reply:
        """One round: these, and what the companions want, each different command once."""
        own = [c for c in commands if self._shells.of(c).together(c)]
        wanted = [command for command in self._wanted() if command not in own]
        self._deadline = time.monotonic() + LONGEST_SECONDS
        try:
            outputs = super()._read((*commands, *wanted))
        finally:
            self._deadline = None
        asked = zip((*commands, *wanted), outputs, strict=True)
        answers = {c: output for c, output in asked if c in own or c in wanted}
        for companion in self._companions:
            if companion.wants:
                companion.answer(answers)
        return outputs[: len(commands)]

    def _give_up(self, *, failed: bool = True) -> None:
        self.failed = failed
        for companion in self._companions:
            companion.give_up()
