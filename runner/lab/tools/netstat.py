"""netstat.exe: the ports on which the machine's services listen."""

from __future__ import annotations

from runner.lab.state.process import Process
from runner.lab.state.services import RUNNING

_PORTS = {"RpcSs": (135,), "LanmanServer": (445,), "TermService": (3389,), "WinRM": (5985,)}
"""Services and their ports. Nobody is connected to any of them here."""


def main(process: Process) -> int:
    """`netstat -an`."""
    flags = "".join(word.lstrip("-/").lower() for word in process.args)
    if sorted(flags) != ["a", "n"]:
        process.not_simulated(f"netstat {' '.join(process.args)}")
    services = process.host.services
    ports = sorted(
        port
        for name, ports in _PORTS.items()
        if name in services and services.find(name).state == RUNNING
        for port in ports
    )
    process.out(
        "\nActive Connections\n\n  Proto  Local Address          Foreign Address        State\n"
    )
    for port in ports:
        process.out(f"  TCP    {f'0.0.0.0:{port}':<22} {'0.0.0.0:0':<22} LISTENING\n")
    for port in ports:
        process.out(f"  TCP    {f'[::]:{port}':<22} {'[::]:0':<22} LISTENING\n")
    process.out(f"  UDP    {'0.0.0.0:123':<22} *:*                    \n")
    return 0
