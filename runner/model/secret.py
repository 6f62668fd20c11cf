"""A value that must never be shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MASK: Final = "********"


class Secret:
    """Wraps a secret so that printing, formatting or logging it shows a mask."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself: call this only where it is used."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


SECRET_VARIABLES: Final = frozenset(
    {
        "ansible_password",
        "ansible_winrm_password",
        "ansible_winrm_pass",
        "ansible_ssh_pass",
        "ansible_ssh_password",
        "ansible_become_password",
        "ansible_become_pass",
        "ansible_psrp_password",
        "ansible_winrm_cert_key_password",
    }
)
"""Inventory variables whose value is a secret by its name (Ansible's names)."""


class Redactor:
    """Masks every known secret in texts and in nested values that are about to be shown or kept."""

    _SHORTEST = 4

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Learn more secrets. Longer ones are masked first, so that no tail of one stays."""
        known = {*self._secrets, *(s for s in secrets if len(s) >= self._SHORTEST)}
        self._secrets = tuple(sorted(known, key=lambda s: (-len(s), s)))

    def text(self, text: str) -> str:
        """The text with each secret replaced by the mask."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    def value(self, value: object) -> object:
        """The same for strings inside mappings and sequences; a Secret becomes the mask."""
        if not self._secrets and not isinstance(value, Secret | dict | list | tuple):
            return value
        match value:
            case str():
                return self.text(value)
            case Secret():
                return MASK
            case dict():
                return {self.value(k): self.value(v) for k, v in value.items()}
            case list():
                return [self.value(v) for v in value]
            case tuple():
                return tuple(self.value(v) for v in value)
        return value
