r"""spuninst.exe in %SystemRoot%\$NtUninstallKB...$\spuninst: takes an update of 2003 back."""

from __future__ import annotations

import re

from runner.lab.state.process import Process

RESTART = 3010


def main(process: Process) -> int:
    """Uninstall; the driver is exchanged at the restart."""
    words = {word.lower() for word in process.args}
    if unknown := words - {"/quiet", "/q", "/norestart", "/z", "/passive", "/u"}:
        process.not_simulated(f"spuninst {' '.join(sorted(unknown))}")
    if not words & {"/norestart", "/z"} or not words & {"/quiet", "/q", "/passive", "/u"}:
        process.not_simulated("spuninst without /quiet /norestart")
    process.mutates()
    match = re.search(r"\\\$NtUninstall(KB\d+)\$\\", process.path, re.IGNORECASE)
    update = process.host.servicing.known.get(match[1].upper()) if match else None
    if update is None or update.kb not in process.host.servicing.hotfixes():
        return 1
    process.sleep(process.host.spec.update_seconds)
    process.host.servicing.remove_legacy(update)
    process.host.note(f"spuninst: {update.kb} removed, restart pending")
    return RESTART
