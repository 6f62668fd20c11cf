"""``runner apply``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import ask_person, vault_options
from runner.cli.visiting import CONNECT, FUSE, LOCK, PATIENCE, WALK, Said, visiting


@click.command("apply")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@visiting(WALK, CONNECT, LOCK, PATIENCE, FUSE)
@vault_options
@click.option("-C", "--check", is_flag=True, help="Only compare the hosts with the plan.")
@click.option(
    "--skip-drifted", is_flag=True, help="Leave hosts alone that have changed; do the others."
)
@click.option("--again", is_flag=True, help="Apply it though a run applied it already.")
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
    said: Said,
    plan: Path,
    check: bool,
    skip_drifted: bool,
    again: bool,
    require_approvals: int | None,
    approvers: Path | None,
) -> Any:
    """Do exactly what PLAN says, on every host that still is as the plan found it.

    Exit code 3: some hosts are not; without --skip-drifted nothing is done on any. A plan that a
    run applied already is refused (exit code 5), unless --again says that it is meant.
    """
    fields = said.fields(previews=check)
    from runner.app.applied import said_of
    from runner.app.apply import ApplyOptions, carry_out_plan, look, ready

    options = ApplyOptions(
        plan=plan,
        skip_drifted=skip_drifted,
        again=again,
        check=check,
        require_approvals=require_approvals or 0,
        approvers=approvers,
        question=ask_person,
        **fields,
    )
    found = ready(options)

    def say(text: str) -> None:
        click.echo(text, err=said["json_file"] == "-")

    if found.approved_by:
        say(f"approved by {', '.join(found.approved_by)}")
    if check:
        for line in said_of(found.earlier):
            say(line)
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
