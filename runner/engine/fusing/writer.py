"""What a script of several changes came to, job by job, and the writer that hands it out.

The module of each job goes through its ``apply`` again, with the answers that the script brought
back. It must ask for the very commands that were sent; where the script stopped within a job, the
rest is sent as it would have been sent alone.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Writer
from runner.engine.hosts.side_by_side import UNASKED
from runner.engine.tasks.work import Work
from runner.engine.visits.lines_ahead import Foreseen
from runner.errors import ModuleError, TransportError
from runner.interfaces.exchange import Command, Output
from runner.interfaces.module import Effect
from runner.model.state import Change


@dataclass(slots=True)
class Part:
    """One job's part of a script. ``intent`` is its change in the journal.

    ``outputs`` are the answers to the first of its ``commands``, all of them unless the script
    stopped here; ``lost`` is why no answer came. ``found`` is what the host showed afterwards.
    """

    commands: tuple[Command, ...]
    intent: int
    outputs: tuple[Output, ...] = ()
    lost: TransportError | None = None
    found: Any = UNASKED

    @property
    def whole(self) -> bool:
        """Whether all of its commands were run, and each came out well."""
        return len(self.outputs) == len(self.commands) and not any(o.code for o in self.outputs)


@dataclass(slots=True, kw_only=True)
class Sent(Part):
    """The part of a job that has its turn yet to come; ``foreseen`` is what it was evaluated to.

    ``passed`` are the jobs in between the one before it in the script and this one that are not
    wanted. They stay so: at their turns, what comes behind them is done.
    """

    work: Work
    change: Change[Any]
    foreseen: Foreseen | None = None
    passed: tuple[Foreseen, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether all that can be known of it is here: a command has ended, and nobody can look."""
        return bool(self.outputs) and self.work.module.effect is Effect.COMMAND


@dataclass(slots=True)
class _Left:
    commands: deque[Command] = field(default_factory=deque)
    outputs: deque[Output] = field(default_factory=deque)


class Replay(Writer):
    """Answers a job's writes with what the script brought back."""

    def __init__(self, link: Link, part: Part) -> None:
        super().__init__(link)
        self._lost = part.lost
        self._left = _Left(deque(part.commands), deque(part.outputs))

    def _write(self, command: Command) -> Output:
        left = self._left
        if self._lost is None and not left.outputs:
            return super()._write(command)
        if not left.commands or left.commands.popleft() != command:
            raise ModuleError(
                "the module asks for something else than what was sent in the script",
                hint="look at the host; report this, and use --no-fuse meanwhile",
            )
        self.sent.append(self._shells.of(command).render(command).text)
        if self._lost is not None:
            raise self._lost
        self.answered += 1
        return left.outputs.popleft()
