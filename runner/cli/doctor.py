"""``runner doctor``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runner.cli.common import ask_password, extra_option, inventory_option, vault, vault_options


@click.command("doctor")
@click.argument("host")
@inventory_option(required=True)
@extra_option
@click.option("-k", "--ask-pass", is_flag=True, help="Ask for the password.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@vault_options
def command(
    host: str,
    inventory: tuple[Path, ...],
    extra: tuple[str, ...],
    ask_pass: bool,
    as_json: bool,
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
) -> int:
    """Look at each step of the way to HOST: what is there, and what to do where it ends.

    Logs on with the password of the inventory once or twice, and changes nothing. Exit code 0: it
    can be worked on. 4: it cannot.
    """
    from runner.app.doctor import doctor, lines_of
    from runner.app.wiring.reaching import ReachOptions
    from runner.interfaces.examine import Finding, Verdict

    options = ReachOptions(
        pattern=host,
        inventory=inventory,
        extra=extra,
        password=ask_password(ask_pass),
        vault=vault(vault_id, vault_password_file, ask_vault_pass),
    )

    def show(finding: Finding) -> None:
        colour = {Verdict.FAILED: "red", Verdict.NOTE: "yellow"}.get(finding.verdict)
        for number, line in enumerate(lines_of(finding)):
            click.echo(click.style(line, fg=colour if number == 0 else None))

    if as_json:
        examination = doctor(options)
        click.echo(json.dumps(examination.as_data(), indent=2, ensure_ascii=False))
        return examination.exit_code
    examination = doctor(options, show)
    click.echo()
    click.echo(click.style(examination.verdict, bold=True))
    return examination.exit_code
