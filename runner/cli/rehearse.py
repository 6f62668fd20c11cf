"""``runner rehearse``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from runner.cli.common import (
    ask_person,
    duration,
    inventory_option,
    vault,
    vault_options,
    view,
    words,
)
from runner.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)

_OPTIONS = (
    click.option("-l", "--limit", help="Only these hosts (a pattern, or @FILE)."),
    click.option(
        "--faults", default="none", metavar="PROFILE|FILE", show_default=True,
        help="What goes wrong: none, flaky, bad-night, or a YAML file.",
    ),
    click.option("--seed", type=int, help="Have the faults strike other hosts."),
    click.option(
        "--with-local", is_flag=True,
        help="Really do what the playbook does on this machine (else it is shown, not run).",
    ),
    click.option("-o", "--output", type=_PATH, metavar="FILE", help="A self-contained HTML page."),
    click.option(
        "--rollback", "back", is_flag=True,
        help="Take the run back at the end, and compare the twins with what they were.",
    ),
    click.option(
        "--keep", type=_PATH, metavar="FOLDER",
        help="Keep journal and twins there: with RUNNER_HOME=FOLDER every verb reaches them only.",
    ),
    click.option(
        "--default-os", default="2019", metavar="OS", show_default=True,
        help="What a host is taken for of which nothing is known.",
    ),
    click.option(
        "-e", "--extra-vars", "extra", multiple=True, metavar="K=V|@FILE",
        help="Variables that win over all others.",
    ),
    click.option("-t", "--tags", multiple=True, help="Only tasks with these tags."),
    click.option("--skip-tags", multiple=True, help="Not the tasks with these tags."),
    click.option("--start-at-task", metavar="NAME", help="Begin at this task."),
    click.option("--force-handlers", is_flag=True, help="Run handlers on failed hosts too."),
    click.option("-f", "--forks", type=click.IntRange(1), help="Hosts at once (default: all)."),
    click.option("-D", "--diff", is_flag=True, help="Show old and new values."),
    click.option("--deadline", type=duration, metavar="TIME", help="Stop after that time (30m)."),
    click.option("--json", "json_file", metavar="FILE", help="JSON report; - is stdout."),
    click.option("-v", "--verbose", count=True, help="Commands and output; -vv: results."),
)  # fmt: skip


def _options(command: F) -> F:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("rehearse")
@click.argument("playbook", type=_PATH)
@inventory_option(required=True)
@_options
@vault_options
def command(
    playbook: Path,
    inventory: tuple[Path, ...],
    limit: str | None,
    faults: str,
    seed: int | None,
    with_local: bool,
    output: Path | None,
    back: bool,
    keep: Path | None,
    default_os: str,
    extra: tuple[str, ...],
    tags: tuple[str, ...],
    skip_tags: tuple[str, ...],
    start_at_task: str | None,
    force_handlers: bool,
    forks: int | None,
    diff: bool,
    deadline: float | None,
    json_file: str | None,
    verbose: int,
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
) -> Any:
    """Run PLAYBOOK on simulated twins of the hosts of an inventory; contact none of them.

    Works on any inventory, that of production too: no passwords are needed. What a twin simulates
    is known from the journal's facts, the inventory's variables, or names of groups.
    """
    if back and json_file == "-":
        raise UsageError("--rollback does not go with --json -", hint="give the report a file")
    from dataclasses import replace

    from runner.app.options import Approach, RunOptions
    from runner.app.rehearse import RehearseOptions, rehearse

    run = RunOptions(
        playbook=playbook,
        inventory=inventory,
        limit=limit,
        extra=extra,
        tags=words(tags),
        skip_tags=words(skip_tags),
        start_at_task=start_at_task,
        forks=forks,
        force_handlers=force_handlers,
        vault=vault(vault_id, vault_password_file, ask_vault_pass),
        view=replace(view(verbose, diff, json_file), proposes=False),
        approach=Approach(0.0),
        deadline=deadline,
        question=ask_person,
    )
    return rehearse(RehearseOptions(run, faults, seed, with_local, output, keep, back, default_os))
