"""Packages of Red Hat Enterprise Linux and its kin, with dnf 4, else yum."""

from __future__ import annotations

from runner.interfaces.guide import Guide
from runner.modules._parts import rpm_module


class Module(rpm_module.Dnf):
    """Brings packages to a state."""

    guide = Guide(
        example=("dnf:\n  name: samba\n  state: latest"),
        undo="what a package's own scripts did; the plan says which change cannot go back",
        where="posix",
    )
