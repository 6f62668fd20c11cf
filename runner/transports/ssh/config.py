"""Where a host really is: inventory variables over ``~/.ssh/config`` over OpenSSH's defaults."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runner.errors import PolicyRefused
from runner.model.secret import Secret
from runner.transports.ssh.config_file import lookup, with_tokens
from runner.transports.ssh.options import SshOptions

_KNOWN_HOSTS: Final = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
_SYSTEM_KNOWN_HOSTS: Final = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
_KEEPALIVE: Final = 15
_COUNT_MAX: Final = 3
_ALGORITHMS: Final = ("ciphers", "macs", "kexalgorithms", "hostkeyalgorithms")
_FAMILIES: Final = {"any": 0, "inet": int(socket.AF_INET), "inet6": int(socket.AF_INET6)}
_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "publickey": ("pubkeyauthentication",),
    "password": ("passwordauthentication",),
    "keyboard-interactive": ("kbdinteractiveauthentication", "challengeresponseauthentication"),
}
"""The ways to log on that there are here, each with the options that switch it off."""


@dataclass(frozen=True, slots=True)
class Target:
    """One end to log on to, with everything decided.

    ``jumps`` are the hosts on the way, the first one reached directly. ``key_files`` are tried in
    this order; ``key_is_named`` says that a person named one, so that it must exist. Of the
    agent's keys ``only_named`` offers those of ``key_files``; ``agent`` is its socket where that
    is not the one of the environment. ``methods`` are the ways to log on that may be tried.
    ``may_ask``: a person may be asked for a passphrase. ``keepalive`` in seconds, lost after
    ``count_max`` of them without an answer.
    """

    name: str
    address: str
    port: int
    user: str
    password: Secret | None
    key_files: tuple[str, ...]
    key_is_named: bool
    key_passphrase: Secret | None
    certificate_files: tuple[str, ...]
    use_agent: bool
    only_named: bool
    agent: str
    methods: frozenset[str]
    may_ask: bool
    accept_new: bool
    known_hosts: tuple[str, ...]
    hash_names: bool
    host_key_name: str
    algorithms: tuple[tuple[str, str], ...]
    family: int
    proxy_command: str | None
    jumps: tuple[Target, ...]
    connect_timeout: float | None
    keepalive: int
    count_max: int

    @property
    def endpoint(self) -> str:
        """For people."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"ssh://{self.user}@{address}:{self.port}"


def resolve(options: SshOptions, depth: int = 0) -> Target:
    """What the inventory, ~/.ssh/config and the defaults make of it together.

    Raises PolicyRefused when the configuration cannot be read or followed, or its jumps go in a
    circle.
    """
    if depth > 8:
        raise PolicyRefused(
            f"ProxyJump of {options.address} leads through more than 8 hosts",
            hint="look for a circle in ~/.ssh/config",
        )
    said = {**lookup(options.address, options.user, options.config_file), **options.extra}
    address = said.get("hostname", options.address)
    port = options.port or _number(said, "port", 22)
    user = options.user or said.get("user") or getpass.getuser()
    jumps = _jumps(
        options.proxy_jump or said.get("proxyjump"), options, (address, port, user), depth
    )
    command = None if jumps else _none(options.proxy_command or said.get("proxycommand"))
    if command is not None:
        command = with_tokens(command, h=address, p=port, r=user, n=options.address)
    alias = options.host_key_alias or said.get("hostkeyalias")
    timeout = options.connect_timeout or said.get("connecttimeout")
    agent = str(said.get("identityagent", "SSH_AUTH_SOCK"))
    keepalive = options.keepalive
    return Target(
        name=options.host,
        address=address,
        port=port,
        user=user,
        password=options.password,
        **_keys(options, said),
        use_agent=agent.lower() != "none",
        agent="" if agent in ("SSH_AUTH_SOCK", "none") else str(Path(agent).expanduser()),
        methods=_methods(said),
        may_ask=not _yes(said, "batchmode"),
        **_trust(options, said),
        host_key_name=alias or (address if port == 22 else f"[{address}]:{port}"),
        algorithms=tuple((key, str(said[key])) for key in _ALGORITHMS if key in said),
        family=_FAMILIES.get(str(said.get("addressfamily", "any")).lower(), 0),
        proxy_command=command,
        jumps=jumps,
        connect_timeout=float(timeout) if timeout else None,
        keepalive=_number(said, "serveraliveinterval", _KEEPALIVE)
        if keepalive is None
        else keepalive,
        count_max=_number(said, "serveralivecountmax", _COUNT_MAX),
    )


