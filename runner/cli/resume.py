"""``runner resume``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import ask_person, inventory_option, vault_options
from runner.cli.visiting import CONNECT, LOCK, PATIENCE, WALK, Said, visiting
from runner.errors import UsageError


@click.command("resume")
@click.argument("run", metavar="RUN")
@inventory_option(required=False)
@visiting(WALK, CONNECT, LOCK, PATIENCE)
@vault_options
@click.option(
    "--retry-in-doubt",
    is_flag=True,
    help="Run commands again that may have run, where the host cannot tell.",
)
@click.option("--mark-done", is_flag=True, help="Take such commands for done.")
def command(
    said: Said,
    run: str,
    inventory: tuple[Path, ...],
    retry_in_doubt: bool,
    mark_done: bool,
) -> Any:
    """Go on with RUN: an id, a unique prefix of one, or `last`.

    For a run or rollback whose controller was killed, that was interrupted, or whose hosts did
    not answer.
    What is done is not done again. What is in doubt is looked at on the host; a command of which
    nothing there can tell whether it ran stays in doubt, unless one of the two options says what
    to do. Handlers that were still to run do.
    """
    if retry_in_doubt and mark_done:
        raise UsageError("--retry-in-doubt and --mark-done exclude each other")
    from runner.app.resume import ResumeOptions, resume
    from runner.engine.undoing.undo import Doubt

    doubt = Doubt.RETRY if retry_in_doubt else Doubt.DONE if mark_done else Doubt.LEAVE
    return resume(
        ResumeOptions(
            run=run, doubt=doubt, inventory=inventory, question=ask_person, **said.fields()
        )
    )
