"""Optional features of Windows, with ``dism`` (Windows 7 and Server 2008 R2 on).

``dism /english`` prints the same words on every language. Disabling keeps the feature's files on
the host, so that it can be enabled again without media. SMB1Protocol exists as a feature from
Windows 8.1 and Server 2012 R2 on.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import Field, field_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import restoring
from runner.windows.exit_codes import (
    DISM_UNKNOWN_FEATURE,
    OK,
    PROGRAM_MISSING,
    RESTART_NEEDED,
    expect,
)

_MINUTES: Final = 60.0
_CHANGE_TIMEOUT: Final = 60 * _MINUTES
_STATE: Final = re.compile(r"^\s*State\s*:\s*(.+?)\s*$", re.MULTILINE)
_ENABLED: Final = frozenset({"Enabled", "Enable Pending"})
_PENDING: Final = frozenset({"Enable Pending", "Disable Pending"})


class Params(base.Params):
    """Parameters of Ansible's win_optional_feature."""

    name: Words = Field(min_length=1, description="names of the features, as dism lists them")
    state: Literal["absent", "present"] = Field("present", description="whether they are enabled")
    include_parent: bool = Field(
        False, description="enable what they need as well (Windows 8 and Server 2012 on)"
    )
    source: Text | None = Field(None, description="folder with the files of a removed feature")

    @field_validator("name")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not re.fullmatch(r"[A-Za-z0-9_.\-]+", name):
                raise ValueError(f"'{name}' is not a feature name")
        return names


@dataclass(frozen=True, slots=True)
class Features:
    """Which of the named features are enabled; one that will be at the restart counts already.

    ``pending`` names those whose change waits for a restart.
    """

    enabled: tuple[str, ...]
    pending: tuple[str, ...] = field(default=(), compare=False)


class Module(base.Module[Params, Features]):
    """Brings features to a state."""

    params = Params
    state = Features
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_optional_feature_module.html"
    )
    guide = Guide(
        example=("win_optional_feature:\n  name: SMB1Protocol\n  state: absent"),
        using=(Using("dism", since="2008r2"),),
        instead="win_feature on 2008",
    )

    def subject(self, params: Params) -> str:
        return f"feature {', '.join(params.name).lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Features]:
        states: dict[str, str] = {}
        for name in params.name:
            (out,) = yield from read(_info(name))
            states[name] = _state(name, out.code, out.stdout, out.stderr)
        return Features(
            enabled=tuple(name for name, state in states.items() if state in _ENABLED),
            pending=tuple(name for name, state in states.items() if state in _PENDING),
        )

    def plan(self, params: Params, before: Features, facts: base.Facts) -> Features:
        wanted = params.name if params.state == "present" else ()
        return Features(enabled=tuple(wanted), pending=before.pending)

    def apply(
        self, params: Params, change: Change[Features], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before.enabled, change.after.enabled
        restart = False
        for name in params.name:
            if name in after and name not in before:
                out = yield from write(_enable(params, name))
            elif name in before and name not in after:
                out = yield from write(_disable(name))
            else:
                continue
            expect(out, "dism", f"change the feature {name}", (OK, RESTART_NEEDED))
            restart = restart or out.code == RESTART_NEEDED
        return {"reboot_required": restart}

    def restore(self, params: Params, change: Change[Features]) -> tuple[base.Restoring, ...]:
        return restoring.features(change.before.enabled, change.after.enabled)

    def result(
        self,
        params: Params,
        change: Change[Features],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        if change.differences() and not applied:
            return {"reboot_required": UNKNOWN}
        return {"reboot_required": bool(applied.get("reboot_required") or change.after.pending)}

    def message(self, params: Params, change: Change[Features], facts: base.Facts) -> str:
        pending = change.after.pending
        return f"takes effect at the restart: {', '.join(pending)}" if pending else ""


def _info(name: str) -> Exec:
    return Exec(
        "dism",
        "/online",
        "/english",
        "/get-featureinfo",
        f"/featurename:{name}",
        timeout=5 * _MINUTES,
    )


def _state(name: str, code: int, stdout: str, stderr: str) -> str:
    if code == PROGRAM_MISSING:
        raise Refused(
            f"feature {name}: this host has no dism",
            hint="optional features exist from Windows 7 and Server 2008 R2 on",
        )
    if code == DISM_UNKNOWN_FEATURE:
        raise Refused(
            f"there is no feature {name} on this host",
            hint="list them with: dism /online /english /get-features; SMB1Protocol exists from "
            "Windows 8.1 and Server 2012 R2 on, before that set the registry value SMB1",
        )
    found = _STATE.search(stdout)
    if code != OK or not found:
        said = (stderr.strip() or stdout.strip()).splitlines()
        detail = said[-1].strip() if said else f"exit code {code}"
        raise ModuleError(f"the state of feature {name} cannot be read: {detail}")
    return found[1]


def _enable(params: Params, name: str) -> Exec:
    # A feature whose files were kept needs no source; Windows Update is never asked when one is
    # given, so that nothing comes from elsewhere.
    source = (f"/source:{params.source}", "/limitaccess") if params.source else ()
    parents = ("/all",) if params.include_parent else ()
    return Exec(
        "dism",
        "/online",
        "/norestart",
        "/quiet",
        "/enable-feature",
        f"/featurename:{name}",
        *parents,
        *source,
        timeout=_CHANGE_TIMEOUT,
    )


def _disable(name: str) -> Exec:
    return Exec(
        "dism",
        "/online",
        "/norestart",
        "/quiet",
        "/disable-feature",
        f"/featurename:{name}",
        timeout=_CHANGE_TIMEOUT,
    )
