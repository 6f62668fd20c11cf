"""An update on a host as win_hotfix sees it: its state, and how it is found.

Where Component Based Servicing keeps packages: the keys below ``Packages``, whose ``CurrentState``
is 0x70 installed, 0x50 superseded, 0x60 waiting for a restart, 0x40 staged, 0x05 waiting to be
removed (values seen alike in several public tools; Microsoft does not document them). XP and
Server 2003 list updates below ``SOFTWARE\\Microsoft\\Updates``.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from runner.interfaces.exchange import Exec, Output, Query, Reply, Verbatim, read
from runner.modules._parts.hotfix_target import PackageFile, Target
from runner.windows import files, reboot, registry, services
from runner.windows.facts import CURRENT_VERSION, WindowsFacts
from runner.windows.wmi import column

PACKAGES: Final = rf"{reboot.CBS}\Packages"
INSTALLED: Final = 0x70
SUPERSEDED: Final = 0x50
INSTALL_PENDING: Final = 0x60
UNINSTALL_PENDING: Final = 0x05
_THERE: Final = frozenset({INSTALLED, SUPERSEDED, INSTALL_PENDING})
_ROLLUP: Final = "Package_for_RollupFix"
_WMIC_UNTIL: Final = 26100
_HOTFIXES: Final = Exec("wmic", "qfe", "get", "HotFixID", "/value")
_DISABLED: Final = 4


@dataclass(frozen=True, slots=True)
class HotfixState:
    """Whether an update's fix is on the host, and whether our unpacked files lie around.

    ``status`` says how: installed, superseded, restart needed, effective, not affected, uninstall
    pending, missing. ``kb`` is the update that it is about. ``identities`` are the packages that
    are there now; what an undo removes are those that were not there before.
    """

    present: bool
    leftover: bool = False
    status: str = field(default="missing", compare=False)
    kb: str = field(default="", compare=False)
    identities: tuple[str, ...] = field(default=(), compare=False)
    package: str = field(default="", compare=False)
    package_found: bool = field(default=False, compare=False)
    package_sha1: str = field(default="", compare=False)
    srv_sys: str = field(default="", compare=False)
    restart_pending: tuple[str, ...] = field(default=(), compare=False)
    servicing_disabled: bool = field(default=False, compare=False)


def work_folder(host: WindowsFacts) -> str:
    """Where a package is unpacked; removed again in the same task."""
    return rf"{host.system_root}\Temp\runner-hotfix"


def find(
    target: Target, host: WindowsFacts, *, wants_package: bool
) -> Generator[Query, Reply, HotfixState]:
    """The update as it is now. The package file is looked at only if one is wanted."""
    reads = _reads(target, host)
    answers = yield from read(*(command for group in reads.values() for command in group))
    taken: dict[str, Sequence[Output]] = {}
    for name, group in reads.items():
        taken[name], answers = answers[: len(group)], answers[len(group) :]
    packages = yield from _packages(target, host, taken["packages"])
    version = files.version(taken["driver"][0]) if taken["driver"] else None
    revision = registry.number(taken["revision"][0], "UBR") or 0
    listed: set[str] = set()
    for answer in taken["hotfixes"]:
        listed.update(kb.upper() for kb in column(answer, "HotFixID"))
    listed |= {kb for kb, out in zip(_old_kbs(target), taken["old"], strict=False) if out.code == 0}
    pending = reboot.reasons(taken["reboot"])
    effective = target.is_effective(version, revision)
    # A list names an update as soon as it is installed; the driver changes only at the restart.
    waits = reboot.blocks_servicing(pending) and version is not None and not effective
    # Without servicing, a driver that is new although nothing lists its update is on its way out.
    leaving = reboot.UPDATE_EXE in pending and effective
    status, kb = _status(target, packages, listed, effective=effective and not leaving, waits=waits)
    if status == "missing" and leaving:
        status = "uninstall pending"
    present = status not in ("missing", "uninstall pending")
    package, is_there = _package_file(target, taken["files"])
    digest = ""
    if package and is_there and package.sha1 and wants_package and not present:
        (out,) = yield from read(files.sha1(package.path))
        digest = files.digest(out)
    return HotfixState(
        present=present,
        leftover=files.found(taken["folder"]),
        status=status,
        kb=kb or (package.kb if package else "" if target.not_affected else target.name),
        identities=tuple(name for name, state in packages.items() if state in _THERE),
        package=package.path if package else "",
        package_found=is_there,
        package_sha1=digest,
        srv_sys=files.version_text(version) if version else "",
        restart_pending=pending,
        servicing_disabled=registry.number(taken["servicing"][0], "Start") == _DISABLED,
    )


def _reads(target: Target, host: WindowsFacts) -> Mapping[str, tuple[Exec, ...]]:
    has_cbs = host.nt >= (6, 0)
    has_wmic = host.build < _WMIC_UNTIL
    driver = files.driver_version(host.system_root, "srv.sys") if target.choice else None
    return {
        "packages": (_find_keys(_words(target, host)),) if has_cbs else (),
        "old": () if has_cbs else tuple(_old_key(kb, host) for kb in _old_kbs(target)),
        "hotfixes": (_HOTFIXES,) if has_wmic else (),
        "driver": (driver,) if driver and has_wmic else (),
        "revision": (registry.query(CURRENT_VERSION, "UBR"),),
        "reboot": reboot.QUERIES,
        "servicing": (registry.query(services.key("TrustedInstaller"), "Start"),),
        "folder": files.look(work_folder(host)),
        "files": tuple(c for package in target.packages for c in files.look(package.path)),
    }


def _words(target: Target, host: WindowsFacts) -> tuple[str, ...]:
    words = [f"Package_for_{kb}" for kb in (*target.own, *target.later)]
    if target.identity:
        words.append(target.identity)
    if host.nt >= (10, 0):
        words.append(_ROLLUP)
    return tuple(words)


def _find_keys(words: Sequence[str]) -> Exec:
    """List the package keys whose name holds one of the words, filtered on the host.

    There are thousands of packages on a patched host; findstr looks for any of several words.
    """
    return Exec("reg", "query", PACKAGES, Verbatim("|"), "findstr", "/i", "/l", " ".join(words))


def _packages(
    target: Target, host: WindowsFacts, answers: Sequence[Output]
) -> Generator[Query, Reply, Mapping[str, int]]:
    """The packages that belong to the target, with their state."""
    starts = tuple(f"{word}~".casefold() for word in _words(target, host))
    names = dict.fromkeys(
        name
        for answer in answers
        for key in registry.parse(answer.stdout)
        for name in [key.path.rpartition("\\")[2]]
        if name.casefold().startswith(starts) or name.casefold() == target.identity.casefold()
    )
    if not names:
        return {}
    found = yield from read(
        *(registry.query(rf"{PACKAGES}\{name}", "CurrentState") for name in names)
    )
    states = zip(names, found, strict=True)
    return {name: registry.number(answer, "CurrentState") or 0 for name, answer in states}


def _old_kbs(target: Target) -> tuple[str, ...]:
    return (*target.own, *target.later)


def _old_key(kb: str, host: WindowsFacts) -> Exec:
    product = {
        (5, 1): r"Windows XP\SP4",
        (5, 2): r"Windows Server 2003\SP3",
    }.get(host.nt, "")
    if host.nt == (5, 2) and host.product_type == "WinNT":
        product = r"Windows XP Version 2003\SP3"
    return registry.query(rf"HKLM\SOFTWARE\Microsoft\Updates\{product}\{kb}")


def _status(
    target: Target, packages: Mapping[str, int], listed: set[str], *, effective: bool, waits: bool
) -> tuple[str, str]:
    """How the fix is there, or that it is not; and by which update."""
    if target.not_affected:
        return "not affected", ""
    mine = {name: state for name, state in packages.items() if _is_own(target, name)}
    later = [name for name in packages if name not in mine and not name.startswith(_ROLLUP)]
    for wanted, word in ((INSTALLED, "installed"), (INSTALL_PENDING, "restart needed")):
        for name, state in mine.items():
            if state == wanted:
                return word, _kb(target, name)
    leaving = UNINSTALL_PENDING in packages.values()
    for kb in target.own:
        if kb in listed and not leaving:
            return ("restart needed" if waits else "installed"), kb
    for name in later:
        if packages[name] in _THERE:
            pending = packages[name] == INSTALL_PENDING
            return ("restart needed" if pending else "superseded"), _kb(target, name)
    for kb in target.later:
        if kb in listed:
            return ("restart needed" if waits else "superseded"), kb
    if SUPERSEDED in mine.values():
        return "superseded", target.name
    if leaving:
        # Cumulative updates too: the driver that still runs goes with them at the restart.
        return "uninstall pending", ""
    return ("effective" if effective else "missing"), ""


def _is_own(target: Target, name: str) -> bool:
    folded = name.casefold()
    by_kb = any(folded.startswith(f"package_for_{kb}~".casefold()) for kb in target.own)
    return by_kb or bool(target.identity and folded == target.identity.casefold())


def _kb(target: Target, name: str) -> str:
    folded = name.casefold()
    kbs = (*target.own, *target.later)
    return next((kb for kb in kbs if f"_{kb}~".casefold() in folded), target.name)


def _package_file(target: Target, answers: Sequence[Output]) -> tuple[PackageFile | None, bool]:
    """The best package whose file is on the host, else the best of all."""
    for index, package in enumerate(target.packages):
        if files.found(answers[2 * index : 2 * index + 2]):
            return package, True
    return (target.packages[0] if target.packages else None), False
