"""A folder to run playbooks in, with a home of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.here import Here


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    return Here(tmp_path, capsys)
