"""One setting of the local security policy of a Windows host, with ``secedit``.

Sections are those of a security template that ``secedit /export`` writes. [Registry Values] are
values of the registry, written ``type,data``: they are read and set there, so that one that was
absent can be taken away again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import Field, model_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts import registry as _registry
from runner.modules._parts import restoring, restoring_settings
from runner.modules._parts.registry import RegistryState
from runner.windows import policy, registry
from runner.windows.exit_codes import expect
from runner.windows.facts import WindowsFacts

_REGISTRY: Final = "Registry Values"
_SECTIONS: Final = {name.casefold(): name for name in (*policy.AREAS, _REGISTRY)}
_HIVE: Final = "MACHINE\\"
_TYPES: Final = {"1": "string", "2": "expandstring", "3": "binary", "4": "dword",
                 "7": "multistring"}  # fmt: skip
_NUMBERS: Final = {kind: number for number, kind in _TYPES.items()}
_QUOTED: Final = frozenset({"newadministratorname", "newguestname"})


class Params(base.Params):
    """Parameters of Ansible's win_security_policy."""

    section: Text = Field(description="such as System Access, Event Audit or Privilege Rights")
    key: Text = Field(min_length=1, description="the key in the section")
    value: Text = Field(description="its value; of Registry Values: type,data such as 4,1")

    @model_validator(mode="after")
    def _known(self) -> Params:
        if self.section.casefold() not in _SECTIONS:
            raise ValueError(
                f"section '{self.section}' is not one that secedit exports as keys and values: "
                f"{', '.join(_SECTIONS.values())}"
            )
        if any(ord(char) < 32 for char in self.key + self.value) or "=" in self.key:
            raise ValueError("neither key nor value may hold a line break, nor the key an '='")
        if self.section.casefold() == _REGISTRY.casefold():
            _place(self.key)
            _typed(self.value)
        return self

    @property
    def place(self) -> str:
        """The section as secedit spells it."""
        return _SECTIONS[self.section.casefold()]


@dataclass(frozen=True, slots=True)
class Setting:
    """A key's value; None where there is none. ``key`` is as the host spells it.

    ``behind`` is what the registry has, where the key is a value of that.
    """

    value: str | None = None
    key: str = field(default="", compare=False)
    behind: RegistryState = field(default=RegistryState(), compare=False)


