"""How a template file is written: delimiters, white space, the kind of its line breaks."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from runner.errors import TemplateError
from runner.loading.templates.filters.numbers import to_bool
from runner.loading.text.data import HEADER
from runner.loading.text.words import suggestion

_ESCAPED: Final = {"\\n": "\n", "\\r": "\r", "\\r\\n": "\r\n"}


@dataclass(frozen=True, slots=True)
class TemplateOptions:
    """Jinja2's settings by Jinja2's names, with the defaults of Ansible's template module."""

    block_start_string: str = "{%"
    block_end_string: str = "%}"
    variable_start_string: str = "{{"
    variable_end_string: str = "}}"
    comment_start_string: str = "{#"
    comment_end_string: str = "#}"
    line_statement_prefix: str | None = None
    line_comment_prefix: str | None = None
    trim_blocks: bool = True
    lstrip_blocks: bool = False
    newline_sequence: str = "\n"
    keep_trailing_newline: bool = False

    def changed(self, settings: Mapping[str, Any]) -> TemplateOptions:
        """These options with others in place of some. Raises TemplateError for a wrong one."""
        kinds = {field.name: field.type for field in fields(self)}
        given: dict[str, Any] = {}
        for name, value in settings.items():
            if name not in kinds:
                hint = suggestion(name, kinds)
                raise TemplateError(f"there is no template option '{name}'", hint=hint)
            given[name] = _setting(name, value, str(kinds[name]))
        options = replace(self, **given)
        starts = (
            options.block_start_string,
            options.variable_start_string,
            options.comment_start_string,
        )
        if len(set(starts)) < len(starts):
            raise TemplateError("blocks, variables and comments must begin differently")
        return options

    def with_header(self, text: str) -> tuple[TemplateOptions, str]:
        """The options that a first line ``#jinja2: ...`` asks for, and the text without it."""
        if not text.startswith(HEADER):
            return self, text
        line, found, rest = text.partition("\n")
        if not found:
            raise TemplateError(f"a line break is missing behind {HEADER} and its options")
        settings: dict[str, Any] = {}
        for pair in line.removeprefix(HEADER).split(","):
            name, colon, value = pair.partition(":")
            if not colon:
                raise TemplateError(f"'{pair.strip()}' is no option: write name: value")
            try:
                settings[name.strip()] = ast.literal_eval(value.strip())
            except (ValueError, SyntaxError):
                hint = "texts stand in quotes, and yes is True"
                raise TemplateError(f"'{value.strip()}' is no value", hint=hint) from None
        return self.changed(settings), rest


def _setting(name: str, value: Any, kind: str) -> Any:
    if kind == "bool":
        return to_bool(value)
    if value is None and "None" in kind:
        return None
    if not isinstance(value, str) or not value:
        raise TemplateError(f"the template option '{name}' is a text, not {value!r}")
    if name == "newline_sequence":
        value = _ESCAPED.get(value, value)
        if value not in _ESCAPED.values():
            raise TemplateError("newline_sequence is \\n, \\r or \\r\\n")
    return str(value)


DEFAULT_OPTIONS: Final = TemplateOptions()
