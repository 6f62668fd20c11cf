"""What the verbs that visit hosts have in common: their options, and what follows from them.

A verb says which groups of options it has. What belongs to them reaches it in one piece, ``said``,
whose ``fields`` are those of ``RunOptions``, ``RollbackOptions`` and so on; its own options reach
it by their names.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import click

from runner.cli.common import APPROACH, approach, ask_password, duration, vault, words
from runner.errors import UsageError

Command: TypeAlias = Callable[..., Any]
Option: TypeAlias = Callable[[Command], Command]

NARROW: Final[tuple[Option, ...]] = (
    click.option("-t", "--tags", multiple=True, help="Only tasks with these tags."),
    click.option("--skip-tags", multiple=True, help="Not the tasks with these tags."),
    click.option("--start-at-task", metavar="NAME", help="Begin at this task."),
    click.option("--force-handlers", is_flag=True, help="Run handlers on failed hosts too."),
)
"""Which part of a playbook."""
LIMIT: Final[tuple[Option, ...]] = (
    click.option("-l", "--limit", help="Only these hosts (a pattern, or @FILE)."),
)
CHECK: Final[tuple[Option, ...]] = (
    click.option("-C", "--check", is_flag=True, help="Only show what would change."),
    click.option(
        "--detailed-exitcode", is_flag=True,
        help="With --check: exit 10 when something would change.",
    ),
)  # fmt: skip
WALK: Final[tuple[Option, ...]] = (
    click.option(
        "-e", "--extra-vars", "extra", multiple=True, metavar="K=V|@FILE",
        help="Variables that win over all others.",
    ),
    click.option("-f", "--forks", type=click.IntRange(1), help="Hosts at once (default: all)."),
    click.option("-D", "--diff", is_flag=True, help="Show old and new values."),
    click.option(
        "--deadline", type=duration, metavar="TIME",
        help="Stop after that time (30m, 1h30m): what is in flight is ended, as by Ctrl-C twice.",
    ),
    click.option("--json", "json_file", metavar="FILE", help="JSON report; - is stdout."),
    click.option("-v", "--verbose", count=True, help="Commands and output; -vv: results."),
)  # fmt: skip
"""How hosts are walked over, and how that is shown."""
CONNECT: Final[tuple[Option, ...]] = (
    *APPROACH,
    click.option("-k", "--ask-pass", is_flag=True, help="Ask for the password."),
)
LOCK: Final[tuple[Option, ...]] = (
    click.option(
        "--break-lock", "break_lock", multiple=True, metavar="HOST|all",
        help="Take hosts of a run that is over for sure, though its lock or lease is not.",
    ),
    click.option("--reason", metavar="TEXT", help="Why; kept in the journal."),
    click.option(
        "--no-lease", is_flag=True,
        help="Write nothing to hosts that keeps runs of other controllers off.",
    ),
)  # fmt: skip
"""How other runs are kept off the hosts."""
PATIENCE: Final[tuple[Option, ...]] = (
    click.option(
        "--keep-trying", "patience", type=duration, metavar="TIME",
        help="For that time (2h) try hosts again that did not answer, as 'resume' does.",
    ),
)  # fmt: skip
FUSE: Final[tuple[Option, ...]] = (
    click.option(
        "--no-fuse", is_flag=True,
        help="Send the probes and changes of tasks that follow one another one by one.",
    ),
)  # fmt: skip
PROCESSES: Final[tuple[Option, ...]] = (
    click.option(
        "--processes", type=click.IntRange(1), default=1, metavar="N",
        help="Share the hosts out among so many processes (default: 1).",
    ),
)  # fmt: skip


class Said:
    """What the command line said of the groups of options that a verb has."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def __getitem__(self, name: str) -> Any:
        return self._given.get(name)

    def fields(self, *, previews: bool = False) -> dict[str, Any]:
        """The options as fields; asks for the password, when that is wanted, last of all.

        ``previews`` is a ``--check`` of the verb's own. Raises UsageError for options that do not
        go together.
        """
        given = self._given
        _check(self, previews or bool(self["check"]))
        plain = ("limit", "extra", "forks", "check", "detailed_exitcode", "start_at_task")
        found = {k: given[k] for k in (*plain, "force_handlers", "deadline") if k in given}
        found |= {name: words(given[name]) for name in ("tags", "skip_tags") if name in given}
        words_of_vault = ("vault_id", "vault_password_file", "ask_vault_pass")
        found["vault"] = vault(*(given[name] for name in words_of_vault))
        found["view"] = view(self["verbose"], self["diff"], self["json_file"])
        if "connect_rate" in given:
            found["approach"] = approach(given["connect_rate"], given["keep_trying"])
        if "break_lock" in given:
            found["locking"] = locking(self)
        if "patience" in given:
            found["keep_trying"] = given["patience"]
        if "no_fuse" in given:
            found["fuse"] = not given["no_fuse"]
        if "processes" in given:
            found["processes"] = given["processes"]
        if "ask_pass" in given:
            found["password"] = ask_password(given["ask_pass"])
        return found


def visiting(*groups: Iterable[Option]) -> Option:
    """Give a verb these groups of options; it takes ``said`` beside what it takes by name."""

    def decorate(command: Command) -> Command:
        own = inspect.signature(command).parameters

        @functools.wraps(command)
        def call(**given: Any) -> Any:
            said = Said({name: value for name, value in given.items() if name not in own})
            return command(said=said, **{k: v for k, v in given.items() if k in own})

        decorated: Command = call
        for option in reversed([option for group in groups for option in group]):
            decorated = option(decorated)
        return decorated

    return decorate


def view(verbose: int, diff: bool, json_file: str | None) -> Any:
    """How to show the run."""
    from runner.app.wiring.options import View

    terminal = sys.stdout.isatty() and json_file != "-"
    return View(verbosity=verbose, diff=diff, json_file=json_file, terminal=terminal)


def _check(said: Said, previews: bool) -> None:
    if said["detailed_exitcode"] and not previews:
        raise UsageError("--detailed-exitcode goes with --check")
    if said["patience"] is not None and previews:
        raise UsageError("--keep-trying does not go with --check")
    if said["patience"] is not None and said["json_file"] == "-":
        raise UsageError(
            "--keep-trying does not go with --json -",
            hint="give a file: it holds the report about all hosts after the last sweep",
        )


def locking(said: Said) -> Any:
    """What is said about other runs. Raises UsageError."""
    from runner.app.wiring.options import Locking

    hosts, why = words(said["break_lock"]), (said["reason"] or "").strip()
    if hosts and not why:
        raise UsageError(
            "--break-lock needs --reason TEXT: it is kept in the journal",
            hint="say how you know that the other run is over",
        )
    if said["reason"] is not None and not hosts:
        raise UsageError("--reason goes with --break-lock")
    return Locking(not said["no_lease"], hosts, why)
