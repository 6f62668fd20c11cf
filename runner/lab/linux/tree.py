"""The files of a simulated Linux host: a folder ``usr`` for all hosts of one system, which leads to
this computer's own programs by links, and the folders that are each host's own."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
from pathlib import Path
from typing import Final

from runner.lab.linux.kinds import Kind
from runner.lab.linux.spec import LinuxSpec

_TOOLS: Final = Path(__file__).with_name("tools")
_COMMON: Final = ("systemctl", "iptables", "shutdown", "sudo", "su", "not-simulated")
_ALSO: Final = {"iptables": ("ip6tables",), "shutdown": ("reboot", "poweroff", "halt")}
"""Tools of the lab that go by more names."""
_SAME: Final = {"yum": "dnf"}
"""One whose answers are another one's, as far as programs read them."""
_HIDDEN: Final = (
    "apt", "apt-get", "apt-cache", "apt-config", "apt-mark", "apt-key", "aptitude", "dpkg",
    "dpkg-query", "dpkg-deb", "dpkg-reconfigure", "rpm", "rpmdb", "dnf", "dnf-3", "dnf5",
    "microdnf", "yum", "zypper", "apk", "pacman", "snap", "flatpak", "systemctl", "systemd-run",
    "loginctl", "hostnamectl", "timedatectl", "journalctl", "service", "initctl", "telinit", "init",
    "rc-service", "rc-update", "update-rc.d", "chkconfig", "iptables", "ip6tables", "iptables-save",
    "ip6tables-save", "iptables-restore", "ip6tables-restore", "nft", "firewall-cmd", "ufw",
    "shutdown", "reboot", "poweroff", "halt", "sudo", "su", "doas", "pkexec",
)  # fmt: skip
"""Programs of this computer that would speak of this computer, or to it."""
_LIBRARIES: Final = ("lib", "lib32", "lib64")
_OWN: Final = "systemd"
"""What of ``/usr/lib`` is the host's own."""
_MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64"}

PASSWD: Final = """\
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
GROUP: Final = "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n"
UNIT: Final = """\
[Unit]
Description={0}

[Service]
ExecStart=/usr/sbin/{0}

