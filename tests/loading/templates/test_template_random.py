"""Templates made by chance: they end, they do not execute, and data stays data."""

import contextlib
import string
import time
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import DependsOnUnknown, TemplateError
from runner.loading.templates.templates import JinjaTemplates
from runner.loading.text.data import OMIT, as_data, holds_template

TEMPLATES = JinjaTemplates()
NOT_FOR_CHANCE = {"password_hash"}
"""Slow by design."""
FILTERS = sorted(
    name
    for name in TEMPLATES.environment.filters
    if name.replace(".", "").isidentifier() and name not in NOT_FOR_CHANCE
)
TESTS = sorted(name for name in TEMPLATES.environment.tests if name.isidentifier())
BRACES = "{{ lookup('pipe', 'exit 1') }}"
VARIABLES: dict[str, Any] = {
    "number": 7,
    "word": "word",
    "items": [3, 1, 2],
    "deep": {"a": {"b": [1, {"c": "x"}]}},
    "lazy": "{{ number + 1 }}",
    "data": as_data({"out": BRACES, "lines": [BRACES, "x"], "rc": 0}),
}
FAST = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))

numbers = st.sampled_from(["0", "1", "-1", "2.5", "99", "10**6", "10**9", "10**30"])
texts = st.sampled_from(["''", "'a'", "'(a+)+$'", "'%s'", "'{0}'", "'a.b'", r"'\\1'", "'C:\\x'"])
atoms = st.one_of(
    numbers,
    texts,
    st.sampled_from(
        [*VARIABLES, "nobody", "none", "true", "omit", "deep.a", "data.out", "hostvars"]
    ),
    st.sampled_from(
        ["[]", "{}", "range(5)", "range(10**9)", "dict(a=1)", "namespace()", "joiner()"]
    ),
)


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    few = st.lists(inner, max_size=3).map(", ".join)
    attributes = st.sampled_from(
        ["a", "items", "upper", "__class__", "_x", "append", "format", "join", "update", "mro"]
    )
    return st.one_of(
        st.builds("({} | {}({}))".format, inner, st.sampled_from(FILTERS), few),
        st.builds("({} is {}({}))".format, inner, st.sampled_from(TESTS), few),
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["+", "-", "*", "/", "%", "**", "~", "==", "<", "and", "or", "in"]),
            inner,
        ),
        st.builds("{}.{}".format, inner, attributes),
        st.builds("{}.{}({})".format, inner, attributes, few),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("[{}]".format, few),
        st.builds("{{'k': {}}}".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
    )


EXPRESSIONS = st.recursive(atoms, _grow, max_leaves=8)
BODIES = st.one_of(
    st.builds("{{{{ {} }}}}".format, EXPRESSIONS),
    st.builds("x{{{{ {} }}}}".format, EXPRESSIONS),
    st.builds("{{% for i in {} %}}{{{{ i }}}}{{% endfor %}}".format, EXPRESSIONS),
    st.builds("{{% set v = {} %}}{{{{ v ~ v }}}}".format, EXPRESSIONS),
    st.builds("{{% if {} %}}{{{{ data.out }}}}{{% endif %}}".format, EXPRESSIONS),
    st.text(alphabet=string.ascii_letters + "{}%#| ()'\"\\[].:,~_-\n", max_size=60),
)


def _is_value(value: Any) -> bool:
    """Whether this is something that JSON, a journal and a host can hold."""
    if isinstance(value, dict):
        return all(_is_value(key) and _is_value(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_value, value))
    scalar = isinstance(value, str | int | float | bytes | None.__class__)
    return scalar or value is OMIT or hasattr(value, "isoformat") or hasattr(value, "days")


@FAST
@given(BODIES)
def test_a_template_gives_a_value_or_says_what_is_wrong(template: str) -> None:
    begun = time.monotonic()
    try:
        TEMPLATES.check(template)
        value = TEMPLATES.render(template, VARIABLES)
    except (TemplateError, DependsOnUnknown):
        pass
    else:
        assert _is_value(value)
        if template != value:  # what a template gives is never a template again
            assert not holds_template(value)
            assert TEMPLATES.render(value, {}) == value
    assert time.monotonic() - begun < 30
    assert VARIABLES["items"] == [3, 1, 2]


@FAST
@given(EXPRESSIONS)
def test_a_condition_holds_or_not_or_says_what_is_wrong(expression: str) -> None:
    with contextlib.suppress(TemplateError, DependsOnUnknown):
        TEMPLATES.check_expression(expression)
        assert isinstance(TEMPLATES.condition(expression, VARIABLES), bool)


@FAST
@given(st.sampled_from(FILTERS), st.lists(texts | numbers, max_size=2))
def test_what_a_filter_makes_of_data_is_data(name: str, args: list[str]) -> None:
    for start in ("data.out", "data.lines", "data"):
        template = f"{{{{ {start} | {name}({', '.join(args)}) }}}}"
        try:
            value = TEMPLATES.render(template, VARIABLES)
        except (TemplateError, DependsOnUnknown):
            continue
        assert not holds_template(value)


KINDS = st.sampled_from(["loop", "items", "nested", "dict", "together", "sequence", "subelements"])
TERMS = st.recursive(
    st.none() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=6,
)


@FAST
@given(KINDS | st.sampled_from(["indexed_items", "flattened", "list", "cartesian"]), TERMS)
def test_a_loop_has_elements_or_says_what_is_wrong(kind: str, terms: Any) -> None:
    with contextlib.suppress(TemplateError):
        assert isinstance(TEMPLATES.loop_items(kind, terms, VARIABLES), list)
