"""pywinrm at its best without touching its insides: one Protocol and one shell a host."""

from __future__ import annotations

from winrm.protocol import Protocol

from bench.clients.pool import PATIENCE, Work, check, run


def visit(work: Work, address: str, port: int) -> None:
    """All tasks on one host."""
    protocol = Protocol(
        f"http://{address}:{port}/wsman",
        transport="basic" if work.auth == "basic" else "ntlm",
        username=work.user,
        password=work.password,
        message_encryption="never" if work.auth == "basic" else "always",
        read_timeout_sec=PATIENCE,
    )
    # Spares looking for proxies in the environment at each request. (proxy=None would do that, too,
    # but requests then changes the environment for a moment, which fails in many threads.)
    protocol.transport.build_session().trust_env = False
    shell = protocol.open_shell(codepage=65001)
    for line in work.lines:
        command = protocol.run_command(shell, line)
        stdout, _, code = protocol.get_command_output(shell, command)
        protocol.cleanup_command(shell, command)
        check(code, stdout)
    protocol.close_shell(shell)
    protocol.transport.close_session()


if __name__ == "__main__":
    run(visit)
