"""whoami.exe."""

from __future__ import annotations

from runner.lab.process import Process


def main(process: Process) -> int:
    """The user as `domain\\user` in lower case."""
    if process.args:
        process.not_simulated(f"whoami {' '.join(process.args)}")
    if process.session.is_system:
        process.out("nt authority\\system\n")
        return 0
    user = process.session.user
    computer = process.host.name.split(".")[0][:15]
    domain, slash, name = user.rpartition("\\")
    process.out(f"{domain if slash else computer}\\{name}\n".lower())
    return 0
