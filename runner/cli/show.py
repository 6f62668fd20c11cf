"""``runner show``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("show")
@click.argument("run", metavar="RUN|FILE")
@click.option("-v", "--verbose", count=True, help="Also the commands that were sent.")
@click.option("--all", "everything", is_flag=True, help="Also what was ok or skipped.")
def command(run: str, verbose: int, everything: bool) -> None:
    """Show what RUN did: an id, a unique prefix of one, or `last`. Or what a plan's FILE would."""
    if Path(run).is_file():
        from runner.app.plan_text import show_plan

        show_plan(Path(run), verbosity=verbose, everything=everything)
        return
    from runner.app.history import show_run

    show_run(run, verbosity=verbose, everything=everything)
