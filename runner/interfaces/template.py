"""What the engine needs of a template language; ``loading.templates`` implements it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
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
    def loop_items(
        self,
        kind: str,
        terms: Any,
        variables: Mapping[str, Any],
        source: Source | None = None,
        *,
        module: str = "",
    ) -> list[Any]:
        """The elements of a loop: ``kind`` is ``loop`` or the name behind ``with_``.

        ``module`` is what the task calls: ``first_found`` looks where that keeps its files.
        """

    @abstractmethod
    def render_file(
        self,
        path: Path,
        variables: Mapping[str, Any],
        source: Source | None = None,
        *,
        name: str | None = None,
        destination: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> str:
        """What a template file gives as a text.

        ``name`` is the path as the playbook writes it, ``destination`` where the text goes; both
        are for the template to show. ``settings`` say how the file is written, by the names of
        Ansible's module template.
        """

    @abstractmethod
    def decrypted(self, content: bytes, path: Path) -> bytes:
        """What an encrypted file of the controller holds; masked wherever it shows."""

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
