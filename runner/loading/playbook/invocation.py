"""Which module a task calls, and with which arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runner.errors import InputError, InputErrors, TemplateError
from runner.interfaces.template import Templates
from runner.loading.templates.lookups.lookups import LOOKUPS
from runner.loading.templates.plugin_names import resolve
from runner.loading.text.arguments import Arguments, ArgumentsError, parse_arguments
from runner.loading.text.data import DataStr
from runner.loading.text.defaults import Defaults
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields, check_templates, text_of
from runner.loading.text.keywords import (
    IMPORTS,
    INCLUDES,
    LOOPS,
    TASK,
    loop_kind,
    refuse_unknown,
    short_name,
    unsupported,
)
from runner.loading.text.module_names import may_be_module, unknown_module
from runner.loading.text.words import nearest
from runner.model.playbook import FREE_FORM
from runner.model.secret import Secret
from runner.model.source import Source
from runner.model.task import WHOLE

_NAMED_VALUES: Final = frozenset({"add_host", "group_by", "include_vars", "meta", "set_fact"})
"""Modules that take free text, but in whose text every ``name=value`` is an argument."""
_NAMED_BEFORE: Final = frozenset({"meta", "set_fact"})
"""Modules whose arguments' names must be known before any host is: order and dry runs need them."""
_LOOP: Final = "with_"
_TYPO: Final = 0.85
"""How much the name of a loop must be like a known one to be a typo of it."""
_ACTIONS: Final = ("action", "local_action")
_WORD: Final = re.compile(r"\s*(\S+)\s*")


@dataclass(slots=True)
class Invocation:
    """A module by its short name, its raw arguments, and the place of each.

    ``whole`` are templates that give a mapping of arguments each, the weakest first.
    """

    module: str
    args: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)


def find_module(fields: Fields, modules: Mapping[str, bool]) -> str:
    """The key that names the module.

    Raises UnknownModule for a key that can only be a module, PlaybookError for every other key
    that is none.
    """
    found: list[str] = []
    strangers: list[str] = []
    for name in fields.keys:
        if short_name(name) in modules or name in _ACTIONS:
            found.append(name)
        elif loop_kind(name) in TASK.known:
            continue
        elif name in TASK.later:
            raise unsupported(fields.keys[name], name, TASK.what)
        else:
            strangers.append(name)
    if strangers:
        raise _stranger(fields, strangers, modules, found=bool(found))
    if len(found) > 1:
        message = f"one task calls one module, found '{found[0]}' and '{found[1]}'"
        raise fields.keys[found[1]].error(message, hint="begin another task for it: '- name:'")
    if not found:
        hint = "a task calls a module, by its name: 'win_service:'; or it is a block"
        raise fields.value.error("this task names no module", hint=hint)
    return found[0]


def _stranger(
    fields: Fields, strangers: list[str], modules: Mapping[str, bool], *, found: bool
) -> InputError:
    """An error for keys that are neither keyword nor known module."""
    name = strangers[0]
    if name.startswith(_LOOP) and nearest(name, LOOPS, cutoff=_TYPO) is None:
        return fields.keys[name].error(f"there is no loop '{name}'", hint=_why_no_loop(name))
    if found:
        if name == "check":
            hint = "'check' is a parameter of the module; the keyword is check_mode"
            return fields.keys[name].error("'check' is not a keyword of a task", hint=hint)
        return refuse_unknown(fields.keys[name], short_name(name), TASK)
    candidates = [key for key in strangers if may_be_module(key, fields[key], TASK.known)]
    if len(candidates) != 1:
        return refuse_unknown(fields.keys[name], short_name(name), TASK, modules)
    unknown = unknown_module(candidates[0], fields.keys[candidates[0]], modules)
    others = [
        refuse_unknown(fields.keys[key], key, TASK) for key in strangers if key != candidates[0]
    ]
    return InputErrors([unknown, *others]) if others else unknown


def _why_no_loop(name: str) -> str:
    """Every lookup that is here makes a loop; of another it may be known why it is not here."""
    try:
        resolve("lookup", name.removeprefix(_LOOP), LOOKUPS)
    except TemplateError as error:
        return error.hint
    return ""


def read_invocation(
    fields: Fields,
    modules: Mapping[str, bool],
    templates: Templates,
    defaults: Mapping[str, Defaults],
) -> Invocation:
    """The module that a task calls, with ``args`` beside it and ``module_defaults`` merged in."""
    name = find_module(fields, modules)
    value = fields[name]
    if name in _ACTIONS:
        call = _action(name, value, modules)
    else:
        call = Invocation(short_name(name))
        _add(value, call, modules)
    check_templates(value, templates)
    if "args" in fields:
        extra = fields["args"]
        if _is_whole(extra.plain()):
            _add_whole(extra, call, extra.plain(), first=True)
        else:
            _add_mapping(extra, call)
        check_templates(extra, templates)
    _order(call, defaults.get(call.module))
    return call


def _order(call: Invocation, default: Defaults | None) -> None:
    """The defaults, what comes out of templates, the task's own: each over the one before."""
    if default is not None:
        weaker = {name: value for name, value in default.args.items() if name not in call.args}
        call.sources = {**default.sources, **call.sources}
    else:
        weaker = {}
    whole = {WHOLE: list(call.whole)} if call.whole else {}
    call.args = {**weaker, **whole, **call.args}


