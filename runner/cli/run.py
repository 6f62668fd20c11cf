"""``runner run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import ask_password, check_detailed, inventory_option, view, walk_options


@click.command("run")
@click.argument("playbook", type=click.Path(path_type=Path))
@inventory_option(required=True)
@walk_options
@click.option("-t", "--tags", multiple=True, help="Only tasks with these tags.")
@click.option("--skip-tags", multiple=True, help="Not the tasks with these tags.")
@click.option("--start-at-task", metavar="NAME", help="Begin at this task.")
def command(
    playbook: Path,
    inventory: tuple[Path, ...],
    limit: str | None,
    extra: tuple[str, ...],
    forks: int | None,
    check: bool,
    diff: bool,
    detailed_exitcode: bool,
    ask_pass: bool,
    json_file: str | None,
    verbose: int,
    tags: tuple[str, ...],
    skip_tags: tuple[str, ...],
    start_at_task: str | None,
) -> Any:
    """Run PLAYBOOK on the hosts of an inventory; with --check only show what would change."""
    check_detailed(check, detailed_exitcode)
    from runner.app.options import RunOptions
    from runner.app.run import run

    return run(
        RunOptions(
            playbook=playbook,
            inventory=inventory,
            limit=limit,
            extra=extra,
            tags=_words(tags),
            skip_tags=_words(skip_tags),
            start_at_task=start_at_task,
            forks=forks,
            check=check,
            detailed_exitcode=detailed_exitcode,
            password=ask_password(ask_pass),
            view=view(verbose, diff, json_file),
        )
    )


def _words(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(w.strip() for v in values for w in v.split(",") if w.strip())
