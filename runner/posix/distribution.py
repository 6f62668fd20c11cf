"""What a Unix host calls itself, in Ansible's names.

Sources: os-release(5); Ansible, "Playbook variables: facts" (``ansible_distribution``), whose
documented names for distributions and families these are.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any, Final

_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "almalinux": ("AlmaLinux", "RedHat"),
    "alpine": ("Alpine", "Alpine"),
    "amzn": ("Amazon", "RedHat"),
    "arch": ("Archlinux", "Archlinux"),
    "centos": ("CentOS", "RedHat"),
    "debian": ("Debian", "Debian"),
    "devuan": ("Devuan", "Debian"),
    "fedora": ("Fedora", "RedHat"),
    "gentoo": ("Gentoo", "Gentoo"),
    "kali": ("Kali", "Debian"),
    "linuxmint": ("Linux Mint", "Debian"),
    "manjaro": ("Manjaro", "Archlinux"),
    "ol": ("OracleLinux", "RedHat"),
    "openeuler": ("openEuler", "RedHat"),
    "opensuse-leap": ("openSUSE Leap", "Suse"),
    "opensuse-tumbleweed": ("openSUSE Tumbleweed", "Suse"),
    "raspbian": ("Raspbian", "Debian"),
    "rhel": ("RedHat", "RedHat"),
    "rocky": ("Rocky", "RedHat"),
    "scientific": ("Scientific", "RedHat"),
    "sled": ("SLED", "Suse"),
    "sles": ("SLES", "Suse"),
    "sles_sap": ("SLES_SAP", "Suse"),
    "ubuntu": ("Ubuntu", "Debian"),
}
"""The ID of os-release -> distribution, os_family."""
_LIKE: Final = {
    "arch": "Archlinux", "debian": "Debian", "fedora": "RedHat", "rhel": "RedHat",
    "suse": "Suse", "ubuntu": "Debian",
}  # fmt: skip
_OWN_FILE: Final = frozenset({"Debian", "RedHat", "Alpine"})
"""Families whose release file is more exact than VERSION_ID (12.11, not 12)."""
_NUMBER: Final = re.compile(r"(?:release\s+|^)(\d+(?:\.\d+)*)", re.MULTILINE)
_WORD: Final = re.compile(r"\(([^)]+)\)")


def facts(system: str, release: str, os_release: str, file: str, macos: str) -> dict[str, Any]:
    """``distribution`` and its relatives, and ``os_family``.

    ``os_release`` and ``file`` are the texts of /etc/os-release and of the distribution's own
    release file, ``macos`` the product version of a Mac; each is empty where there is none.
    """
    if system == "Linux":
        return _linux(_fields(os_release), file.strip())
    if system == "Darwin":
        return _named("MacOSX", "Darwin", macos.strip(), release)
    version = release.partition("-")[0]
    return _named(system, system, version, release)


def _named(name: str, family: str, version: str, release: str) -> dict[str, Any]:
    return {
        "distribution": name,
        "distribution_version": version or "NA",
        "distribution_major_version": version.partition(".")[0] or "NA",
        "distribution_release": release or "NA",
        "os_family": family,
    }


def _linux(fields: Mapping[str, str], file: str) -> dict[str, Any]:
    short = fields.get("ID", "")
    like = [_LIKE[word] for word in fields.get("ID_LIKE", "").split() if word in _LIKE]
    words = fields.get("NAME", "Linux").split()
    name, family = _NAMES.get(short, (words[0], like[0] if like else words[0]))
    version = fields.get("VERSION_ID", "")
    exact = _NUMBER.search(file)
    if exact and family in _OWN_FILE and exact[1].startswith(version) and name != "Ubuntu":
        version = exact[1]
    if family == "RedHat":  # 7.9.2009 is 7.9
        version = ".".join(version.split(".")[:2])
    inside = _WORD.search(file) or _WORD.search(fields.get("VERSION", ""))
    release = fields.get("VERSION_CODENAME") or (inside[1] if inside else "")
    return _named(name, family, version, release)


def _fields(text: str) -> dict[str, str]:
    """The assignments of os-release, whose values are quoted as in a shell."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if not equals or name.startswith("#"):
            continue
        try:
            found[name] = "".join(shlex.split(value)[:1])
        except ValueError:
            found[name] = value.strip("\"'")
    return found
