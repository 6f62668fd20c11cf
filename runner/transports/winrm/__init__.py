"""WinRM, over pywinrm."""

from runner.transports.winrm.transport import Transport

__all__ = ["Transport"]
