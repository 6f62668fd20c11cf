"""Registry keys and values, with ``reg.exe`` alone.

Whether a value was absent, or had another type or data, is recorded, and so are the keys that had
to be created above it: undo removes those again when they are empty. A key that is deleted is
recorded with all its values; where that cannot be exact, the plan says so beforehand. A hive out
of a file is loaded for the task alone, also for a dry run, which has to look into it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.interfaces.touching import Reach
from runner.model.state import Change
from runner.modules._parts import registry as _registry
from runner.modules._parts import restoring
from runner.modules._parts.registry import RegistryState
from runner.modules._parts.win_files import PathText
from runner.windows import hives, registry, registry_views
from runner.windows.exit_codes import expect


class Params(base.Params):
    """Parameters of Ansible's win_regedit."""

    path: Text = Field(
        validation_alias=AliasChoices("path", "key"),
        description=r"the key: HKLM:\SOFTWARE\Example or HKLM\SOFTWARE\Example",
    )
    name: Text | None = Field(
        None,
        validation_alias=AliasChoices("name", "entry", "value"),
        description="the value; left out or empty means the key's default value",
    )
    data: Any = Field(None, description="the value's data; a list for multistring and binary")
    type: Literal["none", "binary", "dword", "expandstring", "multistring", "string", "qword"] = (
        Field(
            "string",
            validation_alias=AliasChoices("type", "datatype"),
            description="the data's type",
        )
    )
    state: Literal["absent", "present"] = Field("present", description="whether it shall exist")
    delete_key: bool = Field(
        True, description="absent without a name deletes the whole key, not only its default value"
    )
    hive: PathText | None = Field(
        None,
        description=r"a file with a hive, such as C:\Users\Default\NTUSER.DAT, that is loaded as "
        r"HKLM:\ANSIBLE for this task; path must be in there",
    )
    view: registry_views.View = Field(
        "default",
        description="which half of a 64-bit Windows' registry; default: that of the host's shell, "
        "64 with WinRM (not in Ansible)",
    )

    @field_validator("path")
    @classmethod
    def _hive(cls, path: str) -> str:
        hive, rest = registry.split_path(path)
        if not rest:
            raise ValueError(f"must name a key below {hive}:")
        return f"{hive}\\{rest}"

    @model_validator(mode="after")
    def _fits(self) -> Params:
        wanted = _registry.normal(self.type, self.data)
        if self.hive is not None:
            self._check_hive()
        if not self.name and self.data is not None and self.type != "string":
            raise ValueError("the default value of a key is a string; give a 'name'")
        if problem := _registry.unwritable(self.type, wanted):
            raise ValueError(f"reg.exe cannot write this data: {problem}")
        return self

    def _check_hive(self) -> None:
        if not hives.is_in(self.path):
            raise ValueError(rf"with hive, path must be in {hives.ROOT}: the hive is loaded there")
        if self.deletes_key and "\\" not in self.path.removeprefix("HKLM\\"):
            raise ValueError("the root of a hive cannot be deleted; name a key below it")
        if self.view != "default":
            raise ValueError("view has no meaning with hive: a loaded hive is the same in both")

    @property
    def touches_default(self) -> bool:
        """Whether the task is about the key's default value."""
        if self.name:
            return False
        return self.data is not None if self.state == "present" else not self.delete_key

    @property
    def deletes_key(self) -> bool:
        """Whether the task deletes a whole key."""
        return self.state == "absent" and not self.name and self.delete_key

    @property
    def sets_value(self) -> bool:
        """Whether the task wants a value to exist."""
        return self.state == "present" and bool(self.name or self.data is not None)


