"""Options that several verbs share, with the meaning that ansible-playbook gives them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from runner.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

_PATH = click.Path(path_type=Path)


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


def walk_options(command: F) -> F:
    """What every verb that visits hosts understands."""
    for option in reversed(
        [
            click.option("-l", "--limit", help="Only these hosts (a pattern, or @FILE)."),
            click.option(
                "-e", "--extra-vars", "extra", multiple=True, metavar="K=V|@FILE",
                help="Variables that win over all others.",
            ),
            click.option(
                "-f", "--forks", type=click.IntRange(1), help="Hosts at once (default: all)."
            ),
            click.option("-C", "--check", is_flag=True, help="Only show what would change."),
            click.option("-D", "--diff", is_flag=True, help="Show old and new values."),
            click.option(
                "--detailed-exitcode", is_flag=True,
                help="With --check: exit 10 when something would change.",
            ),
            click.option("-k", "--ask-pass", is_flag=True, help="Ask for the password."),
            click.option("--json", "json_file", metavar="FILE", help="JSON report; - is stdout."),
            click.option("-v", "--verbose", count=True, help="More: commands; -vv: results."),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


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
