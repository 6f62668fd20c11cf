"""``runner ping``: which hosts can be worked on, and why the others cannot."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from runner.app.wiring.descriptors import fit
from runner.app.wiring.options import FORKS_CAP
from runner.app.wiring.reaching import (
    GIVEN_BACK,
    Reached,
    ReachOptions,
    left_behind,
    prepare_hosts,
    terminable,
    told,
)
from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Reader
from runner.engine.stop import Stop, StopLevel
from runner.errors import HostError, TransportError
from runner.interfaces.exchange import Script, read

_CHEAPEST: Final = Script("raw", "exit 0", timeout=30.0)
"""It means the same in cmd, PowerShell and sh, and starts no program but the shell."""
_END_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Pong:
    """What came of one host. ``category`` is the class of the error, empty when all is well.

    ``left``: how many remote shells of runs that died are on record there.
    """

    host: str
    endpoint: str
    seconds: float
    category: str = ""
    message: str = ""
    advice: str = ""
    left: int = 0

    @property
    def is_well(self) -> bool:
        """Whether commands can be run there."""
        return not self.category


@dataclass(frozen=True, slots=True)
class Pinged:
    """All hosts, in the inventory's order."""

    pongs: tuple[Pong, ...]
    stop: Stop

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C or SIGTERM came; some workers may still wait for their hosts then."""
        return self.stop.level >= StopLevel.NOW

    @property
    def exit_code(self) -> int:
        """0 when all are well, 4 when one is not, 130 when it was interrupted."""
        if self.interrupted:
            return 130
        return 0 if all(pong.is_well for pong in self.pongs) else 4

    def as_data(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "hosts": [{**asdict(pong), "ok": pong.is_well} for pong in self.pongs],
            "interrupted": self.interrupted,
        }


def ping(options: ReachOptions, each: Callable[[Pong], None] = lambda _pong: None) -> Pinged:
    """Connect to every host and run the cheapest command there is.

    ``each`` is told of a host as soon as it is known, in the order in which they answer.
    """
    reached = prepare_hosts(options)
    left = left_behind([reached.links.get(host) for host in reached.hosts])
    wanted = options.forks or min(len(reached.hosts), FORKS_CAP)
    workers = fit(wanted, wanted).workers
    found: dict[str, Pong] = {}
    pool = ThreadPoolExecutor(workers, "ping")
    try:
        with terminable():
            waiting = [pool.submit(_one, reached, host) for host in reached.hosts]
            for done in as_completed(waiting):
                pong = replace(done.result(), left=left.get(done.result().host, 0))
                found[pong.host] = pong
                each(pong)
    except KeyboardInterrupt:
        reached.stop.ask(StopLevel.NOW)
        pool.shutdown(wait=False, cancel_futures=True)
        reached.links.end_now(_END_SECONDS)
    else:
        pool.shutdown()
        reached.links.close_all()
    pongs = tuple(found[host] for host in reached.hosts if host in found)
    return Pinged(pongs, reached.stop)


def _one(reached: Reached, host: str) -> Pong:
    link = reached.links.get(host)
    endpoint = link.transport.endpoint(link.options)
    begun = time.monotonic()
    try:
        with link.lock:
            Reader(link).drive(read(_CHEAPEST))
    except HostError as error:
        category = error.category if isinstance(error, TransportError) else "host"
        mask = reached.fleet.redactor.text
        text, advice = mask(error.message), mask(error.hint)
        return Pong(host, endpoint, _since(begun, link), category, text, advice)
    else:
        return Pong(host, endpoint, _since(begun, link))
    finally:
        reached.links.close(host)


def _since(begun: float, link: Link) -> float:
    """How long the host took; our own waiting for a turn is not its fault."""
    return max(0.0, time.monotonic() - begun - link.waited)


def lines_of(pong: Pong, width: int) -> Iterator[str]:
    """One host, for people."""
    if pong.is_well:
        yield f"{pong.host:<{width}}  ok  {pong.seconds * 1000:6.0f} ms  {pong.endpoint}"
    else:
        yield f"{pong.host:<{width}}  {pong.category}: {pong.message}"


def closing(pinged: Pinged) -> Iterator[str]:
    """The end: how many are well, and what to do about the others, each advice once."""
    advice: dict[tuple[str, str], list[str]] = {}
    for pong in pinged.pongs:
        if not pong.is_well:
            advice.setdefault((pong.category, pong.advice), []).append(pong.host)
    well = sum(pong.is_well for pong in pinged.pongs)
    yield ""
    yield f"{well} of {len(pinged.pongs)} hosts answer"
    for (category, text), hosts in sorted(advice.items(), key=lambda item: -len(item[1])):
        named = ", ".join(hosts[:5]) + (f" and {len(hosts) - 5} more" if len(hosts) > 5 else "")
        yield f"  {category} ({len(hosts)}): {named}"
        if text:
            yield f"    {text}"
    left = [pong for pong in pinged.pongs if pong.left]
    for pong in left:
        yield f"  {pong.host}: {told(pong.left)}"
    if left:
        yield f"    {GIVEN_BACK}"
    if pinged.interrupted:
        yield "interrupted"
