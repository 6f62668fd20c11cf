"""Argument specs of roles: what may be said about one option.

Source: Ansible, "Role argument validation", and the argument spec of "Ansible module
architecture". Keys that only document (``description``, ``version_added``) are accepted and mean
nothing here; any other unknown key is refused, since a typo in a spec would check nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, model_validator

TypeName: TypeAlias = Literal[
    "str", "int", "float", "bool", "list", "dict", "path", "raw", "json", "jsonarg", "bytes", "bits"
]
"""What ``type`` and ``elements`` may say."""
TYPES: Final[tuple[str, ...]] = get_args(TypeName)


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names: TypeAlias = tuple[str, ...]
Groups: TypeAlias = tuple[Annotated[Names, BeforeValidator(_one_or_more)], ...]
"""Lists of names; one name alone is a list of one."""


class Option(BaseModel):
    """One option. ``required_if`` has ``[option, value, names, any?]``; other keys as in Ansible.

    The rules about several options (``required_if``, ``mutually_exclusive``...) are about those
    in ``options``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: TypeName = "str"
    required: bool = False
    default: Any = None
    choices: tuple[Any, ...] | None = None
    elements: TypeName | None = None
    options: Mapping[str, Option] | None = None
    aliases: Names = ()
    no_log: bool = False
    apply_defaults: bool = False
    mutually_exclusive: Groups = ()
    required_together: Groups = ()
    required_one_of: Groups = ()
    required_if: tuple[tuple[str, Any, Names] | tuple[str, Any, Names, bool], ...] = ()
    required_by: Mapping[str, Annotated[Names, BeforeValidator(_one_or_more)]] = {}

    description: Any = None
    version_added: Any = None
    version_added_collection: Any = None
    author: Any = None
    notes: Any = None
    seealso: Any = None
    deprecated: Any = None
    deprecated_aliases: Any = None
    removed_in_version: Any = None
    removed_at_date: Any = None
    removed_from_collection: Any = None

    @model_validator(mode="after")
    def _fits_together(self) -> Option:
        if self.required and self.default is not None:
            raise ValueError("an option is required or has a default, not both")
        if self.elements and self.type != "list":
            raise ValueError("'elements' goes with 'type: list'")
        if self.options is not None and not self.has_sub_options:
            raise ValueError("'options' goes with 'type: dict', or 'type: list', 'elements: dict'")
        return self

    @property
    def has_sub_options(self) -> bool:
        """Whether its value is a mapping, or a list of them."""
        return self.type == "dict" or (self.type == "list" and self.elements == "dict")


Options: TypeAlias = Mapping[str, Option]
OPTIONS: Final[TypeAdapter[Options]] = TypeAdapter(Options)
"""Reads the ``options`` of a spec. Raises pydantic's ValidationError, whose places are keys."""

DOCUMENTATION: Final = frozenset(
    {
        "description", "version_added", "version_added_collection", "author", "notes", "seealso",
        "deprecated", "deprecated_aliases", "removed_in_version", "removed_at_date",
        "removed_from_collection",
    }
)  # fmt: skip
"""Keys of an option that only document it."""
