"""servermanagercmd.exe of Server 2008 and 2008 R2: -query, -install NAME, -remove NAME.

Source: Microsoft, "Servermanagercmd" and "Interpreting Output from Server Manager Commands".
Installing a part installs the whole that it is a part of; removing takes the parts along.
"""

from __future__ import annotations

from runner.lab.state.process import Process
from runner.lab.state.roles import Role

FAILURE, NO_CHANGE = 1000, 1003


def main(process: Process) -> int:
    """One of the three verbs."""
    words = process.args
    verb = words[0].lower() if words else ""
    if verb == "-query" and len(words) == 1:
        return _query(process)
    if verb in ("-install", "-remove") and len(words) == 2:
        return _turn(process, words[1], installed=verb == "-install")
    if verb in ("-query", "-install", "-remove", "-inputpath"):
        process.not_simulated(f"servermanagercmd {' '.join(words)}")
    process.out("The command-line parameters are not valid.\n")
    return FAILURE


def _query(process: Process) -> int:
    features = process.host.servicing.features
    for kind, title in (("role", "Roles"), ("feature", "Features")):
        process.out(f"\n----- {title} -----\n\n")
        for role in features.roles:
            if role.kind == kind:
                mark = "X" if features.has_role(role) else " "
                indent = "    " * len(_wholes(process, role))
                process.out(f"{indent}[{mark}] {role.display}  [{role.name}]\n")
    return 0


def _wholes(process: Process, role: Role) -> list[Role]:
    """What it is a part of, the nearest first."""
    by_name = {each.name: each for each in process.host.servicing.features.roles}
    found: list[Role] = []
    while role.parent:
        role = by_name[role.parent]
        found.append(role)
    return found


def _turn(process: Process, name: str, *, installed: bool) -> int:
    features = process.host.servicing.features
    role = next((each for each in features.roles if each.name.lower() == name.lower()), None)
    if role is None:
        process.out(f"ArgumentNotValid: {name}\n")
        return FAILURE
    process.mutates()
    if installed:
        along = [role, *_wholes(process, role)]
    else:
        along = [each for each in features.roles if role in (each, *_wholes(process, each))]
    changes = [each for each in along if features.has_role(each) != installed]
    if not changes:
        process.out("NoChangeNeeded.\n")
        return NO_CHANGE
    process.sleep(process.host.spec.update_seconds)
    for each in changes:
        features.set_role(each, installed=installed)
    process.out("Success.\n")
    return 0
