"""Roles, role services and features of Windows Server, by the names of Server Manager.

Server 2008 and 2008 R2 use ``servermanagercmd``; from 2012 on ``dism`` is used for features of
which both names are known (Telnet-Client, FS-SMB1), and PowerShell for all others.

What belongs to a feature is managed with it: what it is a part of is installed with it, its parts
go with it. Other features that Windows adds by itself stay when the change is taken back.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field, field_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import feature as _feature
from runner.modules._parts import restoring
from runner.windows.facts import WindowsFacts


class Params(base.Params):
    """Parameters of Ansible's win_feature."""

    name: Words = Field(min_length=1, description="names, as Server Manager has them")
    state: Literal["absent", "present"] = Field("present", description="whether they are installed")
    include_sub_features: bool = Field(False, description="install all of their parts as well")
    include_management_tools: bool = Field(
        False, description="install the tools to manage them as well (Server 2012 on)"
    )
    source: Text | None = Field(
        None, description="folder with the files of a removed feature (Server 2012 on)"
    )

    @field_validator("name")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not re.fullmatch(r"[A-Za-z0-9_.+\-]+", name):
                raise ValueError(f"'{name}' is not the name of a feature")
        return names

    @property
    def plain(self) -> bool:
        """Whether only the named features are asked for."""
        return not (self.include_sub_features or self.include_management_tools)


@dataclass(frozen=True, slots=True)
class Installed:
    """Which of the features that the task is about are installed.

    ``about`` are all of those; ``missing`` are names that the host does not know; ``pending`` those
    whose change waits for a restart.
    """

    installed: tuple[str, ...]
    about: tuple[str, ...] = field(default=(), compare=False)
    missing: tuple[str, ...] = field(default=(), compare=False)
    pending: tuple[str, ...] = field(default=(), compare=False)


class Module(base.Module[Params, Installed]):
    """Brings features to a state."""

    params = Params
    state = Installed
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_feature_module.html"
    )
    guide = Guide(
        example=("win_feature:\n  name: Telnet-Client\n  state: absent"),
        using=(
            Using("servermanagercmd", since="2008", until="2008r2"),
            Using("dism (features of which it is known how dism calls them)", since="2012"),
            Using("powershell", since="2012", powershell=True, part="all other features"),
        ),
        undo="other features and management tools that Windows added along with it: they stay",
        instead="sysocmgr /i:%SystemRoot%\\inf\\sysoc.inf /u:ANSWERS, with win_command",
    )

    def subject(self, params: Params) -> str:
        return f"windows feature {', '.join(params.name).lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Installed]:
        host = WindowsFacts.of(facts)
        way = _feature.way(host, params.name, plain=params.plain)
        _check(params, way, host)
        if way == _feature.DISM:
            states = yield from _feature.dism_states(params.name)
            return Installed(
                installed=tuple(name for name, state in states.items() if state.on),
                about=params.name,
                missing=tuple(name for name, state in states.items() if not state.known),
                pending=tuple(name for name, state in states.items() if state.pending),
            )
        tree = yield from _feature.tree(way)
        absent = params.state == "absent"
        about = _feature.concerned(
            tree, params.name, parts=absent or params.include_sub_features, above=not absent
        )
        return Installed(
            installed=tuple(each.name for each in about if each.installed),
            about=tuple(each.name for each in about),
            missing=tuple(name for name in params.name if not tree.find(name)),
        )

    def plan(self, params: Params, before: Installed, facts: base.Facts) -> Installed:
        if before.missing:
            raise Refused(
                f"this server knows no feature {', '.join(before.missing)}",
                hint="names are those of Server Manager: servermanagercmd -query, or "
                "Get-WindowsFeature; those of dism are for win_optional_feature",
            )
        wanted = before.about if params.state == "present" else ()
        return Installed(installed=tuple(wanted), about=before.about, pending=before.pending)

    def apply(
        self, params: Params, change: Change[Installed], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        way = _feature.way(WindowsFacts.of(facts), params.name, plain=params.plain)
        add = _feature.without(change.after.installed, change.before.installed)
        drop = _feature.without(change.before.installed, change.after.installed)
        restart = False
        if drop:
            restart = yield from _feature.remove(way, drop)
        if add:
            more = yield from _feature.install(
                way, add, tools=params.include_management_tools, source=params.source or ""
            )
            restart = restart or more
        return {"reboot_required": restart}

    def restore(self, params: Params, change: Change[Installed]) -> tuple[base.Restoring, ...]:
        return restoring.features(change.before.installed, change.after.installed)

    def result(
        self,
        params: Params,
        change: Change[Installed],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        before, after = change.before.installed, change.after.installed
        changed = (*_feature.without(after, before), *_feature.without(before, after))
        restart: Any = bool(change.after.pending)
        if changed:
            restart = bool(applied["reboot_required"] or restart) if applied else UNKNOWN
        code = "NoChangeNeeded"
        if changed:
            code = "SuccessRestartRequired" if restart is True else "Success"
        rows = [_row(name, restart) for name in changed]
        return {"exitcode": code, "feature_result": rows, "reboot_required": restart}

    def message(self, params: Params, change: Change[Installed], facts: base.Facts) -> str:
        parts = []
        if change.after.pending:
            parts.append(f"takes effect at the restart: {', '.join(change.after.pending)}")
        if params.include_management_tools and change.differences():
            parts.append("management tools that come along stay at a rollback")
        return "; ".join(parts)


def _row(name: str, restart: Any) -> dict[str, Any]:
    return {
        "id": name,
        "display_name": name,
        "success": True,
        "restart_needed": restart,
        "reboot_required": restart,
        "skip_reason": "NotSkipped",
        "message": [],
    }


def _check(params: Params, way: str, host: WindowsFacts) -> None:
    """Raises for what the way on this host cannot do."""
    if way == _feature.SERVERMANAGERCMD and (params.include_management_tools or params.source):
        which = "include_management_tools" if params.include_management_tools else "source"
        raise Refused(
            f"{host.name}: servermanagercmd knows no '{which}'",
            hint="name the tools as features of their own (RSAT-...)"
            if params.include_management_tools
            else "leave it out: before Server 2012 the files of features stay on the host",
        )
    if way == _feature.POWERSHELL and not host.powershell:
        raise ModuleError(
            f"{host.name}: these features need PowerShell, and the host has none",
            hint="install it, or use win_optional_feature with dism's name of the feature",
        )
