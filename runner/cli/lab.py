"""``runner lab``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import click

from runner.cli.common import inventory_option
from runner.errors import UsageError


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
@click.argument("host", required=False)
@click.option("--json", "as_json", is_flag=True, help="The whole state as canonical JSON.")
@click.option("--volatile", is_flag=True, help="What changes by itself: boot time, counters, log.")
def state(host: str | None, as_json: bool, volatile: bool) -> None:
    """Show a simulated host (or, with --json, all of them): how much there is, or everything."""
    from runner.app import lab

    part = "volatile" if volatile else "state"
    if host is None:
        if not as_json:
            raise UsageError("name a host, or ask for all of them with --json")
        click.echo(lab.as_json({name: lab.state(name)[part] for name in lab.names()}))
    elif as_json or volatile:
        click.echo(lab.as_json(lab.state(host)[part]))
    else:
        for line in lab.summary(lab.state(host)[part]):
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
def power(host: str, action: Literal["on", "off", "crash"]) -> None:
    """Switch a simulated host on or off, or pull its plug (crash)."""
    from runner.app import lab

    lab.power(host, action)
