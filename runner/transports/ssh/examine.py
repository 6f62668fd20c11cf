"""``runner doctor`` for SSH: where on the way to a session something is wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import paramiko

from runner.errors import TransportError
from runner.interfaces.examine import Finding, Stopwatch, Verdict
from runner.transports.ssh.config import Target, resolve
from runner.transports.ssh.failure import explained
from runner.transports.ssh.hops import open_hop, prepared, release, socket_to
from runner.transports.ssh.hostkeys import KnownKeys
from runner.transports.ssh.logon import Logon
from runner.transports.ssh.options import SshOptions
from runner.transports.ssh.windows import ASK_SHELL, is_windows, shell_of
from runner.transports.tcp_examine import examine_name, examine_port

_BROKEN: Final = (TransportError, paramiko.SSHException, EOFError, OSError)
_PORT: Final = (
    "nothing listens there: is sshd running, on that port (ansible_port)? The host may be booting",
    "packets are dropped: the host is off, or a firewall on it or on the way stands between",
)
_ENOUGH: Final = 4096
_TITLES: Final = {
    "jumps": "Do the hosts on the way let us through?",
    "banner": "Is it sshd that answers?",
    "host key": "Is it the host that we know?",
    "methods": "Which logons does it offer?",
    "logon": "Does it let us in?",
    "session": "Does it open a session?",
    "shell": "Which shell does it start?",
    "sftp": "Does it take files?",
}


def examine(options: SshOptions, timeout: float) -> Iterator[Finding]:
    """Name, port, banner, host key, logon, session, shell, sftp."""
    try:
        target = resolve(options)
    except TransportError as error:
        yield Finding.of_error("settings", "Can the settings be read?", error)
        return
    if not target.jumps and not target.proxy_command:
        found = examine_name(target.address, target.port)
        yield found.finding
        if not found.addresses:
            return
        finding = examine_port(found.addresses, target.port, timeout, _PORT)
        yield finding
        if finding.verdict is Verdict.FAILED:
            return
    visit = _Visit(target, timeout, options.shell_type)
    try:
        for step in ("jumps", "banner", "host key", "methods", "logon", "session", "shell", "sftp"):
            finding = visit.do(step)
            yield finding
            if finding.verdict is Verdict.FAILED:
                return
    finally:
        visit.close()


@dataclass
class _Visit:
    """One connection, taken a step further at a time."""

    target: Target
    timeout: float
    shell_type: str | None
    hops: list[paramiko.Transport] = field(default_factory=list)
    transport: paramiko.Transport | None = None

    def do(self, step: str) -> Finding:
        """One step; what goes wrong becomes its finding."""
        title = _TITLES[step]
        watch = Stopwatch()
        try:
            with watch.running():
                finding: Finding = getattr(self, f"_{step.replace(' ', '_')}")(title)
        except _BROKEN as error:
            finding = Finding.of_error(step, title, explained(error, self.target))
        return watch.stamp(finding)

    def close(self) -> None:
        """Leave."""
        release([*self.hops, *([self.transport] if self.transport else [])])

    @property
    def _open(self) -> paramiko.Transport:
        assert self.transport is not None
        return self.transport

    def _end(self) -> float:
        return time.monotonic() + self.timeout

    def _jumps(self, title: str) -> Finding:
        target = self.target
        if target.proxy_command:
            said = f"by the command: {target.proxy_command}"
            return Finding("jumps", title, Verdict.SKIPPED, said)
        if not target.jumps:
            return Finding("jumps", title, Verdict.SKIPPED, "it is reached directly")
        for hop in target.jumps:
            sock = socket_to(hop, self.hops[-1] if self.hops else None, self._end())
            self.hops.append(open_hop(hop, sock, self._end()))
        said = " then ".join(hop.endpoint for hop in target.jumps)
        return Finding("jumps", title, Verdict.OK, said)

    def _banner(self, title: str) -> Finding:
        end = self._end()
        sock = socket_to(self.target, self.hops[-1] if self.hops else None, end)
        self.transport = transport = prepared(sock, self.target, KnownKeys(self.target))
        transport.banner_timeout = transport.handshake_timeout = self.timeout
        transport.start_client(timeout=self.timeout)  # returns without a word when time is up
        if not transport.initial_kex_done:
            raise paramiko.SSHException(f"no answer to our greeting in {self.timeout:g} s")
        cipher = str(getattr(transport, "remote_cipher", ""))
        data: dict[str, Any] = {
            "banner": transport.remote_version,
            "cipher": cipher,
            "host_key_type": transport.host_key_type,
        }
        said = f"{transport.remote_version}, {cipher}"
        return Finding("banner", title, Verdict.OK, said, data=data)

    def _host_key(self, title: str) -> Finding:
        key = self._open.get_remote_server_key()
        known = KnownKeys(self.target)
        on_record = bool(known.types)
        known.check(key)
        said = f"{key.get_name()} {key.fingerprint}"
        data = {"type": key.get_name(), "fingerprint": key.fingerprint, "on_record": on_record}
        if on_record:
            return Finding("host key", title, Verdict.OK, f"{said}, as on record", data=data)
        note = "it was not on record, and the settings say to accept new ones: it is now"
        return Finding("host key", title, Verdict.NOTE, said, note, data=data)

    def _methods(self, title: str) -> Finding:
        try:
            self._open.auth_none(self.target.user)
        except paramiko.BadAuthenticationType as error:
            offered = list(error.allowed_types)
        else:
            note = f"it lets {self.target.user} in without any proof: is that meant to be so?"
            return Finding("methods", title, Verdict.NOTE, "none needed", note)
        by_secret = self.target.password is not None
        usable = {"publickey": bool(self.target.key_files) or self.target.use_agent,
                  "password": by_secret, "keyboard-interactive": by_secret}  # fmt: skip
        said = ", ".join(offered)
        if not any(usable.get(method, False) for method in offered):
            advice = (
                "we have nothing for any of these: set ansible_ssh_private_key_file or "
                "ansible_password, or have sshd take what we have"
            )
            failed, category = Verdict.FAILED, "authentication"
            return Finding("methods", title, failed, said, advice, category=category,
                           data={"offered": offered})  # fmt: skip
        return Finding("methods", title, Verdict.OK, said, data={"offered": offered})

    def _logon(self, title: str) -> Finding:
        transport = self._open
        if transport.is_authenticated():
            return Finding("logon", title, Verdict.OK, f"as {self.target.user}, without proof")
        transport.auth_timeout = self.timeout
        logon = Logon(transport, self.target)
        logon.run()
        note = f"refused first: {'; '.join(logon.refused)}" if logon.refused else ""
        verdict = Verdict.NOTE if note else Verdict.OK
        return Finding("logon", title, verdict, f"as {self.target.user}", note)

    def _session(self, title: str) -> Finding:
        try:
            channel = self._open.open_session(timeout=self.timeout)
        except paramiko.ChannelException as error:
            advice = "see MaxSessions and ForceCommand in its sshd_config"
            said = f"it opens none: {error.text}"
            return Finding("session", title, Verdict.FAILED, said, advice, category="policy")
        _, code = self._ran(channel, "exit 0")
        if code == 0:
            return Finding("session", title, Verdict.OK, "a command ran and ended")
        advice = "its login shell does not run commands: see ForceCommand, and the user's shell"
        said = f"'exit 0' ended with {code}"
        return Finding("session", title, Verdict.FAILED, said, advice, category="policy")

    def _ran(self, channel: paramiko.Channel, line: str) -> tuple[str, int]:
        """What a line printed, as far as it fits a window, and its exit code."""
        try:
            channel.settimeout(self.timeout)
            channel.exec_command(line)
            if not channel.status_event.wait(self.timeout):
                raise TimeoutError
            data = channel.recv(_ENOUGH)
        finally:
            channel.close()
        return data.decode("utf-8", "replace").strip(), channel.exit_status

    def _shell(self, title: str) -> Finding:
        windows = is_windows(self._open)
        channel = self._open.open_session(timeout=self.timeout)
        try:
            said, _ = self._ran(channel, ASK_SHELL if windows else 'echo "$0"')
        except TimeoutError:
            return Finding("shell", title, Verdict.NOTE, f"no answer in {self.timeout:g} s")
        if not windows:
            return Finding("shell", title, Verdict.OK, said or "it does not say", data={"is": said})
        found, name = shell_of(said)
        data = {"is": found, "set": self.shell_type}
        if found and found == self.shell_type:
            return Finding("shell", title, Verdict.OK, name, data=data)
        advice = (
            f"set ansible_shell_type: {found}"
            if found
            else "only cmd and PowerShell are known: see DefaultShell in HKLM\\SOFTWARE\\OpenSSH"
        )
        wrong = f"{name}, and ansible_shell_type is {self.shell_type or 'not set'}"
        failed = Verdict.FAILED
        return Finding("shell", title, failed, wrong, advice, category="policy", data=data)

    def _sftp(self, title: str) -> Finding:
        try:
            client = paramiko.SFTPClient.from_transport(self._open)
        except _BROKEN as error:
            note = "see Subsystem sftp in its sshd_config; modules that need no files work"
            return Finding("sftp", title, Verdict.NOTE, f"no: {error}", note)
        if client is not None:
            client.close()
        return Finding("sftp", title, Verdict.OK, "yes")
