"""What the registry holds: a key with its values and subkeys, or one value."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import AliasChoices, Field, field_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces import touching
from runner.interfaces.exchange import Exec, Query, Reply, read
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.interfaces.touching import Reach
from runner.model.state import Change
from runner.windows import registry, registry_views

_VARIABLE: Final = re.compile("%([^%]+)%")
_ENVIRONMENT: Final = Exec("cmd", "/d", "/c", "set")


class Params(base.Params):
    """Parameters of Ansible's win_reg_stat."""

    path: Text = Field(
        validation_alias=AliasChoices("path", "key"),
        description=r"the key: HKLM:\SOFTWARE\Example or HKLM\SOFTWARE\Example",
    )
    name: Text | None = Field(
        None,
        validation_alias=AliasChoices("name", "entry", "property", "value"),
        description="one value; left out: the key with all its values and subkeys",
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
        return f"{hive}\\{rest}" if rest else hive


@dataclass(frozen=True, slots=True)
class Found:
    """One value as Ansible returns it: ``raw`` as it is stored, ``value`` as a program sees it."""

    name: str
    type: str
    raw: Any = None
    value: Any = None

    @property
    def returned(self) -> dict[str, Any]:
        """Ansible's keys."""
        return {"type": self.type, "raw_value": self.raw, "value": self.value}


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key that is there, or not."""

    exists: bool = False
    values: tuple[Found, ...] = ()
    sub_keys: tuple[str, ...] = ()


class Module(base.Module[Params, KeyState]):
    """Only looks."""

    params = Params
    state = KeyState
    ahead = True
    effect = base.Effect.READ
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_reg_stat_module.html"
    guide = Guide(
        example=(
            "win_reg_stat:\n"
            "  path: HKLM:\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters\n"
            "  name: SMB1"
        ),
        using=(Using("reg"),),
    )

    def subject(self, params: Params) -> str:
        view = f"{params.view}-bit " if params.view != "default" else ""
        return f"{view}registry {params.path} {params.name or ''}".strip().lower()

    def reach(self, params: Params, change: Change[KeyState], facts: base.Facts) -> Reach | None:
        if not registry.is_plain(params.path) or params.view != "default":
            return None
        return touching.reach(reads=registry.ancestors(params.path), below=(params.path,))

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, KeyState]:
        way = yield from registry_views.find(params.view, params.path)
        return (yield from registry_views.through(way, self._find(params)))

    def _find(self, params: Params) -> Generator[Query, Reply, KeyState]:
        (output,) = yield from read(registry.query(params.path))
        if output.code != 0:
            return KeyState()
        keys = registry.parse(output.stdout)
        own = _full(params.path).casefold()
        values = next((key.values for key in keys if key.path.casefold() == own), ())
        below = tuple(_last(key.path) for key in keys if key.path.casefold() != own)
        variables: Mapping[str, str] = {}
        if any(value.type == "expandstring" for value in values):
            (said,) = yield from read(_ENVIRONMENT)
            pairs = (line.partition("=") for line in said.stdout.splitlines())
            variables = {name.casefold(): value for name, equals, value in pairs if equals}
        found = (_found(value, at == 0, variables) for at, value in enumerate(values))
        return KeyState(True, tuple(found), below)

    def plan(self, params: Params, before: KeyState, facts: base.Facts) -> KeyState:
        return before

    def result(
        self,
        params: Params,
        change: Change[KeyState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        state = change.after
        if params.name is None:
            if not state.exists:
                return {"exists": False}
            properties = {value.name: value.returned for value in state.values}
            return {"exists": True, "properties": properties, "sub_keys": list(state.sub_keys)}
        wanted = params.name.casefold()
        one = next((v for v in state.values if v.name.casefold() == wanted), None)
        return {"exists": False} if one is None else {"exists": True, **one.returned}


def _full(path: str) -> str:
    hive, rest = registry.split_path(path)
    return f"{registry.HIVES[hive]}\\{rest}" if rest else registry.HIVES[hive]


def _last(path: str) -> str:
    return path.rpartition("\\")[2]


def _found(value: registry.Value, first: bool, variables: Mapping[str, str]) -> Found:
    # A default value is printed first, under a name in the host's language.
    name = "" if first and value.may_be_default else value.name
    kind = registry.TYPES.get(value.type, value.type)
    data: Any = value.data
    if value.type in ("binary", "none"):
        try:
            data = bytes.fromhex(str(value.data or ""))
        except ValueError:
            raise ModuleError(f"the value {value.name} came back garbled") from None
        return Found(name, kind, [f"0x{byte:02x}" for byte in data], list(data))
    if value.type == "expandstring":
        return Found(name, kind, data, _expanded(str(data), variables))
    data = list(data) if isinstance(data, tuple) else data
    return Found(name, kind, data, data)


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: variables.get(found[1].casefold(), found[0]), text)
