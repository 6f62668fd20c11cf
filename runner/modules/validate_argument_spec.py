"""Check values against an argument spec, as a role with a spec does before its first task.

Every mistake is named with the path of its option (``users[0].name``). Values come from the
host's variables of the same names; ``provided_arguments`` win over them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from pydantic import Field, ValidationError, field_validator

from runner.errors import DependsOnUnknown
from runner.interfaces import module as base
from runner.interfaces.argument_spec import OPTIONS, Option, Options
from runner.interfaces.guide import Guide
from runner.model.secret import Secret
from runner.model.state import UNKNOWN
from runner.modules._parts.argument_types import FALSE_WORDS, TRUE_WORDS, convert

_HIDDEN: Final = "(hidden)"


class Params(base.Params):
    """Parameters of Ansible's validate_argument_spec."""

    argument_spec: Mapping[str, Any] = Field(description="option -> type, required, choices...")
    provided_arguments: Mapping[str, Any] = Field({}, description="values that win over variables")
    validate_args_context: Mapping[str, Any] = Field({}, description="whose arguments these are")

    @field_validator("argument_spec")
    @classmethod
    def _is_a_spec(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            OPTIONS.validate_python(value)
        except ValidationError as failure:
            error = failure.errors(include_url=False)[0]
            path = ".".join(str(part) for part in error["loc"])
            raise ValueError(f"is no argument spec: {path}: {error['msg']}") from None
        return value


class Module(base.LocalModule[Params]):
    """Decides on the controller alone."""

    params = Params
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/"
        "validate_argument_spec_module.html"
    )
    guide = Guide(
        example=(
            "validate_argument_spec:\n"
            "  argument_spec:\n"
            "    port:\n"
            "      type: int\n"
            "      required: true\n"
            "  provided_arguments:\n"
            "    port: 445"
        ),
        where="controller",
    )

    def decide(self, params: Params, evaluate: base.Evaluate) -> base.Decision:
        options = OPTIONS.validate_python(params.argument_spec)
        values = {name: evaluate.value(name) for name in _defined(options, evaluate)}
        values.update(params.provided_arguments)
        errors = list(_Check().of(options, _settled(values)))
        result: dict[str, Any] = {"validate_args_context": dict(params.validate_args_context)}
        if not errors:
            passed = "The arg spec validation passed"
            return base.Decision(message=passed, result={**result, "msg": passed})
        text = "Validation of arguments failed:\n" + "\n".join(errors)
        result |= {
            "msg": text,
            "argument_errors": errors,
            "argument_spec_data": dict(params.argument_spec),
        }
        message = f"the arguments are not right: {'; '.join(errors)}"
        return base.Decision(failed=True, message=message, result=result)


def _defined(options: Options, evaluate: base.Evaluate) -> Iterator[str]:
    """The options that are variables of the host, even if their value cannot be rendered."""
    for name in options:
        if name.isidentifier() and evaluate.condition(f"'{name}' in vars"):
            yield name


def _settled(value: Any) -> Any:
    """A copy at every depth, secrets revealed. Raises DependsOnUnknown for what nobody knows."""
    if value is UNKNOWN:
        raise DependsOnUnknown("a value that only the real run can tell")
    if isinstance(value, Secret):
        return value.reveal()
    if value is None or isinstance(value, str | int | float | bytes | date):
        return value
    if isinstance(value, Mapping):
        return {key: _settled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_settled(item) for item in value]
    str(value)  # what a dry run cannot know says so when it is touched
    return value


