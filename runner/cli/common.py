"""Options that several verbs share, with the meaning that ansible-playbook gives them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from runner.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

_PATH = click.Path(path_type=Path)


_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "": 1.0}
_DURATION: Final = re.compile(r"(?:\d+(?:\.\d+)?[hms])+|\d+(?:\.\d+)?")


def duration(text: str) -> float:
    """Seconds of ``90``, ``90s``, ``30m``, ``1h30m``. Raises BadParameter; zero is none."""
    wanted = text.strip().lower()
    known = _DURATION.fullmatch(wanted) is not None
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms]?)", wanted) if known else []
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not seconds:
        raise click.BadParameter(f"'{text}' is not a length of time such as 90s, 30m or 1h30m")
    return seconds


def inventory_option(*, required: bool) -> Callable[[F], F]:
    """``-i``: where the hosts are; RUNNER_INVENTORY when it is left out."""
    return click.option(
        "-i",
        "--inventory",
        multiple=True,
        required=required,
        type=_PATH,
        envvar="RUNNER_INVENTORY",
        help="Inventory file or directory; may be repeated.",
    )


_APPROACH = (
    click.option(
        "--connect-rate", type=click.FloatRange(0), metavar="N",
        help="New connections a second (default: 20; 0: no limit).",
    ),
    click.option(
        "--keep-trying-credentials", "keep_trying", is_flag=True,
        help="Try a password on other hosts although one refused it (accounts of their own).",
    ),
)  # fmt: skip


def approach_options(command: F) -> F:
    """How hosts are connected to, for verbs that do not walk."""
    for option in reversed(_APPROACH):
        command = option(command)
    return command


def approach(rate: float | None, keep_trying: bool) -> Any:
    """What the command line says about connecting."""
    from runner.app.options import Approach

    return Approach(rate, keep_trying)


def walk_options(command: F) -> F:
    """What every verb that walks over hosts, or previews that, understands."""
    for option in reversed(
        [
            click.option("-l", "--limit", help="Only these hosts (a pattern, or @FILE)."),
            click.option("-C", "--check", is_flag=True, help="Only show what would change."),
            click.option(
                "--detailed-exitcode", is_flag=True,
                help="With --check: exit 10 when something would change.",
            ),
        ]
    ):  # fmt: skip
        command = option(command)
    return visit_options(command)


def visit_options(command: F) -> F:
    """How hosts are visited, and how that is shown."""
    for option in reversed(
        [
            click.option(
                "-e", "--extra-vars", "extra", multiple=True, metavar="K=V|@FILE",
                help="Variables that win over all others.",
            ),
            click.option(
                "-f", "--forks", type=click.IntRange(1), help="Hosts at once (default: all)."
            ),
            click.option("-D", "--diff", is_flag=True, help="Show old and new values."),
            *_APPROACH,
            click.option(
                "--deadline", type=duration, metavar="TIME",
                help="Stop after that time (30m, 1h30m): what is in flight is ended, as by Ctrl-C "
                "twice.",
            ),
            click.option("-k", "--ask-pass", is_flag=True, help="Ask for the password."),
            click.option("--json", "json_file", metavar="FILE", help="JSON report; - is stdout."),
            click.option("-v", "--verbose", count=True, help="Commands and output; -vv: results."),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


def locking_options(command: F) -> F:
    """How other runs are kept off the hosts, for verbs that change them."""
    for option in reversed(
        [
            click.option(
                "--break-lock", "break_lock", multiple=True, metavar="HOST|all",
                help="Take hosts of a run that is over for sure, though its lock or lease is not.",
            ),
            click.option("--reason", metavar="TEXT", help="Why; kept in the journal."),
            click.option(
                "--no-lease", is_flag=True,
                help="Write nothing to hosts that keeps runs of other controllers off.",
            ),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


def locking(break_lock: tuple[str, ...], reason: str | None, no_lease: bool) -> Any:
    """What the command line says about other runs. Raises UsageError."""
    from runner.app.options import Locking

    hosts, why = words(break_lock), (reason or "").strip()
    if hosts and not why:
        raise UsageError(
            "--break-lock needs --reason TEXT: it is kept in the journal",
            hint="say how you know that the other run is over",
        )
    if reason is not None and not hosts:
        raise UsageError("--reason goes with --break-lock")
    return Locking(not no_lease, hosts, why)


def fuse_option(command: F) -> F:
    """``--no-fuse``: nothing travels together."""
    return click.option(
        "--no-fuse",
        is_flag=True,
        help="Send the probes and changes of tasks that follow one another one by one.",
    )(command)


def keep_trying_option(command: F) -> F:
    """``--keep-trying``: how long hosts that do not answer are tried again."""
    return click.option(
        "--keep-trying",
        "patience",
        type=duration,
        metavar="TIME",
        help="For that time (2h) try hosts again that did not answer, as 'resume' does.",
    )(command)


def check_patience(patience: float | None, json_file: str | None, *, check: bool = False) -> None:
    """``--keep-trying`` writes a report for each sweep, and has nothing to preview."""
    if patience is not None and check:
        raise UsageError("--keep-trying does not go with --check")
    if patience is not None and json_file == "-":
        raise UsageError(
            "--keep-trying does not go with --json -",
            hint="give a file: it holds the report about all hosts after the last sweep",
        )


def extra_option(command: F) -> F:
    """``-e`` for verbs that do not visit hosts."""
    return click.option(
        "-e",
        "--extra-vars",
        "extra",
        multiple=True,
        metavar="K=V|@FILE",
        help="Variables that win over all others.",
    )(command)


def vault_options(command: F) -> F:
    """Where vault passwords come from."""
    for option in reversed(
        [
            click.option(
                "--vault-id", "vault_id", multiple=True, metavar="LABEL@SOURCE",
                help="Vault password: of a file, of a script, or 'prompt'.",
            ),
            click.option(
                "--vault-password-file", "--vault-pass-file", "vault_password_file", multiple=True,
                metavar="FILE", help="File with the vault password, or script that prints it.",
            ),
            click.option(
                "-J", "--ask-vault-pass", "--ask-vault-password", "ask_vault_pass", is_flag=True,
                help="Ask for the vault password.",
            ),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


def vault(ids: tuple[str, ...], files: tuple[str, ...], ask: bool) -> Any:
    """What the command line says about vault passwords."""
    from runner.app.options import VaultOptions

    return VaultOptions(ids, files, ask)


def view(verbose: int, diff: bool, json_file: str | None) -> Any:
    """How to show the run."""
    from runner.app.options import View

    terminal = sys.stdout.isatty() and json_file != "-"
    return View(verbosity=verbose, diff=diff, json_file=json_file, terminal=terminal)


def ask_password(wanted: bool) -> str | None:
    """The password from the terminal, never echoed."""
    if not wanted:
        return None
    password: str = click.prompt("Password", hide_input=True, err=True)
    return password


def check_detailed(check: bool, detailed: bool) -> None:
    """``--detailed-exitcode`` says something only with ``--check``."""
    if detailed and not check:
        raise UsageError("--detailed-exitcode goes with --check")


def ask_person(text: str, private: bool, default: str | None, confirm: bool) -> str | None:
    """Put a question of ``vars_prompt`` to the terminal; None when there is nobody there."""
    if not sys.stdin.isatty():
        return None
    from runner.app.asking import ask_line

    def typed(question: str) -> str | None:
        return ask_line(f"{question}:", lambda: False, echo=not private)

    shown = f" [{default}]" if default and not private else ""
    while True:
        answer = typed(f"{text.rstrip(': ')}{shown}")
        if answer is None:  # the terminal was closed
            raise click.Abort
        if not answer and default is not None:
            return default
        if answer and (not confirm or typed("Repeat for confirmation") == answer):
            return answer
        if answer:
            click.echo("the two are not the same", err=True)


def words(values: tuple[str, ...]) -> tuple[str, ...]:
    """The words of an option that may be repeated, and takes several separated by commas."""
    return tuple(w.strip() for v in values for w in v.split(",") if w.strip())
