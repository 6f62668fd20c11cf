"""Puts jobs with identical outcomes together, so that a fleet's report fits on a screen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from runner.model.job import Outcome, Status
from runner.reporting.collect import Entry
from runner.reporting.describe import reason_of, show_value
from runner.reporting.statuses import gravity, is_cause
from runner.reporting.text import clean, one_line, plural

_MOST_BLOCKERS: Final = 3

_PORT: Final = re.compile(r"(?<=ADDRESS:)\d+|(?<=\bport )\d+")
_ENDPOINT: Final = re.compile(r"\b((?:https?|ssh)://)\d{1,3}(?:\.\d{1,3}){3}(?=:\d+ )")
"""Where a host answers, as connections name it: the port is said, and nothing follows."""
_ADDRESS: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|\[[0-9a-fA-F:.]{3,}\]")


@dataclass(slots=True)
class Group:
    """Hosts on which one task had the same outcome; ``outcome`` is the first host's.

    ``blockers`` are the jobs that held it back, with the host's own name as HOST.
    """

    outcome: Outcome
    hosts: list[str] = field(default_factory=list)
    blockers: dict[str, None] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Take in a host with the same outcome."""
        self.hosts.append(entry.job.host)
        if blocker := entry.outcome.blocked_by:
            self.blockers[without_host(one_line(str(blocker)), entry.job.host)] = None

    @property
    def reason(self) -> str:
        """Why, true for every host of the group."""
        if len(self.hosts) == 1:
            return reason_of(self.outcome)
        if not self.blockers:
            return self._for_all(reason_of(self.outcome))
        named = list(self.blockers)[:_MOST_BLOCKERS]
        more = (
            f" and {plural(hidden, 'more job')}"
            if (hidden := len(self.blockers) - len(named))
            else ""
        )
        return f"by {', '.join(named)}{more}"

    @property
    def advice(self) -> str:
        """What to do next, for every host of the group."""
        advice = clean(self.outcome.advice)
        return self._for_all(advice) if len(self.hosts) > 1 else advice

    def _for_all(self, text: str) -> str:
        return _anonymous(text, self.outcome.status, self.hosts[0]) if len(self.hosts) > 1 else text


@dataclass(slots=True)
class TaskGroups:
    """All that became of one task, the gravest and then the largest group first."""

    step: str
    title: str
    groups: list[Group]

    @property
    def counts(self) -> dict[Status, int]:
        """Jobs by status."""
        found: dict[Status, int] = {}
        for group in self.groups:
            status = group.outcome.status
            found[status] = found.get(status, 0) + len(group.hosts)
        return found


def by_task(entries: Iterable[Entry]) -> list[TaskGroups]:
    """Tasks in the order in which they come; inside a task, hosts with identical outcomes."""
    tasks: dict[str, tuple[str, dict[object, Group]]] = {}
    for entry in entries:
        _, groups = tasks.setdefault(entry.job.step, (entry.title, {}))
        key = _identity(entry.outcome, entry.job.host)
        groups.setdefault(key, Group(entry.outcome)).add(entry)
    return [
        TaskGroups(
            step,
            title,
            sorted(groups.values(), key=lambda g: (gravity(g.outcome.status), -len(g.hosts))),
        )
        for step, (title, groups) in tasks.items()
    ]


def _identity(outcome: Outcome, host: str) -> object:
    """What makes two outcomes the same in a report: all that it shows, but not the time taken."""
    if outcome.status is Status.BLOCKED:
        return outcome.status, outcome.blocked_by is None and outcome.message
    return (
        outcome.status,
        outcome.ignored,
        outcome.rescued,
        _anonymous(outcome.message, outcome.status, host),
        _anonymous(outcome.advice, outcome.status, host),
        outcome.subject,
        tuple(
            (d.field, type(d.before), show_value(d.before), type(d.after), show_value(d.after))
            for d in outcome.differences
        ),
        outcome.commands,
        outcome.irreversible,
        outcome.warnings,
        tuple((item.item, _identity(item, host)) for item in outcome.items),
    )


def _anonymous(text: str, status: Status, host: str) -> str:
    """The text without what is bound to differ from host to host."""
    if not text:
        return text
    text = without_host(text, host)
    if status is Status.UNREACHABLE:
        return without_address(text)
    return _ENDPOINT.sub(r"\1ADDRESS", text)


def without_host(text: str, host: str) -> str:
    """The text with this host's own name, long or short, replaced by HOST."""
    for name in (host, host.partition(".")[0]):
        if name and name in text:
            text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "HOST", text)
    return text


def without_address(text: str) -> str:
    """The text with every network address replaced by ADDRESS."""
    return _ADDRESS.sub("ADDRESS", text)


def _portless(text: str) -> str:
    """The text whatever the port: hosts behind one address have one each."""
    return _PORT.sub("PORT", text)


@dataclass(slots=True)
class Trouble:
    """One cause and everything it struck; ``titles`` and ``hosts`` are ordered sets."""

    status: Status
    category: str
    message: str
    advice: str
    titles: dict[str, None] = field(default_factory=dict)
    hosts: dict[str, None] = field(default_factory=dict)


def troubles(entries: Iterable[Entry]) -> list[Trouble]:
    """Causes of trouble by status, message and advice; those that follow from others left out.

    A loop that failed is listed by its failed items.
    """
    found: dict[object, Trouble] = {}
    firsts: dict[object, tuple[str, str]] = {}
    for entry in entries:
        for outcome, title in _causes(entry):
            host = entry.job.host
            message = reason_of(outcome)
            same = _anonymous(message, outcome.status, host)
            advice = _anonymous(outcome.advice, outcome.status, host)
            key = (outcome.status, outcome.category, _portless(same), _portless(advice))
            trouble = found.get(key)
            if trouble is None:
                trouble = Trouble(outcome.status, outcome.category, message, outcome.advice)
                found[key], firsts[key] = trouble, (same, advice)
            trouble.titles[title] = None
            trouble.hosts[host] = None
            if len(trouble.hosts) > 1:
                alike = firsts[key] == (same, advice)
                trouble.message = same if alike else _portless(same)
                trouble.advice = advice if alike else _portless(advice)
                firsts[key] = (trouble.message, trouble.advice)
    return sorted(found.values(), key=lambda t: (gravity(t.status), -len(t.hosts)))


def _causes(entry: Entry) -> list[tuple[Outcome, str]]:
    if not is_cause(entry.outcome):
        return []
    bad = [item for item in entry.outcome.items if is_cause(item) and item.message]
    if not bad:
        return [(entry.outcome, entry.title)]
    return [(item, f"{entry.title} (item={one_line(item.item)})") for item in bad]


def by_text(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """(text, host) pairs as text and its hosts, in the order in which the texts came."""
    found: dict[str, dict[str, None]] = {}
    for text, host in pairs:
        found.setdefault(text, {})[host] = None
    return [(text, list(hosts)) for text, hosts in found.items()]
