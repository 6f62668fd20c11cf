"""A lab of twins: what each is, where it answers, and how an inventory would say that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runner.app.rehearsal.faults import Weather
from runner.app.rehearsal.planned import TIMES, Planned
from runner.app.wiring.twins import Twins
from runner.errors import InventoryError, RunnerError
from runner.lab.control.control import Lab, LabError

_USER: Final = "Administrator"
_ROOT: Final = "root"
"""Who logs on to a Linux twin; becoming somebody else changes nothing there."""
_PASSWORD: Final = "Twin-Passw0rd"
"""It protects nothing: twins live on loopback and hold nothing real."""
_SSH_CONFIG: Final = "ssh_config"
"""It is empty: what this user's own says of hosts does not hold for twins."""
_START_SECONDS: Final = 300.0


def raise_twins(
    planned: Planned, plan: Weather, home: Path, *, with_local: bool
) -> tuple[Lab, Twins]:
    """Start the lab. Raises RunnerError when it does not come up."""
    spec = {"hosts": [_spec(planned, plan, name) for name in planned.systems]}
    try:
        lab = Lab.start(spec, home / "lab", timeout=_START_SECONDS)
    except LabError as error:
        raise RunnerError(f"the twins cannot be started: {error}") from error
    (home / _SSH_CONFIG).touch(0o600)
    ports = {host.name: host.port for host in lab.hosts()}
    settings = {
        name: _settings(planned, name, ports[lab_name], home)
        for name, lab_name in planned.lab_names.items()
    }
    return lab, Twins(settings, planned.missing, with_local)


def _spec(planned: Planned, plan: Weather, name: str) -> dict[str, Any]:
    system = planned.systems[name]
    ssh = planned.over_ssh(name)
    linux = system.is_linux
    if not isinstance(system.state, Mapping):
        raise InventoryError(f"{name}: lab_state is a mapping")
    shell = "sh" if linux else str(planned.connections[name].get("ansible_shell_type", "cmd"))
    return {
        "name": planned.lab_names[name],
        "port": 0,
        "scheme": "ssh" if ssh else "http",
        **({"shell": shell} if ssh else {}),
        "user": _ROOT if linux else _USER,
        "password": _PASSWORD,
        "os": system.os,
        "state": {**system.state, **plan.states.get(name, {})},
    }


def _settings(planned: Planned, name: str, port: int, home: Path) -> dict[str, Any]:
    """How a twin is reached, as an inventory would say it."""
    known = planned.connections[name]
    linux = planned.systems[name].is_linux
    common = {
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": _ROOT if linux else _USER,
        "ansible_password": _PASSWORD,
    }
    if planned.over_ssh(name):
        return {
            **common,
            "ansible_connection": "ssh",
            "ansible_shell_type": "sh" if linux else known.get("ansible_shell_type", "cmd"),
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={home / 'lab' / 'known_hosts'}",
            "runner_ssh_config": str(home / _SSH_CONFIG),
        }
    return {
        **common,
        "ansible_connection": "winrm",
        "ansible_winrm_scheme": "http",
        "ansible_winrm_transport": "ntlm",
        "ansible_winrm_message_encryption": "always",
        **{key: known[key] for key in TIMES if key in known},
    }
