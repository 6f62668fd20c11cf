"""From what the command line and the environment say to the vault's keys."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

from runner.app.wiring.options import VaultOptions
from runner.errors import UsageError
from runner.loading.text.vault import VaultKeys, VaultPassword
from runner.loading.text.vault_format import DEFAULT_ID
from runner.loading.text.vault_passwords import PROMPT, read_passwords

PASSWORD_FILE_VARIABLES: Final = ("RUNNER_VAULT_PASSWORD_FILE", "ANSIBLE_VAULT_PASSWORD_FILE")
"""Environment variables that name a password file; the first that is set counts."""


def vault_keys(
    options: VaultOptions,
    *,
    on_secret: Callable[[str], None] = lambda _text: None,
    new: bool = False,
) -> VaultKeys:
    """The keys of one invocation. ``new``: a password that is typed in is typed twice.

    Raises UsageError for a source that gives no password.
    """
    return read_passwords(password_sources(options, os.environ), ask, new=new, on_secret=on_secret)


def password_sources(options: VaultOptions, environment: Mapping[str, str]) -> list[str]:
    """Every source as ``LABEL@SOURCE``, in Ansible's order: ids, files, environment, prompt."""
    files = list(options.password_files)
    named = (environment.get(name) for name in PASSWORD_FILE_VARIABLES)
    if from_environment := next(filter(None, named), None):
        files.append(from_environment)
    sources = [*options.ids, *(f"{DEFAULT_ID}@{file}" for file in files)]
    return [*sources, f"{DEFAULT_ID}@{PROMPT}"] if options.ask else sources


def with_prompt(options: VaultOptions) -> VaultOptions:
    """The same; where nothing gives a password, a person is asked."""
    if password_sources(options, os.environ):
        return options
    return VaultOptions(options.ids, options.password_files, ask=True)


def encrypting_password(keys: VaultKeys, label: str | None) -> VaultPassword:
    """The one password to encrypt with: that of the vault id ``label``, or the only one."""
    if label is not None:
        found = next((p for p in keys.passwords if p.label == label), None)
        if found is None:
            known = ", ".join(keys.labels) or "none"
            hint = f"vault ids with a password: {known}"
            raise UsageError(f"no password is given for the vault id '{label}'", hint=hint)
        return found
    if len(keys.passwords) != 1:
        raise UsageError(
            f"{len(keys.passwords)} vault passwords are given: {', '.join(keys.labels)}",
            hint="say which one encrypts with --encrypt-vault-id LABEL",
        )
    return keys.passwords[0]


def ask(prompt: str) -> str:
    """Ask at the terminal, without echo. Raises UsageError when there is none."""
    if not _has_terminal():
        raise UsageError(
            "a vault password must be typed in, but there is no terminal",
            hint="give it with --vault-password-file FILE or --vault-id LABEL@FILE",
        )
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise UsageError("no vault password was typed in") from None


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return sys.stdin.isatty()
    return True
