"""One command of an SSH session: its line in the machine's cmd, its streams on the channel.

OpenSSH for Windows starts ``cmd.exe /c "LINE"`` without escaping anything in it, or
``powershell.exe -c`` with the line as one argument (w32-doexec.c); a Unix host's shell gets the
line as it is. The exit code is passed on with all its bits. Closing the channel does not end the
command.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from typing import Final

import paramiko

from runner.lab.faults import PoweredOff
from runner.lab.ports.host import Host
from runner.lab.ssh.powershell import NotUnderstood, cmd_line_of, spoken

_CHUNK: Final = 32768
_LONGEST: Final = 8191
"""Characters of a line that cmd takes (Microsoft, "Command prompt line string limitation")."""
_NOT_SIMULATED: Final = 9999


class SshCommand:
    """Runs on a thread of its own."""

    def __init__(self, channel: paramiko.Channel, line: str) -> None:
        self._channel = channel
        self._line = line
        self._cancelled = threading.Event()

    def leave(self, *, kill: bool) -> None:
        """The client is gone; only a loss of power ends the command as well."""
        if kill:
            self._cancelled.set()
        with contextlib.suppress(Exception):
            self._channel.close()  # whoever waits for input gets its end

    def run(
        self,
        machine: Host,
        shell: str,
        user: str,
        env: Mapping[str, str],
        lost: Callable[[], bool],
    ) -> None:
        """The whole life of the command. ``lost`` says whether the connection was reset at its end,
        so that nobody hears of it."""
        try:
            said = spoken(self._line) if shell == "powershell" else None
            line = self._line if shell != "powershell" or said else cmd_line_of(self._line)
            if said is not None:
                self._write("stdout", said[0].encode())
                code = said[1]
            elif shell != "sh" and len(line) > _LONGEST:
                self._write("stderr", b"The command line is too long.\r\n")
                code = 1
            else:
                code = machine.run(
                    line if shell == "sh" else f'"{line}"',
                    write=self._write,
                    stdin=self._read,
                    codepage=machine.profile.oem_codepage,
                    user=user,
                    cwd=None,
                    env=env,
                    cancelled=self._cancelled,
                )
        except PoweredOff:
            return
        except NotUnderstood as error:
            self._write("stderr", f"lab: not simulated: PowerShell: {error}\r\n".encode())
            code = _NOT_SIMULATED
        if lost():
            return
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            self._channel.shutdown_write()
            self._channel.send_exit_status(code & 0xFFFFFFFF)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            self._channel.close()

    def _write(self, stream: str, data: bytes) -> None:
        """What is printed for nobody is lost."""
        send = self._channel.sendall if stream == "stdout" else self._channel.sendall_stderr
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            send(data)

    def _read(self) -> bytes:
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            return self._channel.recv(_CHUNK)
        return b""
