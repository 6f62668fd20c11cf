"""``runner approve``."""

from __future__ import annotations

from pathlib import Path

import click

from runner.errors import UsageError


@click.command("approve")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@click.option(
    "--key",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Your Ed25519 private key.",
)
@click.option("--as", "name", metavar="NAME", help="Goes into the file's name (default: you).")
def command(plan: Path, key: Path, name: str | None) -> None:
    """Sign PLAN: read it first, with `runner show PLAN`.

    The signature lies beside the plan. `ssh-keygen -Y sign -n runner-plan -f KEY PLAN` makes the
    same one, with a key that an agent holds, too.
    """
    import getpass

    from runner.app.approvals import load_key, sign
    from runner.app.plan_file import digest_of, read_plan

    _plan, content = read_plan(plan)
    try:
        private = load_key(key, None)
    except TypeError:
        passphrase: str = click.prompt(f"Passphrase of {key}", hide_input=True, err=True)
        private = load_key(key, passphrase.encode())
    who = name or getpass.getuser()
    if not who.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise UsageError(f"'{who}' cannot be part of a file's name")
    signature = plan.with_name(f"{plan.name}.{who}.sig")
    signature.write_text(sign(content, private), encoding="ascii")
    click.echo(f"{signature}: {who} approves the plan with sha256 {digest_of(content)}")
