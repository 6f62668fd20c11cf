"""A module's parameters as documentation, schemas and error messages name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from runner.interfaces.module import Module, Params


@dataclass(frozen=True, slots=True)
class ParamRow:
    """One parameter as documentation shows it."""

    name: str
    type: str
    required: bool
    default: Any
    choices: tuple[str, ...]
    aliases: tuple[str, ...]
    doc: str


def describe(module: Module[Any, Any]) -> tuple[ParamRow, ...]:
    """The module's parameters as rows for documentation, in the order of its Params class."""
    return tuple(
        ParamRow(
            name=names_of(name, info)[0],
            type=_type_name(info.annotation),
            required=info.is_required(),
            default=None if info.is_required() else info.get_default(call_default_factory=True),
            choices=choices_of(info.annotation),
            aliases=names_of(name, info)[1:],
            doc=info.description or "",
        )
        for name, info in module.params.model_fields.items()
        if name not in module.params.HIDDEN
    )


def unsupported(params: type[Params]) -> Mapping[str, str]:
    """Ansible's parameters that a Params class refuses (``UNSUPPORTED``), with the reason."""
    return getattr(params, "UNSUPPORTED", {})


def names_of(name: str, info: FieldInfo) -> tuple[str, ...]:
    """A field's own name (``validate_`` is ``validate``) and Ansible's other names for it."""
    names = [name.removesuffix("_")]
    for alias in (info.alias, info.validation_alias):
        if isinstance(alias, str):
            names.append(alias)
        elif isinstance(alias, AliasChoices):
            names.extend(choice for choice in alias.choices if isinstance(choice, str))
    return tuple(dict.fromkeys(names))


def choices_of(annotation: Any) -> tuple[str, ...]:
    """The words of a Literal, inside Optional or Annotated too."""
    if get_origin(annotation) is Literal:
        return tuple(str(choice) for choice in get_args(annotation))
    return tuple(choice for part in get_args(annotation) for choice in choices_of(part))


_TYPE_NAMES: Final = {str: "str", bool: "bool", int: "int", float: "float", tuple: "list"}


def _type_name(annotation: Any) -> str:
    if annotation in _TYPE_NAMES:
        return _TYPE_NAMES[annotation]
    origin = get_origin(annotation)
    if origin is Literal:
        return "str"
    if origin in (tuple, list):
        return "list"
    if origin in (dict, Mapping):
        return "dict"
    parts = [part for part in get_args(annotation) if part is not type(None)]
    return _type_name(parts[0]) if parts else "raw"
