"""wusa.exe: the stand-alone installer. Over WinRM it is denied (Microsoft KB2773898)."""

from __future__ import annotations

import re

from runner.lab.state.process import Process
from runner.lab.toolkit.installing import find_package, verdict

ACCESS_DENIED, FILE_NOT_FOUND, BAD_PARAMETER, RESTART = 5, 2, 87, 3010
ALREADY_INSTALLED = 0x00240006  # WU_S_ALREADY_INSTALLED, 2359302
ALREADY_UNINSTALLED = 0x00240007  # WU_S_ALREADY_UNINSTALLED, 2359303
NOT_APPLICABLE = 0x80240017  # WU_E_NOT_APPLICABLE
SERVICE_DISABLED = 0x80070422


def main(process: Process) -> int:
    """Install or remove; only what a scheduled task runs as SYSTEM gets that far."""
    words = process.args
    flags = {word.lower() for word in words if word.startswith("/")}
    files = [word for word in words if not word.startswith("/")]
    number = next((m[1] for f in flags if (m := re.match(r"/kb:(?:kb)?(\d+)\Z", f))), None)
    unknown = {f for f in flags if not f.startswith(("/kb:", "/log:"))} - {
        "/quiet", "/norestart", "/uninstall",
    }  # fmt: skip
    if unknown:
        process.not_simulated(f"wusa {' '.join(sorted(unknown))}")
    if "/quiet" not in flags:
        process.not_simulated("wusa with its window: use /quiet")
    if "/norestart" not in flags:
        process.not_simulated("wusa without /norestart")
    process.mutates()
    if not process.session.is_system:
        return ACCESS_DENIED
    services = process.host.services
    if "wuauserv" not in services or services.number("wuauserv", "Start", 3) == 4:
        return SERVICE_DISABLED
    if "/uninstall" in flags:
        return _uninstall(process, number) if number else BAD_PARAMETER
    if len(files) != 1:
        return BAD_PARAMETER
    return _install(process, files[0])


def _install(process: Process, path: str) -> int:
    host = process.host
    if host.files.find(process.absolute(path)) is None:
        return FILE_NOT_FOUND
    name = find_package(process, path)
    if name is None or name.ending != "msu":
        return 0x80070570  # ERROR_FILE_CORRUPT
    answer, update = verdict(process, name)
    if answer == "not applicable" or update is None:
        return NOT_APPLICABLE
    if answer != "applies":
        return ALREADY_INSTALLED
    process.sleep(host.spec.update_seconds)
    host.servicing.install(update, "WindowsUpdateAgent", by_windows_update=True)
    host.note(f"wusa: {update.kb} installed, restart pending")
    return RESTART


def _uninstall(process: Process, number: str) -> int:
    host = process.host
    if host.profile.nt < (6, 1):
        return BAD_PARAMETER
    kb = f"KB{number}"
    for package, _ in host.servicing.packages():
        update = host.servicing.update_of(package)
        found = update.kb if update else package.partition("~")[0].rpartition("_")[2]
        if found == kb and kb in host.servicing.hotfixes():
            process.sleep(host.spec.update_seconds)
            host.servicing.remove(package)
            return RESTART
    return ALREADY_UNINSTALLED
