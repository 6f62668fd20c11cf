"""pywinrm as its README shows it: a Session, and run_cmd for each task."""

from __future__ import annotations

import winrm

from bench.clients.pool import PATIENCE, Work, check, run


def visit(work: Work, address: str, port: int) -> None:
    """All tasks on one host."""
    for line in work.lines:
        session = winrm.Session(
            f"http://{address}:{port}/wsman",
            auth=(work.user, work.password),
            transport=work.auth,
            message_encryption="never" if work.auth == "basic" else "always",
            read_timeout_sec=PATIENCE,
        )
        answer = session.run_cmd(line)
        check(answer.status_code, answer.std_out)
        session.protocol.transport.close_session()


if __name__ == "__main__":
    run(visit)
