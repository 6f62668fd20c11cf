"""Faults on demand: each does what it says, as often as it was asked for, and then no more."""

from __future__ import annotations

import time

import pytest
import requests
from winrm.exceptions import WinRMTransportError, WSManFaultError

from runner.lab.ports.books import COUNTED, FAULT_KINDS, Books, UnknownFault
from tests.lab.conftest import Connect, Serve, run
from tests.lab.front_fake import FakeMachine


def _fault_code(error: WSManFaultError) -> int | None:
    return error.wsman_fault_code or error.wmierror_code


def test_every_fault_is_described() -> None:
    assert all(FAULT_KINDS.values())
    assert "injected" in COUNTED


def test_faults_count_down() -> None:
    books = Books()
    books.inject("http_503", 2)
    assert [books.take("http_503") for _ in range(4)] == [True, True, False, False]
    assert books.counters()["injected"] == 2
    books.inject("http_503", 5)
    books.inject("http_503", 0)
    assert not books.take("http_503")


def test_a_fault_must_be_known_and_its_count_positive() -> None:
    with pytest.raises(UnknownFault, match="reset_on_command"):
        Books().inject("reset_on_comand")
    with pytest.raises(ValueError, match="-1"):
        Books().inject("http_503", -1)
    with pytest.raises(KeyError):
        Books().count("nonsense")


def test_reset_on_command_runs_it_and_drops_the_answer(serve: Serve, connect: Connect) -> None:
    machine = FakeMachine()
    front = serve(machine)
    protocol = connect(front)
    shell = protocol.open_shell(codepage=65001)
    front.inject("reset_on_command")
    with pytest.raises(requests.ConnectionError):
        protocol.run_command(shell, "say lost")
    time.sleep(0.05)
    assert machine.ran == ["say lost"]
    assert front.counters()["resets"] == 1
    assert run(connect(front), "say again", shell=shell)[0] == b"again\r\n"


def test_reset_before_command_never_runs_it(serve: Serve, connect: Connect) -> None:
    machine = FakeMachine()
    front = serve(machine)
    protocol = connect(front)
    shell = protocol.open_shell(codepage=65001)
    front.inject("reset_before_command")
    with pytest.raises(requests.ConnectionError):
        protocol.run_command(shell, "say lost")
    time.sleep(0.05)
    assert machine.ran == []
    assert run(connect(front), "say again", shell=shell)[0] == b"again\r\n"


def test_drop_receive_loses_the_output(serve: Serve, connect: Connect) -> None:
    front = serve()
    protocol = connect(front)
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, "say lost")
    front.inject("drop_receive")
    with pytest.raises(requests.ConnectionError):
        protocol.get_command_output_raw(shell, command)
    stdout, _, code, done = connect(front).get_command_output_raw(shell, command)
    assert (stdout, code, done) == (b"", 0, True)


def test_hang_receive_never_answers(serve: Serve, connect: Connect) -> None:
    front = serve()
    protocol = connect(front, operation_timeout_sec=1, read_timeout_sec=2)
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, "say x")
    protocol.transport.read_timeout_sec = 1
    front.inject("hang_receive")
    with pytest.raises(requests.ReadTimeout):
        protocol.get_command_output_raw(shell, command)
    assert connect(front).get_command_output_raw(shell, command)[0] == b"x\r\n"


def test_http_503(serve: Serve, connect: Connect) -> None:
    front = serve()
    protocol = connect(front)
    shell = protocol.open_shell(codepage=65001)
    front.inject("http_503")
    with pytest.raises(WinRMTransportError) as caught:
        protocol.run_command(shell, "say x")
    assert caught.value.code == 503
    assert front.counters()["commands"] == 0


def test_a_body_in_clear_after_a_failed_logon_is_caught(serve: Serve, connect: Connect) -> None:
    """pywinrm keeps a session whose sealing was never set up, and then sends in clear text."""
    front = serve()
    protocol = connect(front)
    front.inject("http_503")  # hits the empty message that ends the logon
    with pytest.raises(WinRMTransportError):
        protocol.open_shell()
    assert front.counters()["clear_bodies"] == 0
    with pytest.raises(WinRMTransportError) as caught:
        protocol.open_shell()
    assert caught.value.code == 500
    assert front.counters()["clear_bodies"] > 0
    assert front.counters()["creates"] == 0


def test_http_400_sealed(serve: Serve, connect: Connect) -> None:
    front = serve()
    protocol = connect(front)
    shell = protocol.open_shell(codepage=65001)
    front.inject("http_400_sealed")
    with pytest.raises(WinRMTransportError) as caught:
        protocol.run_command(shell, "say x")
    assert (caught.value.code, caught.value.response_text) == (400, "")
    assert front.counters()["commands"] == 0


def test_http_400_sealed_waits_for_a_sealed_message(serve: Serve, connect: Connect) -> None:
    front = serve(scheme="https")
    front.inject("http_400_sealed")
    assert run(connect(front, transport="basic"), "say x")[0] == b"x\r\n"
    assert front.counters()["injected"] == 0


def test_garbage_200(serve: Serve, connect: Connect) -> None:
    front = serve()
    protocol = connect(front)
    front.inject("garbage_200")
    with pytest.raises(Exception, match=r"^$"):
        protocol.open_shell()
    assert front.counters()["injected"] == 1


@pytest.mark.parametrize("os", ["2008r2-sp1", "2016"])
def test_quotas(serve: Serve, connect: Connect, os: str) -> None:
    machine = FakeMachine(os)
    front = serve(machine, os=os)
    protocol = connect(front)
    front.inject("quota_shells")
    with pytest.raises(WSManFaultError) as caught:
        protocol.open_shell()
    assert _fault_code(caught.value) == 2150859173
    shell = protocol.open_shell(codepage=65001)
    front.inject("quota_operations")
    with pytest.raises(WSManFaultError) as caught:
        protocol.run_command(shell, "say x")
    assert _fault_code(caught.value) == 2150859174
    assert machine.ran == []
    assert front.counters()["quota_refusals"] == 2


def test_idle_close_makes_pywinrm_send_a_stale_seal(serve: Serve, connect: Connect) -> None:
    front = serve()
    protocol = connect(front)
    front.inject("idle_close")
    shell = protocol.open_shell()
    time.sleep(0.3)  # until the close has arrived: sent into a closing socket, it would be a reset
    with pytest.raises(WinRMTransportError) as caught:
        protocol.run_command(shell, "say x")
    assert caught.value.code == 400
    assert front.counters()["connections"] > 2
    assert front.counters()["clear_bodies"] == 0


def test_expire_shell(serve: Serve, connect: Connect) -> None:
    machine = FakeMachine()
    front = serve(machine)
    protocol = connect(front)
    shell = protocol.open_shell(codepage=65001)
    front.inject("expire_shell")
    with pytest.raises(WSManFaultError) as caught:
        protocol.run_command(shell, "say x")
    assert _fault_code(caught.value) == 2150858843
    assert machine.ran == []
    assert front.counters()["shells_expired"] == 1
