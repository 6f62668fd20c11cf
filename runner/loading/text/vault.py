"""Vault keys: the passwords that open encrypted files and ``!vault`` values.

One ``VaultKeys`` is made for each invocation and handed to whatever reads files. Everything that
it opens it tells to whoever must mask it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from runner.errors import InputError
from runner.loading.text.data import as_data
from runner.loading.text.vault_format import (
    DEFAULT_ID,
    Envelope,
    FormatError,
    WrongPassword,
    decrypt,
    is_vaulted,
    parse,
)
from runner.model.secret import Secret
from runner.model.source import Source

HIDDEN_LINE: Final = "(vaulted)"
"""What stands in a message where the line of an encrypted file would be shown."""

_WAYS: Final = frozenset(
    {
        "ansible_become",
        "ansible_become_method",
        "ansible_connection",
        "ansible_shell_type",
        "ansible_winrm_message_encryption",
        "ansible_winrm_scheme",
        "ansible_winrm_server_cert_validation",
        "ansible_winrm_transport",
    }
)
"""Connection variables that only choose from a few public words. Masking ``winrm`` wherever it
occurs would hide no secret and much else."""


@dataclass(frozen=True, slots=True)
class VaultPassword:
    """A password under its vault id; ``origin`` says where it came from, for people."""

    label: str
    password: Secret
    origin: str

    @property
    def key(self) -> bytes:
        """The password's bytes. What was not UTF-8 in its file is as it was there."""
        return self.password.reveal().encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened text: its content, the vault id in its header, and what opened it."""

    content: bytes
    label: str
    used: VaultPassword


class VaultKeys:
    """The passwords that are known, in the order in which they were given. Thread-safe.

    ``on_secret`` is called with every text that must be masked from now on.
    """

    def __init__(
        self,
        passwords: Iterable[VaultPassword] = (),
        on_secret: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.passwords = tuple(passwords)
        self._on_secret = on_secret
        self._proven: set[VaultPassword] = set()
        for password in self.passwords:
            on_secret(password.password.reveal())

    @property
    def labels(self) -> tuple[str, ...]:
        """The vault ids that have a password, in the order in which they were given."""
        return tuple(dict.fromkeys(password.label for password in self.passwords))

    def open(self, text: str, error: type[InputError], source: Source | None = None) -> Opened:
        """Decrypt a text: with the password of its vault id first, then with the others.

        Raises ``error`` at ``source`` for a text that is damaged, or that no password opens.
        """
        try:
            envelope = parse(text)
        except FormatError as problem:
            raise error(f"this vault text cannot be read: {problem}", source=source) from None
        for password in self._candidates(envelope.label or DEFAULT_ID):
            try:
                content = decrypt(envelope, password.key)
            except WrongPassword:
                continue
            except FormatError as problem:
                raise error(f"this vault text cannot be read: {problem}", source=source) from None
            self._proven.add(password)
            return Opened(content, envelope.label, password)
        raise self._cannot_open(envelope, error, source)

    def secret(self, text: str, error: type[InputError], source: Source | None = None) -> Secret:
        """What a ``!vault`` value stands for: a secret, in which braces are only braces."""
        content = self.open(text, error, source).content
        try:
            value = content.decode("utf-8")
        except UnicodeDecodeError:
            message = "this vault text holds no text (not UTF-8)"
            raise error(message, source=source, hint="give binary content as base64") from None
        self._on_secret(value)
        return Secret(as_data(value))

    def conceal(self, variables: Any) -> Any:
        """The variables of an encrypted file: every text in them, at every depth, is a secret."""
        if isinstance(variables, dict):
            return {
                name: value if name in _WAYS else self.conceal(value)
                for name, value in variables.items()
            }
        if isinstance(variables, list):
            return [self.conceal(value) for value in variables]
        if isinstance(variables, str):
            self._on_secret(str(variables))
            return Secret(variables)
        return variables

    def _candidates(self, label: str) -> list[VaultPassword]:
        """All passwords, those of this vault id first (Ansible's order)."""
        return sorted(self.passwords, key=lambda password: password.label != label)

    def _cannot_open(
        self, envelope: Envelope, error: type[InputError], source: Source | None
    ) -> InputError:
        label = envelope.label or DEFAULT_ID
        give = f"give it with --vault-id {label}@FILE or --vault-id {label}@prompt"
        if label == DEFAULT_ID:
            give = "give it with --vault-password-file FILE or --ask-vault-pass"
        what = f"this is encrypted with the vault id '{label}'"
        if not self.passwords:
            return error(f"{what}, and no vault password is given", source=source, hint=give)
        tried = ", ".join(f"'{p.label}' ({p.origin})" for p in self.passwords)
        message = f"{what}, and none of the given vault passwords opens it: {tried}"
        own = [password for password in self.passwords if password.label == label]
        if not own:
            hint = f"no password is given for '{label}'; {give}"
        elif any(password in self._proven for password in own):
            hint = (
                f"the password for '{label}' has opened other texts: this one was tampered with"
                " or damaged, or it was encrypted with another password"
            )
        else:
            hint = (
                f"the password for '{label}' is wrong, or the text was tampered with; "
                + give.replace("give it", "give the right one")
            )
        return error(message, source=source, hint=hint)


def vaulted_text(content: bytes) -> str | None:
    """An encrypted file's text; None when the content is not encrypted."""
    return content.decode("utf-8", "replace") if is_vaulted(content) else None
