"""Inventories of Ansible's psrp plug-in: the same settings under other names, or an error."""

from __future__ import annotations

import re
from typing import Any

import pytest

from runner.errors import AuthenticationFailed, InventoryError, TlsFailed
from runner.lab.winrm.options import FrontOptions
from runner.model.secret import Secret
from runner.transports import load, names
from runner.transports.psrp.options import read_psrp_options
from runner.transports.winrm import options as winrm_options
from runner.transports.winrm.kerberos_tickets import Identity
from runner.transports.winrm.options import WinrmOptions
from tests.transports.conftest import PASSWORD, USER, Serve, Site, hello

LOGON = {"ansible_user": "admin", "ansible_password": "S3cret"}


def read(**more: Any) -> WinrmOptions:
    variables = {**LOGON, **more}
    return read_psrp_options("web01", {k: v for k, v in variables.items() if v is not None})


def test_it_is_a_transport() -> None:
    assert "psrp" in names()
    assert load("psrp").name == "psrp"


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "https://web01:5986/wsman"),
        ({"ansible_port": 5985}, "http://web01:5985/wsman"),
        ({"ansible_psrp_port": "5985"}, "http://web01:5985/wsman"),
        ({"ansible_port": 5985, "ansible_psrp_port": 5986}, "https://web01:5986/wsman"),
        ({"ansible_psrp_port": 80}, "https://web01:80/wsman"),
        ({"ansible_psrp_protocol": "http"}, "http://web01:5985/wsman"),
        ({"ansible_psrp_protocol": "http", "ansible_port": 80}, "http://web01:80/wsman"),
        ({"ansible_psrp_path": "other"}, "https://web01:5986/other"),
        ({"ansible_host": "a", "ansible_psrp_host": "b"}, "https://b:5986/wsman"),
    ],
)
def test_where(variables: dict[str, Any], url: str) -> None:
    assert read(**variables).url == url


