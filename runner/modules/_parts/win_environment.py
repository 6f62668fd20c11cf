"""Environment variables of a Windows host as the registry keeps them.

Source: Microsoft, "Environment Variables": the system's are values below ``Session Manager\\
Environment``, a user's below ``HKEY_CURRENT_USER\\Environment``. A program that starts from a new
logon finds them; services find those of the system after a restart of the host.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runner.errors import ModuleError
from runner.interfaces import touching
from runner.interfaces.exchange import Query, Reply, Request, read, write
from runner.interfaces.touching import Reach
from runner.model.state import Change
from runner.windows import registry
from runner.windows.exit_codes import expect

KEYS: Final = {
    "machine": r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment",
    "user": r"HKCU\Environment",
}
TEXTS: Final = ("string", "expandstring")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. ``type`` is that of its value; ``name`` is spelled as the host spells it."""

    name: str
    present: bool = False
    type: str = ""
    data: str = ""

    @property
    def value(self) -> str | None:
        """What it holds; None when there is none."""
        return self.data if self.present else None


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """The variables that a task is about, and whether the key is there that they stand in."""

    variables: tuple[Variable, ...] = ()
    key_present: bool = True


def find(level: str, names: Sequence[str]) -> Generator[Query, Reply, EnvironmentState]:
    """The variables of these names as they are now."""
    (output,) = yield from read(registry.query(KEYS[level]))
    if output.code != 0:
        return EnvironmentState(tuple(map(Variable, names)), key_present=False)
    values = {value.name.casefold(): value for value in registry.values(output)}
    return EnvironmentState(tuple(_variable(name, values) for name in names))


def _variable(name: str, values: Mapping[str, registry.Value]) -> Variable:
    found = values.get(name.casefold())
    if found is None:
        return Variable(name)
    if found.type not in TEXTS:
        raise ModuleError(
            f"the variable {name} is of the type {found.type}, which no variable can be",
            hint="set it right with win_regedit first",
        )
    return Variable(found.name, True, found.type, str(found.data))


def problem(before: EnvironmentState) -> str:
    """Why what is there could not be written back exactly; empty when it could."""
    for variable in before.variables:
        if variable.present and (why := registry.unwritable(variable.data)):
            return f"the old value of {variable.name} could not be written back: {why}"
    return ""


def reach(level: str, names: Sequence[str], change: Change[EnvironmentState]) -> Reach:
    """What a task about these variables has to do with."""
    key = KEYS[level]
    values = [registry.value_path(key, name) for name in names]
    pairs = zip(change.before.variables, change.after.variables, values, strict=True)
    moved = [key] if change.touches("key_present") else [v for old, new, v in pairs if old != new]
    return touching.reach(reads=(key, *registry.ancestors(key), *values), writes=moved)


def change(
    level: str, before: EnvironmentState, after: EnvironmentState
) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Bring the variables from one state to the other."""
    key = KEYS[level]
    for old, new in zip(before.variables, after.variables, strict=True):
        if new.present and old != new:
            out = yield from write(registry.add(key, new.name, new.type, new.data))
            expect(out, "reg", f"set the variable {new.name}")
        elif old.present and not new.present:
            out = yield from write(registry.delete_value(key, old.name))
            expect(out, "reg", f"remove the variable {old.name}")
    if before.key_present and not after.key_present:
        yield from _remove_key(key)
    return {}


def _remove_key(key: str) -> Generator[Request, Reply, None]:
    """Remove the key that a change had made, unless somebody has put more into it."""
    (output,) = yield from read(registry.query(key))
    if output.code != 0 or registry.values(output):
        return
    out = yield from write(registry.delete_key(key))
    expect(out, "reg", f"remove the empty key {key}")