class _Check:
    """Finds what is wrong with values; changes them to their types on the way, as Ansible does."""

    def of(
        self,
        options: Options,
        values: dict[str, Any],
        path: str = "",
        rules: Option | None = None,
    ) -> Iterator[str]:
        """Every mistake in ``values``; ``rules`` has what is said about several options."""
        self._follow_aliases(options, values)
        known = {*options, *(alias for option in options.values() for alias in option.aliases)}
        for name in values:
            if name not in known:
                there_are = ", ".join(sorted(options)) or "none"
                yield f"{path}{name}: there is no such option; options: {there_are}"
        if rules is not None:
            yield from self._exclusive(rules, values, path)
        for name, option in options.items():
            if option.default is not None:
                values.setdefault(name, _settled(option.default))
        for name, option in options.items():
            if option.required and name not in values:
                yield f"{path}{name}: missing, and it is required"
            elif name in values:
                yield from self._value(name, option, values, path)
        if rules is not None:
            yield from self._together(rules, values, path)
        for name, option in options.items():
            if option.options is not None:
                yield from self._inner(option, values.get(name), f"{path}{name}")

    def _follow_aliases(self, options: Options, values: dict[str, Any]) -> None:
        for name, option in options.items():
            for alias in option.aliases:
                if alias in values:
                    values[name] = values[alias]

    def _value(self, name: str, option: Option, values: dict[str, Any], path: str) -> Iterator[str]:
        value = values[name]
        if value is None and not option.required and option.default is None:
            return
        try:
            values[name] = convert(option.type, value)
        except ValueError as error:
            yield f"{path}{name}: {error}, found {_shown(value, option)}"
            values[name] = None
            return
        if option.elements is not None:
            yield from self._elements(name, option, values, path)
        if option.choices is not None:
            yield from self._choice(name, option, values, path)

    def _elements(
        self, name: str, option: Option, values: dict[str, Any], path: str
    ) -> Iterator[str]:
        assert option.elements is not None
        kept: list[Any] = []
        for index, element in enumerate(values[name]):
            try:
                kept.append(convert(option.elements, element))
            except ValueError as error:
                kept.append(None)
                yield f"{path}{name}[{index}]: {error}, found {_shown(element, option)}"
        values[name] = kept

    def _choice(
        self, name: str, option: Option, values: dict[str, Any], path: str
    ) -> Iterator[str]:
        choices = option.choices or ()
        value = values[name]
        listed = value if isinstance(value, list) else [value]
        wrong = [v for v in listed if v is not None and v not in choices]
        if not isinstance(value, list) and wrong and value in ("True", "False"):
            words = TRUE_WORDS if value == "True" else FALSE_WORDS
            meant = [choice for choice in choices if choice in words]
            if len(meant) == 1:  # YAML made a boolean of the word that was meant
                values[name] = meant[0]
                return
        if wrong:
            known = ", ".join(str(choice) for choice in choices)
            found = ", ".join(_shown(value, option) for value in wrong)
            yield f"{path}{name}: must be one of {known}; found {found}"

    def _inner(self, option: Option, value: Any, path: str) -> Iterator[str]:
        assert option.options is not None
        if value is None and option.apply_defaults:
            value = {}
        if value is None:
            return
        many = option.type == "list"
        for index, element in enumerate(value if isinstance(value, list) else [value]):
            where = f"{path}[{index}]" if many else path
            if isinstance(element, dict):
                yield from self.of(option.options, element, f"{where}.", option)

    def _exclusive(self, rules: Option, values: Mapping[str, Any], path: str) -> Iterator[str]:
        for names in rules.mutually_exclusive:
            given = [name for name in names if name in values]
            if len(given) > 1:
                yield f"{_at(path)}only one of {', '.join(names)} can be given"

    def _together(self, rules: Option, values: Mapping[str, Any], path: str) -> Iterator[str]:
        at = _at(path)
        for names in rules.required_together:
            missing = [name for name in names if name not in values]
            if missing and len(missing) < len(names):
                yield f"{at}{', '.join(names)} go together; missing: {', '.join(missing)}"
        for names in rules.required_one_of:
            if not any(name in values for name in names):
                yield f"{at}one of {', '.join(names)} is required"
        for key, wanted, names, *some in rules.required_if:
            if key not in values or values[key] != wanted:
                continue
            missing = [name for name in names if name not in values]
            if missing and (len(missing) == len(names) or not any(some)):
                kind = "one of these" if any(some) else "these"
                yield f"{at}when {key} is {wanted}, {kind} must be given: {', '.join(missing)}"
        for key, names in rules.required_by.items():
            missing = [name for name in names if values.get(name) is None]
            if values.get(key) is not None and missing:
                yield f"{at}{key} needs {', '.join(missing)}"


def _at(path: str) -> str:
    return f"{path.removesuffix('.')}: " if path else ""


def _shown(value: Any, option: Option) -> str:
    if option.no_log:
        return _HIDDEN
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
