"""How ``rollback --restart`` restarts a host where the run itself restarted nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.app.rollback import _restart
from runner.engine.undoing.undo import Restart
from tests.app.wiring.test_links import prepared


@pytest.mark.parametrize(
    ("settings", "module"),
    [
        ({"ansible_connection": "local"}, "reboot"),
        ({"ansible_connection": "ssh", "ansible_shell_type": "sh"}, "reboot"),
        ({"ansible_connection": "ssh", "ansible_shell_type": "cmd"}, "win_reboot"),
        ({}, "win_reboot"),
    ],
)
def test_by_the_shell_of_the_host(tmp_path: Path, settings: dict[str, object], module: str) -> None:
    links = prepared(tmp_path, {"a": settings}).links
    assert _restart(Restart("", {}), "a", links) == Restart(module, {})


def test_as_the_run_did(tmp_path: Path) -> None:
    links = prepared(tmp_path, {"a": {}}).links
    recorded = Restart("reboot", {"reboot_timeout": 5})
    assert _restart(recorded, "a", links) is recorded
