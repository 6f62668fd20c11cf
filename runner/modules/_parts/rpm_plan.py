"""What ``dnf`` and ``yum`` are asked to do: pure decisions, from what was found."""

from __future__ import annotations

import dataclasses
import operator
from typing import Any, Final

from runner.errors import Refused
from runner.model.state import UNKNOWN
from runner.modules._parts.packages import Package, PackagesState
from runner.modules._parts.rpm_params import Params, parts
from runner.posix import redhat

DNF: Final = "dnf"
YUM: Final = "yum"
_SIGNS: Final = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip


class Newest:
    """Orders packages by their versions."""

    def __init__(self, rpm: redhat.Rpm) -> None:
        self.evr = rpm.evr

    def __lt__(self, other: Newest) -> bool:
        return redhat.compare(self.evr, other.evr) < 0


def target(params: Params, package: Package) -> str | None:
    """The version that the package is to have; None for none. Raises Refused."""
    here = package.version
    if params.removes:
        return None
    if here is None and params.update_only:
        return None
    spelled, sign, version = parts(package.spec)
    fits = _SIGNS[sign] if sign else None
    offers = [v for v in package.offered if fits is None or fits(redhat.compare(v, version), 0)]
    best = max((redhat.Rpm("", v, "") for v in offers), key=Newest, default=None)
    if here is not None:
        right = fits is None or fits(redhat.compare(here, version), 0)
        if fits is None and spelled.startswith(f"{package.name}-"):
            right = any(redhat.compare(here, v) == 0 for v in offers)
        newer = best is not None and redhat.compare(best.evr, here) > 0
        if right and not (newer and (params.state == "latest" or package.file)):
            return here
        if best is not None and not newer and not params.allow_downgrade:
            return here  # as Ansible does: what is newer stays
    if best is None:
        if params.skip_broken:
            return here
        raise Refused(
            f"no package '{package.spec}' can be had on this host",
            hint="check the name and the host's repositories; update_cache: true reads them again",
        )
    return best.evr


def request(params: Params, state: PackagesState) -> tuple[str, ...]:
    """The words for dnf or yum; empty when there is nothing to do."""
    if params.whole == "upgrade":
        return ("upgrade" if state.manager == DNF else "update",)
    if params.whole:
        return (params.whole,)
    installs: list[str] = []
    downgrades: list[str] = []
    for package in state.found:
        try:
            wanted = target(params, package)
        except Refused:
            continue
        if params.removes and package.version is not None:
            installs.append(package.name)
        elif wanted is not None and wanted != package.version:
            older = package.version is not None and redhat.compare(wanted, package.version) < 0
            full = package.file or f"{package.name}-{wanted.rpartition(':')[2]}"
            (downgrades if older and state.manager == YUM else installs).append(full)
    if params.removes:
        clean = ["--setopt=clean_requirements_on_remove=1"] if params.autoremove else []
        return ("remove", *clean, *installs) if installs else ()
    if downgrades:
        return ("downgrade", *downgrades, *installs)
    return ("install", *installs) if installs else ()


def planned(params: Params, before: PackagesState) -> PackagesState:
    """The wanted state. Raises Refused for what cannot be had or would not be done."""
    later: Any = UNKNOWN
    changes: dict[str, Any] = {"cache": later} if params.update_cache else {}
    after = dataclasses.replace(before, pending=(), **changes)
    if before.problem and before.asked == request(params, before) and not params.update_cache:
        raise Refused(f"{before.manager} cannot do it: {before.problem}")
    if params.whole:
        return after
    if (
        params.update_cache
        and not params.removes
        and any(p.version is None or params.state == "latest" for p in before.found)
    ):
        return dataclasses.replace(after, packages=later)
    found = tuple(
        dataclasses.replace(package, version=target(params, package)) for package in before.found
    )
    return dataclasses.replace(after, found=found, packages=shown(params, found))


def shown(params: Params, found: tuple[Package, ...]) -> tuple[str, ...]:
    """The packages for people; of what is to go, a spec stands for all that it means."""
    gone = (f"{package.spec} (absent)" for package in found if package.version is None)
    if params.removes:
        return tuple(dict.fromkeys([*(str(p) for p in found if p.version is not None), *gone]))
    return tuple(map(str, found))
