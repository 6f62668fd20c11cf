"""The table of failures: each symptom at each verb has its class and its answer."""

from __future__ import annotations

import pytest
from requests import exceptions as http
from winrm.exceptions import WinRMOperationTimeoutError, WSManFaultError

from runner.errors import (
    AuthenticationFailed,
    AuthorizationFailed,
    ConnectionLost,
    DeadlineExceeded,
    PolicyRefused,
    ProtocolFailed,
    QuotaExceeded,
    TlsFailed,
    TransportError,
    Unreachable,
)
from runner.transports.winrm.errors import explain
from runner.transports.winrm.failure import Attempt, Verb
from runner.transports.winrm.faults import FAULTS, Remedy
from runner.transports.winrm.wire import AnswerRefused, HttpRefused, LogonRefused


def at(verb: Verb, *, trusted: bool = True) -> Attempt:
    return Attempt(verb, "http://10.0.0.5:5985", "CORP\\ops", "ntlm", trusted)


def fault(code: int | None, wmi: int | None = None) -> WSManFaultError:
    return WSManFaultError(
        500, "m", "<x/>", "The  reason. ", wsman_fault_code=code, wmierror_code=wmi
    )


Case = tuple[Exception, type[TransportError], Remedy, bool]

ON_COMMAND: list[Case] = [
    (fault(2150858843), ConnectionLost, Remedy.SHELL, False),
    (fault(2147943418), ConnectionLost, Remedy.SHELL, False),
    (fault(995), ConnectionLost, Remedy.NONE, True),
    (fault(2150859174), QuotaExceeded, Remedy.SHELL, False),
    (fault(None, 2150859174), QuotaExceeded, Remedy.SHELL, False),
    (fault(2150859173, 2150859239), QuotaExceeded, Remedy.SHELL, False),
    (fault(2150859240), QuotaExceeded, Remedy.SHELL, False),
    (fault(2150859241), QuotaExceeded, Remedy.SHELL, False),
    (fault(2150859173), QuotaExceeded, Remedy.NONE, False),
    (fault(2150859175), QuotaExceeded, Remedy.NONE, False),
    (fault(2150858815), QuotaExceeded, Remedy.NONE, False),
    (fault(5), AuthorizationFailed, Remedy.NONE, False),
    (fault(2147942405), AuthorizationFailed, Remedy.NONE, False),
    (fault(2150859180), PolicyRefused, Remedy.NONE, False),
    (fault(2147942402), ProtocolFailed, Remedy.NONE, False),
    (fault(2147942606), ProtocolFailed, Remedy.NONE, False),
    (fault(87), ProtocolFailed, Remedy.NONE, False),
    (fault(2150858817), ProtocolFailed, Remedy.NONE, False),
    (fault(123456), ProtocolFailed, Remedy.NONE, True),
    (fault(None), ProtocolFailed, Remedy.NONE, True),
    (WinRMOperationTimeoutError(), DeadlineExceeded, Remedy.NONE, True),
    (LogonRefused("Negotiate"), AuthenticationFailed, Remedy.LOGON, False),
    (HttpRefused(400, "", ""), ConnectionLost, Remedy.LOGON, False),
    (HttpRefused(403, "", ""), ProtocolFailed, Remedy.NONE, False),
    (HttpRefused(404, "", ""), ProtocolFailed, Remedy.NONE, False),
    (HttpRefused(411, "", ""), ProtocolFailed, Remedy.NONE, False),
    (HttpRefused(413, "", ""), ProtocolFailed, Remedy.NONE, False),
    (HttpRefused(500, "", ""), PolicyRefused, Remedy.NONE, True),
    (HttpRefused(500, "", "<html>"), ProtocolFailed, Remedy.NONE, True),
    (HttpRefused(502, "", ""), ProtocolFailed, Remedy.NONE, True),
    (HttpRefused(503, "", ""), Unreachable, Remedy.NONE, True),
    (http.ReadTimeout(), ConnectionLost, Remedy.NONE, True),
    (http.ConnectTimeout(), Unreachable, Remedy.NONE, False),
    (http.ConnectionError("reset"), ConnectionLost, Remedy.NONE, True),
    (http.ChunkedEncodingError("cut"), ConnectionLost, Remedy.NONE, True),
    (http.SSLError("EOF"), ConnectionLost, Remedy.NONE, True),
    (AnswerRefused("not sealed"), ProtocolFailed, Remedy.NONE, True),
    (StopIteration(), ProtocolFailed, Remedy.NONE, True),
    (AssertionError(), ProtocolFailed, Remedy.NONE, True),
    (ValueError("not XML"), ProtocolFailed, Remedy.NONE, True),
]


