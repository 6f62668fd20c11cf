"""``runner report``."""

from __future__ import annotations

from pathlib import Path

import click

from runner.errors import UsageError

_FILE = click.Path(path_type=Path)


@click.command("report")
@click.argument("run", metavar="RUN|FILE")
@click.option("-o", "--output", type=_FILE, metavar="FILE", help="A self-contained HTML page.")
@click.option("--json", "json_file", type=_FILE, metavar="FILE", help="JSON, as of run --json.")
@click.option("--junit", type=_FILE, metavar="FILE", help="JUnit XML, a test case a job.")
@click.option("--csv", "csv_file", type=_FILE, metavar="FILE", help="CSV, a line a job.")
def command(
    run: str,
    output: Path | None,
    json_file: Path | None,
    junit: Path | None,
    csv_file: Path | None,
) -> None:
    """Write what RUN did to files: an id, a unique prefix of one, `last`; or a plan's FILE."""
    from runner.app.report import ReportFiles, write_reports

    files = ReportFiles(output, json_file, junit, csv_file)
    chosen = [path for path in (output, json_file, junit, csv_file) if path is not None]
    if not chosen:
        raise UsageError("say what to write", hint=f"runner report {run} -o report.html")
    if len(set(chosen)) < len(chosen):
        raise UsageError("two reports cannot be written to the same file")
    for line in write_reports(run, files):
        click.echo(line)
