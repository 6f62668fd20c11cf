"""pywinrm and pypsrp against a front: what ordinary clients do must simply work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan
from winrm.exceptions import WinRMOperationTimeoutError, WSManFaultError

from runner.lab.winrm.options import FrontOptions
from tests.lab.conftest import Connect, Serve, run
from tests.lab.front_fake import FakeMachine


def _await(condition: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


@pytest.mark.parametrize("os", ["2003-sp2", "2008r2-sp1", "2016"])
def test_pywinrm_runs_commands_sealed_by_ntlm(serve: Serve, connect: Connect, os: str) -> None:
    front = serve(os=os)
    protocol = connect(front)
    shell = protocol.open_shell(codepage=437)
    assert run(protocol, "both", shell=shell) == (b"out\r\nmore\r\n", b"err\r\n", 0)
    protocol.close_shell(shell)
    counted = front.counters()
    assert counted["clear_bodies"] == 0
    assert counted["logons"] == 1
    assert counted["failed_logons"] == 0
    assert (counted["creates"], counted["commands"], counted["deletes"]) == (1, 1, 1)
    assert counted["open_shells"] == 0


def test_pywinrm_runs_commands_with_basic_over_https(serve: Serve, connect: Connect) -> None:
    front = serve(scheme="https")
    protocol = connect(front, transport="basic")
    assert run(protocol, "say hello") == (b"hello\r\n", b"", 0)
    assert front.counters()["logons"] == 1


@pytest.mark.parametrize("auth", ["ntlm", "negotiate"])
@pytest.mark.parametrize("os", ["2008r2-sp1", "2022"])
def test_pypsrp_runs_commands(
    serve: Serve, remote: Callable[..., WSMan], auth: str, os: str
) -> None:
    front = serve(os=os)
    with WinRS(remote(front, auth)) as shell:
        process = Process(shell, "say", ["hello", "there"])
        process.invoke()
        process.signal(SignalCode.TERMINATE)
    assert (process.rc, process.stdout, process.stderr) == (0, b"hello there\r\n", b"")
    assert front.counters()["clear_bodies"] == 0
    assert front.counters()["open_shells"] == 0


def test_pypsrp_chooses_the_command_id_on_winrm_3(
    serve: Serve, remote: Callable[..., WSMan]
) -> None:
    wanted = "12345678-1234-1234-1234-123456789ABC"
    with WinRS(remote(serve())) as shell:
        answer = shell.command("say", ["x"], command_id=wanted)
        assert answer.findtext("{*}CommandResponse/{*}CommandId") == wanted
        assert shell.receive(command_id=wanted)[2]["stdout"] == b"x\r\n"


def test_pypsrp_learns_the_envelope_size(serve: Serve, remote: Callable[..., WSMan]) -> None:
    wsman = remote(serve())
    wsman.update_max_payload_size()
    assert wsman.max_envelope_size == 500 * 1024


@pytest.mark.parametrize("code", [0, 1, 255, 3010, 2**31, 2**32 - 1])
def test_exit_codes_have_32_bits(serve: Serve, connect: Connect, code: int) -> None:
    assert run(connect(serve()), f"exit {code}")[2] == code


def test_a_negative_exit_code_is_told_as_unsigned(serve: Serve, connect: Connect) -> None:
    assert run(connect(serve()), "exit -1073741510")[2] == 0xC000013A


def test_large_output_arrives_whole_and_in_several_answers(serve: Serve, connect: Connect) -> None:
    front = serve()
    stdout, _, code = run(connect(front), "bytes 1048576")
    assert stdout == bytes(range(256)) * 4096
    assert code == 0
    assert front.counters()["receives"] >= 1048576 * 4 // 3 // 153600


def test_no_answer_is_larger_than_the_client_allows(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = connect(serve())
    sizes: list[int] = []

    def measured(message: str | bytes) -> bytes:
        answer = send(message)
        sizes.append(len(answer))
        return answer

    send = protocol.transport.send_message
    monkeypatch.setattr(protocol.transport, "send_message", measured)
    run(protocol, "bytes 524288")
    assert max(sizes) <= 153600


def test_stdin_travels_by_send(serve: Serve, connect: Connect) -> None:
    protocol = connect(serve())
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)
    protocol.send_command_input(shell, command, b"first\r\n")
    protocol.send_command_input(shell, command, "второй".encode(), end=True)
    assert protocol.get_command_output(shell, command)[0] == "first\r\nвторой".encode()
    protocol.close_shell(shell)


def test_a_shell_has_directory_environment_codepage_and_owner(
    serve: Serve, connect: Connect
) -> None:
    protocol = connect(serve())
    shell = protocol.open_shell(
        working_directory="C:\\Temp", env_vars={"A": "1", "B": "x y"}, codepage=866
    )
    stdout, _, _ = run(protocol, "env", shell=shell)
    assert stdout.decode() == "{'A': '1', 'B': 'x y'} C:\\Temp 866 admin"
    protocol.close_shell(shell)


def test_a_silent_command_is_polled_until_it_ends(serve: Serve, connect: Connect) -> None:
    machine = FakeMachine()
    protocol = connect(serve(machine), operation_timeout_sec=1, read_timeout_sec=3)
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, "wait")
    assert protocol.get_command_output_raw(shell, command)[:2] == (b"started\r\n", b"")
    began = time.monotonic()
    with pytest.raises(WinRMOperationTimeoutError):
        protocol.get_command_output_raw(shell, command)
    assert 0.9 < time.monotonic() - began < 2.5
    assert machine.ended == []
    protocol.close_shell(shell)


def test_terminate_stops_a_command(serve: Serve, connect: Connect) -> None:
    machine = FakeMachine()
    front = serve(machine)
    protocol = connect(front)
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, "wait")
    assert front.counters()["running_commands"] == 1
    protocol.cleanup_command(shell, command)
    _await(lambda: machine.ended == ["wait"])
    _await(lambda: front.counters()["running_commands"] == 0)
    with pytest.raises(WSManFaultError) as caught:
        protocol.get_command_output_raw(shell, command)
    assert caught.value.wsman_fault_code == 2150858843
    protocol.close_shell(shell)


def test_control_c_stops_a_command_and_keeps_its_output(
    serve: Serve, remote: Callable[..., WSMan]
) -> None:
    machine = FakeMachine()
    with WinRS(remote(serve(machine))) as shell:
        process = Process(shell, "wait")
        process.begin_invoke()
        process.signal(SignalCode.CTRL_C)
        process.end_invoke()
        assert process.stdout == b"started\r\n"
    assert machine.ended == ["wait"]


def test_delete_kills_the_commands_of_a_shell(serve: Serve, connect: Connect) -> None:
    machine = FakeMachine()
    front = serve(machine)
    protocol = connect(front)
    shell = protocol.open_shell(codepage=65001)
    for _ in range(3):
        protocol.run_command(shell, "wait")
    protocol.close_shell(shell, close_session=False)
    _await(lambda: len(machine.ended) == 3)
    with pytest.raises(WSManFaultError) as caught:
        protocol.run_command(shell, "say too late")
    assert caught.value.wsman_fault_code == 2150858843
    assert "say too late" not in machine.ran


def test_a_receive_that_waits_is_aborted_by_a_delete_from_elsewhere(
    serve: Serve, connect: Connect
) -> None:
    front = serve()
    protocol, other = connect(front), connect(front)
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, "wait")
    protocol.get_command_output_raw(shell, command)
    thread = threading.Timer(0.1, lambda: other.close_shell(shell))
    thread.start()
    with pytest.raises(WSManFaultError) as caught:
        protocol.get_command_output_raw(shell, command)
    assert caught.value.wsman_fault_code == 995
    thread.join()


def test_an_idle_shell_expires(serve: Serve, connect: Connect) -> None:
    machine = FakeMachine()
    front = serve(machine)
    protocol = connect(front)
    shell = protocol.open_shell(codepage=65001, idle_timeout="PT0.2S")
    protocol.run_command(shell, "wait")
    _await(lambda: front.counters()["open_shells"] == 0)
    _await(lambda: machine.ended == ["wait"])
    assert front.counters()["shells_expired"] == 1
    with pytest.raises(WSManFaultError) as caught:
        protocol.run_command(shell, "say x")
    assert caught.value.wsman_fault_code == 2150858843


def test_a_waiting_receive_keeps_a_shell_from_expiring(serve: Serve, connect: Connect) -> None:
    front = serve()
    protocol = connect(front, operation_timeout_sec=1, read_timeout_sec=3)
    shell = protocol.open_shell(codepage=65001, idle_timeout="PT0.3S")
    command = protocol.run_command(shell, "wait")
    protocol.get_command_output_raw(shell, command)
    with pytest.raises(WinRMOperationTimeoutError):
        protocol.get_command_output_raw(shell, command)
    assert front.counters()["open_shells"] == 1


def test_latency_is_added_to_each_answer(serve: Serve, connect: Connect) -> None:
    protocol = connect(serve(options=FrontOptions(latency=0.05)))
    shell = protocol.open_shell(codepage=65001)
    began = time.monotonic()
    run(protocol, "say x", shell=shell)
    assert time.monotonic() - began >= 0.15
