"""``vars_files`` of a play: read before the run where their names are known by then."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runner.errors import DependsOnUnknown, TemplateError
from runner.loading.playbook.reading import Reading
from runner.loading.playbook.search import looked_in
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields, listed, text_of
from runner.loading.variables import read_variable_file
from runner.model.playbook import VarsFile


def read_vars_files(
    fields: Fields, reading: Reading, variables: dict[str, Any]
) -> tuple[dict[str, Any], tuple[VarsFile, ...]]:
    """The variables of ``vars`` and of the files known now, and the files known on a host only.

    The later wins over the earlier (Ansible): what comes after a file that depends on the host is
    read again there, so that it wins there too. Mistakes are noted in ``reading.problems``.
    """
    merged, later = dict(variables), []
    value = fields.get("vars_files")
    if value is None or value.is_null:
        return merged, ()
    for element in listed(value):
        with reading.problems.collect():
            names = [_name(choice, reading) for choice in listed(element)]
            if not names:
                raise element.error("this names no file", hint="- FILE, or [FILE, OTHER_FILE]")
            found = _first(listed(element), names, reading, merged)
            if found is None:
                later.append(VarsFile(tuple(names), element.source))
                continue
            merged.update(
                read_variable_file(found, reading.files, reading.templates, element.source)
            )
            if later:
                later.append(VarsFile(tuple(names), element.source))
    return merged, tuple(later)


def _name(value: Value, reading: Reading) -> str:
    name = text_of(value, "vars_files")
    reading.templates.check(value.plain(), value.source)
    return name


def _first(
    choices: list[Value], names: list[str], reading: Reading, variables: dict[str, Any]
) -> Path | None:
    """The first file that is there; None when a host decides. Raises PlaybookError for none."""
    static = {**variables, **reading.extra, **reading.magic()}
    for choice in choices:
        try:
            rendered = reading.templates.render(choice.plain(), static, choice.source)
        except (TemplateError, DependsOnUnknown):
            return None
        found = next((p for p in _places(str(rendered), reading.path.parent) if p.is_file()), None)
        if found is not None:
            return found
    message = f"cannot find the variable file {', '.join(names)}"
    places = [p for name in names for p in _places(name, reading.path.parent)]
    raise choices[0].error(message, hint=looked_in(places))


def _places(name: str, folder: Path) -> Iterable[Path]:
    return (folder / "vars" / name, folder / name)