class Module(base.Module[Params, Setting]):
    """Gives one key of the policy a value."""

    params = Params
    state = Setting
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/community/windows/"
        "win_security_policy_module.html"
    )
    guide = Guide(
        example=(
            "win_security_policy:\n"
            "  section: System Access\n"
            "  key: MinimumPasswordLength\n"
            "  value: 12"
        ),
        using=(Using("secedit, certutil, reg"),),
        undo="a setting that was absent before, outside of Registry Values",
    )

    def subject(self, params: Params) -> str:
        return f"security policy [{params.place}] {params.key.lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Setting]:
        if params.place == _REGISTRY:
            path, name = _place(params.key)
            behind = yield from _registry.find_value(path, name)
            return Setting(_written(behind), params.key, behind)
        (output,) = yield from read(policy.export(params.place))
        keys = policy.parse(output).get(params.place, {})
        for key, value in keys.items():
            if key.casefold() == params.key.casefold():
                return Setting(_bare(value), key)
        if params.place == policy.RIGHTS:  # nobody has it: then it is not listed
            return Setting("", params.key)
        return Setting(None, params.key)

    def plan(self, params: Params, before: Setting, facts: base.Facts) -> Setting:
        controller = WindowsFacts.of(facts).product_type == "LanmanNT"
        if controller and params.place in (policy.ACCESS, "Kerberos Policy"):
            raise Refused(
                f"[{params.place}] {params.key}: this host is a domain controller, where it would "
                "change the policy of the whole domain",
                hint="change the domain's policy with Group Policy",
            )
        if params.place == _REGISTRY:
            kind, data = _typed(params.value)
            behind = RegistryState(True, True, kind, data, nearest=before.behind.nearest)
            return Setting(_written(behind), before.key, behind)
        wanted = _bare(params.value)
        same = before.value is not None and _folded(params, before.value) == _folded(params, wanted)
        return before if same else dataclasses.replace(before, value=wanted)

    def apply(
        self, params: Params, change: Change[Setting], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        value = change.after.value
        if params.place == _REGISTRY:
            yield from _set_registry(params.key, change.after.behind)
            return {}
        if value is None:
            raise ModuleError(
                f"[{params.place}] {params.key} was not set before: secedit cannot take it away"
            )
        quoted = params.key.casefold() in _QUOTED
        text = f'"{value}"' if quoted else value
        yield from policy.configure(params.place, change.after.key or params.key, text)
        return {}

    def sweep(
        self, params: Params, change: Change[Setting], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        """The keys above a value that was not there."""
        was = change.before.behind
        if change.before.key.startswith(_HIVE) and not was.key_present:
            path, _ = _place(change.before.key)
            yield from _registry.remove_empty(path, was.nearest, strict=False)

    def restore(self, params: Params, change: Change[Setting]) -> tuple[base.Restoring, ...]:
        before, after = change.before, change.after
        if params.place == _REGISTRY:
            path, name = _place(params.key)
            behind = Change(change.subject, before.behind, after.behind)
            tasks = restoring.registry_value(path, name, behind)
            return restoring_settings.renamed(tasks, "win_regedit")
        if before.value is None:
            return ()
        args = {"section": params.section, "key": params.key, "value": before.value}
        return (base.Restoring(args),)

    def irreversible(self, params: Params, change: Change[Setting], facts: base.Facts) -> str:
        if change.before.value is None and params.place != _REGISTRY:
            return "it was not set before, and secedit cannot take a setting away"
        old = change.before.behind
        if old.value_present and (problem := _registry.unwritable(old.type, old.data)):
            return f"its old value cannot be written back: {problem}"
        return ""

    def result(
        self,
        params: Params,
        change: Change[Setting],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"section": params.section, "key": params.key, "value": params.value}

    def message(self, params: Params, change: Change[Setting], facts: base.Facts) -> str:
        audit = change.differences() and params.place == "Event Audit"
        if audit and WindowsFacts.of(facts).nt >= (6, 0):
            return "the subcategories of win_audit_policy_system win over this, where they are used"
        return ""


def _bare(value: str) -> str:
    """A value without the quotes that a template puts around text."""
    text = value.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _folded(params: Params, value: str) -> object:
    """Values that mean the same: accounts of a right come in any order."""
    if params.place == policy.RIGHTS:
        return frozenset(part.strip().casefold() for part in value.split(",") if part.strip())
    return value


def _place(key: str) -> tuple[str, str]:
    r"""Key and value name of ``MACHINE\Software\...\Name``. Raises ValueError."""
    path, _, name = key.rpartition("\\")
    if not key.upper().startswith(_HIVE) or not name or "\\" not in path:
        raise ValueError(rf"a key of Registry Values is MACHINE\...\name, not '{key}'")
    return f"HKLM\\{path[len(_HIVE) :]}", name


def _typed(value: str) -> tuple[str, registry.Data]:
    """Type and data of ``4,1``. Raises ValueError."""
    number, comma, text = value.partition(",")
    kind = _TYPES.get(number.strip())
    if kind is None or not comma:
        raise ValueError(
            f"a value of Registry Values is type,data with the types {', '.join(_TYPES)} "
            f"(4 is a number, 1 text, 7 a list), not '{value}'"
        )
    if kind == "dword":
        if not text.strip().isdigit() or int(text) > 0xFFFFFFFF:
            raise ValueError(f"'{text}' is not a number from 0 to 4294967295")
        return kind, int(text)
    if kind == "multistring":
        return kind, tuple(_bare(part) for part in text.split(",") if part.strip())
    return kind, text.strip().lower() if kind == "binary" else _bare(text)


def _written(found: RegistryState) -> str | None:
    """A value of the registry as a template has it."""
    if not found.value_present:
        return None
    items = found.data if isinstance(found.data, tuple) else (str(found.data),)
    return ",".join((_NUMBERS.get(found.type, found.type), *items))


def _set_registry(key: str, wanted: RegistryState) -> Generator[Request, Reply, None]:
    path, name = _place(key)
    if wanted.value_present:
        output = yield from write(registry.add(path, name, wanted.type, wanted.data))
        expect(output, "reg", f"set {key}")
        return
    output = yield from write(registry.delete_value(path, name))
    expect(output, "reg", f"delete {key}")
    if not wanted.key_present:
        yield from _registry.remove_empty(path, wanted.nearest)
