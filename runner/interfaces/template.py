"""What the engine needs of a template language; ``loading.templates`` implements it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from runner.model.source import Source


class Templates(ABC):
    """Renders values and evaluates conditions against a host's variables. Thread-safe.

    Variables that hold templates are rendered lazily when used. A value that came from a host is
    never evaluated: the engine wraps such values with ``as_data``. Touching a value that a dry
    run cannot know raises DependsOnUnknown. Everything else that goes wrong is a TemplateError
    with the place given as ``source``.
    """

    @abstractmethod
    def render(self, value: Any, variables: Mapping[str, Any], source: Source | None = None) -> Any:
        """The value with its templates evaluated, at every depth; keeps native types."""

    @abstractmethod
    def condition(
        self, expression: str, variables: Mapping[str, Any], source: Source | None = None
    ) -> bool:
        """Whether a bare expression (``when``) holds."""

    @abstractmethod
    def expression(
        self, expression: str, variables: Mapping[str, Any], source: Source | None = None
    ) -> Any:
        """The native value of a bare expression."""

    @abstractmethod
    def as_data(self, value: Any) -> Any:
        """Marks a value (at every depth) as data that is never evaluated as a template."""

    @abstractmethod
    def is_template(self, value: Any) -> bool:
        """Whether this value holds a template at any depth."""

    @abstractmethod
    def check(self, value: Any, source: Source | None = None) -> None:
        """Parse without evaluating: syntax, unknown filters and tests. Raises TemplateError."""

    @abstractmethod
    def check_expression(self, expression: str, source: Source | None = None) -> None:
        """The same for a bare expression."""
