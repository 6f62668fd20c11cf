"""``runner inventory``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.common import inventory_option, vault, vault_options
from runner.errors import UsageError


@click.command("inventory")
@inventory_option(required=True)
@click.option("--list", "as_list", is_flag=True, help="Everything, as JSON like ansible-inventory.")
@click.option("--graph", is_flag=True, help="Groups and hosts as a tree; GROUP: only that one.")
@click.argument("group", required=False)
@click.option("--vars", "variables", is_flag=True, help="With --graph: variables too.")
@click.option("--host", help="The variables of one host, as JSON.")
@click.option("--explain", metavar="VAR", help="With --host: where this variable comes from.")
@click.option("--hosts", "pattern", help="The hosts that a pattern names, one a line.")
@click.option("-l", "--limit", help="Only these hosts (a pattern, or @FILE).")
@click.option(
    "-e", "--extra-vars", "extra", multiple=True, metavar="K=V|@FILE",
    help="Variables that win over all others.",
)  # fmt: skip
@click.option(
    "--playbook", type=click.Path(path_type=Path, exists=True), metavar="FILE",
    help="Also the group_vars and host_vars beside this playbook.",
)  # fmt: skip
@vault_options
def command(
    inventory: tuple[Path, ...],
    group: str | None,
    limit: str | None,
    extra: tuple[str, ...],
    playbook: Path | None,
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
    **form: Any,
) -> None:
    """Show hosts, groups and variables. Secrets are masked."""
    from runner.app.inventory import Asked

    _check(form, group)
    folder = playbook if playbook is None or playbook.is_dir() else playbook.parent
    passwords = vault(vault_id, vault_password_file, ask_vault_pass)
    _show(Asked(inventory, extra, folder, limit, passwords, _warn), form, group)


def _warn(text: str) -> None:
    click.echo(f"WARNING: {text}", err=True)


def _check(form: dict[str, Any], group: str | None) -> None:
    chosen = [form["as_list"], form["graph"], form["host"] is not None, form["pattern"] is not None]
    if chosen.count(True) != 1:
        raise UsageError("give one of --list, --graph, --host NAME, --hosts PATTERN")
    if form["explain"] is not None and form["host"] is None:
        raise UsageError("--explain goes with --host NAME")
    if form["variables"] and not form["graph"]:
        raise UsageError("--vars goes with --graph")
    if group is not None and not form["graph"]:
        hint = f"for one host: --host {group}; for a pattern: --hosts {group}"
        raise UsageError(f"'{group}' goes with --graph", hint=hint)


def _show(asked: Any, form: dict[str, Any], group: str | None) -> None:
    from runner.app import inventory as app

    if form["explain"] is not None:
        lines = app.explain(asked, form["host"], form["explain"])
    elif form["host"] is not None:
        lines = iter([app.inventory_host(asked, form["host"])])
    elif form["pattern"] is not None:
        lines = iter(app.inventory_hosts(asked, form["pattern"]))
    elif form["graph"]:
        lines = app.inventory_graph(asked, group or "all", variables=form["variables"])
    else:
        lines = iter([app.inventory_json(asked)])
    for line in lines:
        click.echo(line)
