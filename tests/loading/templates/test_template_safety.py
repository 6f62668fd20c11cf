"""What templates must never do: evaluate data, guess, leak, take all time or memory."""

from typing import Any

import pytest

from runner.errors import DependsOnUnknown, TemplateError
from runner.loading.templates import regexes
from runner.loading.templates.templates import JinjaTemplates
from runner.loading.text.data import OMIT, DataStr, as_data, strip_omitted
from runner.model.secret import Secret
from runner.model.state import UNKNOWN

TEMPLATES = JinjaTemplates()


def render(value: Any, **variables: Any) -> Any:
    return TEMPLATES.render(value, variables)


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(1000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{{ 'x' * 10000000 }}",
        "{{ [0] * 99999999 }}",
        "{{ 9 ** 99999999 }}",
        "{{ range(100000000) | list }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ 'a'.center(99999999) }}",
        "{{ 'a' | center(99999999) }}",
        "{{ '%99999999d' % 1 }}",
        "{{ '%99999999d' | format(1) }}",
        "{{ '{:>99999999}'.format(1) }}",
        "{{ '{:>{}}'.format(1, 99999999) }}",
        "{{ 'aaaa'.replace('a', 'b' * 1000000) }}",
        "{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x~n.x %}{% endfor %}",
        "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x+n.x %}{% endfor %}",
        "{% for i in range(100000) %}" + "x" * 100 + "{% endfor %}",
        "{{ [[0] * 1000000] * 1000000 }}",
        "{{ [[0] * 1000000] * 1000000 | to_json }}",
        "{{ ([[0] * 1000000] * 1000000) | flatten | length }}",
        "{{ ([[0] * 1000000] * 1000000) | map('list') | length }}",
        "{{ ([[0] * 3000] * 3000) | sum(start=[]) | length }}",
        "{{ ([[0] * 1000000] * 1000000) | string | length }}",
        "x{{ [[0] * 1000000] * 1000000 }}",
        "{% set n=namespace(x=1) %}{% for i in [0] * 60 %}{% set n.x=[n.x]*2 %}{% endfor %}{{n.x}}",
        "{% set n = namespace(x=3) %}{% for i in range(60) %}{% set n.x = n.x * n.x %}{% endfor %}",
        "{% set l = [] %}{% set _ = l.append(l) %}{{ l }}",
        "{{ ','.join(['x' * 1000000] * 1000000) }}",
        "{{ ['x' * 1000000] * 1000000 | join }}",
        "{{ (['x' * 1000000] * 1000000) | join }}",
        "{{ (['x' * 1000000] * 1000000) | to_json }}",
        "{{ '%s' % [['x' * 1000000] * 1000000] }}",
        "{{ '{}'.format([['x' * 1000000] * 1000000]) }}",
        "{{ '%*d' % (99999999, 1) }}",
        "{{ 'a' | indent(width=99999999) }}",
        "{{ 'a' | center(width=99999999) }}",
        "{{ ('a\n' * 100000) | indent('x' * 100000) }}",
        "{{ 'a' | comment(prefix_count=10 ** 9) }}",
        "{{ ('a' * 1000000) | regex_replace('', 'b' * 1000000) }}",
        "{{ [1] | to_nice_json(indent=10 ** 9) }}",
        "{{ [1] | to_nice_yaml(indent=10 ** 9) }}",
        "{{ [1] | tojson(10 ** 9) }}",
        "{{ (range(3000) | list) | product(range(3000) | list) }}",
        "{{ [0, 1] | product(repeat=40) }}",
        "{{ (range(20) | list) | permutations }}",
        "{{ range(1000000) | list | zip(*([range(1000000) | list] * 1000000)) }}",
        "{{ 'x' | password_hash(rounds=999999999) }}",
        "{{ lookup('password', '/dev/null length=999999999') }}",
        "{{ ('a' * 50) is match('(a|aa)+$x') }}",
    ],
)
def test_a_template_cannot_take_all_time_or_memory(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regexes, "SECONDS", 0.3)
    with pytest.raises(TemplateError):
        render(template)


def test_a_long_chain_of_variables_ends() -> None:
    variables = {f"v{i}": f"{{{{ v{i + 1} }}}}" for i in range(500)}
    with pytest.raises(TemplateError, match="variables refer to one another"):
        TEMPLATES.render("{{ v0 }}", variables)


def test_data_is_never_evaluated() -> None:
    registered = as_data({"stdout": "{{ 1 + 1 }}", "lines": ["{% raw %}", "x"], "rc": 0})
    assert render("{{ r.stdout }}", r=registered) == "{{ 1 + 1 }}"
    assert render("{{ r.lines[0] }}!", r=registered) == "{% raw %}!"
    assert render("{{ r }}", r=registered) == registered
    assert render("{{ [r] | map(attribute='stdout') | first }}", r=registered) == "{{ 1 + 1 }}"
    assert render(registered) == registered
    assert not TEMPLATES.is_template(registered)
    TEMPLATES.check(as_data("{{ broken"))


