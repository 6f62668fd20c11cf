"""Encrypted texts for tests, and the keys that open them."""

from __future__ import annotations

from pathlib import Path

from runner.loading.text.vault import VaultKeys, VaultPassword
from runner.loading.text.vault_format import encrypt
from runner.model.secret import Secret


def keys(*passwords: tuple[str, str], seen: list[str] | None = None) -> VaultKeys:
    """Keys of (label, password)."""
    made = [VaultPassword(label, Secret(text), f"file {label}.txt") for label, text in passwords]
    return VaultKeys(made, (lambda _: None) if seen is None else seen.append)


DEFAULT = ("default", "hunter2")
PROD = ("prod", "s3cret")


def inline(text: str, password: str = "hunter2", label: str = "", indent: int = 4) -> str:
    """A ``!vault`` value in YAML."""
    lines = encrypt(text.encode(), password.encode(), label).splitlines()
    return "!vault |\n" + "".join(f"{' ' * indent}{line}\n" for line in lines)


def write(path: Path, text: str, password: str = "hunter2", label: str = "") -> Path:
    """An encrypted file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(encrypt(text.encode(), password.encode(), label))
    return path
