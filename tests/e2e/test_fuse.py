"""What travels together, counted on the wire: HTTP requests over NTLM, the logon among them."""

from __future__ import annotations

from tests.e2e.troubled import Make

MOST = 14
"""Requests of a whole play on one host: logon and shell, a look, a script, a look, good-bye."""


def tasks(count: int) -> str:
    """A play of so many tasks: services, variables, and values of the registry."""
    found = [
        "win_service: {name: Spooler, start_mode: disabled}",
        "win_environment: {name: APP_HOME, value: 'C:\\app', level: machine}",
        "win_service: {name: BITS, start_mode: manual, description: 'moved by hand'}",
    ]
    for number in range(count - len(found)):
        key = r"HKLM:\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters"
        found.append(f"win_regedit: {{path: '{key}', name: v{number}, type: dword, data: 1}}")
    lines = "".join(f"    - {{id: t{n}, {task}}}\n" for n, task in enumerate(found))
    return f"- hosts: all\n  gather_facts: false\n  tasks:\n{lines}"


def test_a_play_costs_the_same_requests_however_long_it_is(make: Make) -> None:
    fleet = make({name: {"lab_os": "2012r2"} for name in ("web01", "web02")})
    short, long = fleet.write(tasks(8), "short.yml"), fleet.write(tasks(20), "long.yml")
    eight = fleet.report(short, "-l", "web01", "--no-lease")
    twenty = fleet.report(long, "-l", "web02", "--no-lease")
    for report, count in ((eight, 8), (twenty, 20)):
        assert [job["status"] for job in report["jobs"]] == ["changed"] * count
        assert report["exchanges"] <= MOST, report["exchanges"]
    assert eight["exchanges"] == twenty["exchanges"]
