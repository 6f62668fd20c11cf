"""Parameters: from what a person wrote to a module's ``Params``, with errors that have a place.

``check_static`` finds what can be found before any host; ``parse`` does the rest on each of them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticUndefined

from runner.errors import ParamsError
from runner.interfaces.module import Module, Params
from runner.interfaces.param_rows import choices_of, names_of, unsupported
from runner.model.source import Source
from runner.model.task import FREE_FORM, WHOLE

AnyModule: TypeAlias = Module[Any, Any]
Raw: TypeAlias = Mapping[str, Any]
Sources: TypeAlias = Mapping[str, Source]


def module_name(module: AnyModule) -> str:
    """The YAML key of a module: the name of its file."""
    return type(module).__module__.rpartition(".")[2]


def parse(module: AnyModule, raw: Raw, sources: Sources, place: Source) -> Params:
    """The module's parameters out of rendered arguments.

    A value of None counts as not given, as in Ansible. Raises ParamsError that points at the
    argument, or at ``place`` when the argument is missing.
    """
    if module.params.HIDDEN or not all(isinstance(v, _SINGLE) for v in raw.values()):
        return _parsed(module, raw, sources, place)
    # Hosts of a fleet are mostly given the same. Equal is not enough: 1 == True == 1.0.
    key = (module, tuple((name, type(value), value) for name, value in raw.items()))
    known = _KNOWN.get(key)
    if known is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[key] = _parsed(module, raw, sources, place)
    return known


_SINGLE: Final = (str, int, float, type(None))
_KNOWN: Final[dict[Any, Params]] = {}
"""Parsed parameters by what was given; only of single values, which are equal all through."""
_MOST_KNOWN: Final = 512


def _parsed(module: AnyModule, raw: Raw, sources: Sources, place: Source) -> Params:
    reader = _Reader(module, raw, sources, place)
    for error in reader.name_errors():
        raise error
    try:
        return module.params.model_validate(reader.by_field())
    except ValidationError as failure:
        raise reader.explain(failure.errors(include_url=False)[0]) from None


def problems(
    module: AnyModule,
    raw: Raw,
    is_template: Callable[[Any], bool],
    sources: Sources,
    place: Source,
) -> tuple[ParamsError, ...]:
    """Everything wrong with unrendered arguments that can be known without a host.

    Unknown, doubled and missing names always (missing ones not beside ``WHOLE``); each value that
    holds no template; what several say together when none of them holds one. A parameter of
    Ansible's that is not supported may be left out yet: ``{{ x | default(omit) }}``.
    """
    absent = unsupported(module.params)
    kept = {k: v for k, v in raw.items() if k != WHOLE and not (k in absent and _may_be_omitted(v))}
    reader = _Reader(module, kept, sources, place)
    errors = list(reader.name_errors())
    given = reader.by_field()
    errors += reader.hidden_errors()
    pending = {name for name, value in given.items() if is_template(value)}
    fixed = {name: value for name, value in given.items() if name not in pending}
    try:
        if not errors:
            module.params.model_validate(fixed)
    except ValidationError as failure:
        for detail in failure.errors(include_url=False):
            field = str(detail["loc"][0]) if detail["loc"] else ""
            late = WHOLE in raw and (not field or detail["type"] == "missing")
            if not late and field not in pending and (field or not pending):
                errors.append(reader.explain(detail))
    return tuple(errors)


def check_static(
    module: AnyModule,
    raw: Raw,
    is_template: Callable[[Any], bool],
    sources: Sources,
    place: Source,
) -> None:
    """Raises the first of ``problems``."""
    for error in problems(module, raw, is_template, sources, place):
        raise error


class _Reader:
    """The arguments of one task, seen through the fields of its module's Params class."""

    def __init__(self, module: AnyModule, raw: Raw, sources: Sources, place: Source) -> None:
        self._name = module_name(module)
        self._params = module.params
        self._raw = raw
        self._sources = sources
        self._place = place
        self._fields = _field_of(module.params)
        self._open = module.params.model_config.get("extra") == "allow"

    def name_errors(self) -> Iterator[ParamsError]:
        """Unknown names, and names that mean the same parameter twice."""
        seen: dict[str, str] = {}
        for key, value in self._raw.items():
            field = self._field(key)
            if field is None:
                yield self._unknown(key)
            elif value is None:
                continue
            elif field in seen:
                text = f"{self._say(key)} and {self._say(seen[field])} are the same parameter"
                yield self._error(f"{self._name}: {text}; give one of them", key)
            else:
                seen[field] = key

    def hidden_errors(self) -> list[ParamsError]:
        """Names of parameters that only the engine fills in."""
        return [self._unknown(key) for key in self._raw if self._field(key) in self._params.HIDDEN]

    def by_field(self) -> dict[str, Any]:
        """The values that are given, under the names of the fields."""
        found: dict[str, Any] = {}
        for key, value in self._raw.items():
            field = self._field(key)
            if field is not None and (value is not None or field not in self._fields):
                found[field] = self._chosen(field, value)
        return found

    def _chosen(self, field: str, value: Any) -> Any:
        """A word of a choice as it is spelled, whatever its case, where Ansible takes it so.

        Its modules for Windows do (Ansible.Basic.cs, "was a case insensitive match").
        """
        info = self._params.model_fields.get(field)
        if not isinstance(value, str) or info is None or not self._name.startswith("win_"):
            return value
        choices = choices_of(info.annotation)
        if value in choices:
            return value
        return next((word for word in choices if word.casefold() == value.casefold()), value)

    def explain(self, detail: ErrorDetails) -> ParamsError:
        """A pydantic error in a person's words, with the place of the argument."""
        if not detail["loc"]:
            return self._error(f"{self._name}: {_reason(detail)}", None)
        field = str(detail["loc"][0])
        if detail["type"] == "missing" and len(detail["loc"]) == 1:
            return self._missing(field)
        key = next((k for k in self._raw if self._field(k) == field), field)
        inner = "".join(f"[{part}]" for part in detail["loc"][1:] if isinstance(part, int))
        got = "" if "password" in field else f", not {_short(detail['input'])}"
        info = self._params.model_fields.get(field)
        choices = choices_of(info.annotation) if info and not inner else ()
        hint = _nearest(str(detail["input"]), choices)
        reason = _reason(detail) if detail["type"] == "value_error" else f"{_reason(detail)}{got}"
        text = f"{self._name}: parameter {self._say(key)}{inner} {reason}"
        return self._error(text, key, hint=hint)

    def _missing(self, field: str) -> ParamsError:
        """Nothing is given, or the name with nothing behind it. Of a list that is not taken for an
        empty one: a variable that is null by mistake would take everything away."""
        text = f"{self._name}: required parameter '{field}'"
        key = next((key for key in self._raw if self._field(key) == field), None)
        if key is None:
            return self._error(f"{text} is missing", None)
        is_list = get_origin(self._params.model_fields[field].annotation) is tuple
        return self._error(f"{text} has no value", key, hint="[] is none at all" if is_list else "")

    def _field(self, key: str) -> str | None:
        if key == FREE_FORM:
            return self._params.FREE_FORM
        if key in self._fields:
            return self._fields[key]
        return key if self._open and (key.isidentifier() or "{{" in key) else None

    def _unknown(self, key: str) -> ParamsError:
        if key == FREE_FORM:
            text = f"{self._name} takes no free-form text, only named parameters"
            return self._error(text, key, hint=self._known())
        reason = unsupported(self._params).get(key)
        if reason is not None:
            text = f"{self._name}: Ansible's parameter '{key}' is not supported here"
            return self._error(text, key, hint=reason)
        if self._open:
            return self._error(f"{self._name}: '{key}' is not a variable name", key)
        shown = (name for name, field in self._fields.items() if field not in self._params.HIDDEN)
        hint = _nearest(key, shown) or self._known()
        if key in _OF_TASKS:
            hint = f"'{key}' is a keyword of the task: write it as far left as '{self._name}'"
        return self._error(f"{self._name} has no parameter '{key}'", key, hint=hint)

    def _known(self) -> str:
        fields = (f for f in self._params.model_fields if f not in self._params.HIDDEN)
        names = ", ".join(field.removesuffix("_") for field in fields)
        return f"its parameters: {names}" if names else "it has no parameters"

    def _say(self, key: str) -> str:
        return "(free form)" if key == FREE_FORM else f"'{key}'"

    def _error(self, text: str, key: str | None, hint: str = "") -> ParamsError:
        source = self._sources.get(key, self._place) if key is not None else self._place
        return ParamsError(text, source=source, hint=hint)


