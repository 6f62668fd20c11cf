"""The SSH transport's settings, read from Ansible's inventory variables."""

from __future__ import annotations

import codecs
import difflib
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator

from runner.errors import InventoryError
from runner.interfaces.transport import Options
from runner.model.secret import Secret
from runner.transports.ssh.config_file import HARMLESS, USED

VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "address": ("ansible_host", "ansible_ssh_host"),
    "port": ("ansible_port", "ansible_ssh_port"),
    "user": ("ansible_user", "ansible_ssh_user"),
    "password": ("ansible_password", "ansible_ssh_password", "ansible_ssh_pass"),
    "key_file": ("ansible_private_key_file", "ansible_ssh_private_key_file"),
    "key_passphrase": (
        "ansible_private_key_passphrase",
        "ansible_ssh_private_key_passphrase",
    ),
    "host_key_checking": ("ansible_host_key_checking", "ansible_ssh_host_key_checking"),
    "host_keys": ("runner_ssh_host_keys",),
    "config_file": ("runner_ssh_config",),
    "codepage": ("runner_codepage",),
    "shell_type": ("ansible_shell_type",),
}
"""Each setting with its variables; where several are given the last one counts (as in Ansible).
``runner_ssh_host_keys`` (strict, accept-new), ``runner_ssh_config`` (instead of ~/.ssh/config) and
``runner_codepage`` are not Ansible's."""
_ARGUMENTS: Final = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
_WITHOUT_EFFECT: Final = frozenset(
    {
        "ansible_ssh_pipelining",
        "ansible_ssh_control_path",
        "ansible_ssh_control_path_dir",
        "ansible_ssh_transfer_method",
        "ansible_ssh_retries",
        "ansible_ssh_reconnection_retries",
        "ansible_ssh_timeout",
        "ansible_ssh_use_tty",
        "ansible_ssh_executable",
    }
)
"""How Ansible drives the ssh program: there is none here, and what they tune is always so."""

_FLAGS: Final = "AaCfgKkMNnqsTtVvXxYy"
_KNOWN_OPTIONS: Final[Mapping[str, str]] = {
    "port": "port",
    "user": "user",
    "hostname": "address",
    "identityfile": "key_file",
    "identitiesonly": "identities_only",
    "proxyjump": "proxy_jump",
    "proxycommand": "proxy_command",
    "userknownhostsfile": "known_hosts",
    "stricthostkeychecking": "strict",
    "connecttimeout": "connect_timeout",
    "serveraliveinterval": "keepalive",
    "hostkeyalias": "host_key_alias",
    "certificatefile": "certificate_file",
}


class SshOptions(Options):
    """Where and how to log on. ``host`` is the inventory name, for messages.

    What is None is for ``~/.ssh/config`` to say, and then for OpenSSH's own defaults.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    host: str
    address: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535)
    user: str | None = None
    password: Secret | None = None
    key_file: str | None = None
    key_passphrase: Secret | None = None
    certificate_file: str | None = None
    identities_only: bool | None = None
    host_keys: Literal["strict", "accept-new"] | None = None
    known_hosts: str | None = None
    host_key_alias: str | None = None
    proxy_jump: str | None = None
    proxy_command: str | None = None
    connect_timeout: float | None = Field(default=None, gt=0)
    keepalive: int | None = Field(default=None, ge=0)
    config_file: str | None = None
    codepage: int | None = None
    shell_type: str | None = None
    """What the host's OpenSSH starts: ``sh``, ``cmd``, ``powershell``; None: nobody said."""
    extra: Mapping[str, str] = Field(default_factory=dict)
    """Further options of ssh(1), ahead of what ~/.ssh/config says."""

    @field_validator("codepage")
    @classmethod
    def _known_codepage(cls, value: int | None) -> int | None:
        if value is not None:
            try:
                codecs.lookup(encoding_of(value))
            except LookupError:
                raise ValueError(f"there is no code page {value}") from None
        return value

    @field_validator("key_file", "config_file", "certificate_file")
    @classmethod
    def _existing_file(cls, value: str | None) -> str | None:
        if value is None:
            return None
        path = Path(value).expanduser()
        if not path.is_file():
            raise ValueError(f"there is no file {value}")
        return str(path)

    @property
    def encoding(self) -> str:
        """What the host's programs print."""
        return "utf-8" if self.codepage is None else encoding_of(self.codepage)


