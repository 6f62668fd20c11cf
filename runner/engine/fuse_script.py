"""One script of several changes: what may go into it, sending it, and looking at what it did."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Any, Final

from runner.engine.fuse_writer import Part
from runner.engine.link import Link
from runner.engine.session import Reader
from runner.engine.side_by_side import Asks, Companion, SideBySide
from runner.errors import TransportError
from runner.interfaces.exchange import Exec, Output, Reply, Request, Write
from runner.interfaces.shell import Chain

FIRST_SECONDS: Final = 120.0
EACH_SECONDS: Final = 15.0
"""How long a script may take: for its first command, and for each further one."""


def seconds_for(commands: Iterable[Sequence[Exec]]) -> float:
    """How long the script of these may take."""
    return FIRST_SECONDS + EACH_SECONDS * sum(map(len, commands))


def straight_commands(
    link: Link, generator: Generator[Request, Reply, Any]
) -> tuple[Exec, ...] | None:
    """The commands of a generator that only writes, if every one of them comes out well; None for
    another one, and for one with a command that cannot share a script."""
    shell = link.shell_of(Exec(""))
    found: list[Exec] = []
    try:
        request = next(generator)
        while True:
            if not isinstance(request, Write) or not isinstance(request.command, Exec):
                return None
            command = request.command
            if command.timeout is not None or not shell.together(command):
                return None
            found.append(command)
            request = generator.send((Output(0),))
    except StopIteration:
        return tuple(found)
    except Exception:  # noqa: BLE001 - it fails, or does not, when its own turn comes
        return None
    finally:
        generator.close()


def chain_of(link: Link, commands: Sequence[Sequence[Exec]]) -> Chain | None:
    """The script of all these; None when it does not fit."""
    return link.shell_of(Exec("")).chain([command for some in commands for command in some])


def deliver(link: Link, parts: Sequence[Part], chain: Chain) -> int:
    """Send it and share out the answers; says how many of the jobs have, or may have, begun."""
    try:
        raw = _Sender(link).send(chain, seconds_for(one.commands for one in parts))
        outputs = list(chain.outputs(raw, link.open().encoding))
    except TransportError as error:
        for one in parts:
            one.lost = error
        return len(parts) if error.may_have_started else 1
    for number, one in enumerate(parts):
        if not outputs:
            return max(1, number)
        one.outputs = tuple(outputs[: len(one.commands)])
        del outputs[: len(one.commands)]
    return len(parts)


def look(link: Link, parts: Sequence[tuple[Part, Asks]]) -> None:
    """Probe all that is done, side by side; who is not seen so is looked at alone."""
    done = [(part, Companion(asks)) for part, asks in parts if part.whole]
    if done:
        SideBySide(link, [companion for _, companion in done]).finish()
    for part, companion in done:
        part.found = companion.state


class _Sender(Reader):
    """Sends one script."""

    def send(self, chain: Chain, seconds: float) -> Any:
        """The raw answer."""
        return self._exchange(self._shells.of(Exec("")), chain.invocation, seconds)
