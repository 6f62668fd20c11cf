"""Inventories written for psrp: the same hosts over WinRM."""

from runner.transports.psrp.transport import Transport

__all__ = ["Transport"]
