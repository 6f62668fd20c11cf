"""What tables have beside the cases of the contract suite (what a scan removes, new signatures, and
what is on POSIX hosts too), and which modules need no table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.modules.contract.case import Case
from tests.modules.contract.cases import LOCAL

_VIRUS: Final = {r"C:\Users\x.com": {"content": "X5O-$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"}}
_FILES: Final = {
    r"C:\app\a b.txt": {"content": "a\r\n路径\r\n"},
    r"C:\app\empty": {"content": ""},
}


def _defender(name: str, os: str = "2019", /, **raw: Any) -> Case:
    state = {"files": _VIRUS} if "scan" in raw else {}
    return Case(f"defender-{name}", "win_defender", raw, os, state)


def _slurp(name: str, path: str, os: str = "2003-sp2") -> Case:
    return Case(f"slurp-{name}", "slurp", {"src": path}, os, {"files": _FILES})


BESIDE: Final = (
    _defender("looks"),
    _defender("looks-2003", "2003-sp2"),
    _defender("new-signatures", signatures="latest"),
    _defender("old-signatures", "2016", signatures="1.243.297.0"),
    _defender("new-enough", signatures="1.237"),
    _defender("from-a-share", signatures="latest", signature_source=r"\\files\av"),
    _defender("quick-scan", "2022", scan="quick"),
    _defender("only-reports", scan="custom", scan_path=r"C:\Users", remediate=False),
    _defender("none-on-2012r2", "2012r2", scan="quick"),
    _defender("on-already", realtime=True),
    _slurp("text", r"C:\app\a b.txt"),
    _slurp("text-2022", r"C:\app\a b.txt", "2022"),
    _slurp("empty", r"C:\app\empty"),
    _slurp("nothing", r"C:\app\nix"),
    _slurp("folder", "C:\\app"),
)

_HERE: Final = "it is run on this machine: "
WITHOUT: Final[Mapping[str, str]] = {
    **dict.fromkeys(LOCAL, "it touches no host"),
    **dict.fromkeys(
        ("blockinfile", "copy", "file", "lineinfile", "replace"),
        f"{_HERE}files/against_ansible has its cases, and Ansible says what comes of them",
    ),
    **dict.fromkeys(
        ("get_url", "stat", "template"), f"{_HERE}files/test_get_url, test_looking, test_template"
    ),
    **dict.fromkeys(("apt", "package"), f"{_HERE}test_apt, with a Debian in a folder"),
    **dict.fromkeys(("dnf", "yum"), "test_dnf has what real programs answered (redhat_host)"),
    **dict.fromkeys(("command", "shell", "ping"), f"{_HERE}test_command"),
    **dict.fromkeys(("group", "user"), f"{_HERE}test_group, test_user, with accounts of their own"),
    **dict.fromkeys(
        ("service", "systemd", "systemd_service"),
        f"{_HERE}test_systemd, test_service",
    ),
    **dict.fromkeys(("reboot", "wait_for"), f"{_HERE}test_reboot, test_wait_for"),
}
"""Modules that need no table, and why: they run for real where the tests do, or on no host."""
