"""The controller itself."""

from runner.transports.local.transport import Transport

__all__ = ["Transport"]
