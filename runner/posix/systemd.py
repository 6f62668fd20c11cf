"""What ``systemctl`` says of a unit. Sources: systemctl(1), org.freedesktop.systemd1(5)."""

from __future__ import annotations

from typing import Final

PROPERTIES: Final = (
    "Id", "Names", "Description", "LoadState", "LoadError", "ActiveState", "SubState", "Result",
    "FragmentPath", "DropInPaths", "SourcePath", "UnitFileState", "UnitFilePreset", "Type",
    "RemainAfterExit", "Restart", "User", "Group", "ExecStart", "ExecReload", "Environment",
    "EnvironmentFile", "EnvironmentFiles", "MainPID", "ControlPID", "ExecMainPID", "ExecMainCode",
    "ExecMainStatus",
    "ExecMainStartTimestamp", "ExecMainExitTimestamp", "ActiveEnterTimestamp",
    "ActiveExitTimestamp", "InactiveEnterTimestamp", "StateChangeTimestamp", "NRestarts",
    "StatusText", "StatusErrno", "NeedDaemonReload", "CanStart", "CanStop", "CanReload",
    "RefuseManualStart", "RefuseManualStop", "Requires", "Requisite", "Wants", "WantedBy",
    "RequiredBy", "BindsTo", "PartOf", "Conflicts", "Before", "After", "Triggers", "TriggeredBy",
    "MemoryCurrent", "TasksCurrent", "LimitNOFILE", "TimeoutStartUSec", "TimeoutStopUSec",
)  # fmt: skip
"""What is asked of a unit, and returned as ``status``: what playbooks use of some 250."""

BOOTED: Final = "test -d /run/systemd/system"
"""Succeeds where systemd is the init system (sd_booted(3))."""

_MULTI_LINE: Final = "Exec"
STATIC: Final = frozenset({"static", "generated", "transient"})
"""Words of ``is-enabled`` for units that cannot be enabled or disabled."""
ON: Final = frozenset({"enabled", "linked", "linked-runtime", *STATIC})
"""Words that count as enabled for good, as with Ansible; ``enabled-runtime`` and others do not."""


def parse_show(text: str) -> dict[str, str]:
    """The properties of ``systemctl show``; only commands (Exec...) may go over several lines."""
    found: dict[str, str] = {}
    open_key = ""
    for line in text.splitlines():
        if open_key:
            found[open_key] += f"\n{line}"
            if line.rstrip().endswith("}"):
                open_key = ""
            continue
        key, equals, value = line.partition("=")
        if not equals:
            continue
        found[key] = value.strip()
        if key.startswith(_MULTI_LINE) and value.lstrip().startswith("{"):
            open_key = "" if value.rstrip().endswith("}") else key
    return found
