"""The program that carries a connection's bytes (``ProxyCommand`` of ssh_config(5)).

paramiko has one of its own. It never notices that the program has ended, and closes pipes while
its thread may be about to write to them, which then goes to whatever file got the same number.
So the program has one end of a pair of sockets here, and paramiko the other.
"""

from __future__ import annotations

import contextlib
import shlex
import socket
import subprocess
import tempfile
import threading
from typing import IO, Final

_WAIT: Final = 1.0
"""Seconds that a program has to end by itself, and then when it is told to."""
_SAID: Final = 2000
"""Bytes of its complaints that are worth showing."""


class Carrier(socket.socket):
    """The connection to a program that the shell runs. Closing it ends the program."""

    def __init__(self, line: str) -> None:
        """Start ``exec LINE`` as OpenSSH does. Raises OSError where no shell can be started."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - see close
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", f"exec {line}"],
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=self._complaints,
                )
            except OSError:
                ours.close()
                raise
        super().__init__(ours.family, ours.type, ours.proto, fileno=ours.detach())
        self.line = line
        self._ending = threading.Lock()
        self._said = ""

    def close(self) -> None:
        """End the program, and wait until it is gone. May be repeated, and by several at once."""
        with contextlib.suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
        with self._ending:
            self._end()
        super().close()

    def _end(self) -> None:
        if self._complaints.closed:
            return
        # A program whose input has ended mostly ends, too; what it says then is the reason.
        for end in (self._process.poll, self._process.terminate, self._process.kill):
            end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_WAIT)
                break
        self._complaints.seek(0)
        text = self._complaints.read(_SAID).decode("utf-8", "replace").strip()
        self._complaints.close()
        code = self._process.returncode
        ended = f"exit code {code}" if code is not None and code > 0 else ""
        self._said = "; ".join(part for part in (text, ended) if part)

    def said(self) -> str:
        """What it complained about, and how it failed; for people. Closes the connection."""
        self.close()
        return self._said

    def __repr__(self) -> str:
        return f"Carrier({shlex.quote(self.line)})"
