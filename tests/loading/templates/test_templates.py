"""Templates: types, laziness, conditions, backslashes, limits, errors."""

import threading
from pathlib import Path
from typing import Any

import pytest

from runner.errors import TemplateError
from runner.loading.templates.templates import JinjaTemplates
from runner.model.source import Source

TEMPLATES = JinjaTemplates()
PLACE = Source("p.yml", 7, 9, "    msg: x")
HINT = "write the text into a template file, and use win_template or lookup('template')"


def render(value: Any, **variables: Any) -> Any:
    return TEMPLATES.render(value, variables)


@pytest.mark.parametrize(
    ("template", "variables", "expected"),
    [
        ("plain", {}, "plain"),
        ("{{ 5 }}", {}, 5),
        ("{{ '5' }}", {}, "5"),
        ("{{ '[1, 2]' }}", {}, "[1, 2]"),
        ("[1, {{ 2 }}]", {}, "[1, 2]"),
        ("{{ 'a' }}{{ 'b' }}", {}, "ab"),
        ("{{ 1 }}\n", {}, 1),
        ("{{ 1 }} ", {}, "1 "),
        ("{{ 'a' }}\n\n", {}, "a\n\n"),
        ("{{ none }}", {}, None),
        ("x{{ none }}", {}, "x"),
        ("{{ true }}x", {}, "Truex"),
        ("{{ [1, 'a', none, true] }}x", {}, "[1, 'a', None, True]x"),
        ("{{ (1, 2) }}", {}, [1, 2]),
        ("{{ {'b': 1}.items() }}", {}, [["b", 1]]),
        ("{% if true %}{{ 5 }}{% endif %}", {}, 5),
        ("{% if true %}5{% endif %}", {}, "5"),
        ("{% if false %}5{% endif %}", {}, None),
        ("{% for i in [1, 2] %}{{ i }}{% endfor %}", {}, "12"),
        ("{% if true %}\nx{% endif %}", {}, "x"),
        ("{# c #}", {}, None),
        ("a{# c #}b", {}, "ab"),
        ("{{ x }}", {"x": "{{ 5 }}"}, 5),
        ("{{ x.a }}", {"x": {"a": "{{ y }}"}, "y": 3}, 3),
        ("{{ x }}", {"x": {"a": ["{{ y }}"]}, "y": 3}, {"a": [3]}),
        ("{{ x.full }}", {"x": {"path": "/x", "full": "{{ x.path }}/b"}}, "/x/b"),
        ("{{ x.b }}", {"x": {"a": "{{ nobody }}", "b": 1}}, 1),
        ("{{ x | length }}", {"x": {"a": "{{ 1 }}", "b": 1}}, 2),
        ("{{ x | map('upper') }}", {"x": ["{{ 'a' }}", "b"]}, ["A", "B"]),
        ("{{ x + [2] }}", {"x": ["{{ 1 }}"]}, [1, 2]),
        ("{{ [0] + x }}", {"x": ["{{ 1 }}"]}, [0, 1]),
        ("{{ x[0:1] }}", {"x": ["{{ 1 }}", 2]}, [1]),
        ("{{ x == [1] }}", {"x": ["{{ 1 }}"]}, True),
        ("{{ x == {'a': 1} }}", {"x": {"a": "{{ 1 }}"}}, True),
        ("{{ 'a' in x }}", {"x": {"a": "{{ 1 }}"}}, True),
        ("{{ 1 in x }}", {"x": ["{{ 1 }}"]}, True),
        ("{% for k, v in x.items() %}{{ k }}{{ v }}{% endfor %}", {"x": {"a": "{{ 1 }}"}}, "a1"),
        ("{{ x }} {{ x }}", {"x": {"a": "{{ 1 }}"}}, "{'a': 1} {'a': 1}"),
        ("{{ vars['x'] }}", {"x": "{{ 1 }}"}, 1),
        ("{{ lookup('vars', 'x') }}", {"x": "{{ 1 }}"}, 1),
        ("{{ lookup('file', '{{ f }}') }}", {"f": str(Path(__file__).parent / "__init__.py")}, ""),
        ("{{ foo.bar.baz | default('x') }}", {}, "x"),
        ("{{ x | default('d') }}", {"x": "{{ nobody }}"}, "d"),
        ("{{ x is defined }}", {"x": "{{ nobody }}"}, False),
        ("a{{ 1 if false }}b", {}, "ab"),
        ("{% set l = [] %}{% set _ = l.append(3) %}{{ l }}", {}, [3]),
        ("{% set d = {} %}{% set _ = d.update({'a': 1}) %}{{ d }}", {}, {"a": 1}),
        ("{{ 'a' ~ 5 ~ none }}", {}, "a5None"),
        ("a\r\n{{ 1 }}\r\n", {}, "a\n1\n"),
        (5, {}, 5),
        (
            {"a": ["{{ 1 }}", {"b": "x{{ 2 }}"}], "{{ k }}": 1},
            {},
            {"a": [1, {"b": "x2"}], "{{ k }}": 1},
        ),
    ],
)
def test_render(template: Any, variables: dict[str, Any], expected: Any) -> None:
    value = TEMPLATES.render(template, variables)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (r"{{ 'C:\Windows' }}", r"C:\Windows"),
        (r"{{ 'C:\Windows' | win_basename }}", "Windows"),
        (r"{{ 'C:\new\table' }}", r"C:\new\table"),
        (r"{{ 'a1' | regex_replace('(\d)', '<\1>') }}", "a<1>"),
        (r"{{ 'c:\temp'.split('\\')[0] }}", r"c:\temp"),
        (r"C:\{{ 'x' }}\n", r"C:\x\n"),
        (r"{% set x = 'a\nb' %}{{ x }}", "a\nb"),
    ],
)
def test_backslashes_stand_for_themselves_between_braces(template: str, expected: str) -> None:
    assert render(template) == expected


