"""``runner ping``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runner.cli.common import (
    approach,
    approach_options,
    ask_password,
    extra_option,
    inventory_option,
    vault,
    vault_options,
)


@click.command("ping")
@click.argument("pattern")
@inventory_option(required=True)
@click.option("-l", "--limit", help="Only these hosts (a pattern, or @FILE).")
@click.option("-f", "--forks", type=click.IntRange(1), help="Hosts at once (default: all).")
@approach_options
@extra_option
@click.option("-k", "--ask-pass", is_flag=True, help="Ask for the password.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@vault_options
def command(
    pattern: str,
    inventory: tuple[Path, ...],
    limit: str | None,
    forks: int | None,
    connect_rate: float | None,
    keep_trying: bool,
    extra: tuple[str, ...],
    ask_pass: bool,
    as_json: bool,
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
) -> int:
    """Log on to the hosts of PATTERN and run the cheapest command; a line for each.

    Exit code 0: all answer. 4: one does not, and the end says what to do.
    """
    from runner.app.ping import Pong, closing, lines_of, ping
    from runner.app.wiring.conduct import leave
    from runner.app.wiring.reaching import ReachOptions

    options = ReachOptions(
        pattern=pattern,
        inventory=inventory,
        limit=limit,
        extra=extra,
        forks=forks,
        password=ask_password(ask_pass),
        vault=vault(vault_id, vault_password_file, ask_vault_pass),
        approach=approach(connect_rate, keep_trying),
    )

    def show(pong: Pong) -> None:
        for line in lines_of(pong, 16):
            click.echo(line)

    if as_json:
        pinged = ping(options)
        click.echo(json.dumps(pinged.as_data(), indent=2, ensure_ascii=False))
        return leave(pinged.exit_code, pinged.stop)
    pinged = ping(options, show)
    for line in closing(pinged):
        click.echo(line)
    return leave(pinged.exit_code, pinged.stop)
