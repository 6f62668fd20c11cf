"""Units of systemd."""

from __future__ import annotations

from runner.modules import _systemd_module


class Module(_systemd_module.Systemd):
    """Brings one unit of systemd to a state."""
