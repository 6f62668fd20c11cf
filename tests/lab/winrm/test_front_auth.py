"""Who may log on to a front, and that nothing travels in clear text."""

from __future__ import annotations

import base64
import http.client
import ssl
from typing import Any

import pytest
import requests
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError

from runner.lab.winrm.front import Front
from runner.lab.winrm.options import FrontOptions
from tests.lab.conftest import PASSWORD, USER, Connect, Serve, run

IDENTIFY = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:wsmid='
    '"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    "<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"
)
SOAP = {"Content-Type": "application/soap+xml;charset=UTF-8"}


def _post(front: Front, body: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(front.address, front.port, timeout=5)
    try:
        connection.request("POST", "/wsman", body, {**SOAP, **headers})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("account", "called"),
    [
        ("admin", "admin"),
        ("admin", "ADMIN"),
        ("admin", ".\\admin"),
        ("admin", "WEB01\\admin"),
        ("CORP\\bob", "CORP\\bob"),
        ("CORP\\bob", "corp\\Bob"),
        ("CORP\\bob", "bob@CORP"),
        ("bob@corp.example.com", "bob@corp.example.com"),
        ("bob@corp.example.com", "CORP\\bob"),
    ],
)
def test_every_usual_form_of_a_user_name_logs_on(
    serve: Serve, connect: Connect, account: str, called: str
) -> None:
    front = serve(user=account)
    assert run(connect(front, called), "say hello")[0] == b"hello\r\n"
    assert front.counters()["failed_logons"] == 0


@pytest.mark.parametrize(
    ("account", "called", "password"),
    [
        ("admin", "admin", "wrong"),
        ("admin", "root", PASSWORD),
        ("admin", "CORP\\admin", PASSWORD),
        ("CORP\\bob", "bob", PASSWORD),
        ("CORP\\bob", "OTHER\\bob", PASSWORD),
    ],
)
def test_a_wrong_user_or_password_is_refused(
    serve: Serve, connect: Connect, account: str, called: str, password: str
) -> None:
    front = serve(user=account)
    with pytest.raises(InvalidCredentialsError):
        connect(front, called, password).open_shell()
    counted = front.counters()
    assert counted["failed_logons"] == 1
    assert counted["logons"] == counted["creates"] == counted["clear_bodies"] == 0


def test_hosts_of_one_process_have_passwords_of_their_own(serve: Serve, connect: Connect) -> None:
    first, second = serve(name="a", password="one"), serve(name="b", password="two")
    for front, right, wrong in ((first, "one", "two"), (second, "two", "one")):
        assert run(connect(front, USER, right), "say x")[0] == b"x\r\n"
        with pytest.raises(InvalidCredentialsError):
            connect(front, USER, wrong).open_shell()


@pytest.mark.parametrize("password", ["пароль с пробелом", "a:b\\c", "", "0" * 40, "naïve€"])
def test_any_password_logs_on(serve: Serve, connect: Connect, password: str) -> None:
    front = serve(password=password)
    assert run(connect(front, USER, password), "say x")[0] == b"x\r\n"


def test_basic_with_a_wrong_password_is_refused(serve: Serve, connect: Connect) -> None:
    front = serve(scheme="https")
    with pytest.raises(InvalidCredentialsError):
        connect(front, USER, "wrong", transport="basic").open_shell()
    assert front.counters()["failed_logons"] == 1


def test_basic_over_http_is_refused_and_counted_as_a_leak(serve: Serve) -> None:
    front = serve()
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    answer, body = _post(front, IDENTIFY, Authorization=f"Basic {token}")
    assert (answer.status, body) == (401, b"")
    assert answer.headers.get_all("WWW-Authenticate") == ["Negotiate"]
    assert front.counters()["clear_bodies"] == 1


def test_basic_over_http_works_where_unencrypted_is_allowed(serve: Serve, connect: Connect) -> None:
    front = serve(options=FrontOptions(allow_unencrypted=True))
    protocol = connect(front, transport="basic", message_encryption="never")
    assert run(protocol, "say x")[0] == b"x\r\n"


def test_the_first_401_has_windows_headers_and_closes(serve: Serve) -> None:
    front = serve(options=FrontOptions(allow_unencrypted=True))
    answer, body = _post(front, "")
    assert (answer.status, answer.reason, body) == (401, "", b"")
    assert answer.headers.get_all("WWW-Authenticate") == ["Negotiate", 'Basic realm="WSMAN"']
    assert answer.headers["Connection"] == "close"
    assert answer.headers["Server"] == "Microsoft-HTTPAPI/2.0"
    assert answer.headers["Content-Length"] == "0"


def test_a_clear_body_after_an_ntlm_logon_is_refused_and_counted(
    serve: Serve, connect: Connect
) -> None:
    front = serve()
    protocol = connect(front, message_encryption="never")
    with pytest.raises(WinRMTransportError) as caught:
        protocol.open_shell()
    assert caught.value.code == 500
    assert caught.value.response_text == ""
    counted = front.counters()
    assert counted["clear_bodies"] >= 1
    assert counted["creates"] == 0


