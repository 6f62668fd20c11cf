"""Which package of a catalogue a host needs, or why there is none. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from runner.windows.facts import WindowsFacts
from runner.windows.files import Version, version_text
from runner.windows.updates import Catalogue, Package, System


class Verdict(StrEnum):
    """What a catalogue says about a host."""

    INSTALL = "install"
    NOT_AFFECTED = "not affected"
    NEEDS_SERVICE_PACK = "needs service pack"
    NO_PACKAGE = "no package"
    UNKNOWN_SYSTEM = "unknown system"


@dataclass(frozen=True, slots=True)
class Choice:
    """The verdict with its reason. ``candidates`` are the packages that fit, best first."""

    verdict: Verdict
    reason: str
    system: System | None = None
    candidates: tuple[Package, ...] = ()

    @property
    def kbs(self) -> tuple[str, ...]:
        """Every update that closes the hole on this system, the system's own first."""
        if self.system is None:
            return ()
        own = (self.system.security_only_kb, self.system.rollup_kb)
        later = (entry.kb for entry in self.system.contains_fix)
        return tuple(dict.fromkeys(kb for kb in (*own, *later) if kb))


def choose(catalogue: Catalogue, host: WindowsFacts) -> Choice:
    """Which package this host needs, by version, service pack, role, architecture and language."""
    first_fixed = catalogue.not_affected
    if host.nt >= (10, 0) and host.build >= first_fixed.min_build:
        reason = f"not affected: build {host.build} is newer ({first_fixed.why})"
        return Choice(Verdict.NOT_AFFECTED, reason)
    same = [s for s in catalogue.systems if _is_same_product(s, host)]
    system = next((s for s in same if s.arch == host.arch), None)
    if system is None:
        return _no_system(catalogue, host, same)
    if _lacks_service_pack(system, host):
        reason = f"needs SP{system.service_pack}: {host.name} cannot take the update as it is"
        return Choice(Verdict.NEEDS_SERVICE_PACK, reason, system)
    if host.build not in system.builds:
        reason = f"{catalogue.bulletin} has no entry for build {host.build} of {host.name}"
        return Choice(Verdict.UNKNOWN_SYSTEM, reason)
    return _packages(catalogue, system, host)


def _is_same_product(system: System, host: WindowsFacts) -> bool:
    """The same Windows, whatever its service pack; Windows 10 releases differ by build alone."""
    return (
        system.nt == host.nt
        and host.product_type in system.product_types
        and system.embedded == ("embedded" in host.product_name.lower())
        and (host.nt < (10, 0) or host.build in system.builds)
    )


def _no_system(catalogue: Catalogue, host: WindowsFacts, same: list[System]) -> Choice:
    if same:
        known = ", ".join(sorted({s.arch for s in same}))
        reason = f"no package for {host.arch}: the catalogue has {host.name.rsplit(' ', 1)[0]}"
        return Choice(Verdict.NO_PACKAGE, f"{reason} for {known} only")
    reason = f"{catalogue.bulletin} has no entry for {host.name} (build {host.build})"
    return Choice(Verdict.UNKNOWN_SYSTEM, reason)


def _lacks_service_pack(system: System, host: WindowsFacts) -> bool:
    if system.service_pack is None:
        return False
    # From Vista on a service pack has a build of its own, which cannot be forgotten or faked.
    too_old = host.nt >= (6, 0) and host.build < min(system.builds)
    return host.service_pack < system.service_pack or too_old


def _packages(catalogue: Catalogue, system: System, host: WindowsFacts) -> Choice:
    ids = (*system.security_only, *system.rollup)
    usable = [package for package in map(catalogue.package, ids) if not package.delta]
    if not usable:
        reason = f"no package for {host.name} in the catalogue"
        return Choice(Verdict.NO_PACKAGE, f"{reason}: {system.notes or 'none is known'}", system)
    fitting = tuple(p for p in usable if p.language in (None, host.language))
    if not fitting:
        known = ", ".join(sorted({p.language or "" for p in usable}))
        reason = f"no package for language {host.language} of {host.name}: known are {known}"
        return Choice(Verdict.NO_PACKAGE, reason, system)
    own = [p for p in fitting if p.kb == system.security_only_kb and p.id in system.security_only]
    if len(own) > 1:
        names = " or ".join(p.file_name for p in own)
        reason = f"more than one package may fit {host.name}; choose by hand with source: {names}"
        return Choice(Verdict.NO_PACKAGE, reason, system)
    return Choice(Verdict.INSTALL, f"needs {fitting[0].kb}", system, fitting)


def prerequisite_missing(system: System, version: Version | None) -> str:
    """The update that seems to be missing first, with the sign of it; empty when none is."""
    wanted = system.prerequisite
    if wanted is None or version is None:
        return ""
    nt = (version[0], version[1])
    if nt != system.nt or version[3] >= wanted.missing_when_srv_sys_revision_below:
        return ""
    return f"{wanted.kb} seems to be missing (srv.sys is {version_text(version)})"
