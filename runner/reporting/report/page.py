"""A run as one HTML page that needs nothing else: no server, no network, no library.

What hosts sent is hostile until proven otherwise. It reaches the page in two ways only: through
Jinja with autoescape, and as JSON of which the page's script makes text nodes. A Content Security
Policy (W3C CSP 3) forbids everything but the page's own style and script, which it names by their
hashes, so that not even a hole in the above could run anything or send anything away.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from runner.model.job import Outcome, Status
from runner.reporting.bounds import bounded_text
from runner.reporting.collect import Entry
from runner.reporting.compliance import table_of
from runner.reporting.describe import is_text_block, reason_of, show_pair, text_diff
from runner.reporting.graph.draw import draw
from runner.reporting.grouping import Group, Trouble, by_task, by_text, troubles
from runner.reporting.preview import shown_counts
from runner.reporting.report.alike import folded
from runner.reporting.report.data import css_class, page_data, script_json
from runner.reporting.report.report import Report
from runner.reporting.statuses import WORDS, counted_as, is_cause, look_of, word
from runner.reporting.text import clean, duration, one_line, plural

_FOLDER: Final = Path(__file__).parents[1] / "html"
_SCRIPTS: Final = ("data.js", "matrix.js", "story.js", "timeline.js", "start.js")
_CHANGED: Final = frozenset({Status.CHANGED, Status.WOULD_CHANGE, Status.IRREVERSIBLE})
_MOST_GROUPS: Final = 25
_MOST_TROUBLES: Final = 60
_MOST_NAMED: Final = 6
_LONGEST: Final = 600
_MOST_DRAWN: Final = 300


def html_page(report: Report) -> Iterator[str]:
    """The page in pieces."""
    style, script = _file("report.css"), _script()
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["one_line"] = one_line
    template = environment.get_template("report.html.j2")
    yield from template.generate(
        report=report,
        policy=policy(style, script),
        moment=_moment,
        style=Markup(style),
        script=Markup(script),
        data=Markup(script_json(page_data(report))),
        **sections(report),
    )


def _shown(value: Any) -> Any:
    """Every text that the template shows is clean, whoever made it; markup is our own."""
    return clean(value) if type(value) is str else value


def policy(style: str, script: str) -> str:
    """The Content Security Policy: nothing is loaded, and only what has these hashes counts."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _script() -> str:
    """The page's script in one piece; its names are its own."""
    return '"use strict";\n(() => {\n' + "\n".join(map(_file, _SCRIPTS)) + "})();\n"


def _file(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def sections(report: Report) -> dict[str, Any]:
    """What the template shows without the script: it is all there when scripts are off."""
    entries = report.entries
    counts, found = shown_counts(entries), troubles(entries)
    tone, verdict = _verdict(report)
    return {
        "tone": tone,
        "verdict": verdict,
        "facts": _facts(report),
        "size": [
            plural(len({e.job.host for e in entries}), "host"),
            plural(len({e.job.step for e in entries}), "task"),
            plural(len(entries), "job"),
        ],
        "counts": [(w, f"{counts[w]:,}", css_class(w), look_of(w).symbol)
                   for w in WORDS if counts.get(w)],
        "troubles": [_trouble(each) for each in found[:_MOST_TROUBLES]],
        "more_troubles": max(0, len(found) - _MOST_TROUBLES),
        "consequences": _consequences(entries),
        "compliance": table_of(entries),
        "changes": list(_changes(entries)),
        "by_hand": _by_hand(report),
        "warnings": [(text, _named(hosts)) for text, hosts in by_text(_warnings(entries))[:40]],
        "picture": _picture(report),
    }  # fmt: skip


def _verdict(report: Report) -> tuple[str, str]:
    hosts = {e.job.host for e in report.entries if is_cause(e.outcome)}
    changes = {e.job.host for e in report.entries if e.outcome.status in _CHANGED}
    if report.predicted:
        said = f"A plan: nothing has happened yet. {plural(len(changes), 'host')} would change."
        return ("bad" if hosts else "plan"), said
    ends = {"interrupted": "Interrupted.", "crashed": "The controller died before the end.",
            "running": "Still running: this is what is known so far."}  # fmt: skip
    if report.status in ends:
        return "bad", ends[report.status]
    if hosts:
        return "bad", f"Needs attention: {plural(len(hosts), 'host')} in trouble."
    if report.status == "failed":
        return "bad", "The run failed."
    changed = f"{plural(len(changes), 'host')} changed" if changes else "nothing had to change"
    left = sum(e.outcome.status is Status.IRREVERSIBLE for e in report.entries)
    if left and report.verb == "rollback":
        return "plan", f"Not all of it is back: {plural(left, 'job')} cannot be taken back."
    return "good", f"All well: {changed}."


def _facts(report: Report) -> list[tuple[str, str]]:
    facts = [
        ("Verb", report.verb),
        ("Takes back" if report.verb == "rollback" else "Playbook", report.title),
        ("Made" if report.predicted else "Started", f"{_moment(report.started)} by {report.user}"),
    ]
    if report.seconds is not None:
        facts.append(("Took", duration(report.seconds)))
    if report.exit_code is not None:
        facts.append(("Exit code", f"{report.exit_code} ({report.status})"))
    return [*facts, *report.facts, ("Runner", report.version)]


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(seconds))


