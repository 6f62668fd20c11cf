"""Proving who we are: keys, the agent, certificates, a password, in OpenSSH's order.

A wrong password is tried once. Keys that a server refuses count towards its MaxAuthTries (6 by
default, sshd_config(5)), so of an agent's keys only so many are offered that a password still has
its turn.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import paramiko

from runner.errors import AuthenticationFailed
from runner.model.secret import Secret
from runner.transports.ssh.agent import agent_keys
from runner.transports.ssh.config import Target
from runner.transports.ssh.keys import load_key, public_blob
from runner.transports.ssh.passphrases import phrase_for

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
        self._wants: tuple[str, ...] = ()

    def run(self) -> None:
        """Log on. Raises AuthenticationFailed, or what the wire breaks with."""
        methods = self._target.methods
        if "publickey" in methods and self._try_keys():
            return
        password = self._target.password
        if password is not None and self._try_secret(password):
            return
        raise self._failed()

    def _try_keys(self) -> bool:
        with ExitStack() as stack:
            keys = self._keys(stack)
            for what, key in itertools.islice(keys, _MOST_KEYS):
                if self._try_key(what, key):
                    return True
                if self._wants and "publickey" not in self._wants:
                    return False  # the key is accepted; more of them would only count as failures
            if next(keys, None) is not None:
                self.refused.append(
                    "more keys were not offered: name one with ansible_ssh_private_key_file"
                )
        return False

    def _try_key(self, what: str, key: paramiko.PKey) -> bool:
        try:
            rest = self._transport.auth_publickey(self._target.user, key)
        except paramiko.BadAuthenticationType:
            self.refused.append(f"{what} (the host takes no keys)")
            return False
        except paramiko.AuthenticationException:
            self.refused.append(what)
            return False
        return self._done(what, rest)

    def _done(self, what: str, rest: Sequence[str]) -> bool:
        """Whether that was all that the host wants (AuthenticationMethods may name several)."""
        self._wants = tuple(rest)
        if rest:
            self.refused.append(f"{what} (accepted; the host also wants {', '.join(rest)})")
        return not rest

    def _try_secret(self, password: Secret) -> bool:
        """The password, by whichever of the two ways the host takes it; once."""
        methods = self._target.methods
        if "password" in methods and (not self._wants or "password" in self._wants):
            try:
                rest = self._transport.auth_password(
                    self._target.user, password.reveal(), fallback=False
                )
            except paramiko.BadAuthenticationType as error:
                return self._try_questions(password, error.allowed_types)
            except paramiko.AuthenticationException:
                self.refused.append(_PASSWORD)
                return False
            return self._done(_PASSWORD, rest)
        return self._try_questions(password, self._wants or ("keyboard-interactive",))

    def _try_questions(self, password: Secret, offered: Sequence[str]) -> bool:
        """keyboard-interactive (RFC 4256): the first hidden question is answered with it."""
        kinds = ", ".join(offered)
        if not {"keyboard-interactive"} & set(offered) & self._target.methods:
            self.refused.append(f"the password (the host takes only: {kinds})")
            return False
        answers = _Answers(password)
        try:
            rest = self._transport.auth_interactive(self._target.user, answers)
        except paramiko.BadAuthenticationType as error:
            kinds = ", ".join(error.allowed_types)
            self.refused.append(f"the password (the host takes only: {kinds})")
            return False
        except paramiko.AuthenticationException:
            self.refused.append(answers.refusal)
            return False
        return self._done(_PASSWORD, rest)

    def _keys(self, stack: ExitStack) -> Iterator[tuple[str, paramiko.PKey]]:
        """Named keys first, by the agent where it holds them, then its others."""
        held = stack.enter_context(agent_keys(self._target))
        offered: set[bytes] = set()
        for name in self._target.key_files:
            blob = public_blob(name)
            of_agent = next((key for key in held if blob and bytes(key.blob) == blob), None)
            if of_agent is not None and not self._has_certificate(Path(name)):
                offered.add(blob)
                yield f"the key {name} (of the agent)", of_agent
            elif (key := self._from_file(name)) is not None:
                offered.add(key.asbytes())
                yield f"the key {name}", key
        if not self._target.only_named:
            for key in held:
                if bytes(key.blob) not in offered:
                    yield f"the agent's key {key.fingerprint}", key

    def _from_file(self, name: str) -> paramiko.PKey | None:
        """The key of a file; None, with the reason noted, when it is of no use."""
        path = Path(name)
        if not path.is_file():
            if self._target.key_is_named:
                self.refused.append(f"the key {name} (there is no such file)")
            return None
        try:
            return self._load(path)
        except paramiko.PasswordRequiredException:
            self.refused.append(f"the key {name} (it needs a passphrase, and there is no terminal "
                                "to ask for it: ssh-add it, or set "
                                "ansible_ssh_private_key_passphrase)")  # fmt: skip
        except (paramiko.SSHException, ValueError, OSError) as e:
            self.refused.append(f"the key {name} ({e or type(e).__name__})")
        return None

    def _load(self, path: Path) -> paramiko.PKey:
        """The key, with the certificate beside it (``-cert.pub``) or named in the settings."""
        key = load_key(path, self._target.key_passphrase or phrase_for(str(path)))
        for file in self._certificates(path):
            key.load_certificate(str(file))
            break
        return key

    def _has_certificate(self, path: Path) -> bool:
        return bool(self._certificates(path)) and path.is_file()

    def _certificates(self, path: Path) -> list[Path]:
        beside = path.with_name(f"{path.name}-cert.pub")
        places = (beside, *map(Path, self._target.certificate_files))
        return [file for place in places if (file := place.expanduser()).is_file()]

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


class _Answers:
    """Answers the questions of keyboard-interactive: the first hidden one, and once."""

    def __init__(self, password: Secret) -> None:
        self._password = password
        self._given = False
        self._open: list[str] = []

    def __call__(
        self, title: str, instructions: str, questions: Sequence[tuple[str, bool]]
    ) -> list[str]:
        answers = []
        for question, is_shown in questions:
            if is_shown or self._given:
                self._open.append(question.strip())
                answers.append("")
                continue
            self._given = True
            answers.append(self._password.reveal())
        return answers

    @property
    def refusal(self) -> str:
        """What to tell people when it came to nothing."""
        if self._open:
            asked = "', '".join(self._open)
            return f"the password (the host also asks '{asked}': use a key instead)"
        return _PASSWORD
