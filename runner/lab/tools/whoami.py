"""whoami.exe."""

from __future__ import annotations

from runner.lab.state.process import Process


def main(process: Process) -> int:
    """The user as `domain\\user` in lower case."""
    if process.args:
        process.not_simulated(f"whoami {' '.join(process.args)}")
    user = process.session.user
    if user in ("SYSTEM", "LOCAL SERVICE", "NETWORK SERVICE"):
        process.out(f"nt authority\\{user.lower()}\n")
        return 0
    computer = process.host.name.split(".")[0][:15]
    domain, slash, name = user.rpartition("\\")
    process.out(f"{domain if slash else computer}\\{name}\n".lower())
    return 0