@dataclass(frozen=True, slots=True)
class Names:
    """A list of hosts or tasks: in full when it is short, else how many, and all to unfold."""

    shown: str
    all: str = ""


def _named(texts: Iterable[str], noun: str = "host") -> Names:
    names = [one_line(text) for text in texts]
    if len(names) <= _MOST_NAMED:
        return Names(", ".join(names))
    return Names(plural(len(names), noun), ", ".join(names))


def _trouble(found: Trouble) -> dict[str, Any]:
    return {
        "word": found.status.value,
        "class": css_class(found.status.value),
        "category": one_line(found.category),
        "hosts": _named(found.hosts),
        "tried": [one_line(title) for title in list(found.titles)[:5]],
        "got": bounded_text(one_line(found.message), 2_000),
        "advice": bounded_text(clean(found.advice), 2_000),
    }


def _consequences(entries: Sequence[Entry]) -> list[str]:
    said = []
    for status, why in (
        (Status.BLOCKED, "blocked, because what they need did not end well"),
        (Status.CANCELLED, "cancelled: they never began"),
    ):
        found = [e for e in entries if e.outcome.status is status]
        if found:
            hosts = len({e.job.host for e in found})
            said.append(f"{plural(len(found), 'job')} on {plural(hosts, 'host')} {why}.")
    return said


def _changes(entries: Sequence[Entry]) -> Iterator[dict[str, Any]]:
    """Task by task, old and new; hosts with the same change together."""
    changed = [e for e in entries if e.outcome.status in _CHANGED]
    for task in by_task(changed):
        groups = folded([(group.hosts, _group(group)) for group in task.groups])
        yield {
            "title": task.title,
            "hosts": len({host for hosts, _ in groups for host in hosts}),
            "groups": [{**shown, "hosts": _named(hosts)} for hosts, shown in groups[:_MOST_GROUPS]],
            "more": max(0, len(groups) - _MOST_GROUPS),
        }


def _group(group: Group) -> dict[str, Any]:
    outcome = group.outcome
    parts = [p for p in outcome.items or (outcome,) if p.differences]
    return {
        "word": word(outcome),
        "class": css_class(counted_as(outcome)),
        "alike": "",
        "reason": bounded_text(one_line(group.reason), _LONGEST),
        "subject": one_line(outcome.subject) if not outcome.items else "",
        "fields": [field for part in parts[:30] for field in _fields(part)],
        "more": max(0, len(parts) - 30),
    }


def _fields(outcome: Outcome) -> Iterator[dict[str, Any]]:
    subject = one_line(outcome.subject) if outcome.item else ""
    for number, difference in enumerate(outcome.differences):
        field = {"of": subject if number == 0 else "", "name": one_line(difference.field)}
        if is_text_block(difference):
            yield {**field, "lines": [(m, bounded_text(t, 300)) for m, t in text_diff(difference)]}
        else:
            before, after = (bounded_text(value, _LONGEST) for value in show_pair(difference))
            yield {**field, "before": before, "after": after}


def _by_hand(report: Report) -> list[tuple[str, Names, Names]]:
    """What no rollback takes back: why, of which tasks, on which hosts."""
    found: dict[str, tuple[dict[str, None], dict[str, None]]] = {}

    def add(why: str, task: str, host: str) -> None:
        tasks, hosts = found.setdefault(why, ({}, {}))
        tasks[one_line(task)] = None
        hosts[host] = None

    for entry in report.entries:
        reasons = [why for item in entry.outcome.items if (why := _final(item))]
        for why in reasons or filter(None, [_final(entry.outcome)]):
            add(why, entry.title, entry.job.host)
    for task, host in report.excluded:
        add("the playbook keeps it out of rollbacks (rollback: false)", task, host)
    return [(why, _named(tasks, "task"), _named(hosts)) for why, (tasks, hosts) in found.items()]


def _final(outcome: Outcome) -> str:
    if outcome.status is Status.IRREVERSIBLE:
        return one_line(outcome.irreversible) or reason_of(outcome) or "no way back is known"
    nothing = outcome.status.is_trouble or outcome.status is Status.OK
    return "" if nothing else one_line(outcome.irreversible)


def _warnings(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    return [
        (one_line(text), entry.job.host)
        for entry in entries
        for outcome in (entry.outcome, *entry.outcome.items)
        for text in outcome.warnings
    ]


def _picture(report: Report) -> Markup:
    """The graph, drawn here whatever is installed; a tree serialised by ElementTree is safe."""
    if not report.nodes or len(report.nodes) > _MOST_DRAWN:
        return Markup("")
    return Markup(clean(draw(report.nodes, report.edges)))
