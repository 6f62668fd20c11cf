"""Passphrases of key files: asked for once on the terminal, before anything is shown there."""

from __future__ import annotations

import getpass
import sys
import threading
from functools import lru_cache
from pathlib import Path

import paramiko

from runner.errors import InventoryError, TransportError
from runner.model.secret import Secret
from runner.transports.ssh.agent import agent_blobs
from runner.transports.ssh.config import Target, resolve
from runner.transports.ssh.keys import is_encrypted, load_key, public_blob
from runner.transports.ssh.options import SshOptions

_ASKED: dict[str, Secret] = {}
_LOCK = threading.Lock()


def phrase_for(path: str) -> Secret | None:
    """What was typed in for this key file."""
    return _ASKED.get(path)


def has_terminal() -> bool:
    """Whether somebody is there to ask."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def unlock(options: SshOptions) -> None:
    """Ask for the passphrase that this host's logon will need, unless an agent holds the key.

    Called while the settings are read, when nobody else writes to the terminal. Nobody is asked
    where there is no terminal, or where ``BatchMode yes`` says so: then the logon fails, and says
    what to do. Raises InventoryError for a wrong passphrase.
    """
    if options.key_passphrase is not None or not has_terminal():
        return
    try:
        target = resolve(options)
    except TransportError:
        return  # it is told when the host is reached
    for end in (*target.jumps, target):
        if end.may_ask and "publickey" in end.methods:
            _unlock(end)


def _unlock(target: Target) -> None:
    usable = [name for name in target.key_files if Path(name).is_file()]
    if not target.key_is_named and (target.password or _has_open_key(target, tuple(usable))):
        return
    for name in usable:
        with _LOCK:
            if name not in _ASKED and _is_locked(name) and not _in_agent(target, name):
                _ASKED[name] = _ask(name)


def _has_open_key(target: Target, names: tuple[str, ...]) -> bool:
    return any(not _is_locked(name) for name in names) or bool(agent_blobs(target))


def _in_agent(target: Target, name: str) -> bool:
    return public_blob(name) in agent_blobs(target)


@lru_cache(maxsize=256)
def _is_locked(name: str) -> bool:
    return is_encrypted(Path(name))


def _ask(name: str) -> Secret:
    phrase = Secret(getpass.getpass(f"Passphrase for the key {name}: ", stream=sys.stderr))
    try:
        load_key(Path(name), phrase)
    except (paramiko.SSHException, ValueError, OSError):
        raise InventoryError(
            f"that is not the passphrase of the key {name}",
            hint="ssh-add it, or put it into a vault as ansible_ssh_private_key_passphrase",
        ) from None
    return phrase
