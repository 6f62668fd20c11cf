"""wbadmin.exe of servers: `start backup -backupTarget:PLACE -include:C: -quiet`.

Without the feature Windows Server Backup it refuses. Source: Microsoft, "wbadmin start backup".
What is backed up lies elsewhere: nothing of it is kept here.
"""

from __future__ import annotations

from runner.lab.state.process import Process

_HEAD = (
    "wbadmin 1.0 - Backup command-line tool\n"
    "(C) Copyright 2013 Microsoft Corporation. All rights reserved.\n\n"
)


def main(process: Process) -> int:
    """The one verb that is simulated."""
    words = [word.lower() for word in process.args]
    options = {word.partition(":")[0]: word.partition(":")[2] for word in words[2:]}
    wanted = {"-backuptarget", "-include", "-quiet"}
    if words[:2] != ["start", "backup"] or set(options) != wanted or options["-include"] != "c:":
        process.not_simulated(f"wbadmin {' '.join(process.args)}")
    process.out(_HEAD)
    roles = {role.name: role.installed for role in process.host.servicing.features.roles}
    if not roles.get("Backup", True):
        process.out("ERROR - This command requires the Windows Server Backup feature.\n")
        return 1
    process.mutates()
    target = process.args[2].partition(":")[2]
    process.host.note(f"backed up to {target}")
    process.out(f"The backup operation to {target} is starting.\n")
    process.out("Summary of the backup operation:\n------------------\n\n")
    process.out("The backup operation successfully completed.\n")
    return 0
