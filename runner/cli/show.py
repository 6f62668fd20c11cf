"""``runner show``."""

from __future__ import annotations

import click


@click.command("show")
@click.argument("run", metavar="RUN")
@click.option("-v", "--verbose", count=True, help="Also the commands that were sent.")
@click.option("--all", "everything", is_flag=True, help="Also what was ok or skipped.")
def command(run: str, verbose: int, everything: bool) -> None:
    """Show what RUN did: an id, a unique prefix of one, or `last`."""
    from runner.app.history import show_run

    show_run(run, verbosity=verbose, everything=everything)