@pytest.mark.parametrize(("error", "kind", "remedy", "started"), ON_COMMAND)
def test_command(
    error: Exception, kind: type[TransportError], remedy: Remedy, started: bool
) -> None:
    failure = explain(error, at(Verb.COMMAND))
    assert type(failure.error) is kind
    assert failure.remedy is remedy
    assert failure.error.may_have_started is started
    assert "http://10.0.0.5:5985" in failure.error.message
    assert failure.error.hint


@pytest.mark.parametrize("error", [case[0] for case in ON_COMMAND])
@pytest.mark.parametrize("verb", [Verb.SEND, Verb.RECEIVE, Verb.SIGNAL, Verb.DELETE])
def test_after_a_command_it_may_have_started_whatever_happens(error: Exception, verb: Verb) -> None:
    assert explain(error, at(verb)).error.may_have_started


@pytest.mark.parametrize("error", [case[0] for case in ON_COMMAND])
@pytest.mark.parametrize("verb", [Verb.LOGON, Verb.CREATE])
@pytest.mark.parametrize("trusted", [True, False])
def test_before_a_command_nothing_has_started(error: Exception, verb: Verb, trusted: bool) -> None:
    assert not explain(error, at(verb, trusted=trusted)).error.may_have_started


@pytest.mark.parametrize(
    ("verb", "error", "kind", "remedy"),
    [
        (Verb.RECEIVE, http.ReadTimeout(), ConnectionLost, Remedy.LOGON),
        (Verb.RECEIVE, http.ConnectionError("reset"), ConnectionLost, Remedy.LOGON),
        (Verb.RECEIVE, HttpRefused(400, "", ""), ConnectionLost, Remedy.LOGON),
        (Verb.RECEIVE, fault(2150858843), ConnectionLost, Remedy.NONE),
        (Verb.RECEIVE, http.ConnectTimeout(), ConnectionLost, Remedy.NONE),
        (Verb.RECEIVE, HttpRefused(503, "", ""), ConnectionLost, Remedy.NONE),
        (Verb.SEND, http.ReadTimeout(), ConnectionLost, Remedy.NONE),
        (Verb.CREATE, http.ReadTimeout(), Unreachable, Remedy.LOGON),
        (Verb.CREATE, HttpRefused(503, "", ""), Unreachable, Remedy.LOGON),
        (Verb.CREATE, fault(2150859174), QuotaExceeded, Remedy.NONE),
        (Verb.CREATE, WinRMOperationTimeoutError(), DeadlineExceeded, Remedy.NONE),
    ],
)
def test_other_verbs(
    verb: Verb, error: Exception, kind: type[TransportError], remedy: Remedy
) -> None:
    failure = explain(error, at(verb))
    assert type(failure.error) is kind
    assert failure.remedy is remedy


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (LogonRefused("Negotiate"), AuthenticationFailed),
        (HttpRefused(400, "", ""), ProtocolFailed),
        (http.SSLError("certificate verify failed"), TlsFailed),
        (PermissionError("no challenge"), ProtocolFailed),
    ],
)
def test_a_first_message_is_judged_more_strictly(
    error: Exception, kind: type[TransportError]
) -> None:
    failure = explain(error, at(Verb.LOGON, trusted=False))
    assert type(failure.error) is kind
    assert failure.remedy is Remedy.NONE
    assert "as CORP\\ops" in failure.error.message


def test_a_fault_shows_its_code_and_the_hosts_words() -> None:
    message = explain(fault(2150859174), at(Verb.COMMAND)).error.message
    assert "2150859174 (0x803381A6): The reason." in message


def test_every_fault_has_a_cause_and_advice() -> None:
    codes = [code for each in FAULTS for code in each.codes]
    assert len(codes) == len(set(codes))
    assert all(each.cause and each.advice for each in FAULTS)
