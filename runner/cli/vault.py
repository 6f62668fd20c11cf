"""``runner vault``: what ansible-vault does, with its words."""

from __future__ import annotations

import sys

import click

from runner.cli.common import vault, vault_options
from runner.errors import UsageError

_FILES = click.argument("files", nargs=-1)
_SOME_FILES = click.argument("files", nargs=-1, required=True)
_OUTPUT = click.option("--output", metavar="FILE", help="Write there; - is standard output.")
_ENCRYPT_ID = click.option(
    "--encrypt-vault-id", "encrypt_id", metavar="LABEL",
    help="Encrypt with this vault id (needed where several passwords are given).",
)  # fmt: skip


class _Commands(click.Group):
    """Also knows the spelling of ansible-vault: encrypt_string."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name.replace("_", "-"))


@click.group("vault", cls=_Commands)
def command() -> None:
    """Encrypt, view and edit files and values; Ansible Vault reads and writes the same format.

    Without --vault-id, --vault-password-file, RUNNER_VAULT_PASSWORD_FILE or
    ANSIBLE_VAULT_PASSWORD_FILE the password is asked for.
    """


@command.command("encrypt")
@_FILES
@vault_options
@_OUTPUT
@_ENCRYPT_ID
def encrypt(
    files: tuple[str, ...],
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
    output: str | None,
    encrypt_id: str | None,
) -> None:
    """Encrypt FILES in place; without FILES standard input to standard output."""
    from runner.app.vault import encrypt

    passwords = vault(vault_id, vault_password_file, ask_vault_pass)
    encrypt(files or ("-",), passwords, encrypt_id, output)
    _say("encrypted", files)


@command.command("decrypt")
@_FILES
@vault_options
@_OUTPUT
def decrypt(
    files: tuple[str, ...],
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
    output: str | None,
) -> None:
    """Decrypt FILES in place; without FILES standard input to standard output."""
    from runner.app.vault import decrypt

    decrypt(files or ("-",), vault(vault_id, vault_password_file, ask_vault_pass), output)
    _say("decrypted", files)


@command.command("view")
@_SOME_FILES
@vault_options
def view(
    files: tuple[str, ...],
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
) -> None:
    """Show what FILES hold; on a terminal with $PAGER."""
    from runner.app.vault import view

    content = view(files, vault(vault_id, vault_password_file, ask_vault_pass))
    if sys.stdout.isatty():
        click.echo_via_pager(content.decode("utf-8", "replace"))
    else:
        click.echo(content, nl=False)


@command.command("edit")
@_SOME_FILES
@vault_options
def edit(
    files: tuple[str, ...],
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
) -> None:
    """Open FILES, one after the other, in $EDITOR and encrypt them again."""
    from runner.app.vault import edit

    passwords = vault(vault_id, vault_password_file, ask_vault_pass)
    for name in files:
        _say("saved" if edit(name, passwords) else "not changed", (name,))


@command.command("create")
@click.argument("file")
@vault_options
@_ENCRYPT_ID
def create(
    file: str,
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
    encrypt_id: str | None,
) -> None:
    """Type a new FILE into $EDITOR; it is encrypted when the editor is left."""
    from runner.app.vault import create

    create(file, vault(vault_id, vault_password_file, ask_vault_pass), encrypt_id)
    _say("encrypted", (file,))


@command.command("rekey")
@_SOME_FILES
@vault_options
@_ENCRYPT_ID
@click.option("--new-vault-id", metavar="LABEL@SOURCE", help="The new vault id and password.")
@click.option("--new-vault-password-file", metavar="FILE", help="File with the new password.")
def rekey(
    files: tuple[str, ...],
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
    encrypt_id: str | None,
    new_vault_id: str | None,
    new_vault_password_file: str | None,
) -> None:
    """Encrypt FILES with another password, which is asked for unless an option gives it."""
    from runner.app.vault import NewPassword, rekey

    new = NewPassword(new_vault_id, new_vault_password_file, encrypt_id)
    rekey(files, vault(vault_id, vault_password_file, ask_vault_pass), new)
    _say("encrypted anew", files)


@command.command("encrypt-string")
@click.argument("strings", nargs=-1)
@vault_options
@_OUTPUT
@_ENCRYPT_ID
@click.option("-n", "--name", "names", multiple=True, help="Variable of the next STRING.")
@click.option("--stdin-name", help="Variable of the text on standard input.")
@click.option("-p", "--prompt", is_flag=True, help="Ask for the text.")
@click.option("--show-input", is_flag=True, help="With --prompt: echo what is typed.")
def encrypt_string(
    strings: tuple[str, ...],
    vault_id: tuple[str, ...],
    vault_password_file: tuple[str, ...],
    ask_vault_pass: bool,
    output: str | None,
    encrypt_id: str | None,
    names: tuple[str, ...],
    stdin_name: str | None,
    prompt: bool,
    show_input: bool,
) -> None:
    """Print STRINGS as encrypted YAML values; without STRINGS, or with -, the text on stdin."""
    from runner.app.vault import Plain, encrypt_strings

    given = [text for text in strings if text != "-"]
    reads = "-" in strings or stdin_name is not None or not (given or prompt)
    if prompt and reads:
        raise UsageError("--prompt does not go with reading standard input")
    if len(names) > len(given):
        raise UsageError(f"{len(names)} names (-n) for {len(given)} strings")
    padded = [*names, *[""] * (len(given) - len(names))]
    texts = [Plain(text, name) for name, text in zip(padded, given, strict=True)]
    if prompt:
        name = click.prompt("Variable (empty: none)", default="", show_default=False, err=True)
        text = click.prompt("String to encrypt", hide_input=not show_input, err=True)
        texts.insert(0, Plain(text, name))
    if reads:
        texts.insert(0, Plain(sys.stdin.read(), stdin_name or ""))
    passwords = vault(vault_id, vault_password_file, ask_vault_pass)
    encrypt_strings(texts, passwords, encrypt_id, output)


def _say(what: str, files: tuple[str, ...]) -> None:
    """Tell a person, beside what a program reads."""
    for name in files:
        if name != "-":
            click.echo(f"{what}: {name}", err=True)
