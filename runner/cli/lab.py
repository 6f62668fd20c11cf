"""``runner lab``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from runner.cli.common import inventory_option


@click.group("lab")
def command() -> None:
    """A simulated Windows fleet on loopback ports of this machine, over real WinRM.

    It is for learning, rehearsing and testing; what it does not simulate fails loudly.
    """


@command.command("up")
@inventory_option(required=True)
def up(inventory: tuple[Path, ...]) -> None:
    """Serve every host of the inventory that has the variable lab_os."""
    from runner.app import lab

    for line in lab.up(inventory):
        click.echo(line)


@command.command("down")
def down() -> None:
    """Stop the lab; its hosts are forgotten."""
    from runner.app import lab

    lab.down()


@command.command("state")
@click.argument("host")
@click.option("--json", "as_json", is_flag=True, help="The whole state as canonical JSON.")
@click.option("--volatile", is_flag=True, help="What changes by itself: boot time, counters, log.")
def state(host: str, as_json: bool, volatile: bool) -> None:
    """Show a simulated host: a few lines, or everything with --json."""
    from runner.app import lab

    found = lab.state(host)
    part = found["volatile" if volatile else "state"]
    if as_json or volatile:
        click.echo(lab.as_json(part))
    else:
        for line in lab.summary(part):
            click.echo(line)


@command.command("exec")
@click.argument("host")
@click.argument("line", nargs=-1, required=True)
def execute(host: str, line: tuple[str, ...]) -> Any:
    """Run a command LINE on a simulated host; exits with its code."""
    from runner.app import lab

    code, stdout, stderr = lab.execute(host, " ".join(line))
    sys.stdout.write(stdout)
    sys.stderr.write(stderr)
    return code & 0xFF if code <= 0xFF else 1


@command.command("power")
@click.argument("host")
@click.argument("action", type=click.Choice(["on", "off", "crash"]))
def power(host: str, action: str) -> None:
    """Switch a simulated host on or off, or pull its plug (crash)."""
    from runner.app import lab

    lab.power(host, action)
