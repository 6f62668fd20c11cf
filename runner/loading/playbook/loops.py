"""``loop``, ``with_items`` and its many relatives, ``loop_control``."""

from __future__ import annotations

from typing import Final

from runner.interfaces.template import Templates
from runner.loading.text.data import holds_template
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields, check_templates, wrong_kind
from runner.loading.text.keywords import LOOP_CONTROL, LOOPS, loop_kind
from runner.model.task import Loop

_LISTS: Final = frozenset(
    {"loop", "with_list", "with_nested", "with_cartesian", "with_together", "with_subelements"}
)
"""Loops whose terms are a list: anything else can only be a mistake."""


def read_loop(fields: Fields, templates: Templates) -> Loop | None:
    """The loop of a task, if it has one."""
    keys = [key for key in fields.keys if loop_kind(key) in LOOPS]
    if len(keys) > 1:
        raise fields.keys[keys[1]].error(f"a task has one loop, found {' and '.join(keys)}")
    if not keys:
        if "loop_control" in fields:
            hint = "give the task a loop:, or remove this"
            raise fields.keys["loop_control"].error("loop_control without a loop", hint=hint)
        return None
    value = fields[keys[0]]
    check_templates(value, templates)
    kind = loop_kind(keys[0])
    _check_terms(kind, value)
    loop = Loop(kind=kind.removeprefix("with_"), terms=value.plain(), source=value.source)
    return _controlled(loop, fields, templates)


def _check_terms(kind: str, value: Value) -> None:
    plain = value.plain()
    if isinstance(plain, str) and holds_template(plain):
        return
    if plain is None:
        raise value.error(f"'{kind}' has nothing to go over")
    if kind == "with_dict":
        elements = value.elements() if value.is_sequence else [value]
        for element in elements:
            if not element.is_mapping and not holds_template(element.plain()):
                raise wrong_kind(element, kind, "a mapping or a template")
    elif kind in _LISTS and not value.is_sequence:
        error = wrong_kind(value, kind, "a list or a template")
        if value.is_mapping:
            error.hint = 'to go over a mapping: loop: "{{ the_mapping | dict2items }}"'
        elif isinstance(plain, str):
            name = plain if plain.isidentifier() else "NAME"
            error.hint = f'to go over a variable: {kind}: "{{{{ {name} }}}}"'
        raise error


def _controlled(loop: Loop, fields: Fields, templates: Templates) -> Loop:
    value = fields.get("loop_control")
    if value is None or value.is_null:
        return loop
    control = Fields(value, "loop_control")
    control.restrict(LOOP_CONTROL)
    label = control.get("label")
    if label is not None:
        check_templates(label, templates)
    pause = control.number("pause", 0, templates)
    extended = control.flag("extended", templates)
    all_items = control.flag("extended_allitems", templates)
    var = control.variable_name("loop_var") or loop.var
    index = control.variable_name("index_var")
    if index == var:
        place = control["index_var"]
        raise place.error(f"'{var}' cannot be both the element and its index")
    return Loop(
        kind=loop.kind,
        terms=loop.terms,
        source=loop.source,
        var=var,
        index_var=index,
        label=None if label is None else label.plain(),
        pause=loop.pause if pause is None else pause,
        extended=loop.extended if extended is None else extended,
        extended_allitems=loop.extended_allitems if all_items is None else all_items,
        break_when=control.conditions("break_when", templates) or (),
    )
