"""pypsrp's command shell (WinRS): one connection and one shell a host."""

from __future__ import annotations

from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan

from bench.clients.pool import PATIENCE, Work, check, run


def visit(work: Work, address: str, port: int) -> None:
    """All tasks on one host."""
    wsman = WSMan(
        address,
        port=port,
        ssl=False,
        auth=work.auth,
        username=work.user,
        password=work.password,
        encryption="never" if work.auth == "basic" else "always",
        read_timeout=PATIENCE,
        no_proxy=True,
    )
    with wsman, WinRS(wsman, codepage=65001) as shell:
        for line in work.lines:
            process = Process(shell, line)
            process.invoke()
            process.signal(SignalCode.TERMINATE)
            check(-1 if process.rc is None else process.rc, process.stdout)


if __name__ == "__main__":
    run(visit)
