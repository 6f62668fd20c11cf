"""Any text at all: an inventory or an error with its place, never anything else, and quickly."""

import contextlib
import random
import string
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import InputError
from runner.loading.inventory.inventory import load_inventory
from runner.model.inventory import Inventory

WORDS = st.sampled_from(
    [
        "web01", "web[1:3]", "web[a:c]x", "[web]", "[web:vars]", "[web:children]", "[db]", "[all]",
        "[all:children]", "all", "ungrouped", "web", "db", "x=1", "x = 'a b'", "y=\"", "z={'a': [1",
        "'", '"', "\\", "#", ";", "# c", "[", "]", "[[1:2]", ":", "::1", "[::1]:22", "=", "a=b=c",
        "name,groups,x", "web01,web,1", '"a,b', "sep=;", "{{ x }}", "!vault", "plugin: constructed",
        "web: {hosts: {a: }}", "hosts:", "  a:", "- x", "\t", "\u00fc", "\u2028", "\x0b", "\x00",
    ]
)  # fmt: skip
TEXTS = st.lists(st.lists(WORDS | st.text(max_size=4), max_size=5).map(" ".join), max_size=8).map(
    "\n".join
)


@pytest.mark.parametrize("name", ["hosts", "hosts.ini", "hosts.yml", "hosts.csv"])
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=TEXTS)
def test_an_inventory_or_an_error(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with contextlib.suppress(InputError):
        _check(load_inventory([path]))


def _check(found: Inventory) -> None:
    assert found.hosts
    for group in found.groups.values():
        assert set(group.hosts) <= found.hosts.keys()
        assert set(group.own) <= set(group.hosts)
    for host in found.hosts.values():
        assert all(name in host.vars for name in dict(host.vars))
        assert all(host.name in found.groups[group].hosts for group in host.groups)


def _seconds(path: Path, text: str) -> float:
    path.write_text(text)
    begun = time.process_time()
    with contextlib.suppress(InputError):
        load_inventory([path])
    return time.process_time() - begun


LETTERS = string.ascii_letters + string.digits + " =:'\"#;[]{}(),.\\\n"
MEAN: dict[str, Callable[[int], str]] = {
    "letters": lambda n: "".join(random.Random(1).choices(LETTERS, k=n)),
    "one line": lambda n: "".join(random.Random(2).choices(LETTERS.replace("\n", ""), k=n)),
    "brackets": lambda n: "[" * n,
    "round brackets": lambda n: f"web x={'(' * n}",
    "quotes": lambda n: "web " + "'\"" * (n // 2),
    "backslashes": lambda n: "web x=" + "\\" * n,
    "hashes": lambda n: 'web x="' + "#" * n,
    "ranges": lambda n: "w" + "[1:1]" * (n // 5),
    "labels": lambda n: "a-" * (n // 2) + ":22",
    "dots": lambda n: "a." * (n // 2) + ":22",
    "sections": lambda n: "\n".join(f"[g{i}:children]\ng{i + 1}" for i in range(n // 40)),
    "circle": lambda n: "[a]\nh\n" + "[a:children]\nb\n[b:children]\na\n" * (n // 30),
    "mistakes": lambda n: "a b\n" * (n // 4),
    "variables": lambda n: "w " + " ".join(f"v{i}='{i}'" for i in range(n // 12)),
}


@pytest.mark.parametrize("kind", MEAN)
@pytest.mark.parametrize("name", ["hosts.ini", "hosts.csv"])
def test_reading_takes_linear_time(tmp_path: Path, name: str, kind: str) -> None:
    """Ten times the text may take ten times as long and a bit, not a hundred times."""
    small = _seconds(tmp_path / name, MEAN[kind](20_000))
    large = _seconds(tmp_path / name, MEAN[kind](200_000))
    assert large < 60 * max(small, 0.02)
