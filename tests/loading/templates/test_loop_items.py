"""Loops: ``cases/expressions/loops.yml`` has what each of them goes over; here is the rest."""

from pathlib import Path
from typing import Any

import pytest

from runner.errors import DependsOnUnknown, TemplateError
from runner.loading.templates.templates import JinjaTemplates
from runner.model.source import Source
from tests.loading.expression_cases import HERE

TEMPLATES = JinjaTemplates(HERE)
DRY = {"ansible_check_mode": True}


def tree(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text of {name}\n")


@pytest.mark.parametrize(
    ("module", "folder"),
    [
        ("include_vars", "vars"),
        ("win_template", "templates"),
        ("win_copy", "files"),
        ("", "files"),
    ],
)
def test_first_found_looks_in_the_folder_of_the_module(
    tmp_path: Path, module: str, folder: str
) -> None:
    tree(tmp_path, "vars/x.yml", "templates/x.yml", "files/x.yml")
    terms = ["{{ ansible_distribution }}.yml", "{{ nobody }}", "x.yml"]
    variables = {"ansible_distribution": "Windows"}
    templates = JinjaTemplates(tmp_path)
    found = templates.loop_items("first_found", terms, variables, module=module)
    assert found == [str(tmp_path / folder / "x.yml")]


def test_first_found_finds_vars_when_the_module_is_not_known(tmp_path: Path) -> None:
    tree(tmp_path, "vars/main.yml")
    found = JinjaTemplates(tmp_path).loop_items("first_found", ["nope.yml", "main.yml"], {})
    assert found == [str(tmp_path / "vars" / "main.yml")]


@pytest.mark.parametrize(
    ("kind", "terms", "message"),
    [
        ("loop", "{{ x }}", "a loop goes over a list, found dict"),
        ("loop", {"a": 1}, "a loop goes over a list, found dict"),
        ("loop", "text", "a loop goes over a list, found str"),
        ("nestd", [], "there is no lookup 'nestd'"),
        ("dict", [1], "lookup 'dict': needs a mapping, not int"),
        ("items", ["{{ nobody }}"], "'nobody' is undefined"),
    ],
)
def test_wrong_loops(kind: str, terms: Any, message: str) -> None:
    place = Source("p.yml", 3, 1)
    with pytest.raises(TemplateError, match=message) as caught:
        TEMPLATES.loop_items(kind, terms, {"x": {"a": 1}}, place)
    assert caught.value.source == place


def test_a_loop_over_what_a_dry_run_cannot_know() -> None:
    with pytest.raises(DependsOnUnknown):
        TEMPLATES.loop_items("lines", ["ls"], DRY)
    with pytest.raises(DependsOnUnknown):
        TEMPLATES.loop_items("items", "{{ lookup('pipe', 'ls') }}", DRY)


def test_elements_are_data() -> None:
    found = TEMPLATES.loop_items("items", "{{ r }}", {"r": TEMPLATES.as_data(["{{ 1 }}"])})
    assert TEMPLATES.render("{{ item }}", {"item": found[0]}) == "{{ 1 }}"
    assert not TEMPLATES.is_template(found)
