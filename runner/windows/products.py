"""Names of Windows versions, architectures, roles and languages."""

from __future__ import annotations

from typing import Final

ROLES: Final = {"WinNT": "workstation", "ServerNT": "server", "LanmanNT": "domain_controller"}
"""The ``ProductType`` of the registry -> Ansible's ``os_product_type``."""

DOMAIN_ROLES: Final = {
    0: "Stand-alone workstation",
    1: "Member workstation",
    2: "Stand-alone server",
    3: "Member server",
    4: "Backup domain controller",
    5: "Primary domain controller",
}
"""``Win32_ComputerSystem.DomainRole`` -> Ansible's ``windows_domain_role``."""

_ARCHES: Final = {"x86": "x86", "amd64": "x64", "ia64": "ia64", "arm64": "arm64", "arm": "arm"}

_LANGUAGES: Final = {
    "0401": "ara",
    "0402": "bgr",
    "0404": "cht",
    "0804": "chs",
    "0c04": "zhh",
    "0405": "csy",
    "0406": "dan",
    "0407": "deu",
    "0408": "ell",
    "0409": "enu",
    "040a": "esn",
    "0c0a": "esn",
    "040b": "fin",
    "040c": "fra",
    "040d": "heb",
    "040e": "hun",
    "0410": "ita",
    "0411": "jpn",
    "0412": "kor",
    "0413": "nld",
    "0414": "nor",
    "0415": "plk",
    "0416": "ptb",
    "0816": "ptg",
    "0418": "rom",
    "0419": "rus",
    "041b": "sky",
    "0424": "slv",
    "041d": "sve",
    "041e": "tha",
    "041f": "trk",
    "0422": "ukr",
}

_SERVERS: Final = {
    (5, 2): "Windows Server 2003",
    (6, 0): "Windows Server 2008",
    (6, 1): "Windows Server 2008 R2",
    (6, 2): "Windows Server 2012",
    (6, 3): "Windows Server 2012 R2",
}
_CLIENTS: Final = {
    (5, 1): "Windows XP",
    (5, 2): "Windows XP x64",
    (6, 0): "Windows Vista",
    (6, 1): "Windows 7",
    (6, 2): "Windows 8",
    (6, 3): "Windows 8.1",
}
_SERVER_BUILDS: Final = {
    14393: "Windows Server 2016",
    17763: "Windows Server 2019",
    20348: "Windows Server 2022",
    25398: "Windows Server 23H2",
    26100: "Windows Server 2025",
}


def arch(text: str) -> str:
    """``AMD64`` -> x64; what is not known comes back in lower case."""
    return _ARCHES.get(text.lower(), text.lower())


def language(lcid: str) -> str:
    """Microsoft's three-letter code for four hex digits; the digits themselves if unknown."""
    return _LANGUAGES.get(lcid.lower(), lcid.lower())


def family(nt: tuple[int, int], build: int, product_type: str) -> str:
    """The product in a person's words, by version and role alone."""
    server = product_type in ("ServerNT", "LanmanNT")
    if nt < (10, 0):
        table = _SERVERS if server else _CLIENTS
        return table.get(nt, f"Windows NT {nt[0]}.{nt[1]}")
    if server:
        return _SERVER_BUILDS.get(build, f"Windows Server build {build}")
    return f"Windows {11 if build >= 22000 else 10} build {build}"


def distribution(product_name: str, build: int) -> str:
    """What Win32_OperatingSystem's Caption says, out of the registry's ProductName.

    Windows 11 still calls itself Windows 10 in the registry.
    """
    name = product_name if product_name.startswith("Microsoft") else f"Microsoft {product_name}"
    return name.replace("Windows 10", "Windows 11") if build >= 22000 else name
