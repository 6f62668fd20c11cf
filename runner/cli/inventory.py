"""``runner inventory``."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.common import inventory_option
from runner.errors import UsageError


@click.command("inventory")
@inventory_option(required=True)
@click.option("--list", "as_list", is_flag=True, help="Everything, as JSON like ansible-inventory.")
@click.option("--host", help="The variables of one host, as JSON.")
@click.option("--hosts", "pattern", help="The hosts that a pattern names, one a line.")
def command(
    inventory: tuple[Path, ...], as_list: bool, host: str | None, pattern: str | None
) -> None:
    """Show hosts, groups and variables. Secrets are masked."""
    from runner.app.describe import inventory_host, inventory_hosts, inventory_json

    if [as_list, host is not None, pattern is not None].count(True) != 1:
        raise UsageError("give one of --list, --host NAME, --hosts PATTERN")
    if host is not None:
        click.echo(inventory_host(inventory, host))
    elif pattern is not None:
        for name in inventory_hosts(inventory, pattern):
            click.echo(name)
    else:
        click.echo(inventory_json(inventory))
