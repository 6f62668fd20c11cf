"""pkgmgr.exe of Vista and Server 2008: install and remove packages from cab files."""

from __future__ import annotations

import re

from runner.lab.state.process import Process
from runner.lab.toolkit.installing import find_package, verdict

RESTART = 3010


def main(process: Process) -> int:
    """`pkgmgr /ip /m:CAB` and `pkgmgr /up:IDENTITY`, with /quiet and /norestart."""
    words = process.args
    flags = {word.lower() for word in words}
    source = next((word[3:] for word in words if word.lower().startswith("/m:")), None)
    removed = next((word[4:] for word in words if word.lower().startswith("/up:")), None)
    known = {"/ip", "/quiet", "/norestart"}
    other = {f for f in flags if f not in known and not re.match(r"/(m|up|s|l):", f)}
    if other or any(flag.startswith("/s:") for flag in flags):
        process.not_simulated(f"pkgmgr {' '.join(sorted(other or flags))}")
    process.mutates()
    if removed is not None:
        return _remove(process, removed)
    if "/ip" not in flags or source is None:
        return 87
    name = find_package(process, source.rstrip(";"))
    if name is None or name.ending != "cab":
        return 0x800F0805
    answer, update = verdict(process, name)
    if answer == "not applicable" or update is None:
        return 0x800F081E
    if answer != "applies":
        return RESTART if answer == "pending" else 0
    process.sleep(process.host.spec.update_seconds)
    process.host.servicing.install(update, "Package Manager")
    return RESTART


def _remove(process: Process, package: str) -> int:
    servicing = process.host.servicing
    names = {name.lower(): name for name, _ in servicing.packages()}
    if package.lower() not in names:
        return 0x800F0805
    process.sleep(process.host.spec.update_seconds)
    servicing.remove(names[package.lower()])
    return RESTART
