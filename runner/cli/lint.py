"""``runner lint``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.common import vault, vault_options

if TYPE_CHECKING:
    from runner.app.lint import Findings
    from runner.errors import UnknownModule


@click.command("lint")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PLAYBOOK..."
)
@click.option(
    "-e", "--extra-vars", "extra", multiple=True, metavar="K=V|@FILE",
    help="Variables that win over all others.",
)  # fmt: skip
@vault_options
@click.option("--strict", is_flag=True, help="Remarks count as mistakes (exit code 5).")
def command(
    paths: tuple[Path, ...],
    extra: tuple[str, ...],
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
    strict: bool,
) -> int:
    """Look for mistakes in playbooks, roles and files of tasks.

    Also for what a dry run or a rollback cannot know. No host is contacted, nothing is run.
    """
    from runner.app.lint import LintOptions, lint

    keys = vault(vault_id, vault_password_file, ask_vault_pass)
    errors = remarks = tasks = 0
    unknown: list[UnknownModule] = []
    for found in lint(LintOptions(paths, extra, keys)):
        _show(found)
        errors += len(found.errors)
        unknown += found.unknown
        remarks += len(found.remarks)
        tasks += found.tasks
    for line in _unknown_table(unknown):
        click.echo(line)
    click.echo(
        f"{_many(len(paths), 'file')} with {_many(tasks, 'task')}: {_many(errors, 'mistake')}, "
        f"{_many(len(unknown), 'call')} of unknown modules, {_many(remarks, 'remark')}"
    )
    return 5 if errors or unknown or (strict and remarks) else 0


def _show(found: Findings) -> None:
    from runner.app.wiring.masking import masked

    if found.what == "tasks":
        click.echo(f"{found.path} is a list of tasks without a play: read as such")
    if found.what == "data" and not found.errors:
        click.echo(f"{found.path} is no playbook: it holds data, and is left out")
    for error in found.errors:
        click.echo(masked(f"ERROR: {error}"))
    for remark in found.remarks:
        click.echo(str(remark))


def _unknown_table(unknown: Iterable[UnknownModule]) -> Iterable[str]:
    """Each unknown module once, the one that is called most often first.

    A place that several of the files lead to counts once.
    """
    places: dict[str, list[UnknownModule]] = defaultdict(list)
    for error in {(e.name, e.source): e for e in unknown}.values():
        places[error.name].append(error)
    if not places:
        return
    width = max(len("unknown module"), *map(len, places))
    yield f"{'unknown module':{width}}  times  first place"
    for name, errors in sorted(places.items(), key=lambda item: (-len(item[1]), item[0])):
        yield f"{name:{width}}  {len(errors):5}  {errors[0].source}"
        if errors[0].hint:
            yield f"  {errors[0].hint}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
