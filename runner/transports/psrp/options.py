"""psrp's inventory variables (ansible-core 2.19, connection plug-in psrp), as WinRM's settings."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final

from runner.errors import InventoryError
from runner.transports.winrm.options import HTTP_PORT, HTTPS_PORT, WinrmOptions, build_options
from runner.transports.winrm.variables import CONNECT_TIMEOUT

SAME: Final[Mapping[str, str]] = {
    "ansible_psrp_host": "ansible_winrm_host",
    "ansible_psrp_user": "ansible_winrm_user",
    "ansible_psrp_port": "ansible_winrm_port",
    "ansible_psrp_protocol": "ansible_winrm_scheme",
    "ansible_psrp_path": "ansible_winrm_path",
    "ansible_psrp_auth": "ansible_winrm_transport",
    "ansible_psrp_cert_validation": "ansible_winrm_server_cert_validation",
    "ansible_psrp_cert_trust_path": "ansible_winrm_ca_trust_path",
    "ansible_psrp_ca_cert": "ansible_winrm_ca_trust_path",
    "ansible_psrp_message_encryption": "ansible_winrm_message_encryption",
    "ansible_psrp_connection_timeout": CONNECT_TIMEOUT,
    "ansible_psrp_operation_timeout": "ansible_winrm_operation_timeout_sec",
    "ansible_psrp_read_timeout": "ansible_winrm_read_timeout_sec",
    "ansible_psrp_proxy": "ansible_winrm_proxy",
    "ansible_psrp_certificate_pem": "ansible_winrm_cert_pem",
    "ansible_psrp_certificate_key_pem": "ansible_winrm_cert_key_pem",
    "ansible_psrp_credssp_auth_mechanism": "ansible_winrm_credssp_auth_mechanism",
    "ansible_psrp_credssp_minimum_version": "ansible_winrm_credssp_minimum_version",
    "ansible_psrp_negotiate_delegate": "ansible_winrm_kerberos_delegation",
    "ansible_psrp_negotiate_hostname_override": "ansible_winrm_kerberos_hostname_override",
    "ansible_psrp_negotiate_send_cbt": "ansible_winrm_send_cbt",
    "ansible_psrp_negotiate_service": "ansible_winrm_service",
}
"""psrp's name and the WinRM transport's name of one setting; later ones win, as in Ansible."""
_SHARED: Final = frozenset({"ansible_winrm_pass", "ansible_winrm_password"})
"""Names of winrm's that Ansible's psrp reads too."""

_ONLY: Final[Mapping[str, tuple[str, tuple[str, ...], str]]] = {
    "ansible_psrp_configuration_name": (
        "Microsoft.PowerShell",
        ("microsoft.powershell",),
        "commands run in WinRM's command shell; other endpoints (JEA) need PowerShell remoting",
    ),
    "ansible_psrp_reconnection_retries": (
        "0",
        ("0",),
        "runner repeats by itself what surely did not start, and never anything else",
    ),
    "ansible_psrp_credssp_disable_tlsv1_2": (
        "false",
        ("false", "no", "n", "0", "off"),
        "TLS below 1.2 is not offered",
    ),
    "ansible_psrp_max_envelope_size": (
        "153600",
        ("153600",),
        "messages are kept below what every Windows takes, 150 KiB",
    ),
    "ansible_psrp_ignore_proxy": (
        "true",
        ("true", "yes", "y", "1", "on"),
        "proxies of the environment are never used: name one with ansible_psrp_proxy",
    ),
}
"""Variables of which one value means what is done here; another is refused with this reason."""
_BACKOFF: Final = frozenset(
    {"ansible_psrp_connection_backoff", "ansible_psrp_reconnection_backoff"}
)
"""The pause between reconnections, of which there are none (``ansible_psrp_reconnection_retries``
0 is the default): without effect in Ansible too."""


def read_psrp_options(host: str, variables: Mapping[str, Any]) -> WinrmOptions:
    """The settings of one host. Raises InventoryError for what is unknown or contradictory."""
    _check_names(host, variables)
    _check_defaults(host, variables)
    ours = {
        name: value
        for name, value in variables.items()
        if not name.startswith("ansible_winrm_") or name in _SHARED
    }
    for theirs, winrm in SAME.items():
        if variables.get(theirs) is not None:
            ours[winrm] = variables[theirs]
    _read_place(ours)
    ours.setdefault("ansible_winrm_transport", "negotiate")
    ours.setdefault("ansible_winrm_service", "WSMAN")
    ours.setdefault("ansible_winrm_path", "wsman")
    spelling = tuple((winrm, theirs) for theirs, winrm in reversed(list(SAME.items())))
    try:
        options = build_options(host, ours, negotiate=True)
    except InventoryError as error:
        spelled = _spelled(str(error.message), spelling)
        raise InventoryError(spelled, hint=_spelled(error.hint, spelling)) from None
    return options.model_copy(update={"spelling": spelling})


def _read_place(ours: dict[str, Any]) -> None:
    """psrp's rule: https unless the port is 5985; the port follows the protocol."""
    port = ours.get("ansible_winrm_port", ours.get("ansible_port"))
    if ours.get("ansible_winrm_scheme") is None:
        ours["ansible_winrm_scheme"] = "http" if str(port) == str(HTTP_PORT) else "https"
    if port is None:
        plain = ours["ansible_winrm_scheme"] == "http"
        ours["ansible_winrm_port"] = HTTP_PORT if plain else HTTPS_PORT


def _check_names(host: str, variables: Mapping[str, Any]) -> None:
    known = {*SAME, *_ONLY, *_BACKOFF}
    for name in variables:
        if name.startswith("ansible_psrp_") and name not in known:
            if name == "ansible_psrp_password":
                raise InventoryError(
                    f"{host}: {name} does not exist (nor in Ansible)", hint="use ansible_password"
                )
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else ""
            raise InventoryError(f"{host}: unknown variable {name}", hint=hint)


def _check_defaults(host: str, variables: Mapping[str, Any]) -> None:
    for name, (default, same, why) in _ONLY.items():
        value = variables.get(name)
        if value is not None and str(value).strip().lower() not in same:
            raise InventoryError(f"{host}: {name} can only be {default} here", hint=why)


def _spelled(text: str, spelling: tuple[tuple[str, str], ...]) -> str:
    for ours, theirs in spelling:
        text = text.replace(ours, theirs)
    return text