def _may_be_omitted(value: Any) -> bool:
    """Whether the host decides if a parameter is given: if it is, the task fails there."""
    return isinstance(value, str) and "{{" in value and _OMIT.search(value) is not None


@lru_cache(maxsize=256)
def _field_of(params: type[Params]) -> Mapping[str, str]:
    """Every accepted name -> its field."""
    return {
        alias: name for name, info in params.model_fields.items() for alias in names_of(name, info)
    }


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean '{close[0]}'?" if close else ""


_OF_TASKS: Final = frozenset(
    {
        *("when", "register", "loop", "with_items", "with_dict", "until", "retries", "delay"),
        *("notify", "tags", "vars", "become", "become_user", "become_method", "ignore_errors"),
        *("changed_when", "failed_when", "delegate_to", "run_once", "no_log", "environment"),
        *("check_mode", "loop_control", "args", "block", "rescue", "always"),
    }
)
"""Keywords that are indented too far now and then."""
_OMIT: Final = re.compile(r"\bomit\b")
_REASONS: Final = {
    "bool_parsing": "must be yes or no",
    "bool_type": "must be yes or no",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "string_type": "must be text",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "mapping_type": "must be a mapping",
    "model_type": "must be a mapping",
    "none_required": "must be left out",
}


def _reason(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "literal_error":
            return f"must be one of {context['expected']}"
        case "value_error":
            return str(context["error"])
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "greater_than":
            return f"must be more than {context['gt']}"
    return _REASONS.get(detail["type"], detail["msg"][:1].lower() + detail["msg"][1:])


def _short(value: Any) -> str:
    text = "nothing" if value is PydanticUndefined else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
