"""tzutil.exe: the time zone of the machine (Windows 7, Server 2008 R2 and later)."""

from __future__ import annotations

from runner.lab.state.process import Process

KEY = r"HKLM\SYSTEM\CurrentControlSet\Control\TimeZoneInformation"
ZONES = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Time Zones"
_OFF = "_dstoff"


def main(process: Process) -> int:
    """`tzutil /g`, `tzutil /l`, `tzutil /s ZONE`."""
    words = process.args
    registry = process.host.registry
    verb = words[0].lower() if words else "/?"
    if verb == "/g" and len(words) == 1:
        off = registry.number(KEY, "DynamicDaylightTimeDisabled") == 1
        process.out(registry.text(KEY, "TimeZoneKeyName") + (_OFF if off else ""))
        return 0
    if verb == "/l" and len(words) == 1:
        key = registry.find(ZONES)
        for zone in key.children() if key else ():
            shown = registry.text(f"{ZONES}\\{zone.name}", "Display")
            process.out(f"{shown}\n{zone.name}\n\n")
        return 0
    if verb != "/s" or len(words) != 2:
        process.not_simulated(f"tzutil {' '.join(words)}")
    return _set(process, words[1])


def _set(process: Process, wanted: str) -> int:
    process.mutates()
    registry = process.host.registry
    name = wanted[: -len(_OFF)] if wanted.lower().endswith(_OFF) else wanted
    if registry.find(f"{ZONES}\\{name}") is None or not name:
        return process.fail(1, f'The specified time zone ID "{wanted}" is not valid.\n')
    proper = registry.proper_path(f"{ZONES}\\{name}").rpartition("\\")[2]
    registry.set(KEY, "TimeZoneKeyName", proper)
    registry.set(KEY, "DynamicDaylightTimeDisabled", int(name != wanted))
    return 0
