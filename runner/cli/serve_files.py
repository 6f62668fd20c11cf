"""``runner serve-files``."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from runner.cli.common import duration


@click.command("serve-files")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--listen",
    default=":0",
    show_default=True,
    metavar="ADDR:PORT",
    help="Where to listen; port 0 takes a free one.",
)
@click.option("--for", "seconds", type=duration, metavar="TIME",
              help="Stop after that time (30m, 2h); else at Ctrl-C.")  # fmt: skip
def command(folder: Path, listen: str, seconds: float | None) -> int:
    """Offer the files of FOLDER over HTTP; prints the URL of each.

    The URLs begin with the same random word, as the address of the folder, and are good until this
    ends. There is no listing, and nothing else can be asked for.
    """
    from runner.app.serve_files import serve_files

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    serve_files(folder, listen, seconds, click.echo, lambda text: click.echo(text, err=True), stop)
    return 0
