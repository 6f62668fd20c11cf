"""What goes wrong under a command: its class, whether it may have started, and no shell left."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType

import pytest

from runner.errors import (
    AuthenticationFailed,
    ConnectionLost,
    DeadlineExceeded,
    ProtocolFailed,
    QuotaExceeded,
    TransportError,
)
from runner.interfaces.shell import Invocation
from runner.interfaces.transport import Connection
from runner.lab.winrm.ntlm import Logon, LogonFailed, Step
from runner.lab.winrm.options import FrontOptions
from runner.transports.winrm import connection
from tests.transports.conftest import Serve, Site, hello, until


def test_a_command_that_never_arrived_is_not_sent_again(site: Site, link: Connection) -> None:
    site.front.inject("reset_before_command")
    with pytest.raises(ConnectionLost) as caught:
        hello(link)
    assert caught.value.may_have_started
    assert site.machine.ran == []
    assert site.count("open_shells") == 0


def test_a_lost_answer_to_receive_says_what_is_known(site: Site, link: Connection) -> None:
    site.front.inject("drop_receive")
    with pytest.raises(ConnectionLost, match=r"exit code 7.*output may be lost") as caught:
        link.run(Invocation("exit 7"), timeout=5)
    assert caught.value.may_have_started
    assert site.count("commands") == 1
    assert site.count("open_shells") == 0


def test_a_crash_under_a_command(site: Site, link: Connection) -> None:
    def crash() -> None:
        assert site.machine.running.wait(5)
        site.machine.crash()

    thread = threading.Thread(target=crash)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(ConnectionLost, match="could not be deleted") as caught:
        link.run(Invocation("wait"), timeout=10)
    thread.join()
    assert caught.value.may_have_started
    assert time.monotonic() - begun < 5


def test_a_deadline_ends_the_command_on_the_host(site: Site, link: Connection) -> None:
    with pytest.raises(DeadlineExceeded, match=r"not done in 0\.3 s.*does not go on") as caught:
        link.run(Invocation("wait"), timeout=0.3)
    assert caught.value.may_have_started
    assert until(lambda: site.machine.ended == ["wait"])
    assert site.count("signals") == 1
    assert site.count("open_shells") == 0


def test_what_a_listener_ends_does_not_go_on(site: Site, link: Connection) -> None:
    def listener(stream: str, data: bytes) -> None:
        raise DeadlineExceeded("it takes too long", may_have_started=True)

    link.listener = listener
    with pytest.raises(DeadlineExceeded, match=r"too long; .*does not go on") as caught:
        link.run(Invocation("slow 20"), timeout=30)
    assert caught.value.ended
    assert site.count("signals") == 1
    assert site.count("open_shells") == 0


@pytest.mark.usefixtures("impatient")
def test_a_host_that_hangs(site: Site, link: Connection) -> None:
    site.front.inject("hang_receive")
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded) as caught:
        link.run(Invocation("wait"), timeout=0.3)
    assert time.monotonic() - begun < 4
    assert caught.value.may_have_started
    assert until(lambda: site.machine.ended == ["wait"])
    assert site.count("open_shells") == 0


def test_no_time_left_before_the_command(site: Site, link: Connection) -> None:
    with pytest.raises(DeadlineExceeded) as caught:
        link.run(Invocation("out hello"), timeout=0.0)
    assert not caught.value.may_have_started
    assert site.machine.ran == []
    assert site.count("open_shells") == 0


@pytest.mark.parametrize("fault", ["quota_operations", "expire_shell"])
def test_a_command_that_was_refused_is_sent_once_more_in_a_new_shell(
    site: Site, link: Connection, fault: str
) -> None:
    site.front.inject(fault)
    assert hello(link) == b"hello\r\n"
    assert hello(link) == b"hello\r\n"
    assert site.machine.ran == ["out hello"] * 2
    assert site.count("creates") == 2
    assert site.count("logons") == 1
    link.close()
    assert site.count("open_shells") == 0


def test_a_quota_that_stays_used_up(site: Site, link: Connection) -> None:
    site.front.inject("quota_operations", 9)
    with pytest.raises(QuotaExceeded, match=r"215085917[34]") as caught:
        hello(link)
    assert not caught.value.may_have_started
    assert "MaxConcurrentOperationsPerUser" in caught.value.hint
    assert site.machine.ran == []
    assert site.count("open_shells") == 0


def test_a_message_that_the_host_could_not_open_is_sent_once_more(
    site: Site, link: Connection
) -> None:
    hello(link)
    site.front.inject("http_400_sealed")
    assert hello(link) == b"hello\r\n"
    assert site.machine.ran == ["out hello"] * 2
    assert site.count("logons") == 2
    assert site.count("creates") == 1


def test_a_connection_that_was_dropped_while_idle(serve: Serve) -> None:
    site = serve(options=FrontOptions(keep_alive=0.05))
    link = site.connect()
    for _ in range(3):
        assert hello(link) == b"hello\r\n"
        time.sleep(0.15)
    assert site.machine.ran == ["out hello"] * 3
    assert site.count("failed_logons") == 0
    assert site.count("creates") == 1
    link.close()
    assert site.count("open_shells") == 0
    assert link.exchanges == site.count("requests")


def test_a_message_refused_as_unreadable_twice_is_given_up(site: Site, link: Connection) -> None:
    hello(link)
    site.front.inject("http_400_sealed", 2)
    with pytest.raises(ProtocolFailed) as caught:
        hello(link)
    assert not caught.value.may_have_started
    assert site.machine.ran == ["out hello"]


@pytest.mark.parametrize("fault", ["http_400_sealed", "expire_shell", "http_503"])
def test_trouble_at_the_end_of_a_command_does_not_lose_its_result(
    site: Site, link: Connection, fault: str
) -> None:
    site.machine.at_end = lambda: site.front.inject(fault)
    assert link.run(Invocation("nap"), timeout=5).code == 0
    site.machine.at_end = None
    assert hello(link) == b"hello\r\n"
    assert site.machine.ran == ["nap", "out hello"]
    assert site.count("injected") == 1
    link.close()
    assert site.count("open_shells") == 0


def test_an_interrupt_leaves_no_shell(site: Site, link: Connection) -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            link.run(Invocation("wait"), timeout=10)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert until(lambda: site.machine.ended == ["wait"])
    assert site.count("open_shells") == 0


def test_a_line_that_xml_cannot_carry(site: Site, link: Connection) -> None:
    with pytest.raises(TransportError, match=r"U\+001B") as caught:
        link.run(Invocation("out \x1b"), timeout=5)
    assert not caught.value.may_have_started
    assert hello(link) == b"hello\r\n"


def test_a_program_that_ends_without_reading_its_input(site: Site, link: Connection) -> None:
    assert link.run(Invocation("exit 3", b"x" * 200000), timeout=5).code == 3


def test_output_arrives_while_a_command_runs(site: Site, link: Connection) -> None:
    raw = link.run(Invocation("slow 8"), timeout=5)
    assert [int(line) for line in raw.stdout.split()] == list(range(8))


def test_a_long_idle_link_is_made_anew_before_a_command_is_sent(
    site: Site, link: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hello(link)
    assert site.count("logons") == 1
    monkeypatch.setattr(connection, "_IDLE_SECONDS", -1.0)
    hello(link)
    assert site.count("logons") == 2
    assert site.count("creates") == 1


def test_a_password_that_was_changed_meanwhile(
    site: Site, link: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hello(link)
    monkeypatch.setattr(connection, "_IDLE_SECONDS", -1.0)
    step = Logon.step

    def refuse(self: Logon, token: bytes, scheme: str = "negotiate") -> Step:
        if token.startswith(b"NTLMSSP\0\3"):
            raise LogonFailed("the account is locked")
        return step(self, token, scheme)

    monkeypatch.setattr(Logon, "step", refuse)
    with pytest.raises(AuthenticationFailed) as caught:
        hello(link)
    assert not caught.value.may_have_started
    assert site.count("failed_logons") == 1
    assert site.machine.ran == ["out hello"]


def test_listening_is_given_up_when_every_answer_is_lost(site: Site, link: Connection) -> None:
    site.front.inject("drop_receive", 99)
    begun = time.monotonic()
    with pytest.raises(ConnectionLost) as caught:
        link.run(Invocation("slow 100"), timeout=10)
    assert time.monotonic() - begun < 5
    assert caught.value.may_have_started
    assert site.count("receives") == 4
    assert site.count("open_shells") == 0


def test_a_stranger_in_the_middle_cannot_answer(
    site: Site, link: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that is not sealed for this logon is refused, whatever it says."""
    real = Logon.seal

    def forged(self: Logon, envelope: bytes) -> bytes:
        sealed = real(self, envelope)
        return sealed[:-60] + bytes(byte ^ 1 for byte in sealed[-60:-40]) + sealed[-40:]

    monkeypatch.setattr(Logon, "seal", forged)
    with pytest.raises(ProtocolFailed, match="cannot be understood") as caught:
        hello(link)
    assert caught.value.may_have_started
    monkeypatch.undo()
