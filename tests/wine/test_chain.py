"""The change line on a cmd that we did not write: it stops where it should, and says so."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest

from runner.interfaces.exchange import Exec, Output, read
from runner.shells import load
from runner.windows import registry
from tests.wine.wine import WineBench
from tests.wine.winehost import WineHost

KEY = r"HKLM\SOFTWARE\Chain"
NASTY = [
    "a b", 'say "hi"', "x) & (y", "^caret", "a|b<c>d", "!OS!", "end\\", "路径", "((", "&&", "~'`",
    'if "a"=="b" exit', "k7wqd2mzt4hxrb.1.0.y.", "defined g",
]  # fmt: skip
MISSING = Exec("reg", "delete", KEY, "/v", "nosuch", "/f")


@pytest.fixture
def host(chinese: WineBench) -> Iterator[WineHost]:
    chinese.ok(f'reg add "{KEY}" /f')
    yield WineHost(chinese)
    chinese.ok(f'reg delete "{KEY}" /f')


def add(name: str, data: str) -> Exec:
    return Exec("reg", "add", KEY, "/v", name, "/t", "REG_SZ", "/d", data, "/f")


def run(host: WineHost, commands: Sequence[Exec]) -> tuple[Output, ...]:
    made = load("cmd").chain(commands)
    assert made is not None
    link = host.link.open()
    return made.outputs(link.run(made.invocation, timeout=120), link.encoding)


def values(host: WineHost) -> dict[str, object]:
    (output,) = host.read(read(registry.query(KEY)))
    # Wine gives a new key an empty default value.
    return {v.name: v.data for v in registry.values(output) if not v.may_be_default}


def test_values_arrive_as_they_are(host: WineHost) -> None:
    outputs = run(host, [add(f"v{n}", data) for n, data in enumerate(NASTY)])
    assert [output.code for output in outputs] == [0] * len(NASTY)
    assert values(host) == {f"v{n}": data for n, data in enumerate(NASTY)}


@pytest.mark.parametrize("seed", range(4))
def test_nothing_runs_behind_the_first_failure(host: WineHost, seed: int) -> None:
    chance = random.Random(seed)
    found = [chance.random() < 0.8 for _ in range(chance.randint(2, 9))]
    commands = [add(f"v{n}", chance.choice(NASTY)) if well else MISSING
                for n, well in enumerate(found)]  # fmt: skip
    outputs = run(host, commands)
    expected = found[: found.index(False) + 1] if False in found else found
    assert [output.code == 0 for output in outputs] == expected
    assert set(values(host)) == {f"v{n}" for n, well in enumerate(expected) if well}
    said = {output.stdout + output.stderr for output in outputs[:-1]}
    assert (outputs[-1].stdout + outputs[-1].stderr in said) is (expected[-1] and len(said) > 0)
