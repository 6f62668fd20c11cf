"""Settings of a front that are not facts about the machine behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner.lab.winrm.credssp import TlsVersion
from runner.lab.winrm.http_tls import Flaw
from runner.lab.winrm.ntlm import Hardening
from runner.lab.winrm.tls_clients import Mapping
from runner.lab.winrm.wsman.limits import Limits


@dataclass(frozen=True, slots=True)
class FrontOptions:
    """How a host's WinRM service is configured; the defaults are those of Windows.

    ``keep_alive`` (HTTP.sys closes an idle connection after that many seconds), ``patience`` (a
    request must be whole by then) and ``latency`` (added before each answer) are seconds.
    ``ntlm`` offers that under its own name, as IIS does ([MS-NTHT] 2.1).
    ``basic`` offers Basic; over http it is refused unless ``allow_unencrypted``.
    ``limits`` replaces the quotas of the operating system. ``keytab`` makes the host take Kerberos
    tickets, ``credssp`` (the newest TLS inside it) CredSSP, ``client_certificate`` certificates.
    """

    allow_unencrypted: bool = False
    basic: bool = True
    negotiate: bool = True
    ntlm: bool = False
    channel_binding: Hardening = "relaxed"
    certificate_flaw: Flaw = ""
    keep_alive: float = 120.0
    patience: float = 30.0
    latency: float = 0.0
    limits: Limits | None = None
    keytab: Path | None = None
    credssp: TlsVersion | None = None
    client_certificate: Mapping | None = None
