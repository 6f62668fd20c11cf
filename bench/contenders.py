"""How each client is started on a case: command line, environment, and the files that it reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from bench import cases
from bench.cases import Case

ROOT: Final = Path(__file__).resolve().parent.parent
ANSIBLE: Final = ROOT / ".venv-bench" / "bin"
THREADS: Final = 50
"""What pywinrm and pypsrp get: more cost more CPU and win nothing without latency."""

USER: Final = "Administrator"
PASSWORD: Final = "Bench-Passw0rd"
"""Of the simulated hosts; the endpoint has its own copy."""

_SERVICES: Final = ("Spooler", "EventLog", "Dhcp", "Schedule", "LanmanWorkstation")
"""They run and start by themselves on every Windows."""

Target = tuple[str, int]
"""Address and port of a simulated host."""


@dataclass(frozen=True, slots=True)
class Start:
    """A process to start."""

    argv: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contender:
    """One client. ``missing`` says why it cannot be measured here, or nothing."""

    name: str
    start: Callable[[Case, Path], Start]
    missing: Callable[[], str]


def write_files(case: Case, targets: Sequence[Target], directory: Path) -> None:
    """What the clients read: an inventory, playbooks, and the same as JSON."""
    lines = [
        "all:",
        "  vars:",
        "    ansible_connection: winrm",
        "    ansible_winrm_scheme: http",
        f"    ansible_winrm_transport: {case.auth}",
        f"    ansible_winrm_message_encryption: {_encryption(case)}",
        "    ansible_winrm_read_timeout_sec: 600",
        f"    ansible_user: {USER}",
        f"    ansible_password: {PASSWORD}",
        "  hosts:",
    ]
    lines += [
        f"    host{number:05}: {{ansible_host: {address}, ansible_port: {port}}}"
        for number, (address, port) in enumerate(targets)
    ]
    (directory / "inventory.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for workload in ("command", "service", "registry", "raw"):
        play = ["- hosts: all", "  gather_facts: false", "  tasks:"]
        for number in range(case.tasks):
            play += [f"    - name: task {number + 1}", f"      {_task(workload, number)}"]
        (directory / f"{workload}.yml").write_text("\n".join(play) + "\n", encoding="utf-8")
    for name, threads in {"pool": THREADS, "wide": max(THREADS, case.hosts)}.items():
        work = {
            "targets": targets,
            "lines": [_line(case.workload, number) for number in range(case.tasks)],
            "threads": threads,
            "auth": case.auth,
            "user": USER,
            "password": PASSWORD,
        }
        (directory / f"{name}.json").write_text(json.dumps(work), encoding="utf-8")


def _task(workload: str, number: int) -> str:
    service = _SERVICES[number % len(_SERVICES)]
    return {
        "command": "ansible.windows.win_command: hostname",
        "service": "ansible.windows.win_service: "
        f"{{name: {service}, state: started, start_mode: auto}}",
        "registry": "ansible.windows.win_regedit: "
        f"{{path: 'HKLM:\\SOFTWARE\\Bench', name: value{number}, type: dword, data: 1}}",
        "raw": "ansible.builtin.raw: hostname",
    }[workload]


def _line(workload: str, number: int) -> str:
    """What somebody would send who does it by hand."""
    return {
        "command": "hostname",
        "service": f"sc query {_SERVICES[number % len(_SERVICES)]}",
        "registry": f"reg add HKLM\\SOFTWARE\\Bench /v value{number} /t REG_DWORD /d 1 /f",
    }[workload]


def _encryption(case: Case) -> str:
    return "never" if case.auth == "basic" else "always"


def _environment(**more: str) -> dict[str, str]:
    """The caller's without what would change a client's ways, or send it over a proxy."""
    unwanted = ("ANSIBLE_", "RUNNER_", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
    kept = {k: v for k, v in kept.items() if not k.lower().endswith("_proxy")}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def _runner(*options: str) -> Callable[[Case, Path], Start]:
    def start(case: Case, directory: Path) -> Start:
        # Connections are paced by default, to spare domain controllers; here that is not the point.
        argv = [sys.executable, "-m", "runner", "run", str(directory / f"{case.workload}.yml")]
        argv += ["-i", str(directory / "inventory.yml"), "--connect-rate", "0", *options]
        return Start(argv, _environment(RUNNER_HOME=str(directory / "home")))

    return start


def _program(name: str, work: str = "pool") -> Callable[[Case, Path], Start]:
    def start(_case: Case, directory: Path) -> Start:
        argv = [sys.executable, "-m", f"bench.clients.{name}", str(directory / f"{work}.json")]
        return Start(argv, _environment())

    return start


def _ansible(forks: int | None, playbook: str | None = None) -> Callable[[Case, Path], Start]:
    def start(case: Case, directory: Path) -> Start:
        play = directory / f"{playbook or case.workload}.yml"
        argv = [str(ANSIBLE / "ansible-playbook"), "-i", str(directory / "inventory.yml")]
        argv += ["-f", str(forks or case.hosts), str(play)]
        config = directory / "ansible.cfg"
        config.write_text("[defaults]\n", encoding="utf-8")
        return Start(
            argv,
            _environment(ANSIBLE_CONFIG=str(config), ANSIBLE_HOME=str(directory / "ansible")),
        )

    return start


def _there() -> str:
    return ""


@cache
def _help() -> str:
    argv = [sys.executable, "-m", "runner", "run", "--help"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True, env=_environment())
    return said.stdout


def _ours(name: str, option: str) -> Contender:
    """This runner with an option, which it may not have (yet, or any more)."""
    return Contender(
        name, _runner(option), lambda: "" if option in _help() else f"the runner has no {option}"
    )


def _no_ansible() -> str:
    found = (ANSIBLE / "ansible-playbook").exists()
    return "" if found else "no .venv-bench: make bench installs ansible-core there"


CONTENDERS: Final = {
    contender.name: contender
    for contender in (
        Contender(cases.RUNNER, _runner(), _there),
        _ours(cases.NO_FUSE, "--no-fuse"),
        _ours(cases.NO_LEASE, "--no-lease"),
        Contender(cases.PYWINRM, _program("pywinrm_tuned"), _there),
        Contender(cases.PYWINRM_WIDE, _program("pywinrm_tuned", "wide"), _there),
        Contender(cases.NAIVE, _program("pywinrm_naive"), _there),
        Contender(cases.PYPSRP, _program("pypsrp_pool"), _there),
        Contender(cases.ANSIBLE_5, _ansible(5), _no_ansible),
        Contender(cases.ANSIBLE_50, _ansible(50), _no_ansible),
        Contender(cases.ANSIBLE_ALL, _ansible(None), _no_ansible),
        Contender(cases.ANSIBLE_RAW, _ansible(50, "raw"), _no_ansible),
    )
}
