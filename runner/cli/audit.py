"""``runner audit``."""

from __future__ import annotations

import click


@click.group("audit")
def command() -> None:
    """Check the journal against its chain of hashes."""


@command.command("verify")
@click.option("--expect", metavar="HEAD", help="A head kept elsewhere: it must be in the chain.")
def verify(expect: str | None) -> int:
    """Say whether every record is as it was written, and which ones are not.

    Exit code 0: all are. 1: some are not. Keep the head somewhere else: a chain that was cut off
    or made anew is whole in itself, and shows only by a head that it lacks.
    """
    from runner.app import audit

    found = audit.verify(expect)
    for line in found.wrong:
        click.echo(f"WRONG {line}")
    said = "all as they were written" if not found.wrong else f"{len(found.wrong):,} faults"
    click.echo(f"{found.rows:,} records, {found.links:,} links: {said}")
    click.echo(f"head {found.head}")
    return 1 if found.wrong else 0
