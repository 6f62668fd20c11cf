"""Packages of Red Hat Enterprise Linux and its kin, with yum, or dnf in its place."""

from __future__ import annotations

from runner.modules import _rpm_module


class Module(_rpm_module.Dnf):
    """Brings packages to a state."""
