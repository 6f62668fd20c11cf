"""``runner runs``."""

from __future__ import annotations

import click


@click.command("runs")
@click.option("-n", "--limit", type=click.IntRange(1), default=20, show_default=True)
def command(limit: int) -> None:
    """List recorded runs, the newest first."""
    from runner.app.history import list_runs

    for line in list_runs(limit):
        click.echo(line)
