"""How win_hotfix installs and removes an update.

``wusa`` is never used: over WinRM it answers 5, access denied (Microsoft, KB2773898). A package is
unpacked and given to the servicing tool of the host's generation instead.
"""

from __future__ import annotations

import ntpath
import re
from collections.abc import Generator, Mapping
from typing import Any, Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Output, Reply, Request, read, write
from runner.modules._parts.hotfix import HotfixState, work_folder
from runner.windows import files
from runner.windows.exit_codes import OK, RESTART_NEEDED, expect
from runner.windows.facts import WindowsFacts

_TIMEOUT: Final = 3600.0
_CATALOG_DIGITS: Final = re.compile(r"_[0-9a-f]{40}$", re.IGNORECASE)
_QUIET: Final = ("/quiet", "/norestart")


def install(
    host: WindowsFacts, before: HotfixState, after: HotfixState
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Install the package; its unpacked files are gone afterwards whatever it answered."""
    if not after.package:
        raise ModuleError(f"the package of {after.kb} is not known; give source or package_dir")
    if after.package.lower().endswith(".exe"):
        out = yield from write(Exec(after.package, *_QUIET, timeout=_TIMEOUT))
        return _installed(out, "update", before, after)
    if after.package.lower().endswith(".cab"):
        out = yield from write(_add_package(host, after.package))
        return _installed(out, _tool(host), before, after)
    return (yield from _install_msu(host, before, after))


def _install_msu(
    host: WindowsFacts, before: HotfixState, after: HotfixState
) -> Generator[Request, Reply, Mapping[str, Any]]:
    folder = work_folder(host)
    if before.leftover:
        yield from clean(host)
    out = yield from write(files.make_folder(folder))
    expect(out, "mkdir", f"create {folder}")
    out = yield from write(Exec("expand", "-F:*", after.package, folder, timeout=_TIMEOUT))
    tool = "expand"
    if out.code == OK:
        (listing,) = yield from read(files.listing(folder))
        for cab in _cabs(listing, after.package, after.kb):
            tool = _tool(host)
            out = yield from write(_add_package(host, ntpath.join(folder, cab)))
            if out.code not in (OK, RESTART_NEEDED):
                break
    yield from clean(host)
    return _installed(out, tool, before, after)


def clean(host: WindowsFacts) -> Generator[Request, Reply, None]:
    """Remove the unpacked files."""
    yield from write(files.remove_folder(work_folder(host)))


def _installed(
    out: Output, tool: str, before: HotfixState, after: HotfixState
) -> Mapping[str, Any]:
    hint = ""
    if not before.package_found:
        hint = (
            f"{after.package} was not on the host: put it there first, with win_copy, or with "
            "win_get_url from 'runner serve-files' where SMB is closed"
        )
    expect(out, tool, f"install {after.kb}", (OK, RESTART_NEEDED), hint)
    return {"reboot_required": out.code == RESTART_NEEDED, "rc": out.signed}


def _tool(host: WindowsFacts) -> str:
    """Vista and Server 2008 have no dism."""
    return "dism" if host.nt >= (6, 1) else "pkgmgr"


def _add_package(host: WindowsFacts, cab: str) -> Exec:
    if _tool(host) == "pkgmgr":
        return Exec("pkgmgr", "/ip", f"/m:{cab}", *_QUIET, timeout=_TIMEOUT)
    packagepath = f"/packagepath:{cab}"
    return Exec("dism", "/online", "/add-package", packagepath, *_QUIET, timeout=_TIMEOUT)


def _cabs(listing: Output, package: str, kb: str) -> tuple[str, ...]:
    """The cabinets to install out of an unpacked .msu, never the scan file beside them."""
    names = [line.strip() for line in listing.stdout.splitlines()]
    cabs = sorted(n for n in names if n.lower().endswith(".cab") and n.lower() != "wsusscan.cab")
    own = tuple(name for name in cabs if kb.lower() in name.lower())
    if cabs:
        return own or tuple(cabs)
    stem = ntpath.splitext(ntpath.basename(package))[0]
    return (f"{_CATALOG_DIGITS.sub('', stem)}.cab",)


def remove(
    host: WindowsFacts, before: HotfixState, after: HotfixState
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Remove what is there now and was not there in ``after``."""
    if host.nt < (6, 0):
        folder = rf"{host.system_root}\$NtUninstall{before.kb}$\spuninst"
        out = yield from write(Exec(rf"{folder}\spuninst.exe", *_QUIET, timeout=_TIMEOUT))
        return _removed([out], "update", before.kb)
    identities = [name for name in before.identities if name not in after.identities]
    if not identities:
        raise ModuleError(
            f"no package of {before.kb} is there to remove",
            hint=f"its fix came another way ({before.status}); list packages with "
            "dism /online /english /get-packages",
        )
    outputs = []
    for identity in identities:
        outputs.append((yield from write(_remove_package(host, identity))))
    return _removed(outputs, _tool(host), before.kb)


def _remove_package(host: WindowsFacts, identity: str) -> Exec:
    if _tool(host) == "pkgmgr":
        return Exec("pkgmgr", f"/up:{identity}", *_QUIET, timeout=_TIMEOUT)
    name = f"/packagename:{identity}"
    return Exec("dism", "/online", "/remove-package", name, *_QUIET, timeout=_TIMEOUT)


def _removed(outputs: list[Output], tool: str, kb: str) -> Mapping[str, Any]:
    for out in outputs:
        expect(out, tool, f"remove {kb}", (OK, RESTART_NEEDED))
    restart = any(out.code == RESTART_NEEDED for out in outputs)
    return {"reboot_required": restart, "rc": outputs[-1].signed}
