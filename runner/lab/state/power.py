"""Whether a simulated machine answers."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Power"]


class Power(StrEnum):
    """On, off, or on its way from the one to the other."""

    ON = "on"
    OFF = "off"
    RESTARTING = "restarting"