def test_a_clear_body_before_any_logon_is_counted_too(serve: Serve) -> None:
    front = serve()
    answer, _ = _post(front, IDENTIFY)
    assert answer.status == 401
    assert front.counters()["clear_bodies"] == 1


def test_identify_without_a_logon_tells_nothing_about_the_host(serve: Serve) -> None:
    front = serve(os="2008r2-sp1")
    answer, body = _post(front, IDENTIFY, WSMANIDENTIFY="unauthenticated")
    assert answer.status == 200
    assert b"OS: 0.0.0 SP: 0.0 Stack: 2.0" in body
    assert b"SecurityProfile" not in body
    assert front.counters()["clear_bodies"] == 0


def test_only_identify_is_answered_without_a_logon(serve: Serve) -> None:
    create = IDENTIFY.replace("<wsmid:Identify/>", "<x/>")
    answer, body = _post(serve(), create, WSMANIDENTIFY="unauthenticated")
    assert (answer.status, body) == (401, b"")


def test_identify_after_a_logon_tells_the_version(serve: Serve, connect: Connect) -> None:
    protocol = connect(serve(os="2008r2-sp1"))
    answer = protocol.transport.send_message(IDENTIFY)
    assert b"OS: 6.1.7601 SP: 1.0 Stack: 2.0" in answer
    assert b"SecurityProfileName" in answer


@pytest.mark.parametrize("token", ["", "!!!"])
def test_no_token_is_no_logon_at_all(serve: Serve, token: str) -> None:
    front = serve()
    answer, body = _post(front, "", Authorization=f"Negotiate {token}")
    assert (answer.status, body) == (401, b"")
    assert front.counters()["failed_logons"] == 0


@pytest.mark.parametrize("token", ["Z2FyYmFnZQ==", "TlRMTVNTUAADAAAA", "YIIB"])
def test_garbage_for_a_token_is_a_failed_logon(serve: Serve, token: str) -> None:
    front = serve()
    answer, body = _post(front, "", Authorization=f"Negotiate {token}")
    assert (answer.status, body) == (401, b"")
    assert front.counters()["failed_logons"] == 1


@pytest.mark.parametrize(
    ("hardening", "send", "passes"),
    [
        ("relaxed", True, True),
        ("relaxed", False, True),
        ("strict", True, True),
        ("strict", False, False),
        ("none", True, True),
    ],
)
def test_channel_binding(
    serve: Serve, connect: Connect, hardening: Any, send: bool, passes: bool
) -> None:
    front = serve(scheme="https", options=FrontOptions(channel_binding=hardening))
    protocol = connect(front, send_cbt=send)
    if passes:
        assert run(protocol, "say x")[0] == b"x\r\n"
    else:
        with pytest.raises(InvalidCredentialsError):
            protocol.open_shell()
        assert front.counters()["failed_logons"] == 1


@pytest.mark.parametrize("hardening", ["relaxed", "strict"])
def test_a_wrong_channel_binding_is_refused(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch, hardening: Any
) -> None:
    monkeypatch.setattr(
        "requests_ntlm.requests_ntlm._get_certificate_hash", lambda _: b"another certificate"
    )
    front = serve(scheme="https", options=FrontOptions(channel_binding=hardening))
    with pytest.raises(InvalidCredentialsError):
        connect(front).open_shell()
    assert front.counters()["failed_logons"] == 1


@pytest.mark.parametrize("flaw", ["expired", "wrong_name"])
def test_a_flawed_certificate_is_noticed(serve: Serve, connect: Connect, flaw: Any) -> None:
    front = serve(scheme="https", options=FrontOptions(certificate_flaw=flaw))
    with pytest.raises(requests.exceptions.SSLError):
        connect(front, transport="basic").open_shell()
    assert front.counters()["requests"] == 0


def test_a_self_signed_certificate_can_be_trusted_by_itself(serve: Serve, connect: Connect) -> None:
    front = serve(scheme="https", options=FrontOptions(certificate_flaw="self_signed"))
    assert run(connect(front, transport="basic"), "say x")[0] == b"x\r\n"


def test_the_certificate_carries_address_and_name(serve: Serve) -> None:
    front = serve(scheme="https", name="web01.example.com")
    context = ssl.create_default_context(cadata=front.ca_pem.decode())
    for name in ("127.0.0.1", "web01.example.com"):
        with (
            __import__("socket").create_connection((front.address, front.port), 5) as sock,
            context.wrap_socket(sock, server_hostname=name) as secure,
        ):
            assert secure.version()


def test_plain_http_to_a_tls_port_is_reset(serve: Serve) -> None:
    front = serve(scheme="https")
    with pytest.raises(OSError):
        _post(front, "")


def test_a_tampered_sealed_body_is_400(serve: Serve, connect: Connect) -> None:
    front = serve()
    protocol = connect(front)
    shell = protocol.open_shell()
    encryption = protocol.transport.encryption
    assert encryption is not None
    build = encryption._build_message
    encryption._build_message = lambda *a: build(*a)[:-1] + b"\x00"
    with pytest.raises(WinRMTransportError) as caught:
        protocol.run_command(shell, "say x")
    assert caught.value.code == 400
    assert front.counters()["commands"] == 0
