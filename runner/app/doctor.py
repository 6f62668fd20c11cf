"""``runner doctor``: step by step on the way to one host, and what to do where it ends."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

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
from runner.errors import HostError, TransportError, UsageError
from runner.interfaces.examine import Examinable, Finding, Stopwatch, Verdict

_STEP_SECONDS: Final = 10.0
_CHECK_SECONDS: Final = 60.0
"""For each look from inside: some old hosts take half a minute to say what they are."""
_CHECKS: Final[Mapping[str, str]] = {
    "cmd": "runner.windows.examine",
    "powershell": "runner.windows.examine",
    "posix": "runner.posix.examine",
    "sh": "runner.posix.examine",
}
"""What looks at a host from inside, by the shell that answers there."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What the steps found, in their order."""

    host: str
    endpoint: str
    transport: str
    findings: tuple[Finding, ...]

    @property
    def failure(self) -> Finding | None:
        """The first step that failed."""
        return next((f for f in self.findings if f.verdict is Verdict.FAILED), None)

    @property
    def exit_code(self) -> int:
        """0 when the host can be worked on, else 4."""
        return 4 if self.failure else 0

    @property
    def verdict(self) -> str:
        """All of it in one line."""
        failure = self.failure
        if failure is not None:
            return f"{self.host} cannot be worked on: {failure.step}: {failure.said}"
        notes = [f.step for f in self.findings if f.verdict is Verdict.NOTE]
        rest = f"; to know: {', '.join(notes)}" if notes else ""
        return f"{self.host} can be worked on{rest}"

    def as_data(self) -> dict[str, Any]:
        """For ``--json``."""
        steps = [{**asdict(f), "verdict": str(f.verdict), "data": dict(f.data)}
                 for f in self.findings]  # fmt: skip
        return {
            "host": self.host,
            "endpoint": self.endpoint,
            "transport": self.transport,
            "ok": self.failure is None,
            "verdict": self.verdict,
            "steps": steps,
        }


def doctor(
    options: ReachOptions, each: Callable[[Finding], None] = lambda _finding: None
) -> Examination:
    """Examine one host. ``each`` is told of every step as soon as it is done."""
    reached = prepare_hosts(options)
    if len(reached.hosts) != 1:
        raise UsageError(
            f"'{options.pattern}' names {len(reached.hosts)} hosts, and the doctor sees one",
            hint=f"to see which of them answer: runner ping '{options.pattern}'",
        )
    link = reached.links.get(reached.hosts[0])
    findings: list[Finding] = []
    steps = _steps(link)
    try:
        with terminable():
            for finding in steps:
                masked = _masked(finding, reached)
                findings.append(masked)
                each(masked)
    finally:
        steps.close()  # it may hold a connection
        reached.links.close_all()
    endpoint = link.transport.endpoint(link.options)
    return Examination(link.host, endpoint, link.transport.name, tuple(findings))


def _steps(link: Link) -> Generator[Finding, None, None]:
    """What is left there comes first: it stands in the journal, whoever answers."""
    if count := left_behind([link]).get(link.host):
        title, data = "Did killed runs leave anything there?", {"shells": count}
        yield Finding("left behind", title, Verdict.NOTE, told(count), GIVEN_BACK, data=data)
    if isinstance(link.transport, Examinable):
        for finding in link.transport.examine(link.options, timeout=_STEP_SECONDS):
            yield finding
            if finding.verdict is Verdict.FAILED:
                return
    yield from _inside(link)


def _inside(link: Link) -> Iterator[Finding]:
    """What only the host itself can tell."""
    module = _CHECKS.get(link.login_shell)
    if module is None:
        said = f"nothing is known of a host with the shell '{link.login_shell}'"
        yield Finding("system", "What system is it?", Verdict.SKIPPED, said)
        return
    for check in importlib.import_module(module).checks():
        watch = Stopwatch()
        try:
            with watch.running():
                finding: Finding = Reader(link, _CHECK_SECONDS).drive(check)
        except TransportError as error:
            title = "Does it go on answering?"
            yield watch.stamp(Finding.of_error("commands", title, error))
            return
        except HostError as error:
            title = "Do commands run?"
            finding = Finding("commands", title, Verdict.FAILED, error.message, error.hint)
        yield watch.stamp(finding)


def _masked(finding: Finding, reached: Reached) -> Finding:
    mask = reached.fleet.redactor
    data = mask.value(dict(finding.data))
    return replace(
        finding,
        said=mask.text(finding.said),
        advice=mask.text(finding.advice),
        data=data if isinstance(data, dict) else {},
    )


def lines_of(finding: Finding) -> Iterator[str]:
    """One step, for people."""
    seconds = f"{finding.seconds * 1000:.0f} ms" if finding.seconds else ""
    said = " ".join(finding.said.split())
    yield f"{_WORDS[finding.verdict]:<5} {finding.title:<38} {said}  {seconds}".rstrip()
    if finding.advice:
        yield f"      {'what to do: ' if finding.verdict is Verdict.FAILED else ''}{finding.advice}"


_WORDS: Final[Mapping[Verdict, str]] = {
    Verdict.OK: "ok",
    Verdict.NOTE: "note",
    Verdict.FAILED: "FAIL",
    Verdict.SKIPPED: "-",
}
