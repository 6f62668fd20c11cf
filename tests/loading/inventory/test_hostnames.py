"""Names with ranges and ports, and values in INI."""

from typing import Any

import pytest

from runner.loading.hostnames import expand, split_port
from runner.loading.inventory.literals import literal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("1.5", 1.5), ("True", True), ("true", "true"), ("None", None), ("yes", "yes"),
        ("0123", "0123"), ("'a b'", "a b"), ("[1, 'x']", [1, "x"]), ("...", "..."),
        ("{'a': (1, 2)}", {"a": [1, 2]}),
        ("a b", "a b"), ("C:\\new", "C:\\new"), ("b'x'", "x"), ("1+2j", "(1+2j)"), ("", ""),
        ("{2, 1}", [1, 2]),
        ("10.0.0.1", "10.0.0.1"), ("{{ x }}", "{{ x }}"), ("[unclosed", "[unclosed"),
        ("1 # one", 1), ("0x1F", 31), ("'\\d'", "\\d"),
    ],
)  # fmt: skip
def test_literals(text: str, value: Any) -> None:
    found = literal(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("web", ["web"]),
        ("web[1:3]", ["web1", "web2", "web3"]),
        ("web[08:10].x", ["web08.x", "web09.x", "web10.x"]),
        ("w[1:5:2]", ["w1", "w3", "w5"]),
        ("w[:2]", ["w0", "w1", "w2"]),
        ("[a:c]", ["a", "b", "c"]),
        ("[a:b][1:2]", ["a1", "a2", "b1", "b2"]),
        ("[A:C]", ["A", "B", "C"]),
        ("[01:20:9]", ["01", "10", "19"]),
        ("fe80::[1:2]", ["fe80::1", "fe80::2"]),
    ],
)
def test_ranges(name: str, names: list[str]) -> None:
    assert expand(name) == names


@pytest.mark.parametrize(
    "name",
    [
        "w[3:1]", "w[1:02", "w[a:9]", "w[01:100]", "w[1:2:0]", "w[1:99999999]", "w[1:2", "w]1:2[",
        "[1:1000][1:1000][1:1000]", "w[1:2]]", "[[1:2]", "w[9:" + "9" * 30 + "]",
    ],
)  # fmt: skip
def test_bad_ranges(name: str) -> None:
    with pytest.raises(ValueError):
        expand(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web", ("web", None)),
        ("web:5986", ("web", 5986)),
        ("web[1:2]:22", ("web[1:2]", 22)),
        ("[2001:db8::1]:22", ("2001:db8::1", 22)),
        ("2001:db8::1", ("2001:db8::1", None)),
        ("web:x", ("web:x", None)),
        ("web_:22", ("web_:22", None)),
        ("we b:22", ("we b:22", None)),
        ("[web]:22", ("web", 22)),
        ("web:999999", ("web:999999", None)),
        ("fe80::[1:3]", ("fe80::[1:3]", None)),
    ],
)
def test_ports(name: str, expected: tuple[str, int | None]) -> None:
    assert split_port(name) == expected
