"""local: commands run on the controller itself, each as a process of its own.

The parts: ``options`` (inventory variables) and ``process`` (one process with its
streams and its deadline).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

from runner.errors import PolicyRefused
from runner.interfaces.transport import Transport as Base
from runner.transports.local.options import LocalOptions, read_options
from runner.transports.local.process import LocalConnection


class Transport(Base):
    """Runs commands on the controller, as the user who started the runner."""

    name: ClassVar[str] = "local"
    default_shell: ClassVar[str] = "posix"
    shared: ClassVar[bool] = False
    """It is the way to other systems as often as to this machine; the journal keeps the host."""

    def options(self, host: str, variables: Mapping[str, Any]) -> LocalOptions:
        """Read and check this host's variables; see ``local.options``."""
        return read_options(host, variables)

    def connect(self, options: LocalOptions, *, timeout: float) -> LocalConnection:
        """Nothing to connect to: ready at once. Raises PolicyRefused on a Windows controller."""
        if os.name != "posix":
            raise PolicyRefused(
                "ansible_connection local needs a controller with a POSIX shell, "
                "this one runs Windows",
                hint="run the runner in WSL, or reach this machine by WinRM",
            )
        return LocalConnection(options)

    def endpoint(self, options: LocalOptions) -> str:
        """That it is the controller."""
        return "this controller"
