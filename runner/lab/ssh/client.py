"""One SSH connection to a simulated host: the logon, its sessions, and their commands."""

from __future__ import annotations

import contextlib
import hmac
import logging
import socket
import struct
import threading
from typing import Any, Final

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_CONNECT_FAILED,
    OPEN_SUCCEEDED,
    cMSG_CHANNEL_SUCCESS,
)

from runner.lab.ports.books import Books
from runner.lab.ports.host import Host
from runner.lab.ports.port import Endpoint
from runner.lab.ssh.command import SshCommand
from runner.lab.ssh.options import SshOptions
from runner.lab.ssh.sftp import files_of

_RESET: Final = struct.pack("ii", 1, 0)

# A client that goes away in the middle is everyday life here, not something to log.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class _Wire(paramiko.Transport):
    """Tells when a request was granted: before that a command may not answer."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.granted: list[threading.Thread] = []

    def _send_user_message(self, data: Any) -> None:
        super()._send_user_message(data)  # type: ignore[misc]
        if data.asbytes()[:1] == cMSG_CHANNEL_SUCCESS:
            while self.granted:
                self.granted.pop().start()


class SshClient(paramiko.ServerInterface):
    """Serves one client until one of both closes."""

    def __init__(
        self,
        sock: socket.socket,
        peer: tuple[str, int],
        machine: Host,
        spec: Endpoint,
        options: SshOptions,
        books: Books,
    ) -> None:
        self._sock = sock
        self._peer = peer
        self._machine = machine
        self._spec = spec
        self._options = options
        self._books = books
        self._lock = threading.Lock()
        self._sessions: dict[int, paramiko.Channel | None] = {}
        self._commands: set[SshCommand] = set()
        self._wire: _Wire | None = None
        self._aborted = False

    @property
    def running(self) -> int:
        """How many commands run."""
        with self._lock:
            return len(self._commands)

    def serve(self) -> None:
        """The whole life of the connection. Never raises."""
        self._sock.setblocking(True)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = _Wire(self._sock)
        wire.local_version = self._options.banner
        wire.add_server_key(self._options.host_key)
        disk = getattr(self._machine, "disk", None)
        if self._options.sftp and disk is not None:
            files, settings = files_of(disk(self._spec.user))
            wire.set_subsystem_handler("sftp", files, **settings)
        self._wire = wire
        try:
            if not self._aborted:
                wire.start_server(server=self)
                wire.join()
        except (paramiko.SSHException, EOFError, OSError):
            pass
        finally:
            self._end()
            wire.close()

    def abort(self) -> None:
        """Have the connection reset, from any thread and at once."""
        self._aborted = True
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._sock.close()
        self._end()

    def reset(self) -> None:
        """Reset it, as a fault that was asked for."""
        self._books.count("resets")
        self.abort()

    def _end(self) -> None:
        """The machine lost power, or nobody is left to tell: whoever reads input gets its end."""
        with self._lock:
            commands = list(self._commands)
        for command in commands:
            command.leave(kill=self._aborted)

    # -- what paramiko asks ----------------------------------------------------------------------

    def get_allowed_auths(self, username: str) -> str:
        """Passwords: keys of this machine would have to be known to the lab."""
        return "password"

    def check_auth_none(self, username: str) -> int:
        return AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        same = hmac.compare_digest(password.encode(), self._spec.password.encode())
        if same and username.rpartition("\\")[2].lower() == self._spec.user.lower():
            self._books.count("logons")
            return AUTH_SUCCESSFUL
        self._books.count("failed_logons")
        return AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if kind != "session":
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        with self._lock:
            self._sessions = {
                number: channel
                for number, channel in self._sessions.items()
                if channel is None or not channel.closed
            }
            if len(self._sessions) >= self._options.max_sessions:
                self._books.count("quota_refusals")
                return OPEN_FAILED_CONNECT_FAILED
            self._sessions[chanid] = None
        self._books.count("creates")
        return OPEN_SUCCEEDED

    def check_channel_pty_request(self, *_: Any) -> bool:
        """No terminal: with one, Windows mixes the streams and adds control sequences."""
        return False

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        return False

    def check_channel_env_request(self, channel: paramiko.Channel, name: Any, value: Any) -> bool:
        """Only what AcceptEnv names, and by default that is nothing (sshd_config)."""
        return False

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        self._note(channel)
        return super().check_channel_subsystem_request(channel, name)

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self._note(channel)
        if self._books.take("reset_before_command"):
            self.reset()
            return False
        self._books.count("commands")
        made = SshCommand(channel, command.decode("utf-8", "replace"))
        with self._lock:
            self._commands.add(made)
        assert self._wire is not None
        self._wire.granted.append(
            threading.Thread(target=self._run, args=(made,), name="ssh command", daemon=True)
        )
        return True

    def _note(self, channel: paramiko.Channel) -> None:
        with self._lock:
            self._sessions[channel.get_id()] = channel

    def _run(self, command: SshCommand) -> None:
        try:
            command.run(
                self._machine, self._options.shell, self._spec.user, self._surroundings(),
                self._reset_at_the_end,
            )  # fmt: skip
        finally:
            with self._lock:
                self._commands.discard(command)

    def _reset_at_the_end(self) -> bool:
        lost = self._books.take("reset_on_command")
        if lost:
            self.reset()
        return bool(lost)

    def _surroundings(self) -> dict[str, str]:
        there, here = self._peer, self._sock_name()
        return {
            "SSH_CLIENT": f"{there[0]} {there[1]} {here[1]}",
            "SSH_CONNECTION": f"{there[0]} {there[1]} {here[0]} {here[1]}",
        }

    def _sock_name(self) -> tuple[str, int]:
        try:
            name = self._sock.getsockname()
        except OSError:
            return "127.0.0.1", 0
        return str(name[0]), int(name[1])
