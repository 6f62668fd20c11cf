"""The WinRM transport's inventory variables: Ansible's names."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final

from runner.errors import InventoryError
from runner.transports.winrm.kinit import KINIT_VARIABLES

CONNECT_TIMEOUT: Final = "psrp's connection timeout"
"""No inventory variable of winrm's: how psrp's is handed on."""

VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "address": ("ansible_host", "ansible_winrm_host"),
    "port": ("ansible_port", "ansible_winrm_port"),
    "user": ("ansible_user", "ansible_winrm_user"),
    "password": ("ansible_password", "ansible_winrm_pass", "ansible_winrm_password"),
    "auth": ("ansible_winrm_transport",),
    "scheme": ("ansible_winrm_scheme",),
    "path": ("ansible_winrm_path",),
    "certificate": ("ansible_winrm_server_cert_validation",),
    "ca_trust_path": ("ansible_winrm_ca_trust_path",),
    "message_encryption": ("ansible_winrm_message_encryption",),
    "both_timeouts": ("ansible_winrm_connection_timeout",),
    "operation_timeout": ("ansible_winrm_operation_timeout_sec",),
    "read_timeout": ("ansible_winrm_read_timeout_sec",),
    "connect_timeout": (CONNECT_TIMEOUT,),
    "proxy": ("ansible_winrm_proxy",),
    "cert_pem": ("ansible_winrm_cert_pem",),
    "cert_key_pem": ("ansible_winrm_cert_key_pem",),
    "service": ("ansible_winrm_service",),
    "send_cbt": ("ansible_winrm_send_cbt",),
    "kerberos_delegation": ("ansible_winrm_kerberos_delegation",),
    "kerberos_hostname_override": ("ansible_winrm_kerberos_hostname_override",),
    "keytab": ("ansible_winrm_keytab",),
    "kinit_mode": ("ansible_winrm_kinit_mode",),
    "credssp_auth_mechanism": ("ansible_winrm_credssp_auth_mechanism",),
    "credssp_minimum_version": ("ansible_winrm_credssp_minimum_version",),
    "codepage": ("runner_codepage",),
}
"""Each setting with its variables; where several are given the last one counts (as in Ansible).
``runner_codepage`` is not Ansible's: the code page of the host's shell, for hosts whose programs
print something else than UTF-8."""

_UNSUPPORTED: Final[Mapping[str, str]] = {
    "ansible_winrm_kerberos_mode": "the variable is called ansible_winrm_kinit_mode",
    "ansible_winrm_realm": "write the user as user@REALM",
    "ansible_winrm_credssp_disable_tlsv1_2": "TLS below 1.2 is not offered",
}


def check_names(host: str, variables: Mapping[str, Any]) -> None:
    """Raises InventoryError for a variable of ours that is unknown or not supported."""
    known = {name for names in VARIABLES.values() for name in names} | KINIT_VARIABLES
    for name in variables:
        if name in _UNSUPPORTED:
            raise InventoryError(f"{host}: {name} is not supported", hint=_UNSUPPORTED[name])
        if name.startswith("ansible_winrm_") and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else ""
            raise InventoryError(f"{host}: unknown variable {name}", hint=hint)
