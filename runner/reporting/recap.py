"""The last words of a run: counts, trouble with what to do about it, and what to type next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from runner.events import RunFinished
from runner.model.job import Outcome, Status
from runner.reporting.collect import Entry
from runner.reporting.describe import advice_lines
from runner.reporting.grouping import Trouble, by_text, troubles
from runner.reporting.page import EMPTY, Line, line, span
from runner.reporting.preview import counts_spans, totals
from runner.reporting.statuses import LOOKS, RESCUED, is_cause, is_rescued, worst
from runner.reporting.text import duration, host_list, one_line, pad, plural, width

NextCommands = Callable[[RunFinished, Sequence[Entry]], Sequence[str]]
"""Works out the commands that a person may want to type after a run."""

_FEW_HOSTS: Final = 40
_MOST_TROUBLE_HOSTS: Final = 20
_MOST_TROUBLES: Final = 30
_MOST_NAMED: Final = 8
_WIDEST_HOST: Final = 32


def recap(
    finished: RunFinished,
    entries: Sequence[Entry],
    *,
    title: str = "",
    next_commands: Sequence[str] = (),
    show_totals: bool = True,
) -> list[Line]:
    """The page. With few hosts each has its line; with many, only those in trouble."""
    sections = [
        _heading(finished, title),
        list(_host_lines(finished, entries)),
        _totals(entries) if show_totals else [],
        list(_repeated("Messages", _messages(entries))),
        list(_trouble_lines(entries)),
        list(_repeated("Warnings", _warnings(entries))),
        list(_repeated("Cannot be taken back", _irreversible(entries))),
        _effort(finished, next_commands),
    ]
    lines: list[Line] = []
    for section in sections:
        if section:
            lines += [*([EMPTY] if lines else []), *section]
    return lines


_LEFT: Final = {Status.UNREACHABLE, Status.IN_DOUBT, Status.CANCELLED}
"""With these something is left to do that a resume does."""


def usual_commands(finished: RunFinished, entries: Sequence[Entry]) -> list[str]:
    """What usually comes next: show the run, go on with it, or see how it would be taken back.

    For the verbs that change hosts; after a dry run there is nothing recorded to go on with.
    """
    if not finished.run or "check" in finished.verb or finished.verb == "plan":
        return []
    statuses = {entry.outcome.status for entry in entries}
    commands = [f"runner show {finished.run}"]
    if (finished.interrupted or statuses & _LEFT) and finished.verb != "rollback":
        commands.append(f"runner resume {finished.run}")
    if Status.CHANGED in statuses and finished.verb != "rollback":
        commands.append(f"runner rollback {finished.run} --check")
    return commands


def _heading(finished: RunFinished, title: str) -> list[Line]:
    said = " ".join(part for part in (finished.verb, one_line(title)) if part)
    parts = [span(said, "bold")]
    if finished.run:
        parts.append(span(f"  run {finished.run}", "dim"))
    if finished.interrupted:
        parts.append(span("  interrupted", "bold red"))
    return [line(*parts)]


def _host_lines(finished: RunFinished, entries: Sequence[Entry]) -> Iterator[Line]:
    counts = host_counts(finished, entries)
    rescued = rescued_counts(entries)
    causes = {entry.job.host for entry in entries if is_cause(entry.outcome)}
    troubled = [host for host in counts if host in causes or _in_trouble(counts[host])]
    shown = list(counts) if len(counts) <= _FEW_HOSTS else troubled[:_MOST_TROUBLE_HOSTS]
    column = min(_WIDEST_HOST, max((width(one_line(host)) for host in shown), default=0))
    for host in shown:
        head = worst(counts[host])
        style = LOOKS[head].style if head and host in troubled else ""
        name = span(pad(one_line(host), column), style)
        shown_as = with_rescued(counts[host], rescued.get(host, Counter()))
        yield line(name, "  ", *counts_spans(shown_as), hang=column + 2)
    if len(shown) < len(troubled):
        yield line(f"… {plural(len(troubled) - len(shown), 'more host')} in trouble")
    if len(counts) > _FEW_HOSTS:
        well = len(counts) - len(troubled)
        yield line(
            f"{plural(len(counts), 'host')}: ",
            span(f"{well:,} without trouble", "green"),
            ", ",
            span(f"{len(troubled):,} in trouble", "bold red" if troubled else ""),
        )


def _in_trouble(counts: Mapping[Status, int]) -> bool:
    only_ignored = frozenset({Status.FAILED, Status.UNREACHABLE})
    return any(s.is_trouble and s not in only_ignored for s, count in counts.items() if count)


def host_counts(finished: RunFinished, entries: Sequence[Entry]) -> dict[str, Mapping[Status, int]]:
    """Jobs by host and status: what the walk counted, in its order."""
    if finished.counts:
        return dict(finished.counts)
    found: dict[str, dict[Status, int]] = {}
    for entry in entries:
        counts = found.setdefault(entry.job.host, {})
        counts[entry.outcome.status] = counts.get(entry.outcome.status, 0) + 1
    return dict(found)


def rescued_counts(entries: Iterable[Entry]) -> dict[str, Counter[Status]]:
    """Rescued failures by host, and as which status the walk counted them."""
    found: dict[str, Counter[Status]] = {}
    for entry in entries:
        if is_rescued(entry.outcome):
            found.setdefault(entry.job.host, Counter())[entry.outcome.status] += 1
    return found


def with_rescued(counts: Mapping[Status, int], rescued: Counter[Status]) -> dict[str, int]:
    """What a host's counts are shown as: rescued failures by themselves, as in Ansible's recap."""
    shown = {str(status): count - rescued[status] for status, count in counts.items()}
    return {**shown, RESCUED: rescued.total()}


def _totals(entries: Sequence[Entry]) -> list[Line]:
    lines = totals(entries, predicted=False)
    if ignored := sum(entry.outcome.ignored for entry in entries):
        many = "failure was" if ignored == 1 else "failures were"
        lines.append(line(f"{ignored:,} {many} ignored because the playbook says so"))
    if rescued := sum(is_rescued(entry.outcome) for entry in entries):
        many = "failure was" if rescued == 1 else "failures were"
        lines.append(line(f"{rescued:,} {many} rescued by tasks of the playbook"))
    return lines


def _trouble_lines(entries: Sequence[Entry]) -> Iterator[Line]:
    found = troubles(entries)
    blocked = [e for e in entries if e.outcome.status is Status.BLOCKED]
    # A pause that the end of the run cut short did begin; it says so among the messages.
    cancelled = [e for e in entries if e.outcome.status is Status.CANCELLED and not e.outcome.said]
    if found or blocked or cancelled:
        yield line(span("Trouble", "bold"))
    for trouble in found[:_MOST_TROUBLES]:
        yield from _one_trouble(trouble)
    if len(found) > _MOST_TROUBLES:
        yield line(f"  … {len(found) - _MOST_TROUBLES} more kinds of trouble")
    if blocked:
        yield _follow_line(Status.BLOCKED, blocked, _blockers(blocked))
    if cancelled:
        yield _follow_line(Status.CANCELLED, cancelled, "they never began")


def _one_trouble(trouble: Trouble) -> Iterator[Line]:
    look = LOOKS[trouble.status]
    category = f" ({trouble.category})" if trouble.category not in ("", look.word) else ""
    what = "; ".join(one_line(title) for title in list(trouble.titles)[:3])
    if len(trouble.titles) > 3:
        what += f"; and {plural(len(trouble.titles) - 3, 'more task')}"
    hosts = host_list(list(trouble.hosts), _MOST_NAMED)
    yield line("  ", span(f"{look.word}{category}", look.style), f"  {hosts}", hang=6)
    yield line(f"      tried:  {what}", hang=14)
    if trouble.message:
        yield line(f"      got:    {trouble.message}", hang=14)
    for text in advice_lines(trouble.advice):
        yield line(f"      {text}", hang=14)


def _follow_line(status: Status, entries: Sequence[Entry], why: str) -> Line:
    look = LOOKS[status]
    hosts = len({entry.job.host for entry in entries})
    size = f"{plural(len(entries), 'job')} on {plural(hosts, 'host')}"
    return line("  ", span(look.word, look.style), f"  {size}: {why}", hang=6)


def _blockers(blocked: Sequence[Entry]) -> str:
    jobs = list(dict.fromkeys(str(e.outcome.blocked_by) for e in blocked if e.outcome.blocked_by))
    if not jobs:
        return "what they need did not end well"
    named = ", ".join(one_line(job) for job in jobs[:3])
    more = f" and {plural(len(jobs) - 3, 'more job')}" if len(jobs) > 3 else ""
    return f"by {named}{more}"


def _messages(entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    yield from (
        (f"{one_line(entry.title)}: {one_line(outcome.message)}", entry.job.host)
        for entry in entries
        for outcome in (entry.outcome, *entry.outcome.items)
        if outcome.said and outcome.message
    )


def _warnings(entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    yield from (
        (one_line(text), entry.job.host)
        for entry in entries
        for outcome in (entry.outcome, *entry.outcome.items)
        for text in outcome.warnings
    )


def _irreversible(entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    yield from (
        (f"{one_line(entry.title)}: {reason}", entry.job.host)
        for entry in entries
        for reason in dict.fromkeys(
            _why_final(outcome) for outcome in (entry.outcome, *entry.outcome.items)
        )
        if reason
    )


def _why_final(outcome: Outcome) -> str:
    """Why this cannot be taken back; empty when it can, or when nothing was done."""
    if outcome.status is Status.IRREVERSIBLE:
        return one_line(outcome.irreversible or outcome.message) or "no way back is known"
    nothing = outcome.status.is_trouble or outcome.status is Status.OK
    return "" if nothing else one_line(outcome.irreversible)


def _repeated(heading: str, pairs: Iterable[tuple[str, str]]) -> Iterator[Line]:
    grouped = by_text(pairs)
    if grouped:
        yield line(span(heading, "bold"))
    for text, hosts in grouped[:_MOST_TROUBLES]:
        yield line(f"  {text}  ({host_list(hosts)})", hang=4)
    if len(grouped) > _MOST_TROUBLES:
        yield line(f"  … {len(grouped) - _MOST_TROUBLES} more")


def _effort(finished: RunFinished, next_commands: Sequence[str]) -> list[Line]:
    said = duration(finished.seconds)
    if finished.exchanges:
        said += f", {plural(finished.exchanges, 'round trip')}"
    if finished.exchanges and (hosts := len(finished.counts)):
        said += f" ({finished.exchanges / hosts:.1f} a host)"
    lines = [line(said)]
    if next_commands:
        lines.append(line(span("Next:", "bold")))
        lines += [line("  ", span(command, "bold cyan"), hang=4) for command in next_commands]
    return lines
