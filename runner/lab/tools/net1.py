"""net1.exe: the program that net.exe starts."""

from __future__ import annotations

from runner.lab.tools.net import main

__all__ = ["main"]