@pytest.mark.parametrize(
    ("condition", "variables", "expected"),
    [
        ("x == 1", {"x": 1}, True),
        ("x", {"x": "{{ true }}"}, True),
        ("{{ x }}", {"x": False}, False),
        ("x == '{{ y }}'", {"x": "a", "y": "a"}, True),
        ("x", {"x": [1]}, True),
        ("x", {"x": []}, False),
        ("x", {"x": ""}, False),
        ("x", {"x": "text"}, True),
        ("x", {"x": None}, False),
        ("x", {"x": 0}, False),
        ("nobody is defined and nobody.x", {}, False),
        (r"x == 'C:\\Windows'", {"x": r"C:\Windows"}, True),
        ("'a' in x", {"x": ["{{ 'a' }}"]}, True),
        ("true", {}, True),
        ("x is failed", {"x": {"failed": True}}, True),
    ],
)
def test_condition(condition: str, variables: dict[str, Any], expected: bool) -> None:
    assert TEMPLATES.condition(condition, variables) is expected


@pytest.mark.parametrize("word", ["no", "False", "off", "0"])
def test_a_text_that_reads_like_no_is_no_condition(word: str) -> None:
    with pytest.raises(TemplateError) as caught:
        TEMPLATES.condition("flag", {"flag": word}, PLACE)
    assert caught.value.hint == "write: flag | bool"
    assert TEMPLATES.condition("flag | bool", {"flag": word}) is False