class Module(base.Module[Params, RegistryState]):
    """Brings one key or value to a state."""

    params = Params
    state = RegistryState
    ahead = True
    straight = True
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_regedit_module.html"
    guide = Guide(
        example=(
            "win_regedit:\n"
            "  path: HKLM:\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters\n"
            "  name: SMB1\n"
            "  type: dword\n"
            "  data: 0"
        ),
        using=(
            Using("reg"),
            Using("powershell", since="2008r2", powershell=True, part="a key's default value"),
        ),
        undo="old data that reg.exe cannot write exactly (control characters, empty items)",
    )

    def subject(self, params: Params) -> str:
        name = "(default)" if params.touches_default else params.name or ""
        view = f"{params.view}-bit " if params.view != "default" else ""
        hive = f" of {params.hive}" if params.hive else ""
        return f"{view}registry {params.path} {name}".strip().lower() + hive.lower()

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, RegistryState]:
        if params.hive is not None:
            loaded = yield from hives.is_loaded(params.hive)
            look = self._find(params)
            state = yield from (look if loaded else hives.looking(params.hive, look))
            return dataclasses.replace(state, hive_loaded=loaded)
        way = yield from registry_views.find(params.view, params.path)
        state = yield from registry_views.through(way, self._find(params, way))
        return dataclasses.replace(state, way=way)

    def _find(self, params: Params, way: str = "") -> Generator[Query, Reply, RegistryState]:
        if params.deletes_key:
            return (yield from _registry.find_tree(params.path))
        if params.touches_default:
            return (yield from _registry.find_default(params.path, _kept(params, way), way))
        return (yield from _registry.find_value(params.path, params.name or None))

    def plan(self, params: Params, before: RegistryState, facts: base.Facts) -> RegistryState:
        if params.deletes_key:
            above = registry.ancestors(params.path)
            nearest = above[0] if above and before.key_present else before.nearest
            return RegistryState(nearest=nearest, way=before.way)
        if params.state == "absent":
            return RegistryState(
                key_present=before.key_present, nearest=before.nearest, way=before.way
            )
        if not params.sets_value:
            return dataclasses.replace(
                before, key_present=True, nearest=params.path, hive_loaded=False
            )
        return RegistryState(
            key_present=True,
            value_present=True,
            type=params.type,
            data=_registry.normal(params.type, params.data),
            nearest=params.path,
            way=before.way,
        )

    def reach(
        self, params: Params, change: Change[RegistryState], facts: base.Facts
    ) -> Reach | None:
        if params.touches_default or params.hive or params.view != "default":
            return None  # found with PowerShell, or elsewhere than its path says
        return _registry.reach(params.path, params.name or "", change, tree=params.deletes_key)

    def apply(
        self, params: Params, change: Change[RegistryState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        work = self._change(params, change)
        if params.hive is not None:
            yield from hives.within(
                params.hive, work, loaded=before.hive_loaded, stays=after.hive_loaded
            )
        else:
            yield from registry_views.through(before.way or after.way, work)
        return {}

    def _change(
        self, params: Params, change: Change[RegistryState]
    ) -> Generator[Request, Reply, None]:
        before, after = change.before, change.after
        if not {one.field for one in change.differences()} - {"hive_loaded"}:
            return
        if after.tree and before.tree != after.tree:
            yield from _restore(after)
        elif before.key_present and not after.key_present and params.deletes_key:
            out = yield from write(registry.delete_key(params.path))
            expect(out, "reg", f"delete the key {params.path}")
        elif after.value_present:
            yield from _set(params, after)
        elif before.value_present:
            out = yield from write(registry.delete_value(params.path, params.name or None))
            expect(out, "reg", f"delete {params.name or 'the default value'} of {params.path}")
        elif after.key_present and not before.key_present:
            out = yield from write(registry.add_key(params.path))
            expect(out, "reg", f"create the key {params.path}")
        if before.key_present and not after.key_present and not params.deletes_key:
            yield from _registry.remove_empty(params.path, after.nearest)

    def sweep(
        self, params: Params, change: Change[RegistryState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        """Keys above one that was not there; a hive that was not loaded."""
        before = change.before
        if not before.key_present and params.hive is None:
            work = _registry.remove_empty(params.path, before.nearest, strict=False)
            yield from registry_views.through(before.way or change.after.way, work)
        elif params.hive is not None and not before.hive_loaded:
            yield from hives.left(params.hive)

    def irreversible(self, params: Params, change: Change[RegistryState], facts: base.Facts) -> str:
        before = change.before
        if before.tree and not change.after.key_present:
            return _registry.unrestorable(before.tree)
        if before.value_present:
            problem = _registry.unwritable(before.type, before.data)
            return f"the old value could not be written back: {problem}" if problem else ""
        return ""

    def restore(self, params: Params, change: Change[RegistryState]) -> tuple[base.Restoring, ...]:
        tasks = restoring.registry_value(params.path, params.name, change)
        extra = {"hive": params.hive} if params.hive else {}
        if params.view != "default":
            extra["view"] = params.view
        return tuple(base.Restoring({**task.arguments, **extra}, task.module) for task in tasks)

    def result(
        self,
        params: Params,
        change: Change[RegistryState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        both = change.before.value_present and change.after.value_present
        return {
            "data_changed": both and change.touches("data"),
            "data_type_changed": both and change.touches("type"),
        }


def _kept(params: Params, way: str) -> str:
    """Where PowerShell, a 64-bit program, finds a key of the 32-bit view."""
    if params.view != "32" or not way:
        return ""
    kept = registry_views.kept(params.path)
    if kept is None:
        raise Refused(
            f"the default value of {params.path} cannot be told in the 32-bit view",
            hint=r"write the path out, with ...\Classes\Wow6432Node\... in it, and leave view out",
        )
    return kept


def _set(params: Params, after: RegistryState) -> Generator[Request, Reply, None]:
    name = params.name or None
    out = yield from write(registry.add(params.path, name, after.type, after.data))
    expect(out, "reg", f"set {name or 'the default value'} of {params.path}")


def _restore(after: RegistryState) -> Generator[Request, Reply, None]:
    """Write a deleted key back, value by value."""
    if problem := _registry.unrestorable(after.tree):
        raise Refused(f"the deleted key cannot be written back: {problem}")
    filled = {entry.path for entry in after.tree if entry.name is not None}
    for entry in after.tree:
        if entry.name is not None:
            out = yield from write(registry.add(entry.path, entry.name, entry.type, entry.data))
            expect(out, "reg", f"set {entry.name} of {entry.path}")
        elif entry.path not in filled:
            out = yield from write(registry.add_key(entry.path))
            expect(out, "reg", f"create the key {entry.path}")
