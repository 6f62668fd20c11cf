"""``runner graph``."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.common import inventory_option, vault, vault_options


@click.command("graph")
@click.argument("playbook", type=click.Path(path_type=Path))
@inventory_option(required=True)
@click.option("-l", "--limit", help="Only these hosts.")
@click.option("-t", "--tags", multiple=True, help="Only tasks with these tags.")
@vault_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="FILE.svg or FILE.dot.")
def command(
    playbook: Path,
    inventory: tuple[Path, ...],
    limit: str | None,
    tags: tuple[str, ...],
    output: Path | None,
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
) -> None:
    """Show the job graph of PLAYBOOK: what waits for what, on how many hosts."""
    from runner.app.draw import draw
    from runner.app.wiring.options import RunOptions

    words = tuple(w.strip() for t in tags for w in t.split(",") if w.strip())
    options = RunOptions(
        playbook=playbook,
        inventory=inventory,
        limit=limit,
        tags=words,
        vault=vault(vault_id, vault_password_file, ask_vault_pass),
    )
    text = draw(options, output)
    if text:
        click.echo(text, nl=False)
