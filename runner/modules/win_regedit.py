"""Registry keys and values, with ``reg.exe`` alone.

Whether a value was absent, or had another type or data, is recorded, and so are the keys that had
to be created above it: undo removes those again when they are empty. A key that is deleted is
recorded with all its values; where that cannot be exact, the plan says so beforehand.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.interfaces.touching import Reach
from runner.model.state import Change
from runner.modules import _registry, _restoring
from runner.modules._registry import RegistryState
from runner.windows import registry
from runner.windows.exit_codes import expect


class Params(base.Params):
    """Parameters of Ansible's win_regedit."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "hive": "a loaded hive would have to be unloaded again whatever happens; use win_shell"
    }

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
        if not self.name and self.data is not None and self.type != "string":
            raise ValueError("the default value of a key is a string; give a 'name'")
        if problem := registry.unwritable(wanted):
            raise ValueError(f"reg.exe cannot write this data: {problem}")
        return self

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
        return f"registry {params.path} {name}".strip().lower()

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, RegistryState]:
        if params.deletes_key:
            return (yield from _registry.find_tree(params.path))
        if params.touches_default:
            return (yield from _registry.find_default(params.path))
        return (yield from _registry.find_value(params.path, params.name or None))

    def plan(self, params: Params, before: RegistryState, facts: base.Facts) -> RegistryState:
        if params.deletes_key:
            above = registry.ancestors(params.path)
            nearest = above[0] if above and before.key_present else before.nearest
            return RegistryState(nearest=nearest)
        if params.state == "absent":
            return RegistryState(key_present=before.key_present, nearest=before.nearest)
        if not params.sets_value:
            return dataclasses.replace(before, key_present=True, nearest=params.path)
        return RegistryState(
            key_present=True,
            value_present=True,
            type=params.type,
            data=_registry.normal(params.type, params.data),
            nearest=params.path,
        )

    def reach(
        self, params: Params, change: Change[RegistryState], facts: base.Facts
    ) -> Reach | None:
        if params.touches_default:
            return None  # found with PowerShell
        return _registry.reach(params.path, params.name or "", change, tree=params.deletes_key)

    def apply(
        self, params: Params, change: Change[RegistryState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        if after.tree and not before.key_present:
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
        return {}

    def irreversible(self, params: Params, change: Change[RegistryState], facts: base.Facts) -> str:
        before = change.before
        if before.tree and not change.after.key_present:
            return _registry.unrestorable(before.tree)
        if before.value_present:
            problem = _registry.unwritable(before.type, before.data)
            return f"the old value could not be written back: {problem}" if problem else ""
        return ""

    def restore(self, params: Params, change: Change[RegistryState]) -> tuple[base.Restoring, ...]:
        return _restoring.registry_value(params.path, params.name, change)

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