@pytest.mark.parametrize(
    ("template", "variables", "message", "hint"),
    [
        ("{{ serivce }}", {"service": 1}, "'serivce' is undefined", "did you mean 'service'?"),
        (
            "{{ x.stdot }}",
            {"x": {"stdout": 1}},
            "the mapping has no 'stdot'",
            "did you mean 'stdout'?",
        ),
        ("{{ x }}", {"x": "{{ y }}"}, "'y' is undefined, used by the variable 'x'", ""),
        ("{{ x.a }}", {"x": {"a": "{{ y }}"}}, "'y' is undefined, used by the variable 'x.a'", ""),
        ("{{ a }}", {"a": "{{ b }}", "b": "{{ a }}"}, "in a circle: a -> b -> a", ""),
        ("{{ a.x }}", {"a": {"x": "{{ a.x }}"}}, "in a circle: a.x -> a.x", ""),
        ("{{ a }}", {"a": "{{ 1 / 0 }}"}, "division by zero", ""),
        ("x{{ omit }}", {}, "omit cannot stand inside a text", ""),
        ("{{ x.items }}", {"x": {}}, "which is not a value", ""),
        ("{{ x.append(1) }}", {"x": [1]}, "would change a variable in place", ""),
        ("{{ ''.__class__ }}", {}, "'__class__' is not for templates", ""),
        ("{{ x | attr('__class__') }}", {"x": {}}, "'__class__' is not for templates", ""),
        ("{{ '{0.__class__}'.format(1) }}", {}, "'__class__' is not for templates", ""),
        ("{{ lookup.__globals__ }}", {}, "'__globals__' is not for templates", ""),
        ("{% include 'x' %}", {}, "include, import and extends are for template files", HINT),
        (
            "{{ lookup(name) }}",
            {"name": "envv"},
            "there is no lookup 'envv'",
            "did you mean 'env'?",
        ),
        ("{{ lookup('file', '/nope') }}", {}, "lookup 'file': cannot find", "looked for /nope"),
        ("{{ undef('set it') }}", {}, "set it", ""),
    ],
)
def test_error(template: str, variables: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(TemplateError) as caught:
        TEMPLATES.render(template, variables, PLACE)
    assert message in caught.value.message
    assert caught.value.hint == hint
    assert caught.value.source == PLACE


def test_an_error_without_a_place_names_the_template() -> None:
    with pytest.raises(TemplateError, match=r"in: \{\{ nobody \}\}"):
        render("{{ nobody }}")


def test_check_finds_what_no_host_need_be_asked_for() -> None:
    TEMPLATES.check({"a": ["{{ x | upper }}"]}, PLACE)
    for wrong in ("{{ x | uper }}", "{{ x", "{{ 1 if x is definde else 2 }}", "{{ lookup('e') }}"):
        with pytest.raises(TemplateError) as caught:
            TEMPLATES.check({"a": ["fine", wrong]}, PLACE)
        assert caught.value.source == PLACE
    with pytest.raises(TemplateError, match="unexpected"):
        TEMPLATES.check_expression("a b", PLACE)


def test_a_template_is_compiled_once() -> None:
    templates = JinjaTemplates()
    for number in range(1000):
        assert templates.condition("x == 1", {"x": number}) is (number == 1)
    assert templates._expression.cache_info().misses == 1


def test_threads_do_not_disturb_each_other() -> None:
    templates = JinjaTemplates()
    wrong: list[object] = []

    def work(number: int) -> None:
        variables = {"x": number, "y": "{{ x + 1 }}", "z": {"a": "{{ y }}"}}
        for turn in range(100):
            value = templates.render(f"{{{{ z.a + {turn % 10} }}}}", variables)
            if value != number + 1 + turn % 10:
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_files_are_found_beside_the_playbook(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("one\n")
    (tmp_path / "b.txt").write_text("two\n")
    templates = JinjaTemplates(tmp_path)
    assert templates.render("{{ lookup('file', 'a.txt') }}", {}) == "one"
    assert templates.render("{{ lookup('file', 'a.txt', 'b.txt') }}", {}) == "one,two"
    assert templates.render("{{ query('fileglob', '*.txt') | map('basename') }}", {}) == ["a.txt"]
    elsewhere = {"playbook_dir": str(tmp_path)}
    assert TEMPLATES.render("{{ lookup('file', 'b.txt', rstrip=false) }}", elsewhere) == "two\n"
    assert TEMPLATES.render("{{ lookup('file', 'c', errors='ignore') }}", {}) is None
