"""``runner run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import (
    approach,
    ask_password,
    ask_person,
    check_detailed,
    check_patience,
    fuse_option,
    inventory_option,
    keep_trying_option,
    locking,
    locking_options,
    vault,
    vault_options,
    view,
    walk_options,
    words,
)


@click.command("run")
@click.argument("playbook", type=click.Path(path_type=Path))
@inventory_option(required=True)
@walk_options
@vault_options
@locking_options
@keep_trying_option
@fuse_option
@click.option("-t", "--tags", multiple=True, help="Only tasks with these tags.")
@click.option("--skip-tags", multiple=True, help="Not the tasks with these tags.")
@click.option("--start-at-task", metavar="NAME", help="Begin at this task.")
@click.option("--force-handlers", is_flag=True, help="Run handlers on failed hosts too.")
@click.option("--syntax-check", is_flag=True, help="Only look for mistakes; contact nobody.")
@click.option("--list-hosts", is_flag=True, help="Only list the hosts of each play.")
@click.option("--list-tasks", is_flag=True, help="Only list the tasks of each play.")
@click.option("--list-tags", is_flag=True, help="Only list the tags of each play.")
def command(
    playbook: Path,
    inventory: tuple[Path, ...],
    limit: str | None,
    extra: tuple[str, ...],
    forks: int | None,
    check: bool,
    diff: bool,
    detailed_exitcode: bool,
    connect_rate: float | None,
    keep_trying: bool,
    deadline: float | None,
    ask_pass: bool,
    json_file: str | None,
    verbose: int,
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
    break_lock: tuple[str, ...],
    reason: str | None,
    no_lease: bool,
    patience: float | None,
    no_fuse: bool,
    tags: tuple[str, ...],
    skip_tags: tuple[str, ...],
    start_at_task: str | None,
    force_handlers: bool,
    syntax_check: bool,
    list_hosts: bool,
    list_tasks: bool,
    list_tags: bool,
) -> Any:
    """Run PLAYBOOK on the hosts of an inventory; with --check only show what would change."""
    check_detailed(check, detailed_exitcode)
    check_patience(patience, json_file, check=check)
    from runner.app.options import RunOptions

    options = RunOptions(
        playbook=playbook,
        inventory=inventory,
        limit=limit,
        extra=extra,
        tags=words(tags),
        skip_tags=words(skip_tags),
        start_at_task=start_at_task,
        forks=forks,
        check=check,
        detailed_exitcode=detailed_exitcode,
        force_handlers=force_handlers,
        password=ask_password(ask_pass),
        vault=vault(vault_id, vault_password_file, ask_vault_pass),
        view=view(verbose, diff, json_file),
        approach=approach(connect_rate, keep_trying),
        locking=locking(break_lock, reason, no_lease),
        deadline=deadline,
        keep_trying=patience,
        fuse=not no_fuse,
        question=ask_person,
    )
    if syntax_check or list_hosts or list_tasks or list_tags:
        from runner.app.listing import Listing, listing

        click.echo(listing(options, Listing(list_hosts, list_tasks, list_tags)))
        return 0
    from runner.app.run import run

    return run(options)
