"""One English and one Chinese Wine machine for all tests here; a call to a stub fails a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.lab.wine.template import Template
from tests.wine.wine import WineBench, require_wine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share machines stay in one process."""
    for item in items:
        if "tests/wine/" in item.path.as_posix():
            chinese = "raw_chinese" in getattr(item, "fixturenames", ())
            item.add_marker(pytest.mark.timeout(600))
            item.add_marker(pytest.mark.xdist_group("wine-chinese" if chinese else "wine"))


@pytest.fixture(scope="session")
def wine() -> Template:
    """The template of all machines."""
    return require_wine()


@pytest.fixture(scope="session")
def raw_english(wine: Template) -> Iterator[WineBench]:
    bench = WineBench(wine)
    yield bench
    bench.machine.close()


@pytest.fixture(scope="session")
def raw_chinese(wine: Template) -> Iterator[WineBench]:
    bench = WineBench(wine, language="chs")
    yield bench
    bench.machine.close()


@pytest.fixture
def english(raw_english: WineBench) -> Iterator[WineBench]:
    """A machine with the code pages 437 and 1252."""
    yield from _guarded(raw_english)


@pytest.fixture
def chinese(raw_chinese: WineBench) -> Iterator[WineBench]:
    """A machine with the code page 936."""
    yield from _guarded(raw_chinese)


def _guarded(bench: WineBench) -> Iterator[WineBench]:
    before = len(bench.not_simulated)
    yield bench
    bench.no_stub_was_called(before)
