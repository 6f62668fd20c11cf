"""One script of several changes: what may go into it, sending it, and looking at what it did."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Any, Final, Protocol

from runner.engine.fusing.writer import Part
from runner.engine.hosts.link import Link, Taking
from runner.engine.hosts.session import Reader
from runner.engine.hosts.side_by_side import Asks, Companion, SideBySide
from runner.engine.tasks.work import Work
from runner.engine.visits.lines_ahead import Foreseen
from runner.errors import TransportError
from runner.interfaces.exchange import Command, Exec, Output, Reply, Request, Write
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Chain
from runner.model.job import Status
from runner.model.state import Change

FIRST_SECONDS: Final = 120.0
EACH_SECONDS: Final = 15.0
"""How long a script may take: for its first command, and for each further one."""
LONGEST_SECONDS: Final = FIRST_SECONDS + EACH_SECONDS * 99
"""The same for all commands that a script can have."""


def seconds_for(commands: Iterable[Sequence[Command]]) -> float:
    """How long the script of these may take."""
    return FIRST_SECONDS + EACH_SECONDS * sum(map(len, commands))


class ScriptLedger(Protocol):
    """What fusing needs of the journal."""

    def intend_all(self, changes: Sequence[tuple[Work, Change[Any], str]]) -> list[int]:
        """Make several intents durable at once, each with why it is irreversible, if so."""

    def settle(self, change: int, status: Status, found: Any, applied: None) -> None:
        """Say what became of one."""


def straight_commands(
    link: Link, generator: Generator[Request, Reply, Any]
) -> tuple[Command, ...] | None:
    """The commands of a generator that only writes; None for another one, and for one with a
    command that cannot share a script."""
    shell = link.shell_of(Exec(""))
    found = commands_of(generator)
    if found is None or not all(one.timeout is None and shell.together(one) for one in found):
        return None
    return found


def commands_of(generator: Generator[Request, Reply, Any]) -> tuple[Command, ...] | None:
    """The commands of a generator that only writes, if every one of them comes out well."""
    found: list[Command] = []
    try:
        request = next(generator)
        while True:
            if not isinstance(request, Write):
                return None
            found.append(request.command)
            request = generator.send((Output(0),))
    except StopIteration:
        return tuple(found)
    except Exception:  # noqa: BLE001 - it fails, or does not, when its own turn comes
        return None
    finally:
        generator.close()


def chain_of(
    link: Link, commands: Sequence[Sequence[Command]], taking: Taking | None = None
) -> Chain | None:
    """The script of all these, with what takes the host at its head; None when it does not fit."""
    head = [] if taking is None else [taking.command]
    return link.shell_of(Exec("")).chain([*head, *(one for some in commands for one in some)])


def deliver(link: Link, parts: Sequence[Part], chain: Chain, taking: Taking | None = None) -> int:
    """Send it and share out the answers; says how many of the jobs have, or may have, begun.

    Raises HostError where nothing of it was sent: the host found somebody else's lease beside the
    one at the head, and then it could not be won.
    """
    commands = [one.commands for one in parts]
    try:
        raw = _Sender(link).send(chain, seconds_for(commands))
        outputs = list(chain.outputs(raw, link.open().encoding))
    except TransportError as error:
        for one in parts:
            one.lost = error
        return len(parts) if error.may_have_started else 1
    if taking is not None and link.lease is not None:
        if outputs.pop(0).code:
            link.hold(Setting(), seconds_for(commands))
            alone = chain_of(link, commands)
            assert alone is not None, "it is shorter than the one before"
            return deliver(link, parts, alone)
        link.lease.taken(taking)
    for number, one in enumerate(parts):
        if not outputs:
            return max(1, number)
        one.outputs = tuple(outputs[: len(one.commands)])
        del outputs[: len(one.commands)]
    return len(parts)


def look(
    link: Link,
    parts: Sequence[tuple[Part, Asks]],
    behind: Sequence[Foreseen] = (),
    *,
    last: bool = False,
) -> None:
    """Probe all that is done, side by side; who is not seen so is looked at alone. ``last``: the
    host is given back with that, if all is done. ``behind`` are jobs that come next."""
    done = [(part, Companion(asks)) for part, asks in parts if part.whole]
    next_ones = [(one, Companion(one.work)) for one in behind if one.work is not None]
    if done:
        companions = [companion for _, companion in (*done, *next_ones)]
        together = SideBySide(link, companions)
        together.last = last and len(done) == len(parts)
        together.finish()
    for part, companion in done:
        part.found = companion.state
    for one, companion in next_ones:
        one.state = companion.state


class _Sender(Reader):
    """Sends one script."""

    def send(self, chain: Chain, seconds: float) -> Any:
        """The raw answer."""
        return self._exchange(self._shells.of(Exec("")), chain.invocation, seconds)
