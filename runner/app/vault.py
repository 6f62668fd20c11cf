"""``runner vault``: encrypt, decrypt, view, edit and re-key files, and encrypt single values.

What is asked for on several files is checked on all of them before the first is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.app.vault_files import STANDARD, edited, read, write
from runner.app.wiring.options import VaultOptions
from runner.app.wiring.vault_keys import (
    ask,
    encrypting_password,
    password_sources,
    vault_keys,
    with_prompt,
)
from runner.errors import InputError, RunnerError, UsageError
from runner.loading.text import vault_format
from runner.loading.text.vault import Opened, VaultKeys, VaultPassword, vaulted_text
from runner.loading.text.vault_format import header_place
from runner.loading.text.vault_passwords import read_passwords

_INDENT: Final = " " * 10
_NAME: Final = re.compile(r"\w[\w.\- ]*")


@dataclass(frozen=True, slots=True)
class NewPassword:
    """What ``rekey`` encrypts with: a new vault id or password file, or one of the known ids."""

    vault_id: str | None = None
    password_file: str | None = None
    encrypt_id: str | None = None


@dataclass(frozen=True, slots=True)
class Plain:
    """A text to encrypt, and the variable that it belongs to, if any."""

    text: str
    name: str = ""


def encrypt(
    files: Sequence[str], vault: VaultOptions, encrypt_id: str | None, output: str | None
) -> None:
    """Encrypt files in place, or one to ``output``."""
    _check_output(files, output)
    contents = {name: read(name) for name in files}
    for name, content in contents.items():
        _refuse_vaulted(name, content)
    password = _password_for_encrypting(vault, encrypt_id)
    for name, content in contents.items():
        write(output or name, _encrypted(content, password), wipe=output is None)


def decrypt(files: Sequence[str], vault: VaultOptions, output: str | None) -> None:
    """Decrypt files in place, or one to ``output``: from then on only the owner may read them."""
    _check_output(files, output)
    for name, opened in _opened(files, vault_keys(with_prompt(vault))).items():
        write(output or name, opened.content, private=True)


def view(files: Sequence[str], vault: VaultOptions) -> bytes:
    """What the files hold, one behind the other."""
    opened = _opened(files, vault_keys(with_prompt(vault)))
    return b"".join(one.content for one in opened.values())


def rekey(files: Sequence[str], vault: VaultOptions, new: NewPassword) -> None:
    """Encrypt files anew with another password. Mode and owner stay."""
    keys = vault_keys(with_prompt(vault))
    opened = _opened(files, keys)
    password = _new_password(keys, new)
    for name, one in opened.items():
        write(name, _encrypted(one.content, password))


def edit(name: str, vault: VaultOptions) -> bool:
    """Open a file in $EDITOR and encrypt it again; says whether it was changed.

    Vault id and password stay. Raises RunnerError, and keeps what was typed beside the file, when
    somebody else has changed the file meanwhile.
    """
    before = read(name)
    opened = _open(name, before, vault_keys(with_prompt(vault)))
    after = edited(opened.content, Path(name).suffix)
    if after == opened.content:
        return False
    _refuse_vaulted("what was typed", after)
    text = vault_format.encrypt(after, opened.used.key, opened.label).encode()
    if read(name) != before:
        kept = f"{name}.edited"
        write(kept, text)
        raise RunnerError(
            f"{name} was changed by somebody else meanwhile",
            hint=f"what you typed is in {kept}, encrypted: runner vault view {kept}",
        )
    write(name, text)
    return True


def create(name: str, vault: VaultOptions, encrypt_id: str | None) -> None:
    """Make a new encrypted file from what a person types into $EDITOR."""
    if Path(name).exists():
        raise UsageError(f"{name} is already there", hint=f"runner vault edit {name}")
    password = _password_for_encrypting(vault, encrypt_id)
    content = edited(b"", Path(name).suffix)
    if not content:
        raise UsageError("nothing was typed: no file is made")
    _refuse_vaulted("what was typed", content)
    write(name, _encrypted(content, password))


def encrypt_strings(
    texts: Sequence[Plain], vault: VaultOptions, encrypt_id: str | None, output: str | None
) -> None:
    """Write texts as YAML values (``NAME: !vault |``) to ``output`` or standard output."""
    for plain in texts:
        if not plain.text:
            raise UsageError("an empty text is not encrypted")
        if plain.name and not _NAME.fullmatch(plain.name):
            raise UsageError(f"'{plain.name}' cannot be the name of a variable")
        _refuse_vaulted("this text", plain.text.encode("utf-8", "surrogateescape"))
    password = _password_for_encrypting(vault, encrypt_id)
    lines = [line for plain in texts for line in _yaml(plain, password)]
    write(output or STANDARD, "".join(f"{line}\n" for line in lines).encode())


def _yaml(plain: Plain, password: VaultPassword) -> Iterator[str]:
    yield f"{plain.name}: !vault |" if plain.name else "!vault |"
    text = _encrypted(plain.text.encode("utf-8", "surrogateescape"), password)
    for line in text.decode("ascii", "surrogateescape").splitlines():
        yield f"{_INDENT}{line}"


def _encrypted(content: bytes, password: VaultPassword) -> bytes:
    return vault_format.encrypt(content, password.key, password.label).encode()


def _opened(files: Sequence[str], keys: VaultKeys) -> dict[str, Opened]:
    return {name: _open(name, read(name), keys) for name in files}


def _open(name: str, content: bytes, keys: VaultKeys) -> Opened:
    text = vaulted_text(content)
    if text is None:
        raise InputError(f"{_shown(name)} is not encrypted")
    return keys.open(text, InputError, header_place(_shown(name), text))


def _password_for_encrypting(vault: VaultOptions, encrypt_id: str | None) -> VaultPassword:
    return encrypting_password(vault_keys(with_prompt(vault), new=True), encrypt_id)


def _new_password(keys: VaultKeys, new: NewPassword) -> VaultPassword:
    if new.vault_id is not None and new.password_file is not None:
        hint = "both say which password is the new one"
        raise UsageError("--new-vault-id does not go with --new-vault-password-file", hint=hint)
    files = () if new.password_file is None else (new.password_file,)
    ids = () if new.vault_id is None else (new.vault_id,)
    if not files and not ids and new.encrypt_id is not None:
        return encrypting_password(keys, new.encrypt_id)
    found = _only_these(ids, files)
    return encrypting_password(found, new.encrypt_id)


def _only_these(ids: tuple[str, ...], files: tuple[str, ...]) -> VaultKeys:
    """New keys from what is named here alone; nothing named: from a person."""
    options = VaultOptions(ids, files, ask=not ids and not files)
    return read_passwords(password_sources(options, {}), ask, new=True)


def _refuse_vaulted(name: str, content: bytes) -> None:
    if vault_format.is_vaulted(content):
        hint = "to change its password: runner vault rekey"
        raise InputError(f"{_shown(name)} is already encrypted", hint=hint)


def _check_output(files: Sequence[str], output: str | None) -> None:
    if output is not None and len(files) != 1:
        raise UsageError("--output takes one file at a time")


def _shown(name: str) -> str:
    return "standard input" if name == STANDARD else name
