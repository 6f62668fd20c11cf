"""The wire on requests, with this host's settings: for Kerberos, CredSSP, and through a proxy."""

from __future__ import annotations

import socket

from runner.transports.winrm.kerberos import KerberosPlan
from runner.transports.winrm.options import WinrmOptions
from runner.transports.winrm.wire import Wire


def wire(options: WinrmOptions, reached: socket.socket | None = None) -> Wire:
    """Made without contact; ``reached`` is a connection to the host that is there already."""
    return Wire(
        must_seal=options.must_seal,
        reached=reached,
        kerberos=_plan(options),
        endpoint=options.url,
        auth_method=options.auth,
        username=options.user or None,
        password=options.password.reveal() if options.password is not None else None,
        service=options.service,
        ca_trust_path=options.ca_trust_path,
        cert_pem=options.cert_pem,
        cert_key_pem=options.cert_key_pem,
        server_cert_validation=options.certificate,
        read_timeout_sec=options.read_timeout,
        message_encryption="always" if options.must_seal else "never",
        credssp_auth_mechanism=options.credssp_auth_mechanism,
        credssp_minimum_version=options.credssp_minimum_version,
        send_cbt=options.send_cbt,
        proxy=options.proxy,
    )


def _plan(options: WinrmOptions) -> KerberosPlan | None:
    who = options.identity
    if who is None:
        return None
    if options.auth == "credssp":  # requests-credssp makes its SPN of the address
        return KerberosPlan(who, options.address, "HTTP")
    host = options.kerberos_hostname_override or options.address
    return KerberosPlan(who, host, options.service, delegate=options.kerberos_delegation)
