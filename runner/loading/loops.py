"""``loop``, ``with_items`` and their relatives, ``loop_control``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from runner.interfaces.template import Templates
from runner.loading.data import holds_template
from runner.loading.document import Value
from runner.loading.fields import Fields, check_templates, wrong_kind
from runner.loading.keywords import LOOP_CONTROL

_KINDS: Final = ("loop", "with_items", "with_list", "with_dict")
_WRITTEN: Final = "_with_loop"
"""The variable that holds what stood under ``with_items`` until it is known and flattened."""


@dataclass(frozen=True, slots=True)
class Loop:
    """What a task goes over: a list or a template, and the names of its variables."""

    values: Any = None
    variable: str = "item"
    label: str | None = None
    index: str | None = None
    vars: dict[str, Any] = field(default_factory=dict)


def read_loop(fields: Fields, templates: Templates) -> Loop:
    """The loop of a task; ``values`` None when it has none."""
    kinds = [kind for kind in _KINDS if kind in fields]
    if len(kinds) > 1:
        raise fields.keys[kinds[1]].error(f"a task has one loop, found {' and '.join(kinds)}")
    if not kinds:
        if "loop_control" in fields:
            raise fields.keys["loop_control"].error("loop_control without a loop")
        return Loop()
    value = fields[kinds[0]]
    check_templates(value, templates)
    values, variables = _values(kinds[0], value)
    variable, label, index = _control(fields, templates)
    return Loop(values, variable, label, index, variables)


def _values(kind: str, value: Value) -> tuple[Any, dict[str, Any]]:
    plain = value.plain()
    if kind == "with_dict":
        if not value.is_mapping and not holds_template(plain):
            raise wrong_kind(value, kind, "a mapping or a template")
        return f"{{{{ {_WRITTEN} | dict2items }}}}", {_WRITTEN: plain}
    if kind == "with_items":
        if not holds_template(plain):
            return _one_level(plain if isinstance(plain, list) else [plain]), {}
        listed = f"{_WRITTEN} if {_WRITTEN} is iterable and {_WRITTEN} is not string"
        listed += f" and {_WRITTEN} is not mapping else [{_WRITTEN}]"
        flattened = f"{{{{ ({listed}) | flatten(levels=1, skip_nulls=false) }}}}"
        return flattened, {_WRITTEN: plain}
    if isinstance(plain, list) or (isinstance(plain, str) and holds_template(plain)):
        return plain, {}
    error = wrong_kind(value, kind, "a list or a template")
    if value.is_mapping:
        error.hint = 'to go over a mapping: loop: "{{ the_mapping | dict2items }}"'
    raise error


def _one_level(values: list[Any]) -> list[Any]:
    return [v for value in values for v in (value if isinstance(value, list) else [value])]


def _control(fields: Fields, templates: Templates) -> tuple[str, str | None, str | None]:
    value = fields.get("loop_control")
    if value is None or value.is_null:
        return "item", None, None
    control = Fields(value, "loop_control")
    control.restrict(LOOP_CONTROL)
    label = control.text("label")
    if label is not None:
        templates.check(label, control["label"].source)
    variable = control.variable_name("loop_var") or "item"
    return variable, label, control.variable_name("index_var")
