"""``runner graph``."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.common import inventory_option


@click.command("graph")
@click.argument("playbook", type=click.Path(path_type=Path))
@inventory_option(required=True)
@click.option("-l", "--limit", help="Only these hosts.")
@click.option("-t", "--tags", multiple=True, help="Only tasks with these tags.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="FILE.svg or FILE.dot.")
def command(
    playbook: Path,
    inventory: tuple[Path, ...],
    limit: str | None,
    tags: tuple[str, ...],
    output: Path | None,
) -> None:
    """Show the job graph of PLAYBOOK: what waits for what, on how many hosts."""
    from runner.app.draw import draw
    from runner.app.options import RunOptions

    words = tuple(w.strip() for t in tags for w in t.split(",") if w.strip())
    options = RunOptions(playbook=playbook, inventory=inventory, limit=limit, tags=words)
    text = draw(options, output)
    if text:
        click.echo(text, nl=False)
