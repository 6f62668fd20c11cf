"""``runner run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import ask_person, inventory_option, vault_options
from runner.cli.visiting import (
    CHECK,
    CONNECT,
    FUSE,
    LIMIT,
    LOCK,
    NARROW,
    PATIENCE,
    PROCESSES,
    WALK,
    Said,
    visiting,
)


@click.command("run")
@click.argument("playbook", type=click.Path(path_type=Path))
@inventory_option(required=True)
@visiting(LIMIT, CHECK, NARROW, WALK, CONNECT, LOCK, PATIENCE, FUSE, PROCESSES)
@vault_options
@click.option("--syntax-check", is_flag=True, help="Only look for mistakes; contact nobody.")
@click.option("--list-hosts", is_flag=True, help="Only list the hosts of each play.")
@click.option("--list-tasks", is_flag=True, help="Only list the tasks of each play.")
@click.option("--list-tags", is_flag=True, help="Only list the tags of each play.")
def command(
    said: Said,
    playbook: Path,
    inventory: tuple[Path, ...],
    syntax_check: bool,
    list_hosts: bool,
    list_tasks: bool,
    list_tags: bool,
) -> Any:
    """Run PLAYBOOK on the hosts of an inventory; with --check only show what would change."""
    fields = said.fields()
    from runner.app.wiring.options import RunOptions

    options = RunOptions(playbook=playbook, inventory=inventory, question=ask_person, **fields)
    if syntax_check or list_hosts or list_tasks or list_tags:
        from runner.app.listing import Listing, listing

        click.echo(listing(options, Listing(list_hosts, list_tasks, list_tags)))
        return 0
    from runner.app.run import run

    return run(options)