[Install]
WantedBy=multi-user.target
"""


def shared_usr(kind: Kind, folder: Path) -> Path:
    """The folder ``usr`` of this system below ``folder``; it is made once."""
    usr = folder / kind.key / "usr"
    if usr.exists():
        return usr
    making = folder / f"{kind.key}.new" / "usr"
    for name in ("bin", "sbin"):
        _programs(making / name, [Path("/usr") / name, Path("/") / name])
    for name in _LIBRARIES:
        _links(making / name, [Path("/usr") / name, Path("/") / name], _OWN)
    (making / "lib" / _OWN).mkdir(exist_ok=True)
    (making / "local").mkdir()
    for name in ("libexec", "share"):
        if (Path("/usr") / name).is_dir():
            (making / name).symlink_to(f"/.host/usr/{name}")
    for tool in (*_COMMON, *kind.tools):
        _install(making / "bin", tool)
    making.parent.rename(usr.parent)
    return usr


def _programs(target: Path, sources: list[Path]) -> None:
    _links(target, sources, *_HIDDEN)


def _links(target: Path, sources: list[Path], *without: str) -> None:
    """A folder with a link to each thing of the sources; the first one wins."""
    target.mkdir(parents=True)
    seen = set(without)
    for source in sources:
        if not source.is_dir() or (source.parent == Path("/") and source.is_symlink()):
            continue
        for name in os.listdir(source):  # noqa: PTH208 - names only, of thousands
            if name not in seen:
                seen.add(name)
                (target / name).symlink_to(f"/.host{source}/{name}")


def _install(target: Path, tool: str) -> None:
    path = target / tool
    shutil.copyfile(_TOOLS / f"{_SAME.get(tool, tool)}.sh", path)
    path.chmod(0o755)
    for name in _ALSO.get(tool, ()):
        (target / name).symlink_to(tool)
    if tool == "shutdown":  # playbooks look for it there
        for name in (tool, *_ALSO[tool]):
            with contextlib.suppress(FileNotFoundError):
                (target.parent / "sbin" / name).unlink()
            (target.parent / "sbin" / name).symlink_to(f"../bin/{tool}")


def make_root(root: Path, kind: Kind, name: str, user: str, spec: LinuxSpec) -> None:
    """The host's own files, as after its installation and with what the spec says."""
    for folder in ("etc", "var/lib/lab", "var/log/apt", "var/tmp", "root", "home", "srv", "opt",
                   "mnt", "media", ".own/systemd/system", ".own/local/bin", ".own/local/sbin",
                   "etc/systemd/system/multi-user.target.wants"):  # fmt: skip
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("bin", "sbin", "lib", "lib32", "lib64"):
        (root / folder).symlink_to(f"usr/{folder}")
    (root / "root").chmod(0o700)
    etc = root / "etc"
    release = "".join(f'{key}="{value}"\n' for key, value in kind.release.items())
    (etc / "os-release").write_text(release)
    (etc / kind.release_file[0]).write_text(f"{kind.release_file[1]}\n")
    (etc / "passwd").write_text(_passwd(user))
    (etc / "group").write_text(GROUP)
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")
    (etc / "hostname").write_text(f"{name}\n")
    (etc / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {name}\n")
    if kind.family == "RedHat":
        (etc / "yum.repos.d").mkdir()
    else:
        (etc / "apt/sources.list.d").mkdir(parents=True)
    _of_this_computer(etc)
    _packages(root / "var/lib/lab", kind, spec)
    _services(root, kind, spec)
    for path, text in spec.files.items():
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _passwd(user: str) -> str:
    """Whoever logs on may do everything: a host that asks for no password has one user."""
    known = user in ("root", "daemon", "nobody")
    return PASSWD if known else f"{PASSWD}{user}:x:0:0:{user}:/root:/bin/sh\n"


def _of_this_computer(etc: Path) -> None:
    """What this computer's programs need to run."""
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile("/etc/ld.so.cache", etc / "ld.so.cache")
    with contextlib.suppress(FileNotFoundError):
        shutil.copytree("/etc/alternatives", etc / "alternatives", symlinks=True)


def _packages(folder: Path, kind: Kind, spec: LinuxSpec) -> None:
    """What is installed and what can be had: lines of name and version."""
    found = {name: list(versions) for name, versions in kind.packages.items()}
    found.pop("samba")
    if spec.samba:
        found["samba"] = list(kind.packages["samba"])
    found |= {name: list(versions) for name, versions in spec.packages.items()}
    here = [f"{name}\t{versions[0]}\tmanual\n" for name, versions in sorted(found.items())]
    there = {**kind.packages, **found}
    offers = [f"{name}\t{version}\n" for name, versions in sorted(there.items())
              for version in versions]  # fmt: skip
    (folder / "packages").write_text("".join(here))
    (folder / "offers").write_text("".join(offers))
    (folder / "native").write_text(f"{_MACHINES.get(platform.machine(), platform.machine())}\n")


def _services(root: Path, kind: Kind, spec: LinuxSpec) -> None:
    services = dict.fromkeys(kind.services, (True, True))
    if spec.samba:
        services |= dict.fromkeys(kind.samba, (True, True))
    for name, one in spec.services.items():
        services[name] = (one.running, one.enabled)
    active = []
    wants = root / "etc/systemd/system/multi-user.target.wants"
    for name, (running, enabled) in sorted(services.items()):
        unit = f"{name}.service"
        (root / ".own/systemd/system" / unit).write_text(UNIT.format(name))
        if enabled:
            (wants / unit).symlink_to(f"/usr/lib/systemd/system/{unit}")
        if running:
            active.append(f"{unit}\n")
    (root / "var/lib/lab/active").write_text("".join(active))
