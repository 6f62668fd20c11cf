"""Units of systemd; an older name of ``systemd_service``."""

from __future__ import annotations

from runner.interfaces.guide import Guide
from runner.modules._parts import systemd_module


class Module(systemd_module.Systemd):
    """Brings one unit of systemd to a state."""

    guide = Guide(
        example=("systemd:\n  name: smbd\n  state: stopped\n  enabled: false"),
        where="posix",
    )
