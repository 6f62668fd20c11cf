"""``runner plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import (
    approach,
    ask_password,
    ask_person,
    duration,
    inventory_option,
    vault,
    vault_options,
    view,
    visit_options,
    words,
)


@click.command("plan")
@click.argument("playbook", type=click.Path(path_type=Path))
@inventory_option(required=True)
@visit_options
@vault_options
@click.option("-t", "--tags", multiple=True, help="Only tasks with these tags.")
@click.option("--skip-tags", multiple=True, help="Not the tasks with these tags.")
@click.option("--start-at-task", metavar="NAME", help="Begin at this task.")
@click.option("--force-handlers", is_flag=True, help="Run handlers on failed hosts too.")
@click.option("-l", "--limit", help="Only these hosts (a pattern, or @FILE).")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where the plan goes.",
)
@click.option("--valid-for", type=duration, metavar="TIME", help="Good for so long (24h).")
def command(
    playbook: Path,
    inventory: tuple[Path, ...],
    limit: str | None,
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
    tags: tuple[str, ...],
    skip_tags: tuple[str, ...],
    start_at_task: str | None,
    force_handlers: bool,
    output: Path,
    valid_for: float | None,
) -> Any:
    """Preview PLAYBOOK and freeze what it would do into a file, for: runner apply FILE."""
    from runner.app.options import RunOptions
    from runner.app.plan import PlanOptions, make_plan
    from runner.app.plan_text import written

    options = RunOptions(
        playbook=playbook,
        inventory=inventory,
        limit=limit,
        extra=extra,
        tags=words(tags),
        skip_tags=words(skip_tags),
        start_at_task=start_at_task,
        forks=forks,
        force_handlers=force_handlers,
        password=ask_password(ask_pass),
        vault=vault(vault_id, vault_password_file, ask_vault_pass),
        view=view(verbose, diff, json_file),
        approach=approach(connect_rate, keep_trying),
        deadline=deadline,
        question=ask_person,
    )
    planned = make_plan(PlanOptions(options, output, valid_for))
    for line in written(output, planned):
        click.echo(line, err=json_file == "-")
    return planned.code
