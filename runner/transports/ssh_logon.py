"""Proving who we are: keys, the agent, certificates, a password, in OpenSSH's order.

A wrong password is tried once. Keys that a server refuses count towards its MaxAuthTries (6 by
default, sshd_config(5)), so of an agent's keys only so many are offered that a password still has
its turn.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import paramiko

from runner.errors import AuthenticationFailed
from runner.model.secret import Secret
from runner.transports.ssh_config import Target

_MOST_KEYS: Final = 5
_PASSWORD: Final = "the password"


class PasswordRefused(AuthenticationFailed):
    """The host looked at the password and said no."""


class Logon:
    """One log-on; ``refused`` says what was offered in vain, for the message."""

    def __init__(self, transport: paramiko.Transport, target: Target) -> None:
        self._transport = transport
        self._target = target
        self.refused: list[str] = []
        self._agent: paramiko.Agent | None = None

    def run(self) -> None:
        """Log on. Raises AuthenticationFailed, or what the wire breaks with."""
        try:
            for what, key in self._keys():
                if self._try_key(what, key):
                    return
        finally:
            if self._agent is not None:
                self._agent.close()
        password = self._target.password
        if password is not None and self._try_password(password):
            return
        raise self._failed()

    def _try_key(self, what: str, key: paramiko.PKey) -> bool:
        try:
            rest = self._transport.auth_publickey(self._target.user, key)
        except paramiko.BadAuthenticationType:
            self.refused.append(f"{what} (the host takes no keys)")
            return False
        except paramiko.AuthenticationException:
            self.refused.append(what)
            return False
        if not rest:
            return True
        self.refused.append(f"{what} (accepted; the host also wants {', '.join(rest)})")
        return False

    def _try_password(self, password: Secret) -> bool:
        try:
            rest = self._transport.auth_password(self._target.user, password.reveal())
        except paramiko.BadAuthenticationType as error:
            kinds = ", ".join(error.allowed_types)
            self.refused.append(f"the password (the host takes only: {kinds})")
            return False
        except paramiko.AuthenticationException:
            self.refused.append(_PASSWORD)
            return False
        if rest:
            self.refused.append(f"the password (accepted; the host also wants {', '.join(rest)})")
        return not rest

    def _keys(self) -> Iterator[tuple[str, paramiko.PKey]]:
        """Named key files first, then the agent's, at most so many."""
        offered = itertools.chain(self._from_files(), self._from_agent())
        yield from itertools.islice(offered, _MOST_KEYS)
        if next(offered, None) is not None:
            self.refused.append(
                "more keys were not offered: name one with ansible_ssh_private_key_file"
            )

    def _from_files(self) -> Iterator[tuple[str, paramiko.PKey]]:
        for name in self._target.key_files:
            path = Path(name)
            if not path.is_file():
                if self._target.key_is_named:
                    self.refused.append(f"the key {name} (there is no such file)")
                continue
            try:
                key = self._load(path)
            except paramiko.PasswordRequiredException:
                self.refused.append(f"the key {name} (it needs a passphrase: ssh-add it, or set "
                                    "ansible_ssh_private_key_passphrase)")  # fmt: skip
                continue
            except (paramiko.SSHException, OSError) as e:
                self.refused.append(f"the key {name} ({e or type(e).__name__})")
                continue
            yield f"the key {name}", key

    def _load(self, path: Path) -> paramiko.PKey:
        """The key, with the certificate beside it (``-cert.pub``) or named in the settings."""
        phrase = self._target.key_passphrase
        key = _any_kind(path, phrase.reveal() if phrase else None)
        beside = path.with_name(f"{path.name}-cert.pub")
        for certificate in (beside, *map(Path, self._target.certificate_files)):
            file = certificate.expanduser()
            if file.is_file():
                key.load_certificate(str(file))
                break
        return key

    def _from_agent(self) -> Iterator[tuple[str, paramiko.PKey]]:
        if not self._target.use_agent:
            return
        try:
            self._agent = agent = paramiko.Agent()
        except (paramiko.SSHException, OSError):
            return
        for key in agent.get_keys():
            yield f"the agent's key {key.fingerprint}", key

    def _failed(self) -> AuthenticationFailed:
        target = self._target
        if not self.refused:
            return AuthenticationFailed(
                f"{target.endpoint}: nothing to log on with",
                hint="set ansible_password or ansible_ssh_private_key_file, or start an agent",
            )
        kind = PasswordRefused if _PASSWORD in self.refused else AuthenticationFailed
        return kind(
            f"{target.endpoint}: the host refused {'; '.join(self.refused)}",
            hint="check the user's name, and that the key is in authorized_keys; it was not tried "
            "again, so that no account is locked",
        )


def _any_kind(path: Path, password: str | None) -> paramiko.PKey:
    """A private key of whatever kind. Raises PasswordRequiredException, or SSHException."""
    last: Exception = paramiko.SSHException("not a private key")
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key_file(str(path), password)
        except paramiko.PasswordRequiredException:
            raise
        except (paramiko.SSHException, ValueError, IndexError) as error:
            last = error
    raise paramiko.SSHException(str(last))
