"""Where vault passwords come from: files, scripts, and a person at the terminal.

The rules are Ansible's: ``LABEL@SOURCE`` or only ``SOURCE``; an executable file is run and what it
prints is the password, and one whose name ends in ``-client`` is told the label; ``prompt`` asks.
Source: Ansible documentation, "Managing vault passwords".
"""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from runner.errors import UsageError
from runner.loading.text.vault import VaultKeys, VaultPassword, vaulted_text
from runner.loading.text.vault_format import DEFAULT_ID, header_place
from runner.model.secret import Secret

PROMPT: Final = "prompt"
_ASKED_PLAINLY: Final = "prompt_ask_vault_pass"
"""Ansible's word for the prompt of ``--ask-vault-pass``; it may stand in a vault id, too."""
_UNKNOWN_ID: Final = 2
"""How a client script ends when it has no password for the vault id."""

Ask = Callable[[str], str]
"""Asks a person for a password that is not echoed. Raises UsageError when nobody is there."""


def read_passwords(
    sources: Iterable[str],
    ask: Ask,
    *,
    new: bool = False,
    on_secret: Callable[[str], None] = lambda _text: None,
) -> VaultKeys:
    """The passwords of these ``LABEL@SOURCE``, in their order.

    A password file may itself be encrypted with a password that stands before it. ``new``: it is
    for encrypting, so a person types it twice. Raises UsageError for a source that gives none.
    """
    keys = VaultKeys(on_secret=on_secret)
    for slug in sources:
        label, source = split_id(slug)
        password = _read(label, source, ask, keys, new=new)
        keys = VaultKeys((*keys.passwords, password), on_secret)
    return keys


def split_id(slug: str) -> tuple[str, str]:
    """``LABEL@SOURCE`` as label and source; the label is empty when there is none."""
    label, at, source = slug.partition("@")
    if not at:
        label, source = "", slug
    if ";" in label or any(character.isspace() and character != " " for character in label):
        raise UsageError(
            f"'{label}' cannot be a vault id", hint="it stands in the header, where ';' ends it"
        )
    if not source:
        hint = "write LABEL@FILE, LABEL@prompt, or the name of a file"
        raise UsageError(f"the vault id '{slug}' names no source of a password", hint=hint)
    return label, source


def _read(label: str, source: str, ask: Ask, keys: VaultKeys, *, new: bool) -> VaultPassword:
    shown = label or DEFAULT_ID
    if source in (PROMPT, _ASKED_PLAINLY):
        text = _prompted(shown, ask, new=new)
        return VaultPassword(shown, Secret(text), "typed in")
    path = Path(source).expanduser()
    try:
        mode = path.stat().st_mode
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read the vault password file {path}: {reason}") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"the vault password file {path} is a folder")
    if mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH):
        content = _script(path.absolute(), label).strip(b"\r\n")
        origin = f"script {path}"
    else:
        content = _file(path, keys)
        origin = f"file {path}"
    if not content:
        raise UsageError(f"the {origin} gives an empty vault password")
    return VaultPassword(shown, Secret(content.decode("utf-8", "surrogateescape")), origin)


def _prompted(label: str, ask: Ask, *, new: bool) -> str:
    kind = "New vault password" if new else "Vault password"
    named = f" ({label})" if label != DEFAULT_ID else ""
    text = ask(f"{kind}{named}: ").strip()
    if not text:
        raise UsageError("an empty vault password was typed in")
    if new and ask(f"Confirm new vault password{named}: ").strip() != text:
        raise UsageError("the two vault passwords are not the same")
    return text


def _file(path: Path, keys: VaultKeys) -> bytes:
    try:
        content = path.read_bytes().strip()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read the vault password file {path}: {reason}") from None
    if (text := vaulted_text(content)) is not None:
        content = keys.open(text, UsageError, header_place(str(path), text)).content
    return content.strip(b"\r\n")


def _script(path: Path, label: str) -> bytes:
    """What a password script prints. Its stderr is the terminal, so that it can ask something."""
    is_client = path.stem.endswith("-client")
    command = [str(path), *(["--vault-id", label] if is_client and label else [])]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE if is_client else None,
            check=False,
        )  # fmt: skip
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(
            f"cannot run the vault password script {path}: {reason}",
            hint="if it is no script but holds the password, take its x bit away (chmod -x)",
        ) from None
    if done.returncode == 0:
        return done.stdout
    said = (done.stderr or b"").decode("utf-8", "replace").strip()
    if is_client and done.returncode == _UNKNOWN_ID:
        message = f"the vault password script {path} knows no password for '{label}'"
    else:
        message = f"the vault password script {path} ended with {done.returncode}"
    raise UsageError(message, hint=said)
