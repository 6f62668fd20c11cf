"""The subsets of facts that ``setup`` knows, by Ansible's names, for every kind of host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

SUBSETS: Final[Mapping[str, tuple[str, ...]]] = {
    "platform": (
        "domain",
        "fqdn",
        "hostname",
        "netbios_name",
        "kernel",
        "kernel_version",
        "machine",
        "nodename",
        "owner_name",
        "system",
        "architecture",
        "architecture2",
        "userspace_bits",
        "reboot_pending",
    ),
    "distribution": (
        "os_family",
        "distribution",
        "distribution_release",
        "distribution_version",
        "distribution_major_version",
        "os_name",
        "os_product_type",
        "os_installation_type",
    ),
    "powershell_version": ("powershell_version",),
    "uptime": ("lastboot", "uptime_seconds"),
    "windows_domain": ("windows_domain", "windows_domain_member", "windows_domain_role"),
    "date_time": ("date_time",),
    "env": ("env",),
    "user": (
        "user_id",
        "user_dir",
        "user_uid",
        "user_gid",
        "user_gecos",
        "user_shell",
        "real_user_id",
        "real_group_id",
        "effective_user_id",
        "effective_group_id",
    ),
    "memory": ("memtotal_mb", "memfree_mb", "swaptotal_mb", "swapfree_mb"),
    "processor": (
        "processor_count",
        "processor_cores",
        "processor_threads_per_core",
        "processor_vcpus",
        "processor_nproc",
    ),
    "pkg_mgr": ("pkg_mgr",),
    "service_mgr": ("service_mgr",),
    "interfaces": ("interfaces", "default_ipv4"),
    "default_ipv4": ("default_ipv4",),
    "all_ipv4_addresses": ("all_ipv4_addresses",),
    "all_ipv6_addresses": ("all_ipv6_addresses",),
}
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "min": (
        "date_time",
        "distribution",
        "env",
        "pkg_mgr",
        "platform",
        "powershell_version",
        "service_mgr",
        "user",
    ),
    "hardware": ("uptime", "memory", "processor"),
    "network": (
        "windows_domain",
        "interfaces",
        "default_ipv4",
        "all_ipv4_addresses",
        "all_ipv6_addresses",
    ),
    "all": tuple(SUBSETS),
}
NOT_GATHERED: Final = frozenset(
    {"apparmor", "bios", "caps", "chroot", "cmdline", "dns", "external", "facter", "fips"}
    | {"fibre_channel_wwn", "iscsi", "is_chroot", "loadavg", "local", "lsb", "nvme", "ohai"}
    | {"python", "selinux", "ssh_host_key_dsa_public", "ssh_host_key_rsa_public", "systemd"}
    | {"ssh_host_key_ecdsa_public", "ssh_host_key_ed25519_public", "ssh_host_pub_keys"}
    | {"ssh_pub_keys", "system_capabilities", "system_capabilities_enforced", "virtual", "winrm"}
    | {"virtualization_role", "virtualization_tech_guest", "virtualization_tech_host"}
    | {"virtualization_type"}
)
"""Ansible's other subsets: there is nothing of them to gather, or to leave out."""
ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("system", "kernel", "kernel_version", "machine", "machine_id", "architecture"),
        ("platform",),
    ),
    "python_version": ("platform",),
    **dict.fromkeys(
        (
            "distribution_version",
            "distribution_release",
            "distribution_major_version",
            "os_family",
        ),
        ("distribution",),
    ),
    **dict.fromkeys(
        ("user_id", "user_uid", "user_gid", "user_gecos", "user_dir", "user_shell"), ("user",)
    ),
    **dict.fromkeys(("real_user_id", "effective_user_id", "effective_group_ids"), ("user",)),
    **dict.fromkeys(
        ("processor_cores", "processor_count", "mounts", "devices"), GROUPS["hardware"]
    ),
    "default_ipv6": GROUPS["network"],
}
"""Single facts that Ansible takes for the whole subset they come with."""
KNOWN: Final = frozenset({*SUBSETS, *GROUPS, *ALIASES, *NOT_GATHERED})
"""Every word of Ansible's ``gather_subset``."""
ALWAYS: Final = ("windows", "os_family")


def choices() -> list[str]:
    """Every name that ``gather_subset`` may say."""
    return sorted({*SUBSETS, *GROUPS})


def lacking(subset: Iterable[str]) -> list[str]:
    """The subsets asked for of which nothing is gathered."""
    return [word for word in subset if word in NOT_GATHERED]


def members(word: str) -> tuple[str, ...]:
    """The subsets that a word of ``gather_subset`` stands for."""
    return GROUPS.get(word) or ALIASES.get(word) or (word,)


def wanted(subset: tuple[str, ...]) -> frozenset[str]:
    """The names of the facts to return; leaving out only means all but those."""
    asked = [word for word in subset if not word.startswith("!")]
    refused = [word.removeprefix("!") for word in subset if word.startswith("!")]
    subsets = {name for word in asked or ["all"] for name in members(word)}
    if asked:
        subsets |= set(GROUPS["min"])
    for word in refused:
        gone = set(members(word))
        # Ansible's "!all" still leaves the minimum; "!min" takes that away too.
        subsets -= gone - set(GROUPS["min"]) if word == "all" else gone
    subsets |= {name for word in asked if word not in GROUPS for name in members(word)}
    return frozenset(ALWAYS) | {name for word in subsets for name in SUBSETS.get(word, ())}
