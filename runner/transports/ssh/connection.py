"""One link to one host over SSH: each command on a channel of its own, one after the other.

RFC 4254 section 6: exit-status is a 32-bit number; a command that a signal ended has none.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Final, NoReturn

import paramiko
from paramiko.common import cMSG_CHANNEL_REQUEST

from runner.errors import (
    ConnectionLost,
    DeadlineExceeded,
    PolicyRefused,
    QuotaExceeded,
    TransportError,
)
from runner.interfaces.exchange import NO_WAY, REFUSED, Upload
from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transfer import FileTransfer
from runner.interfaces.transport import Connection
from runner.transports.ssh.call import Call, TimeUp
from runner.transports.ssh.files import Late, NoSftp, answers, begin, send
from runner.transports.tcp_watchdog import WATCHDOG

_OPEN_TIMEOUT: Final = 15.0
_CUT: Final = 1.0
"""Seconds past its time after which a request that the host does not answer ends the connection."""
_SIGNALLED: Final = 255
_RETRIES: Final = 20
_RETRY_PAUSE: Final = 0.05
_KILL_THE_OTHERS: Final = (
    "for p in $(ps -o pid= --ppid $PPID); do [ $p = $$ ] || kill -9 -- -$p; done"
)
_SHORTAGE: Final = 4
"""Reason code of a refused channel (RFC 4254 section 5.1)."""


class SshConnection(Connection, FileTransfer):
    """Runs commands; after any failure it is dead."""

    def __init__(
        self,
        transport: paramiko.Transport,
        endpoint: str,
        encoding: str,
        release: Callable[[], None],
        *,
        windows: bool = False,
        wrap: Callable[[str], str] | None = None,
    ) -> None:
        self.encoding = encoding
        self._windows = windows
        self._wrap = wrap
        self.exchanges = 0
        self._transport = transport
        self._endpoint = endpoint
        self._release = release
        self._dead = ""
        self._no_files = False

    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        """Run one command line; see ``Connection.run``."""
        if self._dead:
            raise ConnectionLost(f"{self._endpoint}: the connection is closed: {self._dead}")
        begun = time.monotonic()
        channel = self._open(min(timeout, _OPEN_TIMEOUT))
        started = False
        try:
            self.exchanges += 1
            line = self._wrap(invocation.line) if self._wrap else invocation.line
            started = True
            with WATCHDOG.limit(timeout + _CUT, self._cut):
                channel.exec_command(line)
                call = Call(channel, invocation.stdin, begun + timeout, self.listener)
                out, err = call.drain()
        except TimeUp:
            self._end(channel)
            self._fail(self._too_late(timeout))
        except DeadlineExceeded as late:  # by who listens
            self._end(channel)
            self._fail(late)
        except (paramiko.SSHException, EOFError, OSError) as error:
            if time.monotonic() - begun >= timeout:
                self._fail(self._too_late(timeout))
            self._fail(
                ConnectionLost(
                    f"{self._endpoint}: the connection broke under a command: "
                    f"{error or type(error).__name__}",
                    may_have_started=started,
                )
            )
        finally:
            with contextlib.suppress(Exception):
                channel.close()
        return self._output(channel, out, err, time.monotonic() - begun)

    def put(self, upload: Upload, *, timeout: float) -> int:
        """Send a file by sftp; see ``FileTransfer.put``."""
        if self._dead:
            raise ConnectionLost(f"{self._endpoint}: the connection is closed: {self._dead}")
        if self._no_files:
            return NO_WAY
        end = time.monotonic() + timeout
        place = "/" + upload.path.replace("\\", "/") if self._windows else upload.path
        channel = self._open(min(timeout, _OPEN_TIMEOUT))
        self.exchanges += 1
        try:
            with WATCHDOG.limit(timeout + _CUT, self._cut):
                try:
                    send(begin(channel), upload, place, end)
                except (paramiko.SSHException, EOFError, OSError):
                    if time.monotonic() > end or channel.closed or not answers(self._transport):
                        raise
                    return REFUSED
        except NoSftp:
            self._no_files = True
            return NO_WAY
        except (Late, paramiko.SSHException, EOFError, OSError) as error:
            late = isinstance(error, Late) or time.monotonic() > end
            self._fail(self._too_late(timeout) if late else self._broken_under_file(error))
        finally:
            with contextlib.suppress(Exception):
                channel.close()
        return 0

    def _broken_under_file(self, error: Exception) -> ConnectionLost:
        return ConnectionLost(
            f"{self._endpoint}: the connection broke while a file was sent: "
            f"{error or type(error).__name__}",
            may_have_started=True,
        )

    def close(self) -> None:
        """Close the link and those it was made through. May be repeated."""
        self._dead = self._dead or "it was closed"
        with contextlib.suppress(Exception):
            self._transport.close()
        self._release()

    def _cut(self) -> None:
        """Break the connection; what waits for it then fails. Closing may itself have to wait."""
        threading.Thread(target=self._transport.close, name="ssh cut", daemon=True).start()

    def _open(self, timeout: float) -> paramiko.Channel:
        """A channel; a refused one surely started nothing, so it is asked for again.

        sshd may still count the session of the command before (it forgets it a moment after both
        sides closed it), which matters where MaxSessions is 1.
        """
        tries = _RETRIES if self.exchanges else 1
        for left in reversed(range(tries)):
            try:
                return self._transport.open_session(timeout=timeout)
            except paramiko.ChannelException as error:
                if not left:
                    self._refused(error)
                time.sleep(_RETRY_PAUSE)
            except (paramiko.SSHException, EOFError, OSError) as error:
                self._fail(ConnectionLost(f"{self._endpoint}: the connection is gone: {error}"))
        raise AssertionError("unreachable")

    def _refused(self, error: paramiko.ChannelException) -> NoReturn:
        kinds: dict[int, type[TransportError]] = {_SHORTAGE: QuotaExceeded}
        kind = kinds.get(error.code, PolicyRefused)
        self._fail(
            kind(
                f"{self._endpoint}: the host opens no session: {error.text}",
                hint="see MaxSessions and ForceCommand in its sshd_config",
            )
        )

    def _too_late(self, timeout: float) -> DeadlineExceeded:
        ended = "the command may go on there" if self._windows else "the command was signalled"
        return DeadlineExceeded(
            f"{self._endpoint}: no end after {timeout:g} s; {ended}",
            hint="raise the task's timeout, or see on the host what it waits for",
            may_have_started=True,
        )

    def _output(
        self, channel: paramiko.Channel, out: bytes, err: bytes, seconds: float
    ) -> RawOutput:
        code = channel.exit_status
        if code == -1:
            name = getattr(channel, "exit_signal", "")
            if not name:
                self._fail(
                    ConnectionLost(
                        f"{self._endpoint}: the command's session ended without an exit code",
                        hint="the connection broke, or what ran the command there was killed",
                        may_have_started=True,
                    )
                )
            said = f"(ended by the signal {name})\n".encode()
            return RawOutput(_SIGNALLED, out, err + said, seconds)
        return RawOutput(code & 0xFFFFFFFF, out, err, seconds)

    def _end(self, channel: paramiko.Channel) -> None:
        """End what hangs: by a signal (RFC 4254 section 6.9), or else by another command.

        sshd passes no signals on where the user is root; what it started for this connection
        are the other children of the parent that this command has.
        """
        for name in ("TERM", "KILL"):
            message = paramiko.Message()
            message.add_byte(cMSG_CHANNEL_REQUEST)
            message.add_int(channel.remote_chanid)
            message.add_string("signal")
            message.add_boolean(False)
            message.add_string(name)
            with contextlib.suppress(Exception):
                self._transport._send_user_message(message)  # type: ignore[attr-defined]
                if channel.status_event.wait(0.3):
                    return
        if self._windows:
            return  # there is no such line for cmd: who the command's parent is stays unknown
        with contextlib.suppress(Exception):
            other = self._transport.open_session(timeout=2)
            other.exec_command(_KILL_THE_OTHERS)
            other.status_event.wait(2)

    def _fail(self, error: TransportError) -> NoReturn:
        self._dead = error.message
        self.close()
        raise error from None
