"""Filters, tests and operators: ``cases/expressions.jsonl`` holds what Ansible gives."""

import json
from pathlib import Path
from typing import Any

import pytest

from runner.errors import TemplateError
from runner.loading.templates import JinjaTemplates

CASES = Path(__file__).parent / "cases"
TEMPLATES = JinjaTemplates()


def _pairs(name: str) -> list[Any]:
    lines = (CASES / name).read_text(encoding="utf-8").splitlines()
    return [pytest.param(*json.loads(line), id=json.loads(line)[0]) for line in lines]


@pytest.mark.parametrize(("expression", "expected"), _pairs("expressions.jsonl"))
def test_value(expression: str, expected: object) -> None:
    value = TEMPLATES.render(f"{{{{ {expression} }}}}", {})
    assert value == expected
    assert isinstance(value, type(expected))


@pytest.mark.parametrize(("expression", "message"), _pairs("expression_errors.jsonl"))
def test_error(expression: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        TEMPLATES.render(f"{{{{ {expression} }}}}", {})
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # Ansible leaves the order of these to chance; ours is that of the first list.
        ("[3, 2, 1] | difference([2])", [3, 1]),
        ("'a' | union(['b'])", ["a", "b"]),
        ("[3, 1, 3] | intersect([1, 3])", [3, 1]),
        ("'2017-05-12' | to_datetime('%Y-%m-%d') | string", "2017-05-12 00:00:00"),
        ("'%Y' | strftime(0, true)", "1970"),
        ("[5] | random(seed='x')", 5),
        ("10 | random(start=9)", 9),
        ("'abc' | md5", "900150983cd24fb0d6963f7d28e17f72"),
        ("'é' | b64encode('utf-16-le')", "6QA="),
        ("'<a>' | safe", "<a>"),
        ("'1.2.3-rc.1' is version('1.2.3', '<', version_type='semver')", True),
        ("'1.2.3-rc.2' is version('1.2.3-rc.10', '<', version_type='semver')", True),
        ("'1.2b3' is version('1.2', '<', strict=true)", True),
        ("{'unreachable': true} is unreachable", True),
        ("{'rc': 0} is reachable", True),
        ("'C:\\Windows\\x' | regex_search('Windows.(.)', '\\1')", ["x"]),
        ("[1, 2] | zip([3, 4]) | map('sum') | list", [4, 6]),
        ("lookup('env', 'RUNNER_NOT_SET', default='d')", "d"),
        ("undef() | default('d')", "d"),
        ("now(utc=true, fmt='%Y') | int > 2000", True),
        ("[1, 2, 3] | product | length", 3),
        ("(['a'] | combinations(1)) == [['a']]", True),
    ],
)
def test_where_we_decide(expression: str, expected: object) -> None:
    assert TEMPLATES.render(f"{{{{ {expression} }}}}", {}) == expected
