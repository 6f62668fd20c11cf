"""``runner schema``."""

from __future__ import annotations

import json

import click


@click.command("schema")
@click.argument("what", type=click.Choice(["playbook", "inventory"]))
def command(what: str) -> None:
    """Print the JSON Schema of a playbook or a YAML inventory, for an editor to check with.

    In VS Code's settings: "yaml.schemas": {"./playbook.schema.json": "playbooks/**/*.yml"}.
    """
    from runner.app.schema import inventory_schema, playbook_schema

    schema = playbook_schema() if what == "playbook" else inventory_schema()
    click.echo(json.dumps(schema, indent=2, ensure_ascii=False))
