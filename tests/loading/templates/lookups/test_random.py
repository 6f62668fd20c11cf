"""random_string: texts of given classes."""

import re

import pytest

from runner.errors import DependsOnUnknown, TemplateError
from tests.loading.templates.lookups.giving import DRY, give


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        ("", r"[!-~]{8}"),
        ("length=12, special=false", r"[A-Za-z0-9]{12}"),
        ("length=4, min_numeric=4", r"\d{4}"),
        ("override_all='ab', length=20", r"[ab]{20}"),
        ("upper=false, lower=false, numbers=false, override_special='-_'", r"[-_]{8}"),
        ("ignore_similar_chars=true, special=false, length=200", r"[^il1LoO0]{200}"),
        ("length=3, base64=true", r"[A-Za-z0-9+/]{4}"),
    ],
)
def test_random_string_keeps_to_its_classes(options: str, pattern: str) -> None:
    assert re.fullmatch(pattern, give(f"lookup('community.general.random_string', {options})"))


def test_random_string_of_a_seed_is_always_the_same_and_known_to_a_dry_run() -> None:
    expression = "lookup('random_string', seed='x')"
    assert give(expression) == give(expression, **DRY)
    with pytest.raises(DependsOnUnknown):
        give("lookup('random_string')", **DRY)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("'x'", "takes options alone"),
        ("length=2, min_upper=3", "the minimums add up to 3"),
        ("length=-1", "length is between"),
        ("lower=no, upper=no, special=no, numbers=no", "no characters left"),
        ("size=3", "size"),
    ],
)
def test_random_string_refuses_what_cannot_be(options: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        give(f"lookup('random_string', {options})", no=False)