def _action(name: str, value: Value, modules: Mapping[str, bool]) -> Invocation:
    """``action: win_service name=x``, or a mapping with the module's name under ``module``."""
    if not value.is_mapping:
        module, begin = _first_word(name, value, modules)
        call = Invocation(module)
        _add_text(value, call, modules, begin)
        return call
    inner = Fields(value, f"'{name}'")
    if "module" not in inner:
        raise value.error(f"'{name}' names no module", hint=f"{name}: {{module: NAME, ...}}")
    named = inner["module"]
    module, begin = _first_word(name, named, modules)
    call = Invocation(module)
    _add_text(named, call, modules, begin)
    for key, place in inner.keys.items():
        if key == "args":
            _add(inner[key], call, modules)
        elif key != "module":
            _add_one(key, place, inner[key].plain(), call)
    return call


def _first_word(name: str, value: Value, modules: Mapping[str, bool]) -> tuple[str, int]:
    """The module that a text begins with, and where its arguments begin."""
    text = text_of(value, name)
    word = _WORD.match(text)
    if word is None:
        raise value.error(f"'{name}' names no module")
    if "{{" in word[1]:
        message = f"the module in '{name}' must be known before any host is contacted"
        raise value.error(message, hint="write one task for each module, each with its condition")
    module = short_name(word[1])
    if module in IMPORTS | INCLUDES:
        raise value.error(f"'{module}' is no module", hint=f"write it as the key: '{module}:'")
    if module not in modules:
        raise unknown_module(word[1], value, modules)
    return module, word.end()


def _add(value: Value, call: Invocation, modules: Mapping[str, bool]) -> None:
    if value.is_mapping:
        _add_mapping(value, call)
    elif value.is_sequence:
        hint = f"write them below {call.module}: as NAME: VALUE, without dashes"
        raise value.error(
            f"the arguments of '{call.module}' are a mapping, found a list", hint=hint
        )
    elif isinstance(value.plain(), Secret):
        _add_secret(value, call, modules)
    elif value.plain() is not None:
        _add_text(value, call, modules)


def _is_whole(plain: Any) -> bool:
    """Whether a text is one template and nothing else."""
    if not isinstance(plain, str) or isinstance(plain, DataStr):
        return False
    return plain.startswith("{{") and plain.endswith("}}") and plain.count("{{") == 1


def _add_whole(value: Value, call: Invocation, text: str, *, first: bool = False) -> None:
    """A template that gives a mapping of arguments; what is in it is known on a host only."""
    if call.module in _NAMED_BEFORE:
        message = f"what '{call.module}' is given must be known before any host: no template here"
        raise value.error(message, hint="write the names, and templates as their values")
    call.whole.insert(0 if first else len(call.whole), text)
    call.sources.setdefault(WHOLE, value.source)


def _add_secret(value: Value, call: Invocation, modules: Mapping[str, bool]) -> None:
    """A whole command that stands encrypted."""
    if not modules[call.module] or call.module in _NAMED_VALUES:
        message = f"the arguments of '{call.module}' cannot be encrypted as a whole"
        raise value.error(message, hint="encrypt each value by itself: name: !vault |")
    _add_one(FREE_FORM, value, value.plain(), call)


def _add_mapping(value: Value, call: Invocation) -> None:
    if value.is_null:
        return
    fields = Fields(value, f"the arguments of '{call.module}'")
    plain = value.plain()
    for key, place in fields.keys.items():
        _add_one(key, place, plain[key], call)


def _add_one(key: str, place: Value, value: Any, call: Invocation) -> None:
    if key in call.args:
        raise place.error(f"'{key}' is given twice", hint=f"first at {call.sources[key]}")
    call.args[key] = value
    call.sources[key] = place.source


def parse_text(value: Value, *, command: bool, begin: int = 0) -> tuple[Arguments, str | None]:
    """The arguments in a text from the character ``begin`` on, and its free text.

    Offsets are those of the whole text; what was no template before is none after.
    """
    plain = value.plain()
    text = plain if isinstance(plain, str) else str(value.node.value)
    try:
        parsed = parse_arguments(text[begin:], command=command)
    except ArgumentsError as error:
        where = value.inside(begin + error.offset)
        raise value.document.error(error.message, source=where, hint=error.hint) from None
    offsets = {name: begin + offset for name, offset in parsed.offsets.items()}
    moved = Arguments(parsed.values, offsets, parsed.free, begin + parsed.free_offset)
    free = parsed.free
    return moved, type(plain)(free) if free is not None and isinstance(plain, str) else free


def _add_text(value: Value, call: Invocation, modules: Mapping[str, bool], begin: int = 0) -> None:
    takes_free = modules[call.module]
    text = value.plain()
    if not takes_free and isinstance(text, str) and _is_whole(type(text)(text[begin:])):
        _add_whole(value, call, text[begin:])
        return
    command = takes_free and call.module not in _NAMED_VALUES
    parsed, free = parse_text(value, command=command, begin=begin)
    for name, argument in parsed.values.items():
        call.args[name] = argument
        call.sources[name] = value.inside(parsed.offsets[name])
    if free is None:
        return
    where = value.inside(parsed.free_offset)
    if not takes_free:
        word = free.split()[0]
        raise value.document.error(
            f"'{call.module}' takes no free text: '{word}' is not name=value",
            source=where,
            hint="write name=value, or a mapping below the module's name",
        )
    call.args[FREE_FORM] = free
    call.sources[FREE_FORM] = where
