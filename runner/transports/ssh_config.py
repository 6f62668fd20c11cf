"""Where a host really is: inventory variables over ``~/.ssh/config`` over OpenSSH's defaults."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import paramiko

from runner.errors import PolicyRefused
from runner.model.secret import Secret
from runner.transports.ssh_options import SshOptions

USER_CONFIG: Final = "~/.ssh/config"
SYSTEM_CONFIG: Final = "/etc/ssh/ssh_config"
_KNOWN_HOSTS: Final = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
_SYSTEM_KNOWN_HOSTS: Final = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
_KEEPALIVE: Final = 15


@dataclass(frozen=True, slots=True)
class Target:
    """One end to log on to, with everything decided.

    ``jumps`` are the hosts on the way, the first one reached directly. ``key_files`` are tried in
    this order; ``key_is_named`` says that a person named one, so that it must exist.
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
    accept_new: bool
    known_hosts: tuple[str, ...]
    host_key_name: str
    proxy_command: str | None
    jumps: tuple[Target, ...]
    connect_timeout: float | None
    keepalive: int

    @property
    def endpoint(self) -> str:
        """For people."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"ssh://{self.user}@{address}:{self.port}"


def resolve(options: SshOptions, depth: int = 0) -> Target:
    """What the inventory, ~/.ssh/config and the defaults make of it together.

    Raises PolicyRefused when the configuration cannot be read or its jumps go in a circle.
    """
    if depth > 8:
        raise PolicyRefused(
            f"ProxyJump of {options.address} leads through more than 8 hosts",
            hint="look for a circle in ~/.ssh/config",
        )
    said = _lookup(options.address, options.config_file)
    jumps = _jumps(options.proxy_jump or said.get("proxyjump"), options, depth)
    named = options.key_file is not None
    files = (options.key_file,) if options.key_file else tuple(said.get("identityfile", ()))
    only = options.identities_only
    if only is None:
        only = str(said.get("identitiesonly", "no")).lower() == "yes"
    address = said.get("hostname", options.address)
    port = options.port or int(said.get("port", 22))
    alias = options.host_key_alias or said.get("hostkeyalias")
    strict = str(said.get("stricthostkeychecking", "yes")).lower()
    hosts_file = options.known_hosts or said.get("userknownhostsfile")
    timeout = options.connect_timeout or said.get("connecttimeout")
    certificates = options.certificate_file or said.get("certificatefile") or ()
    return Target(
        name=options.host,
        address=address,
        port=port,
        user=options.user or said.get("user") or getpass.getuser(),
        password=options.password,
        key_files=tuple(str(Path(f).expanduser()) for f in files) or _default_keys(),
        key_is_named=named,
        key_passphrase=options.key_passphrase,
        certificate_files=(certificates,) if isinstance(certificates, str) else tuple(certificates),
        use_agent=not only,
        accept_new=(options.host_keys or ("accept-new" if _lenient(strict) else "strict"))
        == "accept-new",
        known_hosts=(*(hosts_file.split() if hosts_file else _KNOWN_HOSTS), *_SYSTEM_KNOWN_HOSTS),
        host_key_name=alias or (address if port == 22 else f"[{address}]:{port}"),
        proxy_command=None if jumps else _none(options.proxy_command or said.get("proxycommand")),
        jumps=jumps,
        connect_timeout=float(timeout) if timeout else None,
        keepalive=_KEEPALIVE if options.keepalive is None else options.keepalive,
    )


def _lenient(word: str) -> bool:
    return word in ("no", "off", "accept-new")


def _none(command: str | None) -> str | None:
    return None if command is None or command.lower() == "none" else command


def _default_keys() -> tuple[str, ...]:
    folder = Path("~/.ssh").expanduser()
    names = ("id_ed25519", "id_ecdsa", "id_rsa")
    return tuple(str(folder / name) for name in names if (folder / name).is_file())


def _jumps(text: Any, options: SshOptions, depth: int) -> tuple[Target, ...]:
    """``[user@]host[:port]``, several with commas; each is looked up in the configuration too."""
    if not text or str(text).lower() == "none":
        return ()
    found: list[Target] = []
    for part in str(text).split(","):
        user, _, rest = part.strip().removeprefix("ssh://").rpartition("@")
        address, _, port = rest.rpartition(":") if rest.count(":") == 1 else (rest, "", "")
        jump = SshOptions(
            host=f"{options.host} (by {address})",
            address=address.strip("[]"),
            port=int(port) if port else None,
            user=user or None,
            key_passphrase=options.key_passphrase,
            host_keys=options.host_keys,
            known_hosts=options.known_hosts,
            config_file=options.config_file,
        )
        target = resolve(jump, depth + 1)
        found += [*target.jumps, target]
    return tuple(found)


def _lookup(address: str, config_file: str | None) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    files = (config_file,) if config_file else (USER_CONFIG, SYSTEM_CONFIG)
    for name in files:
        config = _parsed(str(Path(name).expanduser()))
        if config is not None:
            for key, value in dict(config.lookup(address)).items():
                merged.setdefault(key, value)
    return merged


@lru_cache(maxsize=16)
def _parsed(path: str) -> paramiko.SSHConfig | None:
    """The file, read once in a run; None when there is none."""
    try:
        return paramiko.SSHConfig.from_path(path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, paramiko.SSHException) as error:
        raise PolicyRefused(
            f"cannot read {path}: {error}",
            hint="mend the file, or set runner_ssh_config to another one",
        ) from None
