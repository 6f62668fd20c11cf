"""Inventory variables become settings, or an error that names the mistake."""

from __future__ import annotations

import re
from typing import Any

import pytest

from runner.errors import InventoryError
from runner.model.secret import Secret
from runner.transports.winrm import options as winrm_options
from runner.transports.winrm.kerberos_tickets import Identity
from runner.transports.winrm.options import WinrmOptions, read_options

LOGON = {"ansible_user": "admin", "ansible_password": "S3cret"}


def read(**more: Any) -> WinrmOptions:
    variables = {**LOGON, **more}
    return read_options("web01", {k: v for k, v in variables.items() if v is not None})


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "https://web01:5986/wsman"),
        ({"ansible_port": 5985}, "http://web01:5985/wsman"),
        ({"ansible_port": "5985"}, "http://web01:5985/wsman"),
        ({"ansible_port": 80}, "http://web01:80/wsman"),
        ({"ansible_port": 443}, "https://web01:443/wsman"),
        ({"ansible_winrm_scheme": "http"}, "http://web01:5985/wsman"),
        ({"ansible_winrm_scheme": "https"}, "https://web01:5986/wsman"),
        ({"ansible_winrm_scheme": "http", "ansible_port": 8080}, "http://web01:8080/wsman"),
        ({"ansible_host": "10.0.0.5", "ansible_winrm_path": "x"}, "https://10.0.0.5:5986/x"),
        ({"ansible_host": "::1"}, "https://[::1]:5986/wsman"),
        ({"ansible_host": "a", "ansible_winrm_host": "b"}, "https://b:5986/wsman"),
    ],
)
def test_where(variables: dict[str, Any], url: str) -> None:
    assert read(**variables).url == url


@pytest.mark.parametrize(
    ("variables", "field", "value"),
    [
        ({}, "auth", "ntlm"),
        ({"ansible_winrm_transport": "plaintext"}, "auth", "basic"),
        ({"ansible_winrm_transport": ["NTLM"]}, "auth", "ntlm"),
        ({}, "certificate", "validate"),
        ({"ansible_winrm_server_cert_validation": "ignore"}, "certificate", "ignore"),
        ({}, "must_seal", False),
        ({"ansible_port": 5985}, "must_seal", True),
        ({"ansible_winrm_message_encryption": "always"}, "must_seal", True),
        ({"ansible_port": 5985, "ansible_winrm_message_encryption": "never"}, "must_seal", False),
        ({"ansible_winrm_operation_timeout_sec": "50"}, "read_timeout", 60),
        ({"ansible_winrm_connection_timeout": 40}, "operation_timeout", 40),
        ({"ansible_winrm_connection_timeout": 40}, "read_timeout", 50),
        ({"ansible_winrm_user": "CORP\\bob"}, "user", "CORP\\bob"),
        ({"ansible_user": Secret("eve")}, "user", "eve"),
        ({"ansible_password": Secret("x")}, "password", Secret("x")),
        ({"ansible_password": 1234}, "password", Secret("1234")),
        ({"ansible_winrm_password": "y"}, "password", Secret("y")),
        ({"runner_codepage": "936"}, "codepage", 936),
        ({"ansible_winrm_send_cbt": "no"}, "send_cbt", False),
        ({"ansible_winrm_kinit_cmd": "/usr/bin/kinit"}, "keytab", None),
        ({"ansible_winrm_kinit_args": "-f"}, "keytab", None),
        ({"ansible_winrm_kinit_args": f"-f -k -t {__file__}"}, "keytab", __file__),
        ({"ansible_winrm_kinit_env_vars": "KRB5_CONFIG"}, "keytab", None),
        ({"ansible_winrm_keytab": __file__}, "keytab", __file__),
        ({"ansible_winrm_credssp_minimum_version": "5"}, "credssp_minimum_version", 5),
        ({"ansible_ssh_port": 1, "ansible_connection": "winrm", "other": 1}, "port", 5986),
    ],
)
def test_settings(variables: dict[str, Any], field: str, value: object) -> None:
    assert getattr(read(**variables), field) == value


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ansible_winrm_transprt": "ntlm"}, "did you mean ansible_winrm_transport"),
        ({"ansible_winrm_codepage": 437}, "unknown variable ansible_winrm_codepage"),
        ({"ansible_winrm_kinit_cmd": "/opt/bin/skinit"}, "kinit_mode: manual"),
        ({"ansible_winrm_kinit_args": "-f -l 1h"}, "kinit_args -l"),
        ({"ansible_winrm_kinit_args": "-k"}, "belong together"),
        ({"ansible_winrm_kinit_args": "-t /tmp"}, "belong together"),
        ({"ansible_winrm_kinit_args": "'"}, "No closing quotation"),
        ({"ansible_winrm_kinit_env_vars": ["HOME", "KRB5CCNAME"]}, "must not name KRB5CCNAME"),
        ({"ansible_winrm_kinit_mode": "sometimes"}, "ansible_winrm_kinit_mode"),
        ({"ansible_winrm_kerberos_mode": "manual"}, "called ansible_winrm_kinit_mode"),
        ({"ansible_winrm_realm": "CORP"}, "user@REALM"),
        ({"ansible_winrm_keytab": "/no/such.keytab"}, "there is no file /no/such.keytab"),
        ({"ansible_winrm_transport": "negotiate"}, "does not exist"),
        ({"ansible_winrm_credssp_minimum_version": 9}, "credssp_minimum_version"),
        ({"ansible_winrm_credssp_auth_mechanism": "basic"}, "credssp_auth_mechanism"),
        ({"ansible_winrm_credssp_disable_tlsv1_2": True}, "TLS below 1.2"),
        ({"ansible_winrm_transport": "kerberos,ntlm"}, "several logons"),
        ({"ansible_winrm_transport": "magic"}, "ansible_winrm_transport"),
        ({"ansible_winrm_transport": "certificate"}, "ansible_winrm_cert_pem"),
        ({"ansible_winrm_transport": "basic", "ansible_port": 5985}, "in clear text"),
        (
            {"ansible_winrm_transport": "basic", "ansible_winrm_message_encryption": "always"},
            "cannot encrypt",
        ),
        ({"ansible_port": 5986, "ansible_winrm_scheme": "http"}, "does not speak http"),
        ({"ansible_port": 5985, "ansible_winrm_scheme": "https"}, "does not speak https"),
        ({"ansible_port": "abc"}, "ansible_port"),
        ({"ansible_port": 0}, "ansible_port"),
        ({"ansible_winrm_scheme": "ftp"}, "ansible_winrm_scheme"),
        ({"ansible_user": None}, "ansible_user is missing"),
        ({"ansible_password": None}, "ansible_password is missing"),
        ({"ansible_winrm_ca_trust_path": "/no/such.pem"}, "there is no file /no/such.pem"),
        ({"ansible_winrm_server_cert_validation": "maybe"}, "server_cert_validation"),
        ({"ansible_winrm_message_encryption": "perhaps"}, "message_encryption"),
        ({"ansible_winrm_read_timeout_sec": 10}, "must be above"),
        ({"ansible_winrm_operation_timeout_sec": "soon"}, "not a number of seconds"),
        ({"runner_codepage": 12345}, "runner_codepage"),
    ],
)
def test_mistakes(variables: dict[str, Any], said: str) -> None:
    with pytest.raises(InventoryError) as caught:
        read(**variables)
    text = str(caught.value)
    assert text.startswith("web01: ")
    assert re.search(said, text), text
    assert "S3cret" not in text


