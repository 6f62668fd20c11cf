"""The cases of ``cases/expressions``: templates, conditions and loops with what they give."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml

from runner.errors import TemplateError
from runner.loading.templates.templates import JinjaTemplates
from runner.loading.text.data import OMIT, as_data

OMITTED: Final = "omitted"
HERE: Final = Path(__file__).parent / "cases" / "expressions"


@dataclass(frozen=True)
class Case:
    """One case. ``kind`` is template, condition or the keyword of a loop (``with_items``)."""

    kind: str
    what: Any
    gives: Any = None
    error: str | None = None
    unordered: bool = False
    name: str = ""
    file: str = ""

    def problem(self, templates: JinjaTemplates, variables: dict[str, Any]) -> str | None:
        """What is wrong with what our templates make of it; None when it is as it should be."""
        try:
            found = self.ours(templates, variables)
        except TemplateError as error:
            said = error.message.replace(str(HERE), "HERE")
            right = self.error is not None and said.startswith(self.error)
            return None if right else f"{self.name}\n  says: {said}"
        expected = OMITTED if self.error == OMITTED else comparable(self.gives, self.unordered)
        wrong = self.error not in (None, OMITTED) or json.dumps(found) != json.dumps(expected)
        # JSON, because in Python 1 == 1.0 == True
        return f"{self.name}\n  gives: {found!r}" if wrong else None

    def ours(self, templates: JinjaTemplates, variables: dict[str, Any]) -> Any:
        """What our templates make of it."""
        if self.kind == "template":
            value = templates.render(self.what, variables)
        elif self.kind == "condition":
            value = templates.condition(self.what, variables)
        else:
            value = templates.loop_items(self.kind.removeprefix("with_"), self.what, variables)
        return comparable(value, self.unordered)

    def question(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The same for ansible_says.py."""
        if self.kind in ("template", "condition"):
            return {self.kind: self.what, "variables": variables}
        return {"loop": self.kind.removeprefix("with_"), "terms": self.what, "variables": variables}


def comparable(value: Any, unordered: bool) -> Any:
    """A value as JSON holds it, in which paths begin with HERE."""
    if value is OMIT:
        return OMITTED
    text = json.dumps(value, default=lambda other: {"not JSON": str(other)})
    found = json.loads(text.replace(str(HERE), "HERE"))
    return sorted(found) if unordered else found


def variables() -> dict[str, Any]:
    """What all cases know, as a playbook would have it."""
    found: dict[str, Any] = yaml.safe_load((HERE / "variables.yaml").read_text("utf-8"))
    return found


def marked(value: Any) -> Any:
    """The variables for ourselves: what stands under a key ``data`` is data."""
    if isinstance(value, dict):
        return {k: as_data(v) if k == "data" else marked(v) for k, v in value.items()}
    return [marked(v) for v in value] if isinstance(value, list) else value


def cases() -> Iterator[Case]:
    """All cases of all files."""
    for path in sorted(HERE.glob("*.yml")):
        for entry in yaml.safe_load(path.read_text("utf-8")):
            yield replace(_case(entry), file=path.stem)


def _case(entry: dict[str, Any]) -> Case:
    rest = {key: entry[key] for key in ("gives", "error", "unordered") if key in entry}
    if "expression" in entry:
        what = f"{{{{ {entry['expression']} }}}}"
        return Case("template", what, name=entry["expression"], **rest)
    if "loop" in entry:
        kind = f"with_{entry['loop']}"
        terms = json.dumps(entry["terms"], ensure_ascii=False)
        return Case(kind, entry["terms"], name=f"{kind}: {terms}", **rest)
    if "condition" in entry:
        return Case("condition", entry["condition"], name=f"when: {entry['condition']}", **rest)
    return Case("template", entry["template"], name=entry["template"], **rest)
