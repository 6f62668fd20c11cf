"""Tests that share a fleet stay on one worker; otherwise each worker makes its own."""

from __future__ import annotations

import os

import pytest


@pytest.mark.xdist_group("guard")
def test_groups_are_kept(request: pytest.FixtureRequest) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("one process runs all tests")
    assert request.node.nodeid.endswith("@guard")