def _keys(options: SshOptions, said: Mapping[str, Any]) -> dict[str, Any]:
    files = [options.key_file] if options.key_file else _listed(said.get("identityfile"))
    only = options.identities_only
    certificates = options.certificate_file or said.get("certificatefile")
    return {
        "key_files": tuple(str(Path(f).expanduser()) for f in files) or _default_keys(),
        "key_is_named": options.key_file is not None,
        "key_passphrase": options.key_passphrase,
        "certificate_files": tuple(_listed(certificates)),
        "only_named": _yes(said, "identitiesonly") if only is None else only,
    }


def _trust(options: SshOptions, said: Mapping[str, Any]) -> dict[str, Any]:
    strict = str(said.get("stricthostkeychecking", "yes")).lower()
    lenient = "accept-new" if strict in ("no", "off", "accept-new") else "strict"
    own = str(options.known_hosts or said.get("userknownhostsfile") or "").split()
    system = str(said.get("globalknownhostsfile") or "").split()
    files = [*(own or _KNOWN_HOSTS), *(system or _SYSTEM_KNOWN_HOSTS)]
    return {
        "accept_new": (options.host_keys or lenient) == "accept-new",
        "known_hosts": tuple(name for name in files if name.lower() != "none"),
        "hash_names": _yes(said, "hashknownhosts"),
    }


def _methods(said: Mapping[str, Any]) -> frozenset[str]:
    wanted = {
        method
        for method, switches in _METHODS.items()
        if not any(str(said.get(switch, "yes")).lower() == "no" for switch in switches)
    }
    preferred = said.get("preferredauthentications")
    return frozenset(wanted & set(str(preferred).split(",")) if preferred else wanted)


def _yes(said: Mapping[str, Any], name: str) -> bool:
    return str(said.get(name, "no")).lower() == "yes"


def _number(said: Mapping[str, Any], name: str, default: int) -> int:
    try:
        return int(said.get(name, default))
    except ValueError:
        raise PolicyRefused(f"{name} is a number, not '{said[name]}'") from None


def _listed(value: Any) -> list[str]:
    if not value:
        return []
    return [value] if isinstance(value, str) else [str(one) for one in value]


def _none(command: str | None) -> str | None:
    return None if command is None or command.lower() == "none" else command


def _split(text: str) -> tuple[str, str]:
    """A host and its port; an address of IPv6 with a port stands in brackets."""
    if text.startswith("["):
        address, _, rest = text[1:].partition("]")
        return address, rest.removeprefix(":")
    if text.count(":") != 1:
        return text, ""
    address, _, port = text.partition(":")
    return address, port


def _default_keys() -> tuple[str, ...]:
    folder = Path("~/.ssh").expanduser()
    names = ("id_ed25519", "id_ecdsa", "id_rsa")
    return tuple(str(folder / name) for name in names if (folder / name).is_file())


def _jumps(
    text: Any, options: SshOptions, at: tuple[str, int, str], depth: int
) -> tuple[Target, ...]:
    """``[user@]host[:port]``, several with commas; each is looked up in the configuration too."""
    if not text or str(text).lower() == "none":
        return ()
    found: list[Target] = []
    host, at_port, at_user = at
    for part in with_tokens(str(text), h=host, p=at_port, r=at_user, n=options.address).split(","):
        user, _, rest = part.strip().removeprefix("ssh://").rpartition("@")
        address, port = _split(rest)
        jump = SshOptions(
            host=f"{options.host} (by {address})",
            address=address,
            port=int(port) if port else None,
            user=user or None,
            key_file=None,
            key_passphrase=options.key_passphrase,
            host_keys=options.host_keys,
            known_hosts=options.known_hosts,
            config_file=options.config_file,
        )
        target = resolve(jump, depth + 1)
        found += [*target.jumps, target]
    return tuple(found)
