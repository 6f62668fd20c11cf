"""The self-installing packages of Server 2003 (update.exe).

Switches: Microsoft security bulletin MS07-029, "Server 2003" section.
"""

from __future__ import annotations

from runner.lab.state.process import Process
from runner.lab.toolkit.installing import find_package, verdict

NOT_APPLICABLE = 0xF0F4
"""STATUS_BUILD_VERSION_MISMATCH and its kin: the package is for another system."""
WRONG_LANGUAGE = 0xF0F1
RESTART = 3010

_KNOWN = {"/quiet", "/q", "/norestart", "/z", "/passive", "/u", "/overwriteoem", "/o",
          "/forceappsclose", "/f"}  # fmt: skip


def main(process: Process) -> int:
    """Install; the driver is exchanged at the restart."""
    words = [word.lower() for word in process.args if not word.lower().startswith("/log:")]
    if unknown := [word for word in words if word not in _KNOWN]:
        process.not_simulated(f"update package {' '.join(unknown)}")
    if not {"/quiet", "/q", "/passive", "/u"} & set(words):
        process.not_simulated("update package with its window: use /quiet")
    if not {"/norestart", "/z"} & set(words):
        process.not_simulated("update package without /norestart")
    process.mutates()
    host = process.host
    name = find_package(process, process.path)
    if name is None or name.ending != "exe":
        return 1
    if name.nt == host.profile.nt_version and name.language not in (
        None, host.profile.language.key
    ):  # fmt: skip
        return WRONG_LANGUAGE
    answer, update = verdict(process, name)
    if answer == "not applicable" or update is None:
        return NOT_APPLICABLE
    process.sleep(host.spec.update_seconds)
    host.servicing.install_legacy(update)
    host.note(f"update.exe: {update.kb} installed, restart pending")
    return RESTART
