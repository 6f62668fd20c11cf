"""Types of parameters that accept what Ansible accepts: ``5`` for text, ``a,b`` for a list.

pydantic itself already takes ``yes`` for true and ``"5"`` for 5. Source: Ansible, "Ansible module
architecture", argument spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from runner.model.secret import Secret


def _loose_text(value: Any) -> Any:
    """Ansible's str: numbers and booleans become their text."""
    if isinstance(value, Secret):
        return value.reveal()
    return str(value) if isinstance(value, bool | int | float) else value


def _loose_list(value: Any) -> Any:
    """Ansible's list: ``a,b`` is split, one number is a list of one."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",")) if value.strip() else ()
    return (value,) if isinstance(value, bool | int | float) else value


def _one_or_more(value: Any) -> Any:
    """A single value for a list that may not be split at commas."""
    return value if isinstance(value, list | tuple) else (value,)


Text: TypeAlias = Annotated[str, BeforeValidator(_loose_text)]
"""Text; numbers and booleans are taken as their text."""
Words: TypeAlias = Annotated[tuple[Text, ...], BeforeValidator(_loose_list)]
"""A list of words; ``a,b`` is one too."""
Items: TypeAlias = Annotated[tuple[Any, ...], BeforeValidator(_one_or_more)]
"""A list of anything; a single value is a list of one."""

_YES: Final = TypeAdapter(bool)


def said_yes(args: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """A yes or no among arguments that are not checked yet; what is neither is the default."""
    value = args.get(name)
    if value is None:
        return default
    try:
        return _YES.validate_python(value)
    except ValidationError:
        return default
