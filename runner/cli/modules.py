"""``runner modules``."""

from __future__ import annotations

import click


@click.command("modules")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """List modules, or show what one does and its parameters."""
    from runner.app.describe import describe_module, list_modules

    for line in describe_module(name) if name else list_modules():
        click.echo(line)
