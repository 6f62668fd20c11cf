"""What every transport must do, whatever it travels over.

Derive from TransportContract in a test file, give it a ``link`` fixture that yields an open
connection, and ``lines`` for the language at the other end.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from runner.errors import DeadlineExceeded, TransportError
from runner.interfaces.shell import Invocation
from runner.interfaces.transport import Connection


@dataclass(frozen=True)
class Lines:
    """Command lines of one host's language for what the contract needs.

    ``both`` prints one and three on standard output and two on standard error, a line each;
    ``exit`` ends with the code put into it; ``cat`` copies its input; ``big`` prints 262144
    bytes; ``text`` prints ``h\\u00e9llo`` without a line break; ``wait`` runs for seconds;
    ``nothing`` prints nothing and succeeds; ``slow`` prints four lines, with pauses.
    """

    both: str
    exit: str
    cat: str
    big: str
    text: str
    wait: str
    nothing: str
    slow: str = "for i in 0 1 2 3; do echo $i; sleep 0.1; done"
    codes: tuple[int, ...] = (0, 1, 255)


class TransportContract:
    """Derived by each transport's tests."""

    lines: Lines

    @pytest.fixture
    def link(self) -> Connection:
        raise NotImplementedError

    def test_streams_are_apart_and_in_order(self, link: Connection) -> None:
        raw = link.run(Invocation(self.lines.both), timeout=10)
        assert raw.stdout.split() == [b"one", b"three"]
        assert raw.stderr.split() == [b"two"]
        assert raw.code == 0
        assert 0 < raw.seconds < 10

    def test_exit_codes(self, link: Connection) -> None:
        for code in self.lines.codes:
            assert link.run(Invocation(self.lines.exit.format(code)), timeout=10).code == (
                code & 0xFFFFFFFF
            )

    @pytest.mark.parametrize("data", [b"", b"a", b"a\r\nb\n\x00\xff" * 40000], ids=len)
    def test_input_arrives_as_bytes(self, link: Connection, data: bytes) -> None:
        assert link.run(Invocation(self.lines.cat, data), timeout=10).stdout == data

    def test_much_output_arrives_whole(self, link: Connection) -> None:
        raw = link.run(Invocation(self.lines.big), timeout=20)
        assert len(raw.stdout) == 262144

    def test_text_comes_in_the_encoding_that_the_connection_names(self, link: Connection) -> None:
        raw = link.run(Invocation(self.lines.text), timeout=10)
        assert raw.stdout.decode(link.encoding).strip() == "h\u00e9llo"

    def test_output_is_told_as_it_comes_and_is_in_the_answer_too(self, link: Connection) -> None:
        told: list[tuple[str, bytes, float]] = []
        link.listener = lambda stream, data: told.append((stream, data, time.monotonic()))
        raw = link.run(Invocation(self.lines.slow), timeout=10)
        ended = time.monotonic()
        out = [(data, at) for stream, data, at in told if data]
        assert b"".join(data for data, _ in out) == raw.stdout
        assert len(raw.stdout.split()) == 4
        assert ended - out[0][1] > 0.1, "the first line is told before the last one is printed"
        told.clear()
        raw = link.run(Invocation(self.lines.both), timeout=10)
        for name, whole in (("stdout", raw.stdout), ("stderr", raw.stderr)):
            assert b"".join(data for stream, data, _ in told if stream == name) == whole

    def test_much_output_is_told_whole(self, link: Connection) -> None:
        told: list[bytes] = []
        link.listener = lambda stream, data: told.append(data)
        raw = link.run(Invocation(self.lines.big), timeout=20)
        assert b"".join(told) == raw.stdout

    def test_who_does_not_listen_any_more_is_told_nothing(self, link: Connection) -> None:
        told: list[bytes] = []
        link.listener = lambda stream, data: told.append(data)
        link.listener = None
        link.run(Invocation(self.lines.both), timeout=10)
        assert told == []

    def test_no_output(self, link: Connection) -> None:
        raw = link.run(Invocation(self.lines.nothing), timeout=10)
        assert (raw.stdout, raw.stderr, raw.code) == (b"", b"", 0)

    def test_commands_follow_one_another(self, link: Connection) -> None:
        before = link.exchanges
        for _ in range(3):
            assert link.run(Invocation(self.lines.both), timeout=10).code == 0
        assert link.exchanges >= before

    def test_deadline_ends_the_command_and_the_connection(self, link: Connection) -> None:
        begun = time.monotonic()
        with pytest.raises(DeadlineExceeded) as caught:
            link.run(Invocation(self.lines.wait), timeout=0.5)
        assert time.monotonic() - begun < 5
        assert caught.value.may_have_started
        assert caught.value.hint
        with pytest.raises(TransportError) as dead:
            link.run(Invocation(self.lines.nothing), timeout=5)
        assert not dead.value.may_have_started

    def test_who_listens_may_end_the_command_and_the_connection(self, link: Connection) -> None:
        late = DeadlineExceeded("it takes too long", may_have_started=True)

        def listener(stream: str, data: bytes) -> None:
            raise late

        link.listener = listener
        with pytest.raises(DeadlineExceeded, match="it takes too long") as caught:
            link.run(Invocation(self.lines.slow), timeout=30)
        assert caught.value is late
        assert caught.value.may_have_started
        with pytest.raises(TransportError) as dead:
            link.run(Invocation(self.lines.nothing), timeout=5)
        assert not dead.value.may_have_started

    def test_close_may_be_repeated_and_ends_the_connection(self, link: Connection) -> None:
        link.close()
        link.close()
        with pytest.raises(TransportError) as caught:
            link.run(Invocation(self.lines.nothing), timeout=5)
        assert not caught.value.may_have_started
