"""``runner rollback``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import (
    approach,
    ask_password,
    check_detailed,
    inventory_option,
    vault,
    vault_options,
    view,
    walk_options,
)


@click.command("rollback")
@click.argument("run", metavar="RUN")
@inventory_option(required=False)
@walk_options
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
    irreversible: bool,
    restart: bool,
) -> Any:
    """Take back what RUN changed, newest first, and verify it.

    RUN is an id, a unique prefix of one, or `last`. A value that somebody changed since is a
    conflict: it is reported and left alone.
    """
    check_detailed(check, detailed_exitcode)
    from runner.app.options import RollbackOptions
    from runner.app.rollback import rollback

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
            deadline=deadline,
        )
    )
