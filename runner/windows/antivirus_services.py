r"""Antivirus products of others, by the services that they bring.

A server has no Security Center, so its services are what tells. The names are those of the
products themselves as administrators meet them; there is no list of Microsoft's, and it is never
complete: a product that is not here is not seen. Microsoft's own is not in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from runner.interfaces.exchange import Output
from runner.windows import registry

_ROOT: Final = r"HKLM\SYSTEM\CurrentControlSet\Services"
_PRODUCTS: Final[Mapping[str, tuple[str, ...]]] = {
    "AVG": ("avgsvc", "AVG Antivirus", "avgwd"),
    "Avast": ("avast! Antivirus",),
    "Avira": ("AntiVirService", "AntiVirSchedulerService"),
    "Bitdefender": ("EPSecurityService", "EPProtectedService", "VSSERV"),
    "CrowdStrike Falcon": ("CSFalconService",),
    "Cylance": ("CylanceSvc",),
    "Dr.Web": ("DrWebAVService", "DrWebEngine"),
    "ESET": ("ekrn",),
    "F-Secure": ("FSMA", "fsulhoster"),
    "G DATA": ("AVKWCtl", "AVKService"),
    "Huorong": ("HipsDaemon",),
    "Kaspersky": ("AVP*", "KAVFS", "KAVFSSLP", "kavfsgt"),
    "Kingsoft": ("kxescore",),
    "Malwarebytes": ("MBAMService", "MBEndpointAgent"),
    "McAfee": ("McShield", "mfemms", "mfetp", "masvc"),
    "Panda": ("PSUAService", "NanoServiceMain", "PAVSRV"),
    "Qihoo 360": ("ZhuDongFangYu", "360EntClientSvc"),
    "Rising": ("RsRavMon", "RavService", "RavTask"),
    "SentinelOne": ("SentinelAgent",),
    "Sophos": ("SAVService", "Sophos Endpoint Defense Service", "SntpService"),
    "Symantec": ("SepMasterService", "Symantec AntiVirus", "Norton AntiVirus"),
    "Tencent": ("QQPCRTP",),
    "Trend Micro": ("ntrtscan", "TmListen", "SpntSvc", "ds_agent", "Amsp"),
    "Webroot": ("WRSVC", "WRCoreService"),
}
"""Product -> its services; * stands for a version."""

LISTED: Final = registry.query(_ROOT)
"""Asks for the names of all services and drivers."""


def installed(answer: Output) -> dict[str, str]:
    """The known services among those that are listed -> the product of each."""
    names = {line.rpartition("\\")[2].strip() for line in answer.stdout.splitlines()}
    known = {name.casefold(): product for product, names in _PRODUCTS.items() for name in names}
    found = {}
    for name in sorted(names):
        product = known.get(name.casefold()) or known.get(_without_version(name))
        if product is not None:
            found[name] = product
    return found


def _without_version(name: str) -> str:
    """``AVP18.0.0`` -> ``avp*``."""
    return re.sub(r"[\d.]*$", "", name).casefold() + "*"
