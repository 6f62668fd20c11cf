"""Template files: options, headers, includes, variables about themselves, places of errors."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.errors import TemplateError
from runner.loading.templates.options import DEFAULT_OPTIONS
from runner.loading.templates.templates import JinjaTemplates
from runner.model.secret import Secret
from runner.model.source import Source
from tests.loading.expression_cases import HERE

TEMPLATES = JinjaTemplates(HERE)
PLACE = Source("p.yml", 7, 9, "    src: x")


def render(folder: Path, text: str, variables: Mapping[str, Any], **settings: Any) -> str:
    path = folder / "t.j2"
    path.write_bytes(text.encode())
    options = DEFAULT_OPTIONS.changed(settings)
    return JinjaTemplates(folder).render_file(path, variables, PLACE, options=options)


@pytest.mark.parametrize(
    ("text", "settings", "expected"),
    [
        ("plain\n", {}, "plain\n"),
        ("{{ a }}", {}, "5"),
        ("{{ a }}\n", {}, "5"),  # Ansible loses this line break too: the value is no text
        ("{{ b }}\n", {}, "text\n"),
        ("{{ c }}", {}, "[1, 2]"),
        ("{{ none }}", {}, ""),
        ("", {}, ""),
        ("{{ true }}", {}, "True"),
        ("a\n\n\n", {}, "a\n\n\n"),
        ("a\r\nb\r\n", {}, "a\nb\n"),
        ("a\nb\n\n", {"newline_sequence": "\\r\\n"}, "a\r\nb\r\n\r\n"),
        ("a\r\n\r\n", {"newline_sequence": "\r\n"}, "a\r\n\r\n"),
        ("{% if true %}\nx\n{% endif %}\n", {}, "x\n"),
        ("{% if true %}\nx\n{% endif %}\n", {"trim_blocks": "no"}, "\nx\n"),
        ("  {% if true %}\nx\n  {% endif %}\n", {"lstrip_blocks": True}, "x\n"),
        ("[[ b ]] {{ b }}", {"variable_start_string": "[[", "variable_end_string": "]]"}, None),
        ("<% if true %>x<% endif %>", {"block_start_string": "<%", "block_end_string": "%>"}, "x"),
        ("#jinja2: trim_blocks: False\n{% if true %}\nx{% endif %}\n", {}, "\nx\n"),
        ("#jinja2:line_statement_prefix:'%'\n% for i in c\n{{ i }}\n% endfor\n", {}, "1\n2\n"),
        ("{{ 'a\\tb' }}", {}, "a\tb"),
        ("{{ d }}", {}, "{{ b }}"),
        ("{{ lazy }}", {}, "text!"),
        ("x{# c #}y", {}, "xy"),
        ("{% set n = namespace(i=0) %}{% for x in c %}{% set n.i = x %}{% endfor %}!", {}, "!"),
        ("{% block a scoped %}{{ b }}{% endblock %}{{ self.a() }}", {}, "texttext"),
    ],
)  # fmt: skip
def test_text(tmp_path: Path, text: str, settings: dict[str, Any], expected: str | None) -> None:
    variables = {"a": 5, "b": "text", "c": [1, 2], "lazy": "{{ b }}!"}
    variables["d"] = JinjaTemplates().as_data("{{ b }}")
    found = render(tmp_path, text, variables, **settings)
    assert found == ("text {{ b }}" if expected is None else expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("t.j2", "Hello hello\nalice\nend\n"),
        ("inc.j2", "before\npart of helloafter a\tb\n"),
        ("m.j2", "<hello><1>\n"),
        ("x.j2", "base [own hello]\n"),
        ("h.j2", "\n  x\n"),
    ],
)
def test_file(name: str, expected: str) -> None:
    variables = {"greeting": "hello", "users": [{"name": "alice"}]}
    path = TEMPLATES.find_file("templates", name, variables)
    assert TEMPLATES.render_file(path, variables) == expected


def test_an_imported_file_sees_no_variables_and_no_other_host(tmp_path: Path) -> None:
    (tmp_path / "m.j2").write_text(
        "{% macro f() %}{{ x | default('none') }}{% endmacro %}"
        "{% macro g() %}{{ lookup('vars', 'x', default='none') }}{% endmacro %}"
    )
    templates = JinjaTemplates(tmp_path)
    path = tmp_path / "t.j2"
    path.write_text(
        "{% import 'm.j2' as a %}{% import 'm.j2' as b with context %}"
        "{{ a.f() }} {{ a.g() }} {{ b.f() }} {{ b.g() }}"
    )
    assert templates.render_file(path, {"x": "1"}) == "none none 1 1"
    assert templates.render_file(path, {"x": "2"}) == "none none 2 2"


def test_what_a_template_knows_about_itself(tmp_path: Path) -> None:
    path = tmp_path / "t.j2"
    path.write_text(
        "{{ template_path }}|{{ template_fullpath }}|{{ template_destpath }}|{{ template_host }}|"
        "{{ template_uid }}|{{ template_mtime.year > 2000 }}|{{ template_run_date is defined }}|"
        "{{ ansible_managed }}"
    )
    found = TEMPLATES.render_file(path, {}, name="t.j2", destination="C:\\x.txt").split("|")
    assert found[:4] == ["t.j2", str(path), "C:\\x.txt", os.uname().nodename]
    assert found[5:] == ["True", "True", "Ansible managed"]
    own = {"ansible_managed": "{{ who }} did it", "who": "runner"}
    assert TEMPLATES.render_file(path, own).endswith("|runner did it")


def test_files_are_looked_for_in_the_search_path(tmp_path: Path) -> None:
    role, play = tmp_path / "role", tmp_path / "play"
    for folder, text in ((role / "templates", "role"), (play / "templates", "play")):
        folder.mkdir(parents=True)
        (folder / "both.j2").write_text(text)
    (play / "templates" / "only.j2").write_text("{% include 'both.j2' %}")
    variables = {"ansible_search_path": [str(role), str(play)], "playbook_dir": str(play)}
    templates = JinjaTemplates(play)
    assert templates.find_file("templates", "both.j2", variables).parent.parent == role
    only = templates.find_file("templates", "only.j2", variables)
    assert templates.render_file(only, variables) == "play"  # the file's own folder comes first
    assert templates.render("{{ lookup('template', 'both.j2') }}", variables) == "role"
    with pytest.raises(TemplateError, match=r"cannot find no\.j2") as caught:
        templates.find_file("templates", "no.j2", variables, PLACE)
    assert f"{role}/templates/no.j2, {role}/no.j2, {play}/templates/no.j2" in caught.value.hint
    assert caught.value.source == PLACE


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a\n{{ nobody }}\n", "'nobody' is undefined", 2),
        ("a\nb\n{% if %}", "not a template", 3),
        ("a\n{{ 'x' | nope }}", "there is no filter 'nope'", 2),
        ("a\n{{ 1 / 0 }}", "division by zero", 2),
        ("\n\n{% include 'nope.j2' %}", "there is no file 'nope.j2'", 3),
        ("\n{{ 'x' + [] }}", "can only concatenate", 2),
        ("\n{{ ''.__class__ }}", "'__class__' is not for templates", 2),
        ("{% include 'bad.j2' %}", "'nobody' is undefined", 2),
        ("{{ x.append(1) }}", "would change a variable in place", 1),
        ("a\n{{ dict(a=1, a=2) }}", "'a' is given twice", 2),
        ("a\nb {{ x | default(1, boolean=1, boolean=2) }}", "'boolean' is given twice", 2),
        ("{% include 't.j2' %}", "calls itself", 0),
        ("{% include '../t.j2' %}", "there is no file", 1),
        ("{% include '/etc/passwd' %}", "there is no file", 1),
        ("#jinja2: nope: True\nx", "no template option 'nope'", 1),
        ("#jinja2: trim_blocks\nx", "is no option", 1),
        ("#jinja2: trim_blocks: yes\nx", "'yes' is no value", 1),
    ],
)
def test_errors_have_their_place_in_the_file(
    tmp_path: Path, text: str, message: str, line: int
) -> None:
    (tmp_path / "bad.j2").write_text("fine\n{{ nobody }}\n")
    with pytest.raises(TemplateError, match=message) as caught:
        render(tmp_path, text, {"x": [1]})
    assert caught.value.source is not None
    if line:
        assert caught.value.source.line == line
        assert caught.value.source.file.startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trim_block": True}, "there is no template option 'trim_block'"),
        ({"newline_sequence": "x"}, "newline_sequence is"),
        ({"variable_start_string": "{%"}, "must begin differently"),
        ({"variable_start_string": ""}, "is a text, not ''"),
        ({"block_end_string": 5}, "is a text, not 5"),
    ],
)
def test_wrong_options(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        DEFAULT_OPTIONS.changed(settings)


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in range(1000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 10000000 }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% for i in range(100) %}{% include 'big.j2' %}{% endfor %}",
        "{% import 'forever.j2' as m %}{{ m.f() }}",
    ],
)
def test_the_bounds_are_those_of_other_templates(tmp_path: Path, text: str) -> None:
    (tmp_path / "big.j2").write_text("x" * 500_000)
    (tmp_path / "forever.j2").write_text(
        "{% macro f() %}{% for i in range(1000) %}{% for j in range(100000) %}{% endfor %}"
        "{% endfor %}{% endmacro %}"
    )
    with pytest.raises(TemplateError):
        render(tmp_path, text, {})


def test_a_secret_in_a_file_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "t.j2"
    path.write_text("password={{ p }}")
    templates = JinjaTemplates(tmp_path)
    assert templates.render_file(path, {"p": Secret("geheim")}) == "password=geheim"
    assert "geheim" in templates.secrets_seen


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    path, part = tmp_path / "t.j2", tmp_path / "part.j2"
    path.write_text("{% include 'part.j2' %}")
    for number, text in enumerate(("one", "two")):
        part.write_text(text)
        os.utime(part, (number, number))
        assert templates.render_file(path, {}) == text
