"""``runner resume``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import (
    approach,
    ask_password,
    ask_person,
    check_patience,
    inventory_option,
    keep_trying_option,
    locking,
    locking_options,
    vault,
    vault_options,
    view,
    visit_options,
)
from runner.errors import UsageError


@click.command("resume")
@click.argument("run", metavar="RUN")
@inventory_option(required=False)
@visit_options
@vault_options
@locking_options
@keep_trying_option
@click.option(
    "--retry-in-doubt",
    is_flag=True,
    help="Run commands again that may have run, where the host cannot tell.",
)
@click.option("--mark-done", is_flag=True, help="Take such commands for done.")
def command(
    run: str,
    inventory: tuple[Path, ...],
    extra: tuple[str, ...],
    forks: int | None,
    diff: bool,
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
    patience: float | None,
    retry_in_doubt: bool,
    mark_done: bool,
) -> Any:
    """Go on with RUN: an id, a unique prefix of one, or `last`.

    For a run whose controller was killed, that was interrupted, or whose hosts did not answer.
    What is done is not done again. What is in doubt is looked at on the host; a command of which
    nothing there can tell whether it ran stays in doubt, unless one of the two options says what
    to do. Handlers that were still to run do.
    """
    check_patience(patience, json_file)
    if retry_in_doubt and mark_done:
        raise UsageError("--retry-in-doubt and --mark-done exclude each other")
    from runner.app.resume import ResumeOptions, resume
    from runner.engine.visit_resume import Doubt

    doubt = Doubt.RETRY if retry_in_doubt else Doubt.DONE if mark_done else Doubt.LEAVE
    options = ResumeOptions(
        run=run,
        doubt=doubt,
        inventory=inventory,
        extra=extra,
        forks=forks,
        password=ask_password(ask_pass),
        vault=vault(vault_id, vault_password_file, ask_vault_pass),
        view=view(verbose, diff, json_file),
        approach=approach(connect_rate, keep_trying),
        locking=locking(break_lock, reason, no_lease),
        deadline=deadline,
        keep_trying=patience,
        question=ask_person,
    )
    return resume(options)
