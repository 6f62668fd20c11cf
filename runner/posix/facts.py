"""The facts of a POSIX host: one bundle of reads, under Ansible's names without ``ansible_``.

Each command may fail alone; what it would have told is then not there. Values are Ansible's, so
that conditions carry over; what needs a program of Ansible's on the host (Python, facter,
virtualization, devices) is not gathered.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Command, Output, Read, Reply, Script, read
from runner.posix import distribution, network

_READS: Final[Mapping[str, str]] = {
    "uname": "for o in s n r v m; do uname -$o; done; getconf LONG_BIT",
    "os-release": "cat /etc/os-release || cat /usr/lib/os-release",
    "release": "cat /etc/debian_version || cat /etc/alpine-release || cat /etc/redhat-release",
    "macos": 'if [ "$(uname -s)" = Darwin ]; then sw_vers -productVersion; fi',
    "fqdn": "hostname -f || hostname",
    "user": "id -un; id -u; id -g; id -ru; id -rg",
    "account": 'n=$(id -un); getent passwd "$n" || grep "^$n:" /etc/passwd',
    "env": "env -0 2>/dev/null || env",
    "date": "LC_ALL=C date '+%s %N %z %Z'",
    "uptime": "cat /proc/uptime",
    "memory": "cat /proc/meminfo",
    "processor": "grep -E '^(processor|physical id|siblings|cpu cores)' /proc/cpuinfo",
    "packages": "for p in dnf yum apt-get zypper apk pacman; do "
    'command -v $p >/dev/null && echo $p; done',
    "init": "cat /proc/1/comm",
    "route": "ip -4 route get 8.8.8.8",
    "addresses": "ip -o addr show",
    "links": "ip -o link show",
}  # fmt: skip

_MACHINES: Final = re.compile(r"i[3456]86|i86pc")
_PACKAGES: Final = {"apt-get": "apt"}
_MEMORY: Final = {
    "MemTotal": "memtotal_mb", "MemFree": "memfree_mb",
    "SwapTotal": "swaptotal_mb", "SwapFree": "swapfree_mb",
}  # fmt: skip
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def gather(timeout: float | None = None) -> Generator[Read, Reply, dict[str, Any]]:
    """Ask a host for its facts. ``timeout`` in seconds for each command.

    Raises ModuleError when it does not even tell what system it is.
    """
    commands: list[Command] = [Script("posix", text, timeout=timeout) for text in _READS.values()]
    outputs = dict(zip(_READS, (yield from read(*commands)), strict=True))
    names = outputs["uname"].stdout.splitlines()
    if len(names) < 5:
        raise ModuleError(
            "the host did not tell its system (uname)",
            hint="is it a Unix host, and may this account run commands?",
        )
    return {
        **_system(names),
        **distribution.facts(
            names[0], names[2], _text(outputs["os-release"]), _text(outputs["release"]),
            _text(outputs["macos"]),
        ),
        **_names(names[1], _text(outputs["fqdn"]).strip()),
        **_user(outputs["user"], outputs["account"]),
        "env": _environment(outputs["env"].stdout),
        **_times(_text(outputs["date"]), _text(outputs["uptime"])),
        **_memory(_text(outputs["memory"])),
        **_processors(_text(outputs["processor"])),
        **_managers(outputs),
        **network.facts(
            _text(outputs["route"]), _text(outputs["addresses"]), _text(outputs["links"])
        ),
    }  # fmt: skip


def _text(output: Output) -> str:
    return output.stdout if output.code == 0 else ""


def _system(names: list[str]) -> dict[str, Any]:
    system, _, release, version, machine = names[:5]
    facts = {
        "system": system,
        "kernel": release,
        "kernel_version": version,
        "machine": machine,
        "architecture": "i386" if _MACHINES.fullmatch(machine) else machine,
    }
    if len(names) > 5 and names[5].isdigit():
        facts["userspace_bits"] = names[5]
    return facts


def _names(node: str, fqdn: str) -> dict[str, Any]:
    full = fqdn or node
    return {
        "nodename": node,
        "hostname": node.partition(".")[0],
        "fqdn": full,
        "domain": full.partition(".")[2],
    }


def _user(output: Output, account: Output) -> dict[str, Any]:
    lines = output.stdout.split()
    if output.code != 0 or len(lines) != 5:
        return {}
    name, uid, gid, real_uid, real_gid = lines
    facts: dict[str, Any] = {
        "user_id": name,
        "user_uid": int(uid),
        "user_gid": int(gid),
        "effective_user_id": int(uid),
        "effective_group_id": int(gid),
        "real_user_id": int(real_uid),
        "real_group_id": int(real_gid),
    }
    fields = account.stdout.splitlines()[0].split(":") if account.stdout.strip() else []
    if len(fields) == 7:
        facts |= {"user_gecos": fields[4], "user_dir": fields[5], "user_shell": fields[6]}
    return facts


def _environment(text: str) -> dict[str, str]:
    entries = text.split("\0") if "\0" in text else text.splitlines()
    pairs = (entry.partition("=") for entry in entries)
    return {name: value for name, equals, value in pairs if name and equals and name != "_"}


def _times(date: str, uptime: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    words = date.split()
    if len(words) == 4 and words[0].isdigit():
        epoch, nano, offset, name = words
        fraction = int(nano[:6]) if nano.isdigit() else 0
        facts["date_time"] = date_time(int(epoch), fraction, offset, name)
    seconds = uptime.partition(".")[0]
    if seconds.isdigit():
        facts["uptime_seconds"] = int(seconds)
    return facts


def date_time(epoch: int, micro: int, offset: str, zone: str) -> dict[str, Any]:
    """Ansible's ``date_time`` of a moment: local time by ``offset`` (``+0200``)."""
    sign = -1 if offset.startswith("-") else 1
    minutes = sign * (int(offset[1:3]) * 60 + int(offset[3:5])) if len(offset) == 5 else 0
    utc = datetime.fromtimestamp(epoch, UTC).replace(microsecond=micro)
    local = utc.astimezone(timezone(timedelta(minutes=minutes)))
    return {
        "date": f"{local:%Y-%m-%d}",
        "day": f"{local:%d}",
        "epoch": str(epoch),
        "epoch_int": str(epoch),
        "hour": f"{local:%H}",
        "iso8601": f"{utc:%Y-%m-%dT%H:%M:%SZ}",
        "iso8601_basic": f"{local:%Y%m%dT%H%M%S%f}",
        "iso8601_basic_short": f"{local:%Y%m%dT%H%M%S}",
        "iso8601_micro": f"{utc:%Y-%m-%dT%H:%M:%S.%fZ}",
        "minute": f"{local:%M}",
        "month": f"{local:%m}",
        "second": f"{local:%S}",
        "time": f"{local:%H:%M:%S}",
        "tz": zone,
        "tz_offset": offset,
        "weekday": _WEEKDAYS[local.weekday()],
        "weekday_number": str(local.isoweekday() % 7),
        "weeknumber": f"{local:%W}",
        "year": f"{local:%Y}",
    }


