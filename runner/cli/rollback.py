"""``runner rollback``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from runner.cli.common import (
    approach,
    ask_password,
    check_detailed,
    duration,
    fuse_option,
    inventory_option,
    locking,
    locking_options,
    vault,
    vault_options,
    view,
    walk_options,
)
from runner.errors import UsageError


@click.command("rollback")
@click.argument("run", metavar="RUN")
@inventory_option(required=False)
@walk_options
@vault_options
@locking_options
@fuse_option
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
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Only write the way back as a playbook; contact nobody.",
)
def command(
    run: str,
    inventory: tuple[Path, ...],
    limit: str | None,
    extra: tuple[str, ...],
    forks: int | None,
    check: bool,
    diff: bool,
    detailed_exitcode: bool,
    connect_rate: float | None,
    keep_trying: bool,
    deadline: float | None,
    ask_pass: bool,
    json_file: str | None,
    verbose: int,
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
    break_lock: tuple[str, ...],
    reason: str | None,
    no_lease: bool,
    irreversible: bool,
    restart: bool,
    tasks: tuple[str, ...],
    since: str | None,
    force: bool,
    yes: bool,
    no_fuse: bool,
    output: Path | None,
) -> Any:
    """Take back what RUN changed, newest first, and verify it.

    RUN is an id, a unique prefix of one, or `last`. A value that somebody changed since is a
    conflict: it is reported and left alone, unless --force says otherwise.
    """
    check_detailed(check, detailed_exitcode)
    if yes and not force:
        raise UsageError("--yes goes with --force")
    if output is not None and (check or force):
        raise UsageError("-o only writes a playbook: neither --check nor --force goes with it")
    if force and not (yes or check or sys.stdin.isatty()):
        raise UsageError(
            "--force asks before it overwrites what somebody changed, and there is no terminal",
            hint="look first with --check --force; then give --yes",
        )
    from runner.app.options import RollbackOptions
    from runner.app.rollback import rollback
    from runner.app.rollback_choice import moment

    return rollback(
        RollbackOptions(
            run=run,
            inventory=inventory,
            limit=limit,
            extra=extra,
            forks=forks,
            check=check,
            detailed_exitcode=detailed_exitcode,
            irreversible=irreversible,
            restart=restart,
            password=ask_password(ask_pass),
            vault=vault(vault_id, vault_password_file, ask_vault_pass),
            view=view(verbose, diff, json_file),
            approach=approach(connect_rate, keep_trying),
            locking=locking(break_lock, reason, no_lease),
            deadline=deadline,
            tasks=tasks,
            since=None if since is None else moment(since, _ago, time.time()),
            force=force,
            yes=yes,
            ask=_ask,
            fuse=not no_fuse,
            output=output,
        )
    )


def _ago(text: str) -> float:
    try:
        return duration(text)
    except click.BadParameter as error:
        raise ValueError(str(error)) from None


def _ask(question: str, unwanted: Callable[[], bool]) -> str | None:
    from runner.app.asking import ask_line

    return ask_line(question, unwanted)
