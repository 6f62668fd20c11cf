"""The Linux systems that the lab knows, and what tells them apart.

Sources: os-release(5) of each; release notes of Debian 12, Ubuntu 22.04, CentOS 7, Rocky Linux 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.lab.profiles.table import OsProfile, profile_for

__all__ = ["LINUX_KEYS", "Kind", "kind_of"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One Linux system.

    ``packages`` are installed, in the version as released and with the ones that an update brings;
    ``services`` are units that run and start at boot.
    """

    key: str
    family: str
    release: Mapping[str, str]
    release_file: tuple[str, str]
    packages: Mapping[str, tuple[str, ...]]
    services: tuple[str, ...] = ("ssh", "cron")
    samba: tuple[str, ...] = ("smbd", "nmbd")
    tools: tuple[str, ...] = field(default=("apt-get", "apt-cache", "apt-config", "apt-mark",
                                            "dpkg", "dpkg-query"))  # fmt: skip

    @property
    def profile(self) -> OsProfile:
        """What the lab's fronts ask of every machine; nothing of it shows over SSH."""
        return profile_for("2022")


_DEBIAN: Final = {
    "openssl": ("3.0.11-1~deb12u2", "3.0.15-1~deb12u1"),
    "bash": ("5.2.15-2+b2", "5.2.15-2+b7"),
    "libc6": ("2.36-9+deb12u4", "2.36-9+deb12u9"),
    "samba": ("2:4.17.12+dfsg-0+deb12u1", "2:4.17.12+dfsg-0+deb12u2"),
}
_UBUNTU: Final = {
    "openssl": ("3.0.2-0ubuntu1.10", "3.0.2-0ubuntu1.18"),
    "bash": ("5.1-6ubuntu1",),
    "libc6": ("2.35-0ubuntu3.4", "2.35-0ubuntu3.8"),
    "samba": ("2:4.15.13+dfsg-0ubuntu1.5", "2:4.15.13+dfsg-0ubuntu1.6"),
}
_CENTOS: Final = {
    "openssl": ("1:1.0.2k-19.el7", "1:1.0.2k-26.el7_9"),
    "bash": ("4.2.46-34.el7", "4.2.46-35.el7_9"),
    "glibc": ("2.17-317.el7", "2.17-326.el7_9"),
    "samba": ("4.10.16-5.el7", "4.10.16-25.el7_9"),
}
_ROCKY: Final = {
    "openssl": ("1:3.0.7-24.el9", "1:3.0.7-28.el9_4"),
    "bash": ("5.1.8-6.el9_1", "5.1.8-9.el9"),
    "glibc": ("2.34-83.el9.7", "2.34-100.el9_4.4"),
    "samba": ("4.18.6-100.el9", "4.19.4-105.el9_4"),
}
_RPM: Final = ("rpm", "yum")

_KINDS: Final = {
    kind.key: kind
    for kind in (
        Kind(
            "debian-12", "Debian",
            {"ID": "debian", "NAME": "Debian GNU/Linux", "VERSION_ID": "12",
             "VERSION": "12 (bookworm)", "VERSION_CODENAME": "bookworm",
             "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"},
            ("debian_version", "12.5"), _DEBIAN,
        ),
        Kind(
            "ubuntu-22.04", "Debian",
            {"ID": "ubuntu", "ID_LIKE": "debian", "NAME": "Ubuntu", "VERSION_ID": "22.04",
             "VERSION": "22.04.4 LTS (Jammy Jellyfish)", "VERSION_CODENAME": "jammy",
             "PRETTY_NAME": "Ubuntu 22.04.4 LTS"},
            ("debian_version", "bookworm/sid"), _UBUNTU,
        ),
        Kind(
            "centos-7", "RedHat",
            {"ID": "centos", "ID_LIKE": "rhel fedora", "NAME": "CentOS Linux", "VERSION_ID": "7",
             "VERSION": "7 (Core)", "PRETTY_NAME": "CentOS Linux 7 (Core)"},
            ("redhat-release", "CentOS Linux release 7.9.2009 (Core)"), _CENTOS,
            ("sshd", "crond"), ("smb", "nmb"), _RPM,
        ),
        Kind(
            "rocky-9", "RedHat",
            {"ID": "rocky", "ID_LIKE": "rhel centos fedora", "NAME": "Rocky Linux",
             "VERSION_ID": "9.4", "VERSION": "9.4 (Blue Onyx)",
             "PRETTY_NAME": "Rocky Linux 9.4 (Blue Onyx)"},
            ("redhat-release", "Rocky Linux release 9.4 (Blue Onyx)"), _ROCKY,
            ("sshd", "crond"), ("smb", "nmb"), (*_RPM, "dnf"),
        ),
    )
}  # fmt: skip
LINUX_KEYS: Final = frozenset(_KINDS)


def kind_of(key: str) -> Kind:
    """The system of that key. Raises KeyError."""
    return _KINDS[key]
