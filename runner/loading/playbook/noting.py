"""Templates that notice whether they were used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.interfaces.template import Templates
from runner.model.source import Source


class Noting(Templates):
    """Templates that notice whether one was rendered while tasks were read.

    What was read then is for one host only, everything else is the same for all.
    """

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self.used = False

    def render(self, value: Any, variables: Mapping[str, Any], source: Source | None = None) -> Any:
        self.used = True
        return self._templates.render(value, variables, source)

    def condition(
        self, expression: str, variables: Mapping[str, Any], source: Source | None = None
    ) -> bool:
        self.used = True
        return self._templates.condition(expression, variables, source)

    def expression(
        self, expression: str, variables: Mapping[str, Any], source: Source | None = None
    ) -> Any:
        self.used = True
        return self._templates.expression(expression, variables, source)

    def loop_items(
        self,
        kind: str,
        terms: Any,
        variables: Mapping[str, Any],
        source: Source | None = None,
        *,
        module: str = "",
    ) -> list[Any]:
        self.used = True
        return self._templates.loop_items(kind, terms, variables, source, module=module)

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
        self.used = True
        return self._templates.render_file(
            path, variables, source, name=name, destination=destination, settings=settings
        )

    def decrypted(self, content: bytes, path: Path) -> bytes:
        return self._templates.decrypted(content, path)

    def as_data(self, value: Any) -> Any:
        return self._templates.as_data(value)

    def is_template(self, value: Any) -> bool:
        return self._templates.is_template(value)

    def check(self, value: Any, source: Source | None = None) -> None:
        self._templates.check(value, source)

    def check_expression(self, expression: str, source: Source | None = None) -> None:
        self._templates.check_expression(expression, source)
