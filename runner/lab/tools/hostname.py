"""hostname.exe."""

from __future__ import annotations

from runner.lab.state.process import Process


def main(process: Process) -> int:
    """The name of the machine; setting it is not possible here, as on Windows."""
    if process.args:
        return process.fail(
            1, "sethostname: Use the Network Control Panel Applet to set hostname.\n"
        )
    key = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
    process.out(process.host.registry.text(key, "Hostname", process.host.name) + "\n")
    return 0
