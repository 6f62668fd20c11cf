"""What ``apt`` asks apt-get to do: pure decisions, from what was found."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

from runner.errors import Refused
from runner.model.state import UNKNOWN
from runner.modules._parts.apt_params import Params
from runner.modules._parts.packages import PROVIDED, Package, PackagesState
from runner.posix import debian
from runner.posix.debian import Spec

Request: TypeAlias = tuple[str, ...]
"""The words for apt-get behind its general options; empty when there is nothing to do."""


def due(params: Params, state: PackagesState) -> bool:
    """Whether the package lists are to be updated first."""
    if not params.update_cache and not params.cache_valid_time:
        return False
    return state.cache_time + params.cache_valid_time < state.clock or not params.cache_valid_time


def target(params: Params, package: Package) -> str | None:
    """The version that the package is to have; None for none. Raises Refused."""
    if package.file:
        return package.candidate
    spec = Spec.of(package.spec)
    here = package.version
    if params.state == "absent":
        removes = here is not None and here != PROVIDED and spec.fits(here)
        return None if removes else here
    if here is None and params.only_upgrade:
        return None
    if package.virtual:
        return PROVIDED
    if here is not None and params.state == "present" and spec.fits(here):
        return here
    best = _best(package, spec)
    if best is not None:
        return best
    if here is not None and spec.fits(here):
        return here
    known = f"; there are: {', '.join(package.offered)}" if package.offered else ""
    raise Refused(
        f"no package '{package.spec}' can be had on this host{known}",
        hint="check the name and the host's repositories; update_cache: true reads them again",
    )


def _best(package: Package, spec: Spec) -> str | None:
    """The version that apt would take, if it fits, else the newest that does."""
    if package.candidate is not None and spec.fits(package.candidate):
        return package.candidate
    return debian.newest(tuple(v for v in package.offered if spec.fits(v)))


def request(params: Params, state: PackagesState, *, virtual: bool = False) -> Request:
    """What apt-get has to do. With ``virtual`` also for packages that others provide.

    A package that cannot be had is left out here; ``planned`` refuses it.
    """
    flags = _flags(params)
    if params.whole:
        return (*flags, params.whole)
    words: list[str] = []
    for package in state.found:
        try:
            wanted = target(params, package)
        except Refused:
            continue
        if params.state == "absent":
            gone = package.version is not None and wanted is None
            purges = params.purge and package.residual
            words += [package.name] if gone or purges else []
        elif package.virtual:
            words += [package.name] if virtual or package.version is None else []
        elif wanted is not None and wanted != package.version:
            words.append(package.file or f"{package.name}={wanted}")
    if not words:
        return ()
    verb = "remove" if params.state == "absent" else "install"
    return (*flags, verb, "--", *words)


def _flags(params: Params) -> tuple[str, ...]:
    removes = params.state == "absent" and bool(params.specs)
    flags = ["--purge"] if params.purge and (removes or params.autoremove) else []
    flags += ["--auto-remove"] if params.autoremove and params.whole != "autoremove" else []
    flags += ["--with-new-pkgs"] if params.whole == "upgrade" else []
    flags += ["--allow-change-held-packages"] if params.allow_change_held_packages else []
    if removes or params.whole == "autoremove":
        return tuple(flags)
    flags += ["-t", params.default_release] if params.default_release is not None else []
    flags += ["--only-upgrade"] if params.only_upgrade else []
    flags += ["--allow-unauthenticated"] if params.allow_unauthenticated else []
    flags += ["--allow-downgrades"] if params.allow_downgrade else []
    flags += ["--no-remove"] if params.fail_on_autoremove else []
    if params.install_recommends is not None:
        yes = "yes" if params.install_recommends else "no"
        flags += ["-o", f"APT::Install-Recommends={yes}"]
    return tuple(flags)


def planned(params: Params, before: PackagesState) -> PackagesState:
    """The wanted state. Raises Refused for what cannot be had or apt-get would not do."""
    updates = due(params, before)
    later: Any = UNKNOWN
    changes: dict[str, Any] = {"cache": later} if updates else {}
    if params.clean or params.autoclean:
        changes["cleaned"] = later
    after = dataclasses.replace(before, pending=(), **changes)
    if params.whole:
        _check_simulation(params, before, updates)
        return after
    if updates and any(_open(params, package) for package in before.found):
        return dataclasses.replace(after, packages=later, automatic=())
    found = tuple(_moved(params, package) for package in before.found)
    _check_simulation(params, before, updates)
    gone = {p.name for p in found if p.version is None}
    automatic = tuple(n for n in before.automatic if params.state == "absent" and n not in gone)
    return dataclasses.replace(
        after, found=found, packages=shown(params, found), automatic=automatic
    )


def shown(params: Params, found: tuple[Package, ...]) -> tuple[str, ...]:
    """The packages for people. What a pattern found is not listed any more when it is gone."""
    return tuple(
        str(package)
        for package in found
        if package.version is not None
        or package.residual
        or params.state != "absent"
        or package.spec in params.specs
    )


def _open(params: Params, package: Package) -> bool:
    """Whether only the updated lists tell which version the package gets."""
    if package.file or params.state == "absent":
        return False
    if package.version is None:
        return not params.only_upgrade
    return params.state == "latest" or not Spec.of(package.spec).fits(package.version)


def _moved(params: Params, package: Package) -> Package:
    wanted = target(params, package)
    here = package.version
    older = here is not None and wanted is not None and PROVIDED not in (here, wanted) and (
        debian.compare(wanted, here) < 0
    )  # fmt: skip
    if older and not params.allow_downgrade:
        raise Refused(
            f"{package.name} is {here} on this host, which is newer than {wanted}",
            hint="give allow_downgrade: true to install the older one",
        )
    return dataclasses.replace(package, version=wanted, residual=False)


def _check_simulation(params: Params, before: PackagesState, updates: bool) -> None:
    """What apt-get refuses now it refuses later, unless updated lists change its mind."""
    if before.problem and not updates and before.asked == request(params, before, virtual=True):
        raise Refused(
            f"apt-get cannot do it: {before.problem}", hint="see: apt-get --simulate install ..."
        )
