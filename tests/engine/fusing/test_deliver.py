"""A script of commands over real WinRM to a simulated machine: one of them hangs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial

import pytest

from runner.engine.fusing import deliver
from runner.engine.fusing.deliver import Heard, deliver_series
from runner.engine.fusing.writer import Part
from runner.engine.hosts.link import Link
from runner.engine.stop import Stop
from runner.errors import DeadlineExceeded
from runner.interfaces.exchange import Script
from runner.lab.fleet import Fleet
from runner.lab.spec import LabSpec
from runner.shells import cmd_series, load
from runner.transports import load as load_transport


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    host = {"name": "web01", "port": 0, "user": "admin", "password": "pw", "os": "2019"}
    with Fleet(LabSpec.model_validate({"hosts": [host]})) as made:
        yield made


@pytest.fixture
def link(fleet: Fleet) -> Iterator[Link]:
    front = fleet.member("web01").front
    transport = load_transport("winrm")
    options = transport.options(
        "web01",
        {
            "ansible_host": front.address,
            "ansible_port": front.port,
            "ansible_winrm_scheme": "http",
            "ansible_user": "admin",
            "ansible_password": "pw",
            "ansible_winrm_operation_timeout_sec": 1,
            "ansible_winrm_read_timeout_sec": 30,
        },
    )
    made = Link("web01", transport, options, load, "cmd", Stop())
    yield made
    made.drop()


def test_a_command_that_hangs_is_found_and_nothing_behind_it_begins(
    fleet: Fleet, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that stands still until the command runs, and then goes fast."""
    machine = fleet.member("web01").machine
    ticks = itertools.count(1000.0, 50.0)

    def clock() -> float:
        running = machine.snapshot()["volatile"]["commands"]
        return next(ticks) if any("ping" in line for line in running) else 0.0

    monkeypatch.setattr(deliver, "Heard", partial(Heard, clock=clock))
    lines = ["hostname", "ping -n 60 127.0.0.1", r"reg add HKLM\SOFTWARE\never /f"]
    commands = [Script("cmd", line) for line in lines]
    parts = [Part((command,), number) for number, command in enumerate(commands)]
    series = cmd_series.series(lines)
    assert series is not None
    assert deliver_series(link, parts, series, 300.0) == 2
    assert parts[0].outputs[0].stdout == "web01\n"
    assert isinstance(parts[1].lost, DeadlineExceeded)
    assert parts[1].lost.ended
    assert "not done in 120 s" in parts[1].lost.message
    assert (parts[1].outputs, parts[2].outputs, parts[2].lost) == ((), (), None)
    assert link.connection is None
    assert not any("never" in key for key in machine.snapshot()["state"]["registry"])
