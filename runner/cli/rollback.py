"""``runner rollback``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from runner.cli.common import duration, inventory_option, vault_options
from runner.cli.visiting import CHECK, CONNECT, FUSE, LIMIT, LOCK, WALK, Said, visiting
from runner.errors import UsageError


@click.command("rollback")
@click.argument("run", metavar="RUN")
@inventory_option(required=False)
@visiting(LIMIT, CHECK, WALK, CONNECT, LOCK, FUSE)
@vault_options
@click.option(
    "--irreversible",
    is_flag=True,
    help="Also undo what is undone only on request (removing a security fix).",
)
@click.option(
    "--restart",
    is_flag=True,
    help="Restart hosts where an undo needs it (done anyway where RUN restarted them).",
)
@click.option(
    "--task",
    "tasks",
    multiple=True,
    metavar="NAME",
    help="Only what this task changed (name or id); may be repeated.",
)
@click.option(
    "--since", metavar="TIME", help="Only what was changed after 10:30, 2h ago, or an ISO date."
)
@click.option(
    "--force", is_flag=True, help="Put back even what somebody changed since; asks for each."
)
@click.option("--yes", is_flag=True, help="With --force: do not ask.")
@click.option(
    "--retry-in-doubt",
    is_flag=True,
    help="Run commands of undo: again that may have run, where the host cannot tell.",
)
@click.option("--mark-done", is_flag=True, help="Take such commands for done.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Only write the way back as a playbook; contact nobody.",
)
def command(
    said: Said,
    run: str,
    inventory: tuple[Path, ...],
    irreversible: bool,
    restart: bool,
    tasks: tuple[str, ...],
    since: str | None,
    force: bool,
    yes: bool,
    retry_in_doubt: bool,
    mark_done: bool,
    output: Path | None,
) -> Any:
    """Take back what RUN changed, newest first, and verify it.

    RUN is an id, a unique prefix of one, or `last`. A value that somebody changed since is a
    conflict: it is reported and left alone, unless --force says otherwise.
    """
    check = said["check"]
    if retry_in_doubt and mark_done:
        raise UsageError("--retry-in-doubt and --mark-done exclude each other")
    if yes and not force:
        raise UsageError("--yes goes with --force")
    if output is not None and (check or force):
        raise UsageError("-o only writes a playbook: neither --check nor --force goes with it")
    if force and not (yes or check or sys.stdin.isatty()):
        raise UsageError(
            "--force asks before it overwrites what somebody changed, and there is no terminal",
            hint="look first with --check --force; then give --yes",
        )
    from runner.app.rollback import rollback
    from runner.app.rollback_choice import moment
    from runner.app.wiring.options import RollbackOptions
    from runner.engine.undoing.undo import Doubt

    return rollback(
        RollbackOptions(
            run=run,
            inventory=inventory,
            irreversible=irreversible,
            restart=restart,
            tasks=tasks,
            since=None if since is None else moment(since, _ago, time.time()),
            force=force,
            yes=yes,
            ask=_ask,
            output=output,
            doubt=Doubt.RETRY if retry_in_doubt else Doubt.DONE if mark_done else None,
            **said.fields(),
        )
    )


def _ago(text: str) -> float:
    try:
        return duration(text)
    except click.BadParameter as error:
        raise ValueError(str(error)) from None


def _ask(question: str, unwanted: Callable[[], bool]) -> str | None:
    from runner.app.wiring.asking import ask_line

    return ask_line(question, unwanted)
