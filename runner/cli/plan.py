"""``runner plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import ask_person, duration, inventory_option, vault_options
from runner.cli.visiting import CONNECT, LIMIT, NARROW, WALK, Said, visiting


@click.command("plan")
@click.argument("playbook", type=click.Path(path_type=Path))
@inventory_option(required=True)
@visiting(LIMIT, NARROW, WALK, CONNECT)
@vault_options
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
    said: Said,
    playbook: Path,
    inventory: tuple[Path, ...],
    output: Path,
    valid_for: float | None,
) -> Any:
    """Preview PLAYBOOK and freeze what it would do into a file, for: runner apply FILE."""
    from runner.app.plan import PlanOptions, make_plan
    from runner.app.plan_text import written
    from runner.app.wiring.options import RunOptions

    options = RunOptions(
        playbook=playbook, inventory=inventory, question=ask_person, **said.fields()
    )
    planned = make_plan(PlanOptions(options, output, valid_for))
    for line in written(output, planned):
        click.echo(line, err=said["json_file"] == "-")
    return planned.code
