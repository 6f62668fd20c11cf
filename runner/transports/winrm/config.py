"""What a host allows: ``winrm get winrm/config``, over WS-Management ([MS-WSMV] 2.2.4.10 ff.)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Final, TypeAlias

from runner.errors import ProtocolFailed
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.failure import LinkFailure
from runner.transports.winrm.named import NamedLink

Quotas: TypeAlias = Mapping[str, int]
QUOTAS: Final = (
    "MaxShellsPerUser",
    "MaxConcurrentOperationsPerUser",
    "MaxProcessesPerShell",
    "MaxMemoryPerShellMB",
    "MaxConcurrentUsers",
    "MaxConnections",
    "IdleTimeout",
    "MaxEnvelopeSizekb",
    "MaxTimeoutms",
)
"""The names are those of the configuration; times in milliseconds."""


def read_quotas(link: NamedLink, deadline: Deadline) -> Quotas:
    """The host's quotas, as far as it tells. Raises LinkFailure."""
    try:
        root = ET.fromstring(link.configuration(deadline))
    except ET.ParseError as error:
        unreadable = ProtocolFailed(f"the configuration cannot be read: {error}")
        raise LinkFailure(unreadable) from error
    found: dict[str, int] = {}
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        text = (element.text or "").strip()
        if name in QUOTAS and text.isdigit():
            found.setdefault(name, int(text))
    return {name: found[name] for name in QUOTAS if name in found}