def encoding_of(codepage: int) -> str:
    """Python's name of a Windows code page."""
    return "utf-8" if codepage == 65001 else f"cp{codepage}"


def read_options(host: str, variables: Mapping[str, Any]) -> SshOptions:
    """The settings of one host. Raises InventoryError for what is unknown or contradictory."""
    _check_names(host, variables)
    found: dict[str, Any] = {"address": host}
    for name in _ARGUMENTS:
        if variables.get(name):
            more = _arguments(host, name, _plain(variables[name]))
            found.update({**more, "extra": {**found.get("extra", {}), **more.get("extra", {})}})
    for field, names in VARIABLES.items():
        for name in names:
            if (value := variables.get(name)) is not None:
                found[field] = _plain(value)
    for field in ("password", "key_passphrase"):
        if field in found:
            found[field] = Secret(str(found[field]))
    _read_host_keys(host, found)
    try:
        return SshOptions(host=host, **found)
    except ValidationError as error:
        raise InventoryError(f"{host}: {_first_problem(error)}") from None


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value


def _check_names(host: str, variables: Mapping[str, Any]) -> None:
    known = {name for names in VARIABLES.values() for name in names} | {*_ARGUMENTS}
    known |= _WITHOUT_EFFECT
    for name in variables:
        if name.startswith(("ansible_ssh_", "runner_ssh_")) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else ""
            raise InventoryError(f"{host}: unknown variable {name}", hint=hint)


def _read_host_keys(host: str, found: dict[str, Any]) -> None:
    """``ansible_host_key_checking: false`` accepts new keys; a changed one is never accepted."""
    checking = found.pop("host_key_checking", None)
    strict = found.pop("strict", None)
    if checking is not None and str(checking).lower() in ("false", "no", "off", "0"):
        found.setdefault("host_keys", "accept-new")
    if strict is not None and str(strict).lower() in ("no", "off", "accept-new"):
        found.setdefault("host_keys", "accept-new")
    if found.get("host_keys") not in (None, "strict", "accept-new"):
        raise InventoryError(
            f"{host}: runner_ssh_host_keys is strict or accept-new, not '{found['host_keys']}'"
        )


def _arguments(host: str, name: str, text: Any) -> dict[str, Any]:
    """What the words for the ssh program mean to us."""
    try:
        words = shlex.split(str(text))
    except ValueError as error:
        raise InventoryError(f"{host}: {name}: {error}") from None
    found: dict[str, Any] = {}
    extra: dict[str, str] = {}
    for option, value in _options(host, name, iter(words)):
        key = option.lower()
        if key in HARMLESS:
            continue
        if key in USED and key not in _KNOWN_OPTIONS:
            extra[key] = value
            continue
        if key not in _KNOWN_OPTIONS:
            near = difflib.get_close_matches(key, USED, n=1)
            hint = f"did you mean {near[0]}?" if near else "put it into ~/.ssh/config"
            raise InventoryError(f"{host}: {name}: the option {option} is not known", hint=hint)
        found[_KNOWN_OPTIONS[key]] = value
    return {**found, "extra": extra} if extra else found


_BETWEEN: Final = re.compile(r"\s*=\s*|\s+")
"""A keyword and its value have an equals sign between them, or space (ssh_config(5))."""
_LETTERS: Final = {"J": "proxyjump", "i": "identityfile", "p": "port", "l": "user"}


def _options(host: str, name: str, words: Iterator[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        letter, rest = word[1:2], word[2:]
        if not word.startswith("-") or word == "-":
            raise InventoryError(f"{host}: {name}: '{word}' is not an option of ssh")
        if letter == "o":
            text = rest or next(words, "")
            keyword, *value = _BETWEEN.split(text.strip(), maxsplit=1)
            yield keyword, "".join(value)
        elif word in ("-4", "-6"):
            yield "addressfamily", "inet" if letter == "4" else "inet6"
        elif letter in _LETTERS:
            yield _LETTERS[letter], rest or next(words, "")
        elif not all(c in _FLAGS for c in word[1:]):
            raise InventoryError(
                f"{host}: {name}: ssh's option '{word}' has no meaning here",
                hint="known: -o NAME=VALUE, -J, -i, -p, -l",
            )


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    text = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return text
    field = str(problem["loc"][0])
    return f"{VARIABLES.get(field, (field,))[0]}: {text}"
