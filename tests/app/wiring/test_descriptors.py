"""A fleet larger than the soft limit of open files."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runner.app.wiring import descriptors
from runner.app.wiring.descriptors import Fit

_PROGRAM = """
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
from runner.app.wiring.descriptors import allow_many
allow_many()
pipes = [os.pipe() for _ in range(100)]
print(len(pipes))
"""


def test_more_files_than_the_soft_limit_can_be_open() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "100"


def fitted(monkeypatch: pytest.MonkeyPatch, room: int | None, workers: int, hosts: int) -> Fit:
    monkeypatch.setattr(descriptors, "_room", lambda: room)
    return descriptors.fit(workers, hosts)


@pytest.mark.parametrize(("room", "hosts"), [(None, 10_000), (800, 500), (600, 300)])
def test_where_there_are_enough_nothing_changes(
    monkeypatch: pytest.MonkeyPatch, room: int | None, hosts: int
) -> None:
    assert fitted(monkeypatch, room, 100, hosts) == Fit(100)


@pytest.mark.parametrize("room", [4, 5, 30, 100, 399, 500])
@pytest.mark.parametrize("hosts", [1, 50, 500, 10_000])
def test_what_is_opened_fits(monkeypatch: pytest.MonkeyPatch, room: int, hosts: int) -> None:
    workers = min(hosts, 100)
    found = fitted(monkeypatch, room, workers, hosts)
    connections = hosts if found.connections is None else found.connections
    assert 1 <= found.workers <= workers
    assert found.workers <= connections or connections == hosts
    assert connections + 3 * found.workers <= room
    assert bool(found.notice) is (found.connections is not None)


def test_the_notice_says_what_would_be_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fitted(monkeypatch, 194, 100, 500)
    assert found.workers == 48
    assert found.connections == 50
    for word in ("48 hosts at once instead of 100", "50 of 500", "ulimit -n 1024"):
        assert word in found.notice
