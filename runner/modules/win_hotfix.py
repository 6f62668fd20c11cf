"""Windows updates, installed from a package on the host, or chosen by bulletin from a catalogue.

With ``bulletin`` the catalogue says which package fits the host's version, service pack, role,
architecture and language, or why none does; which later updates contain the fix already; and by
which version of ``srv.sys`` it is in effect. The package's SHA-1 is checked on the host before
anything runs. ``wusa`` is not used, since it is denied over WinRM.

Outcomes: installed, superseded (a later update contains it), restart needed (staged), effective
(the driver is new enough), not affected; or refused, with the reason: needs SP1, no package for the
language, a restart is pending, the file is not the one that the catalogue names.
"""

from __future__ import annotations

import dataclasses
import ntpath
import re
from collections.abc import Generator, Mapping
from typing import Any, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.errors import InputError, Refused, RestartFirst
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import hotfix, hotfix_change, hotfix_target
from runner.modules._parts.hotfix import HotfixState
from runner.modules._parts.hotfix_target import Target
from runner.windows import files, reboot, updates
from runner.windows.facts import WindowsFacts


class Params(base.Params):
    """Parameters of Ansible's win_hotfix, and those of the catalogue."""

    state: Literal["absent", "present"] = Field("present", description="whether it is installed")
    source: Text | None = Field(None, description="the package on the host: .msu, .cab or .exe")
    hotfix_kb: Text | None = Field(None, description="its KB number, such as KB4012212")
    hotfix_identifier: Text | None = Field(
        None,
        validation_alias=AliasChoices("hotfix_identifier", "identity"),
        description="its identity as dism lists it",
    )
    bulletin: Text | None = Field(None, description="a bulletin such as MS17-010: choose by host")
    catalog: Text | None = Field(
        None, description="the bulletin's catalogue on the controller; MS17-010 comes with runner"
    )
    package_dir: Text | None = Field(
        None, description="folder on the host with the packages that the catalogue names"
    )

    @field_validator("hotfix_kb")
    @classmethod
    def _kb(cls, text: str | None) -> str | None:
        if text is None:
            return None
        found = re.fullmatch(r"(?i)(?:kb)?(\d{6,8})", text.strip())
        if not found:
            raise ValueError(f"must be a KB number such as KB4012212, not '{text}'")
        return f"KB{found[1]}"

    @field_validator("source", "package_dir")
    @classmethod
    def _path(cls, path: str | None) -> str | None:
        if path is not None and (problem := files.bad_path(path)):
            raise ValueError(problem)
        return path

    @field_validator("source")
    @classmethod
    def _kind(cls, path: str | None) -> str | None:
        if path is not None and not path.lower().endswith((".msu", ".cab", ".exe")):
            raise ValueError("must be a .msu, .cab or .exe file on the host")
        return path

    @model_validator(mode="after")
    def _enough(self) -> Params:
        if self.state == "present" and self.source is None and self.bulletin is None:
            raise ValueError("state: present needs 'source' or 'bulletin'")
        if self.state == "absent" and not (self.hotfix_kb or self.hotfix_identifier):
            raise ValueError("state: absent needs 'hotfix_kb' or 'hotfix_identifier'")
        if self.bulletin is None and (self.catalog or self.package_dir):
            raise ValueError("'catalog' and 'package_dir' go with 'bulletin'")
        expected = self.hotfix_kb
        if self.source and expected and hotfix_target.kb_of(self.source) not in (None, expected):
            raise ValueError(f"the file name of 'source' does not belong to {expected}")
        if self.bulletin is not None:
            self.catalogue()
        return self

    def catalogue(self) -> updates.Catalogue:
        """The catalogue of the bulletin. Raises ValueError when it cannot be read."""
        assert self.bulletin is not None
        path = self.catalog or updates.shipped(self.bulletin)
        if path is None:
            raise ValueError(f"no catalogue of {self.bulletin} comes along; give 'catalog'")
        try:
            found = updates.read_catalogue(path)
        except InputError as error:
            raise ValueError(error.message) from None
        if found.bulletin.casefold() != self.bulletin.casefold():
            raise ValueError(f"{path} is the catalogue of {found.bulletin}, not {self.bulletin}")
        return found


