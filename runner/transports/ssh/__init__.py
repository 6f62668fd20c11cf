"""SSH, over paramiko."""

from runner.transports.ssh.transport import Transport

__all__ = ["Transport"]
