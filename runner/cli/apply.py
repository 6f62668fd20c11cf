"""``runner apply``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import (
    approach,
    ask_password,
    ask_person,
    check_patience,
    fuse_option,
    keep_trying_option,
    locking,
    locking_options,
    vault,
    vault_options,
    view,
    visit_options,
)


@click.command("apply")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@visit_options
@vault_options
@locking_options
@keep_trying_option
@fuse_option
@click.option("-C", "--check", is_flag=True, help="Only compare the hosts with the plan.")
@click.option(
    "--skip-drifted", is_flag=True, help="Leave hosts alone that have changed; do the others."
)
@click.option(
    "--require-approvals", type=click.IntRange(1), metavar="N", help="So many must have approved."
)
@click.option(
    "--approvers",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Who may approve (ssh-keygen's allowed signers).",
)
def command(
    plan: Path,
    extra: tuple[str, ...],
    forks: int | None,
    diff: bool,
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
    check: bool,
    skip_drifted: bool,
    require_approvals: int | None,
    approvers: Path | None,
) -> Any:
    """Do exactly what PLAN says, on every host that still is as the plan found it.

    Exit code 3: some hosts are not; without --skip-drifted nothing is done on any.
    """
    check_patience(patience, json_file, check=check)
    from runner.app.apply import ApplyOptions, carry_out_plan, look, ready

    options = ApplyOptions(
        plan=plan,
        skip_drifted=skip_drifted,
        require_approvals=require_approvals or 0,
        approvers=approvers,
        extra=extra,
        forks=forks,
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
    found = ready(options)

    def say(text: str) -> None:
        click.echo(text, err=json_file == "-")

    if found.approved_by:
        say(f"approved by {', '.join(found.approved_by)}")
    looked = look(found)
    for line in looked.lines():
        say(line)
    if looked.drifts and not skip_drifted and not check:
        say("Nothing was done. Plan again, or do the other hosts with --skip-drifted")
        return 3
    if check:
        return 3 if looked.drifts else 4 if looked.silent else 0
    code, lines = carry_out_plan(found, looked)
    for line in lines:
        say(line)
    return code
