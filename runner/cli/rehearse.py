"""``runner rehearse``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import ask_person, inventory_option, vault_options
from runner.cli.visiting import LIMIT, NARROW, WALK, Said, visiting
from runner.errors import UsageError

_PATH = click.Path(path_type=Path)


@click.command("rehearse")
@click.argument("playbook", type=_PATH)
@inventory_option(required=True)
@visiting(LIMIT, NARROW, WALK)
@vault_options
@click.option(
    "--faults",
    default="none",
    metavar="PROFILE|FILE",
    show_default=True,
    help="What goes wrong: none, flaky, bad-night, or a YAML file.",
)
@click.option("--seed", type=int, help="Have the faults strike other hosts.")
@click.option(
    "--with-local",
    is_flag=True,
    help="Really do what the playbook does on this machine (else it is shown, not run).",
)
@click.option("-o", "--output", type=_PATH, metavar="FILE", help="A self-contained HTML page.")
@click.option(
    "--rollback",
    "back",
    is_flag=True,
    help="Take the run back at the end, and compare the twins with what they were.",
)
@click.option(
    "--keep",
    type=_PATH,
    metavar="FOLDER",
    help="Keep journal and twins there: with RUNNER_HOME=FOLDER every verb reaches them only.",
)
@click.option(
    "--default-os",
    default="2019",
    metavar="OS",
    show_default=True,
    help="What a host is taken for of which nothing is known.",
)
def command(
    said: Said,
    playbook: Path,
    inventory: tuple[Path, ...],
    faults: str,
    seed: int | None,
    with_local: bool,
    output: Path | None,
    back: bool,
    keep: Path | None,
    default_os: str,
) -> Any:
    """Run PLAYBOOK on simulated twins of the hosts of an inventory; contact none of them.

    Works on any inventory, that of production too: no passwords are needed. What a twin simulates
    is known from the journal's facts, the inventory's variables, or names of groups.
    """
    if back and said["json_file"] == "-":
        raise UsageError("--rollback does not go with --json -", hint="give the report a file")
    fields = said.fields()
    from dataclasses import replace

    from runner.app.rehearse import RehearseOptions, rehearse
    from runner.app.wiring.options import Approach, RunOptions

    fields["view"] = replace(fields["view"], proposes=False)
    run = RunOptions(
        playbook=playbook,
        inventory=inventory,
        approach=Approach(0.0),
        question=ask_person,
        **fields,
    )
    return rehearse(RehearseOptions(run, faults, seed, with_local, output, keep, back, default_os))
