"""``lookup()`` itself: its errors, the environment, variables, loops."""

import os

import pytest

from runner.errors import TemplateError
from runner.model.secret import Secret
from runner.model.source import Source
from tests.loading.templates.lookups.giving import TEMPLATES, give


# -- lookup() itself --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("lookup('pip', 'x')", "there is no lookup 'pip'", "did you mean 'pipe'?"),
        ("lookup('dig', 'x')", "the lookup 'dig' is not supported", "it asks another system"),
        (
            "lookup('config', 'x')",
            "the lookup 'config' is not supported",
            "there is no ansible.cfg",
        ),
        ("lookup('community.general.dig', 'x')", "is not supported", "it asks another system"),
        ("lookup('community.general.file', 'x')", "there is no lookup", "did you mean 'file'?"),
        ("lookup('file', 'x', rstip=true)", "no option 'rstip'", "did you mean 'rstrip'?"),
        ("lookup('env', 'x', errors='nope')", "errors is one of", ""),
        ("lookup('vars', 'grouping', default=none)", "'grouping' is undefined", ""),
        ("lookup('env', 5)", "needs a text, not int", ""),
        ("lookup('varnames', '(')", "lookup 'varnames': missing )", ""),
        ("lookup('sequence', 'x=1')", "no option 'x'", ""),
        ("lookup('sequence', 'end=9999999')", "more than 1,000,000", ""),
        ("lookup('sequence', 'end=3 format=%09999999d')", "is no format", ""),
        ("lookup('nested', range(2000) | list, range(2000) | list)", "more than 1,000,000", ""),
        ("lookup('inventory_hostnames', 'web')", "there is no inventory", ""),
    ],
)
def test_error(expression: str, message: str, hint: str) -> None:
    place = Source("p.yml", 1, 1)
    with pytest.raises(TemplateError) as caught:
        TEMPLATES.render(f"{{{{ {expression} }}}}", {}, place)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.source == place


def test_the_unknown_names_of_hosts_are_errors() -> None:
    groups = {"all": ["a", "b"], "web": ["a"], "ungrouped": []}
    assert give("query('inventory_hostnames', 'all,!web')", groups=groups) == ["b"]
    with pytest.raises(TemplateError, match="no host or group is named 'wbe'"):
        give("query('inventory_hostnames', 'wbe')", groups=groups)


def test_an_undefined_term_is_an_undefined_value() -> None:
    assert give("lookup('file', nobody) | default('d')") == "d"
    with pytest.raises(TemplateError, match="'nobody' is undefined"):
        give("lookup('file', nobody)")


def test_env_is_the_environment_of_the_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_TEST_WORD", "{{ 1 + 1 }}")
    assert give("lookup('env', 'RUNNER_TEST_WORD')") == "{{ 1 + 1 }}"
    assert give("lookup('ansible.builtin.env', 'RUNNER_TEST_WORD ignored')") == "{{ 1 + 1 }}"
    assert "RUNNER_TEST_NOTHING" not in os.environ
    assert give("query('env', 'RUNNER_TEST_NOTHING', default=5)") == [5]


def test_secrets_in_variables_are_found_by_vars() -> None:
    assert give("lookup('vars', 'p')", p=Secret("geheim")) == "geheim"


def test_any_lookup_may_be_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPED", "here")
    assert TEMPLATES.loop_items("env", ["LOOPED"], {}) == ["here"]
    assert TEMPLATES.loop_items("vars", ["x"], {"x": 1}) == [1]
