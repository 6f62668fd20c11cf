"""What a rehearsal says: who stands in for whom, what goes wrong, what would need a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.app.rehearsal.faults import Weather
from runner.app.rehearsal.planned import OUTSIDE, Planned
from runner.app.wiring.masking import masked
from runner.app.wiring.twins import HERE
from runner.model.job import Status
from runner.reporting.collect import Entry
from runner.reporting.grouping import by_text, troubles
from runner.reporting.text import host_list, one_line, plural

_PLACE: Final = re.compile(r"(?:https?|ssh)://127\.0\.0\.1:\d+|127\.0\.0\.1:\d+")
_PORT: Final = re.compile(r"\bport \d+")
_SHOWN: Final = f"shown, not run: on {HERE}: "
_LOCAL_ADVICE: Final = "--with-local does it in a rehearsal, too"
_MOST: Final = 60


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that would have needed a person: what, where, and what to do."""

    what: str
    hosts: tuple[str, ...] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """All of them, the gravest first."""

    found: tuple[Need, ...]

    @classmethod
    def of(
        cls,
        entries: Sequence[Entry],
        planned: Planned,
        asked: Iterable[tuple[str, str]],
        unopened: int,
    ) -> Needs:
        """What a person would have had to see to, from what became of the jobs."""
        return cls((
            *_troubled(entries),
            *(Need(f"somebody is asked: {one_line(text)}", tuple(hosts))
              for text, hosts in by_text([(text, host) for host, text in asked])),
            *_local(entries),
            *_unrehearsed(planned),
            *_unknown(planned, unopened),
        ))  # fmt: skip

    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """As rows of a report: what, hosts, advice."""
        return tuple(
            (masked(one.what), host_list(one.hosts, 6), masked(one.advice)) for one in self.found
        )


def _troubled(entries: Sequence[Entry]) -> Iterator[Need]:
    # Each twin answers at a port of its own: without that the same trouble has the same words.
    same: dict[tuple[str, str], dict[str, None]] = {}
    for trouble in troubles(entries):
        titles = list(trouble.titles)
        more = f" and {len(titles) - 1} more" if len(titles) > 1 else ""
        text = f"{trouble.status}: {one_line(titles[0])}{more}: {one_line(trouble.message)}"
        key = (_PLACE.sub("it", text), _PORT.sub("its port", trouble.advice))
        same.setdefault(key, {}).update(trouble.hosts)
    yield from (Need(text, tuple(hosts), advice) for (text, advice), hosts in same.items())


def _local(entries: Sequence[Entry]) -> Iterator[Need]:
    """What is to be done on this machine, which was only shown."""
    found = [
        (f"to be done on {HERE}: {one_line(outcome.message.removeprefix(_SHOWN))}", entry.job.host)
        for entry in entries
        for outcome in (entry.outcome, *entry.outcome.items)
        if outcome.status is Status.SKIPPED and outcome.message.startswith(_SHOWN)
    ]
    yield from (Need(text, tuple(hosts), _LOCAL_ADVICE) for text, hosts in by_text(found))


def _unrehearsed(planned: Planned) -> Iterator[Need]:
    for why, hosts in _missing(planned):
        yield Need(f"not rehearsed: {why}", tuple(hosts), "try one of them with -l first")


def _missing(planned: Planned) -> list[tuple[str, list[str]]]:
    """Why some hosts have no twin; whom --limit leaves out was not asked for."""
    pairs = [(why, name) for name, why in planned.missing.items() if why != OUTSIDE]
    return by_text(pairs)


def _unknown(planned: Planned, unopened: int) -> Iterator[Need]:
    for what, hosts in planned.near.items():
        yield Need(
            f"the lab has no {what}: the twins of these simulate {planned.systems[hosts[0]].os}",
            tuple(hosts),
            f"what is different on {what} was not rehearsed: try one of them with -l first",
        )
    for os, hosts in planned.assumed_as.items():
        yield Need(
            f"nothing says what these are; their twins simulate {os}",
            tuple(hosts),
            "give them the variable os_version, or let a run gather their facts first",
        )
    if unopened:
        yield Need(
            f"{plural(unopened, 'encrypted text')} not opened: no vault password was given",
            advice="give it with --vault-password-file FILE when the playbook needs what is in it",
        )


def opening(planned: Planned, plan: Weather) -> Iterator[str]:
    """What is said before the first task."""
    kinds = ", ".join(f"{count} x {os}" for os, count in sorted(planned.kinds.items()))
    yield f"rehearsal: {plural(len(planned.systems), 'twin')} on this machine ({kinds})"
    yield "rehearsal: no host of the inventory is contacted; the journal is the rehearsal's own"
    for why, hosts in _missing(planned):
        yield f"NOT REHEARSED: {host_list(hosts)}: {why}"
    for os, hosts in planned.assumed_as.items():
        yield f"nothing says what these are, taken for {os}: {host_list(hosts)}"
    for what, near in planned.near.items():
        yield f"{what}, rehearsed as {planned.systems[near[0]].os}: {host_list(near)}"
    for kind, hosts in plan.impossible.items():
        where = host_list(hosts)
        yield f"faults '{plan.profile}': {kind}: not on {where}: Linux twins cannot have it"
    for kind, hosts in plan.struck.items():
        yield f"faults '{plan.profile}': {kind}: {host_list(hosts)}"


def missed_lines(plan: Weather) -> Iterator[str]:
    """What was said at the beginning and did not come."""
    for kind, hosts in plan.missed().items():
        yield (
            f"faults '{plan.profile}': {kind}: {host_list(hosts)}: did not come: it waited for a "
            "later job than the last one of that host"
        )


def person_lines(needs: Needs) -> list[str]:
    """The section at the end."""
    lines = ["", "What would have needed a person"]
    if not needs.found:
        return [*lines, "  nothing"]
    for need in needs.found[:_MOST]:
        where = f"  ({host_list(need.hosts)})" if need.hosts else ""
        lines.append(masked(f"  {need.what}{where}"))
        lines += [masked(f"    {text}") for text in need.advice.splitlines() if text.strip()]
    if len(needs.found) > _MOST:
        lines.append(f"  ... and {len(needs.found) - _MOST} more: see the report (-o)")
    return lines


def parting(home: Path) -> list[str]:
    """What can be done with a rehearsal that is kept."""
    verb = f"RUNNER_HOME={home} runner"
    return [
        "",
        f"The twins go on in {home}. Every verb there reaches them only:",
        *(f"  {verb} {words}" for words in ("show last", "rollback last --restart", "lab down")),
    ]