def test_what_a_template_gives_is_data() -> None:
    first = render("{{ r.stdout }}", r=as_data({"stdout": "{{ 1 + 1 }}"}))
    assert isinstance(first, DataStr)
    assert render("{{ fact }}", fact=first) == "{{ 1 + 1 }}"
    joined = render("a{{ r }}", r=as_data("{{ 1 + 1 }}"))
    assert render("{{ fact }}", fact=joined) == "a{{ 1 + 1 }}"
    nested = render("{{ [r] }}", r=as_data("{{ 1 }}"))
    assert render("{{ fact }}", fact=nested) == ["{{ 1 }}"]


def test_omit() -> None:
    args = {"a": "{{ x | default(omit) }}", "b": [1, "{{ omit }}"], "c": "{{ {'d': omit} }}"}
    assert TEMPLATES.render(args, {}) == {"b": [1], "c": {}}
    assert TEMPLATES.render(args, {"x": 2}) == {"a": 2, "b": [1], "c": {}}
    assert render("{{ omit }}") is OMIT
    assert strip_omitted({"a": OMIT, "b": [OMIT, {"c": OMIT}]}) == {"b": [{}]}


def test_secrets_are_real_for_the_host_and_remembered() -> None:
    templates = JinjaTemplates()
    variables = {"ansible_password": Secret("{{ stem }}-42"), "stem": "geheim"}
    assert templates.render("/p:{{ ansible_password }}", variables) == "/p:geheim-42"
    assert templates.render("{{ ansible_password | b64encode }}", variables) == "Z2VoZWltLTQy"
    assert templates.secrets_seen == {"geheim-42", "Z2VoZWltLTQy"}
    rendered = templates.render(Secret("{{ stem }}!"), variables)
    assert rendered == Secret("geheim!")
    assert "geheim!" in templates.secrets_seen


def test_hostvars_are_rendered_among_the_other_hosts_variables() -> None:
    hostvars = {"web": {"name": "w", "url": "http://{{ name }}"}, "db": {"name": "d"}}
    assert render("{{ hostvars['web'].url }}", hostvars=hostvars, name="me") == "http://w"
    assert render("{{ hostvars.db.name }}", hostvars=hostvars) == "d"
    urls = "{{ hostvars.values() | map(attribute='name') | sort | join(',') }}"
    assert render(urls, hostvars=hostvars) == "d,w"
    assert render("{{ hostvars['nobody'] is defined }}", hostvars=hostvars) is False


class Unknown:
    """As the engine's: says what it depends on when it is touched."""

    def _raise(self, *_: object) -> Any:
        raise DependsOnUnknown("task one")

    __str__ = __bool__ = __len__ = __iter__ = __getitem__ = __eq__ = __add__ = __lt__ = _raise
    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise DependsOnUnknown("task one")


@pytest.mark.parametrize(
    "expression",
    [
        "u", "u.x", "u[0]", "u == 1", "u + 1", "u < 2", "u ~ 'a'", "not u", "[u]", "{'a': u}",
        "u | default(1)", "u | length", "u | bool", "u | string", "u | from_json", "u | to_json",
        "u | extract({}) ", "[1] | map('extract', u)", "u | combine({})", "u | json_query('x')",
        "lookup('file', u)", "lookup('items', u)", "[1] | select('in', u)", "u | ipaddr",
        "u is none", "u is string", "u is failed", "u is match('x')", "u is mapping", "1 in u",
        "r | string", "r | to_yaml", "r.deep[0]", "r.deep | join", "'x' ~ r", "[u] | unique",
        "u | ternary(1, 2)", "r.deep | map('upper') | list", "v", "v.x", "w.b", "w | to_json",
    ],
)  # fmt: skip
def test_an_unknown_value_stays_unknown(expression: str) -> None:
    unknown = Unknown()
    variables = {
        "u": unknown,
        "r": as_data({"deep": [unknown]}),
        "v": "{{ u }}",
        "w": {"a": "{{ 1 }}", "b": UNKNOWN},
    }
    with pytest.raises(DependsOnUnknown):
        TEMPLATES.render(f"{{{{ {expression} }}}}", variables)
    with pytest.raises(DependsOnUnknown):
        TEMPLATES.render(f"x{{{{ {expression} }}}}", variables)
    with pytest.raises(DependsOnUnknown):
        TEMPLATES.condition(f"({expression}) | string == '1'", variables)


def test_what_is_known_beside_an_unknown_value_is_known() -> None:
    variables = {"r": as_data({"rc": 0, "out": Unknown()}), "w": {"a": "{{ 1 }}", "b": UNKNOWN}}
    assert TEMPLATES.condition("r.rc == 0 and w.a == 1", variables)
    assert TEMPLATES.condition("r is defined and r.out is defined", variables)
