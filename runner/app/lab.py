"""``runner lab``: turn an inventory into a simulated fleet, and look into it.

The lab itself knows nothing of the runner. What it is told about a host stands in the inventory's
variables ``lab_os``, ``lab_backend`` and ``lab_state``, beside the ordinary connection variables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from runner.app.wiring.fleet import Fleet, load_fleet
from runner.app.wiring.links import connection_settings
from runner.engine.variables.variables import Variables
from runner.errors import InventoryError, RunnerError
from runner.journal.place import journal_path
from runner.lab.control.control import Lab, LabError
from runner.lab.linux.found import missing as no_linux_here
from runner.lab.linux.kinds import LINUX_KEYS
from runner.model.inventory import Host
from runner.model.secret import Secret


def directory() -> Path:
    """Where the running lab keeps its files."""
    return journal_path().parent / "lab"


def up(paths: tuple[Path, ...]) -> list[str]:
    """Serve every host of the inventory that has ``lab_os``; gives lines about what is served."""
    fleet = load_fleet(paths, ())
    hosts = [_host(fleet, h) for h in fleet.inventory.hosts.values() if "lab_os" in h.vars]
    if not hosts:
        raise InventoryError(
            "no host of this inventory says what it simulates",
            hint="give hosts the variable 'lab_os', as in inventories/lab",
        )
    hosts, left_out = _possible(hosts)
    with _translated():
        lab = Lab.start({"hosts": hosts}, directory())
        served = [f"{h.name:<12} {h.scheme}://{h.address}:{h.port}  {h.os}" for h in lab.hosts()]
        return [*served, *left_out]


def _possible(hosts: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Those that this machine can serve, and what to say of the others. Raises InventoryError."""
    linux = [host for host in hosts if host["os"] in LINUX_KEYS]
    why = no_linux_here() if linux else ""
    if not why:
        return hosts, []
    rest = [host for host in hosts if host not in linux]
    if not rest:
        raise InventoryError(f"no Linux host can be simulated here: {why}")
    return rest, [f"{host['name']:<12} left out: {why}" for host in linux]


def down() -> None:
    """Stop the lab and forget its state."""
    with _translated():
        Lab.attach(directory()).stop()


def names() -> list[str]:
    """The hosts that are served."""
    with _translated():
        return [host.name for host in Lab.attach(directory()).hosts()]


def state(host: str) -> Mapping[str, Any]:
    """Everything about one simulated host."""
    with _translated():
        return Lab.attach(directory()).state(host)


def execute(host: str, line: str) -> tuple[int, str, str]:
    """Run a command line on a simulated host, past WinRM: exit code, output, errors."""
    with _translated():
        code, stdout, stderr = Lab.attach(directory()).exec(host, line)
    return code, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace")


def power(host: str, action: Literal["on", "off", "crash"]) -> None:
    """Switch a simulated host on or off, or pull its plug."""
    with _translated():
        Lab.attach(directory()).power(host, action)


def summary(state: Mapping[str, Any]) -> list[str]:
    """How much there is of each kind of thing."""
    return [
        f"{name:<14} {len(part) if isinstance(part, dict | list) else part}"
        for name, part in state.items()
    ]


def as_json(data: Mapping[str, Any]) -> str:
    """Canonical JSON: equal states give equal bytes."""
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False)


def _host(fleet: Fleet, host: Host) -> dict[str, Any]:
    variables = Variables(fleet.inventory, {}, check_mode=False, playbook_dir="")
    seen = {**host.vars, **connection_settings(fleet, variables.of_host(host.name))}
    over_ssh = seen.get("ansible_connection") == "ssh"
    scheme = "ssh" if over_ssh else seen.get(
        "ansible_winrm_scheme", "https" if seen.get("ansible_port") == 5986 else "http"
    )  # fmt: skip
    for name in ("ansible_port", "ansible_user", "ansible_password"):
        if name not in seen:
            raise InventoryError(f"{host.name}: '{name}' is missing, the lab needs it")
    password = seen["ansible_password"]
    return {
        "name": host.name,
        "address": str(seen.get("ansible_host", "127.0.0.1")),
        "port": seen["ansible_port"],
        "scheme": scheme,
        **({"shell": _shell(seen)} if over_ssh else {}),
        "user": seen["ansible_user"],
        "password": password.reveal() if isinstance(password, Secret) else str(password),
        "os": seen["lab_os"],
        "backend": seen.get("lab_backend", "simulated"),
        "state": dict(seen.get("lab_state", {})),
    }


def _shell(seen: Mapping[str, Any]) -> str:
    return "sh" if seen["lab_os"] in LINUX_KEYS else str(seen.get("ansible_shell_type", "cmd"))


class _translated:  # noqa: N801 - used as a with-word
    """The lab's own errors as ours: it must not know them."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, LabError):
            raise RunnerError(str(error)) from error