def _memory(text: str) -> dict[str, int]:
    found = re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)
    return {_MEMORY[name]: int(kb) // 1024 for name, kb in found if name in _MEMORY}


def _processors(text: str) -> dict[str, int]:
    """Sockets, cores, threads; where the kernel names no sockets each processor is one."""
    pairs = [(k.strip(), v.strip()) for k, _, v in (line.partition(":") for line in
                                                    text.splitlines())]  # fmt: skip
    count = sum(1 for key, _ in pairs if key == "processor")
    if not count:
        return {}
    sockets = {value for key, value in pairs if key == "physical id"}
    number = {key: int(value) for key, value in pairs if value.isdigit()}
    cores = number.get("cpu cores", 1) if sockets else 1
    threads = max(1, number.get("siblings", cores) // cores) if sockets else 1
    return {
        "processor_count": len(sockets) or count,
        "processor_cores": cores,
        "processor_threads_per_core": threads,
        "processor_vcpus": (len(sockets) or count) * cores * threads,
        "processor_nproc": count,
    }


def _managers(outputs: Mapping[str, Output]) -> dict[str, str]:
    facts: dict[str, str] = {}
    if found := outputs["packages"].stdout.split():
        facts["pkg_mgr"] = _PACKAGES.get(found[0], found[0])
    if _text(outputs["init"]).strip() == "systemd":
        facts["service_mgr"] = "systemd"
    return facts