def test_basic_in_clear_text_has_to_be_asked_for_by_name() -> None:
    options = read(
        ansible_port=5985,
        ansible_winrm_transport="basic",
        ansible_winrm_message_encryption="never",
    )
    assert not options.must_seal


@pytest.mark.parametrize("logon", ["kerberos", "credssp"])
def test_a_logon_whose_packages_are_missing(monkeypatch: pytest.MonkeyPatch, logon: str) -> None:
    monkeypatch.setitem(
        winrm_options._EXTRAS, logon, (lambda: False, f"pip install 'runner[{logon}]'")
    )
    with pytest.raises(InventoryError, match="not installed") as caught:
        read(ansible_winrm_transport=logon)
    assert caught.value.hint == f"pip install 'runner[{logon}]'"


class TestKerberos:
    """Who asks for the ticket, where the packages are there."""

    @pytest.fixture(autouse=True)
    def installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(winrm_options, "have_kerberos", lambda: True)
        monkeypatch.setitem(winrm_options._EXTRAS, "kerberos", (lambda: True, ""))
        monkeypatch.setitem(winrm_options._EXTRAS, "credssp", (lambda: True, ""))

    @pytest.mark.parametrize(
        ("variables", "who"),
        [
            ({}, Identity("bob@CORP", Secret("S3cret"))),
            ({"ansible_winrm_kinit_mode": "managed"}, Identity("bob@CORP", Secret("S3cret"))),
            ({"ansible_winrm_kinit_mode": "manual"}, Identity("bob@CORP")),
            ({"ansible_password": None}, Identity("bob@CORP")),
            ({"ansible_password": None, "ansible_user": None}, Identity("")),
            ({"ansible_winrm_keytab": __file__}, Identity("bob@CORP", keytab=__file__)),
            (
                {"ansible_winrm_kerberos_delegation": "yes"},
                Identity("bob@CORP", Secret("S3cret"), forwardable=True),
            ),
            ({"ansible_winrm_transport": "ntlm"}, None),
            ({"ansible_winrm_transport": "credssp"}, Identity("bob@CORP", Secret("S3cret"))),
            ({"ansible_winrm_transport": "credssp", "ansible_user": "CORP\\bob"}, None),
            (
                {
                    "ansible_winrm_transport": "credssp",
                    "ansible_winrm_credssp_auth_mechanism": "ntlm",
                },
                None,
            ),
        ],
    )
    def test_who(self, variables: dict[str, Any], who: Identity | None) -> None:
        given = {"ansible_winrm_transport": "kerberos", "ansible_user": "bob@CORP", **variables}
        assert read(**given).identity == who

    @pytest.mark.parametrize(
        ("variables", "said"),
        [
            ({"ansible_user": "CORP\\bob"}, "user@REALM"),
            ({"ansible_password": None, "ansible_winrm_kinit_mode": "managed"}, "needs"),
            ({"ansible_user": None}, "belongs to somebody"),
        ],
    )
    def test_mistakes(self, variables: dict[str, Any], said: str) -> None:
        with pytest.raises(InventoryError, match=said):
            read(**{"ansible_winrm_transport": "kerberos", **variables})


def test_the_password_is_not_shown() -> None:
    assert "S3cret" not in repr(read())