@pytest.mark.parametrize(
    ("variables", "field", "value"),
    [
        ({}, "auth", "negotiate"),
        ({}, "service", "WSMAN"),
        ({}, "certificate", "validate"),
        ({}, "operation_timeout", 20),
        ({}, "read_timeout", 30),
        ({}, "send_cbt", True),
        ({"ansible_psrp_auth": "ntlm"}, "auth", "ntlm"),
        ({"ansible_psrp_auth": "basic"}, "auth", "basic"),
        ({"ansible_psrp_cert_validation": "ignore"}, "certificate", "ignore"),
        ({"ansible_psrp_ca_cert": __file__}, "ca_trust_path", __file__),
        ({"ansible_psrp_cert_trust_path": __file__}, "ca_trust_path", __file__),
        ({"ansible_psrp_connection_timeout": "60"}, "connect_timeout", 60),
        ({"ansible_psrp_read_timeout": 90}, "read_timeout", 90),
        ({"ansible_psrp_operation_timeout": 50}, "operation_timeout", 50),
        ({"ansible_psrp_message_encryption": "always"}, "must_seal", True),
        ({"ansible_psrp_protocol": "http"}, "must_seal", True),
        ({"ansible_psrp_proxy": "http://proxy:3128"}, "proxy", "http://proxy:3128"),
        ({"ansible_psrp_negotiate_delegate": "yes"}, "kerberos_delegation", True),
        ({"ansible_psrp_negotiate_hostname_override": "x"}, "kerberos_hostname_override", "x"),
        ({"ansible_psrp_negotiate_send_cbt": False}, "send_cbt", False),
        ({"ansible_psrp_negotiate_service": "HTTP"}, "service", "HTTP"),
        ({"ansible_psrp_credssp_minimum_version": 5}, "credssp_minimum_version", 5),
        ({"ansible_psrp_credssp_auth_mechanism": "ntlm"}, "credssp_auth_mechanism", "ntlm"),
        ({"ansible_psrp_user": "eve"}, "user", "eve"),
        ({"ansible_winrm_password": "x"}, "password", Secret("x")),
        ({"ansible_psrp_configuration_name": "Microsoft.PowerShell"}, "port", 5986),
        ({"ansible_psrp_reconnection_retries": 0}, "port", 5986),
        ({"ansible_psrp_reconnection_backoff": 2.5}, "port", 5986),
        ({"ansible_psrp_ignore_proxy": True}, "proxy", None),
        ({"ansible_psrp_max_envelope_size": 153600}, "port", 5986),
        ({"ansible_winrm_transport": "basic"}, "auth", "negotiate"),  # not psrp's
        ({"runner_codepage": 936}, "codepage", 936),
    ],
)
def test_settings(variables: dict[str, Any], field: str, value: object) -> None:
    assert getattr(read(**variables), field) == value


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ansible_psrp_prtocol": "http"}, "did you mean ansible_psrp_protocol"),
        ({"ansible_psrp_password": "x"}, "use ansible_password"),
        ({"ansible_psrp_configuration_name": "JEA"}, "need PowerShell remoting"),
        ({"ansible_psrp_reconnection_retries": 3}, "can only be 0"),
        ({"ansible_psrp_ignore_proxy": False}, "ansible_psrp_proxy"),
        ({"ansible_psrp_max_envelope_size": 500000}, "150 KiB"),
        ({"ansible_psrp_credssp_disable_tlsv1_2": "yes"}, "TLS below 1.2"),
        ({"ansible_psrp_auth": "magic"}, "ansible_psrp_auth"),
        ({"ansible_psrp_auth": "certificate"}, "ansible_psrp_certificate_pem"),
        ({"ansible_psrp_auth": "basic", "ansible_psrp_protocol": "http"}, "in clear text"),
        ({"ansible_psrp_read_timeout": 10}, "ansible_psrp_read_timeout"),
        ({"ansible_psrp_cert_validation": "maybe"}, "ansible_psrp_cert_validation"),
        ({"ansible_psrp_connection_timeout": "soon"}, "ansible_psrp_connection_timeout"),
        ({"ansible_user": None}, "ansible_user is missing"),
    ],
)
def test_mistakes(variables: dict[str, Any], said: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read(**variables)
    text = str(caught.value)
    assert text.startswith("web01: ")
    assert re.search(said, text), text
    assert "S3cret" not in text
    assert "ansible_winrm_" not in text


def test_every_variable_of_ansibles_plug_in_is_known() -> None:
    """The names are those of ansible-core 2.19's documentation of psrp."""
    documented = """
        auth ca_cert cert_trust_path cert_validation certificate_key_pem certificate_pem
        configuration_name connection_backoff connection_timeout credssp_auth_mechanism
        credssp_disable_tlsv1_2 credssp_minimum_version host ignore_proxy max_envelope_size
        message_encryption negotiate_delegate negotiate_hostname_override negotiate_send_cbt
        negotiate_service operation_timeout path port protocol proxy read_timeout
        reconnection_backoff reconnection_retries user
    """
    unknown = {name for name in documented.split() if not _is_known(f"ansible_psrp_{name}")}
    assert unknown == set()
    assert not _is_known("ansible_psrp_something")


def _is_known(name: str) -> bool:
    try:
        read(**{name: "x"})
    except InventoryError as error:
        return "unknown variable" not in str(error)
    return True


@pytest.mark.parametrize(
    ("variables", "who"),
    [
        ({"ansible_user": "bob@CORP"}, Identity("bob@CORP", Secret("S3cret"))),
        ({"ansible_user": "CORP\\bob"}, None),
        ({"ansible_user": "admin"}, None),
        ({"ansible_password": None}, Identity("admin")),
        ({"ansible_user": None, "ansible_password": None}, Identity("")),
    ],
)
def test_negotiate_takes_kerberos_where_it_can(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any], who: Identity | None
) -> None:
    monkeypatch.setattr(winrm_options, "have_kerberos", lambda: True)
    assert read(**variables).identity == who


def connect(site: Site, **more: Any) -> Any:
    transport = load("psrp")
    variables = {
        "ansible_psrp_host": site.front.address,
        "ansible_psrp_port": site.front.port,
        "ansible_psrp_protocol": site.front.scheme,
        "ansible_user": USER,
        "ansible_password": PASSWORD,
        **more,
    }
    return transport.connect(transport.options("web01", variables), timeout=10)


@pytest.mark.parametrize("logon", ["negotiate", "ntlm"])
def test_commands_run(serve: Serve, logon: str) -> None:
    site = serve("2019")
    link = connect(site, ansible_psrp_auth=logon)
    assert hello(link) == b"hello\r\n"
    link.close()
    assert site.count("logons") == 1


def test_errors_speak_of_psrps_variables(serve: Serve) -> None:
    secure = serve("2019", scheme="https", options=FrontOptions(basic=False))
    with pytest.raises(TlsFailed) as untrusted:
        connect(secure)
    assert "ansible_psrp_ca_cert" in untrusted.value.hint
    with pytest.raises(AuthenticationFailed) as refused:
        connect(secure, ansible_psrp_auth="basic", ansible_psrp_cert_validation="ignore")
    assert "set ansible_psrp_auth" in refused.value.hint
    assert "ansible_winrm_" not in str(untrusted.value) + str(refused.value)