class Module(base.Module[Params, HotfixState]):
    """Brings one update to a host, or takes it away."""

    params = Params
    state = HotfixState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_hotfix_module.html"
    )
    guide = Guide(
        example=("win_hotfix:\n  bulletin: MS17-010\n  package_dir: C:\\WR"),
        using=(
            Using("reg, wmic, certutil, findstr, cmd"),
            Using("the package itself", until="2003"),
            Using("pkgmgr, expand", since="2008", until="2008"),
            Using("dism, expand", since="2008r2"),
        ),
        undo="an installed security fix, unless --irreversible asks for it; a removed one without "
        "its package",
    )

    def subject(self, params: Params) -> str:
        what = params.bulletin or params.hotfix_identifier or params.hotfix_kb
        return f"hotfix {what or ntpath.basename(params.source or '')}".lower()

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, HotfixState]:
        host = WindowsFacts.of(facts)
        target = _target(params, host)
        wants = params.state == "present"
        return (yield from hotfix.find(target, host, wants_package=wants))

    def plan(self, params: Params, before: HotfixState, facts: base.Facts) -> HotfixState:
        host = WindowsFacts.of(facts)
        if params.state == "absent":
            return dataclasses.replace(before, present=False, leftover=False, identities=())
        if before.present:
            return dataclasses.replace(before, leftover=False)
        target = _target(params, host)
        _check_install(target, host, before)
        return dataclasses.replace(before, present=True, leftover=False, status="restart needed")

    def apply(
        self, params: Params, change: Change[HotfixState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        host = WindowsFacts.of(facts)
        before, after = change.before, change.after
        if after.present and not before.present:
            return (yield from hotfix_change.install(host, before, after))
        if before.present and not after.present:
            return (yield from hotfix_change.remove(host, before, after))
        if before.leftover and not after.leftover:
            yield from hotfix_change.clean(host)
        return {}

    def irreversible(self, params: Params, change: Change[HotfixState], facts: base.Facts) -> str:
        if change.after.present and not change.before.present:
            return f"{change.after.kb} is a security fix: it is removed only on request"
        if change.before.present and not change.after.present and params.source is None:
            return f"{change.before.kb} can be put back only from its package"
        return ""

    def result(
        self,
        params: Params,
        change: Change[HotfixState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        now = change.after
        restart: Any = now.status in _WAITS
        effective: Any = now.present and not restart
        if change.touches("present"):
            # Only the installer knows; a dry run does not guess.
            restart = applied["reboot_required"] or restart if applied else UNKNOWN
            effective = effective if applied else UNKNOWN
        return {
            "identifier": now.identities[0] if now.identities else "",
            "kb": now.kb,
            "package": now.package,
            "status": now.status,
            "effective": effective,
            "reboot_required": restart,
        }

    def message(self, params: Params, change: Change[HotfixState], facts: base.Facts) -> str:
        before, after = change.before, change.after
        target = _target(params, WindowsFacts.of(facts))
        if change.touches("present"):
            if not after.present:
                return f"removes {before.kb}"
            parts = [f"{after.kb} from {after.package}"]
            if not before.package_found:
                parts.append("the file is not on the host yet")
            elif not before.package_sha1:
                parts.append("no checksum of the file is known")
            caution = target.caution(_version(before.srv_sys))
            return "; ".join([*parts, *([caution] if caution else [])])
        return _found(target, after)


_WAITS = ("restart needed", "uninstall pending")


def _found(target: Target, state: HotfixState) -> str:
    """The state in a person's words."""
    match state.status:
        case "not affected":
            return target.not_affected
        case "installed":
            return f"{state.kb} is already installed"
        case "superseded":
            return f"superseded: {state.kb} contains the fix"
        case "restart needed":
            return f"{state.kb} is staged: it takes effect at the restart"
        case "effective":
            return f"already in effect: srv.sys is {state.srv_sys or 'new enough'}"
    return f"{state.kb} is not installed"


def _target(params: Params, host: WindowsFacts) -> Target:
    if params.bulletin is not None and params.state == "present":
        return hotfix_target.from_catalogue(
            params.catalogue(), host, params.package_dir, params.source
        )
    return hotfix_target.from_source(params.source, params.hotfix_kb, params.hotfix_identifier)


def _version(text: str) -> files.Version | None:
    return updates.parse_version(text) if text else None


def _check_install(target: Target, host: WindowsFacts, before: HotfixState) -> None:
    """Everything that makes the installation impossible, before anything is sent."""
    if target.refusal:
        raise Refused(target.refusal, hint=target.advice(host))
    if not before.package:
        raise Refused(
            f"needs {target.name}, but no package is given",
            hint="give package_dir: the folder on the host where the packages lie, or source",
        )
    if reboot.blocks_servicing(before.restart_pending):
        because = ", ".join(before.restart_pending)
        raise RestartFirst(
            f"a restart is pending ({because}); {before.kb} cannot be installed before it",
            hint="restart the host first (win_reboot), then run this again",
        )
    if before.servicing_disabled and host.nt >= (6, 0):
        raise Refused(
            "the service TrustedInstaller is disabled, so nothing can be installed",
            hint="win_service: {name: TrustedInstaller, start_mode: manual}",
        )
    _check_file(target, before)


def _check_file(target: Target, before: HotfixState) -> None:
    package = next(p for p in target.packages if p.path == before.package)
    if not before.package_found or not package.sha1:
        return
    if not before.package_sha1:
        raise Refused(
            f"the SHA-1 of {package.path} cannot be computed on the host (certutil)",
            hint="without it nobody knows what the file is; copy certutil to the host, or check "
            "the file and give it as source: without bulletin",
        )
    if before.package_sha1 != package.sha1:
        raise Refused(
            f"{package.path} is not the file that the catalogue names: its SHA-1 is "
            f"{before.package_sha1}, not {package.sha1}",
            hint="copy it again from the Microsoft Update Catalog; do not run this one",
        )
