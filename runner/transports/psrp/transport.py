"""``ansible_connection: psrp``: inventories that were written for Ansible's psrp plug-in.

It is the WinRM transport under another name: the same service on the host, the same ports, logons
and sealing. PowerShell's own remoting protocol is not spoken; commands run in a command shell.
Where psrp's variable means the same it is taken over, everything else is an error before contact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from runner.transports.psrp.options import read_psrp_options
from runner.transports.winrm.options import WinrmOptions
from runner.transports.winrm.transport import Transport as Winrm


class Transport(Winrm):
    """Reaches the hosts of a psrp inventory over WinRM."""

    name: ClassVar[str] = "psrp"

    def options(self, host: str, variables: Mapping[str, Any]) -> WinrmOptions:
        """Read and check this host's variables; see ``psrp.options``."""
        return read_psrp_options(host, variables)
