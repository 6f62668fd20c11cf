"""What several whole-product tests start with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.app import doctor as doctoring
from runner.lab.fleet import Fleet
from runner.lab.spec import LabSpec
from runner.lab.winrm.options import FrontOptions
from runner.transports.winrm import again
from tests.e2e.clinic import PASSWORD, USER, Admit, Clinic
from tests.e2e.fleet import TestFleet
from tests.e2e.troubled import Make
from tests.transports.sshd import Sshd, require_sshd, sshd


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These tests start many processes, which takes its time where other tests run beside them."""
    for item in items:
        if item.path.parent == Path(__file__).parent and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(autouse=True)
def own_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs in this process looks for a journal, too: never for the user's own."""
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "state"))


@pytest.fixture
def impatient_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds for each step, and hardly a pause between two tries."""
    monkeypatch.setattr(doctoring, "_STEP_SECONDS", 2.0)
    monkeypatch.setattr(again, "RETRY_PAUSE", 0.01)


@pytest.fixture
def admit(tmp_path: Path) -> Iterator[Admit]:
    with contextlib.ExitStack() as stack:

        def build(
            os: str = "2012r2",
            scheme: str = "http",
            options: FrontOptions | None = None,
            **state: Any,
        ) -> Clinic:
            host = {"name": "web01", "port": 0, "user": USER, "password": PASSWORD, "os": os,
                    "scheme": scheme, "state": state}  # fmt: skip
            spec = LabSpec.model_validate({"hosts": [host]})
            return Clinic(tmp_path, stack.enter_context(Fleet(spec, options=options)))

        yield build


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    """A real sshd."""
    require_sshd()
    with sshd(tmp_path / "sshd") as running:
        yield running


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Fleets on a lab of their own."""
    fleets: list[TestFleet] = []

    def build(hosts: dict[str, Any] | None = None, **common: Any) -> TestFleet:
        fleet = TestFleet(tmp_path, hosts or {"web01": {"lab_os": "2012r2"}}, **common)
        fleet.__enter__()
        fleets.append(fleet)
        return fleet

    yield build
    for fleet in fleets:
        fleet.__exit__()
