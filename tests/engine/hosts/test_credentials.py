"""A password that was refused is not carried from host to host."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from runner.engine.hosts.credentials import PATIENCE, REACHING, Credentials
from runner.engine.stop import Stop, StopLevel
from runner.errors import AuthenticationFailed, TransportError, Unreachable
from runner.interfaces.access import Credential
from runner.model.secret import Secret


def credential(password: str = "S3cret", user: str = "corp\\ops", kind: str = "ntlm") -> Credential:
    return Credential(kind, user, Secret(password))


def refused() -> AuthenticationFailed:
    return AuthenticationFailed("401")


def attempt(
    credentials: Credentials,
    host: str,
    error: BaseException | None = None,
    with_: Credential | None = None,
    *,
    definite: bool = True,
    keep_trying: bool = False,
) -> str:
    """Log on once: ``in``, or the message of what came instead."""
    try:
        with credentials.trial(
            host, with_ or credential(), lambda _error: definite, keep_trying=keep_trying
        ):
            if error is not None:
                raise error
    except TransportError as raised:
        return raised.message
    return "in"


def test_after_a_refusal_nobody_else_is_tried() -> None:
    known = Credentials(Stop())
    assert attempt(known, "a", refused()) == "401"
    assert attempt(known, "b") == "not tried: this password of corp\\ops was refused by a"
    assert (
        attempt(known, "a") == "not tried again: this password of corp\\ops was refused here before"
    )


def test_the_advice_names_the_ways_out() -> None:
    known = Credentials(Stop())
    attempt(known, "a", refused())
    with (
        pytest.raises(AuthenticationFailed) as caught,
        known.trial("b", credential(), lambda _error: True),
    ):
        pass
    for word in ("ansible_password", "a has another password", "--keep-trying-credentials",
                 "runner_keep_trying_credentials"):  # fmt: skip
        assert word in caught.value.hint
    assert not caught.value.may_have_started
    assert "S3cret" not in f"{caught.value} {vars(known)} {known._known}"


@pytest.mark.parametrize(
    "other", [credential("another"), credential(user="corp\\else"), credential(kind="basic")]
)
def test_another_password_user_or_kind_of_logon_is_another_matter(other: Credential) -> None:
    known = Credentials(Stop())
    attempt(known, "a", refused())
    assert attempt(known, "b", with_=other) == "in"


def test_once_it_has_worked_only_the_host_that_refuses_fails() -> None:
    known = Credentials(Stop())
    assert attempt(known, "a") == "in"
    assert attempt(known, "b", refused()) == "401"
    assert attempt(known, "c") == "in"
    assert attempt(known, "b").startswith("not tried again")


@pytest.mark.parametrize(
    ("error", "definite"),
    [(Unreachable("off"), True), (refused(), False)],
    ids=["nobody there", "this logon is not offered"],
)
def test_what_says_nothing_of_the_password_stops_nobody(
    error: TransportError, definite: bool
) -> None:
    known = Credentials(Stop())
    attempt(known, "a", error, definite=definite)
    assert attempt(known, "b") == "in"
    assert attempt(known, "a") == "in"


def test_where_hosts_have_accounts_of_their_own_each_is_tried_once() -> None:
    known = Credentials(Stop())
    for host in "abc":
        assert attempt(known, host, refused(), keep_trying=True) == "401"
        assert attempt(known, host, keep_trying=True).startswith("not tried again")
    assert attempt(known, "d") == "in", "it speaks for nobody else"


def test_a_host_that_starts_up_may_be_asked_again() -> None:
    known = Credentials(Stop())
    attempt(known, "a")
    attempt(known, "a", refused())
    known.forgive("a", credential())
    assert attempt(known, "a") == "in"


def crowd(known: Credentials, logon: Callable[[str], None], hosts: int) -> tuple[int, list[str]]:
    """All at once; how many logons were sent, and what each came to."""
    sent, results = [0], [""] * hosts
    lock = threading.Lock()

    def one(number: int) -> None:
        try:
            with known.trial(f"h{number}", credential(), lambda _error: True):
                with lock:
                    sent[0] += 1
                time.sleep(0.02)
                logon(f"h{number}")
                results[number] = "in"
        except TransportError as error:
            results[number] = error.message

    threads = [threading.Thread(target=one, args=(n,)) for n in range(hosts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return sent[0], results


def test_of_a_crowd_exactly_one_tries_a_wrong_password() -> None:
    def refuse(_host: str) -> None:
        raise refused()

    sent, results = crowd(Credentials(Stop()), refuse, 60)
    assert sent == 1
    assert sorted(text.split(":")[0] for text in results) == ["401"] + ["not tried"] * 59


def test_of_a_crowd_all_get_in_after_the_first() -> None:
    sent, results = crowd(Credentials(Stop()), lambda _host: None, 60)
    assert (sent, set(results)) == (60, {"in"})


def test_a_first_one_that_is_not_there_hands_the_turn_on() -> None:
    gone = set[str]()

    def logon(host: str) -> None:
        if len(gone) < 3:
            gone.add(host)
            raise Unreachable("off")

    sent, results = crowd(Credentials(Stop()), logon, 20)
    assert sent == 20
    assert sorted(results) == ["in"] * 17 + ["off"] * 3


def test_who_waits_for_the_first_answer_is_sent_home_when_the_run_is_stopped() -> None:
    stop = Stop()
    known = Credentials(stop)
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with known.trial("a", credential(), lambda _error: True):
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(5)
    stop.ask(StopLevel.NOW)
    assert attempt(known, "b") == "not connected: the run was stopped"
    leave.set()
    thread.join()


def test_a_first_host_that_says_nothing_is_waited_for_only_so_long() -> None:
    now = [0.0]
    known = Credentials(Stop(), clock=lambda: now[0])
    with known.trial("a", credential(), lambda _error: True):
        now[0] = PATIENCE + 1
        assert attempt(known, "b", refused()) == "401", "the next one is tried beside it"
        assert attempt(known, "c").endswith("was refused by b")
    assert attempt(known, "c") == "in", "it did get in after all: then b has a password of its own"


def test_hosts_that_do_not_take_the_connection_are_waited_for_less_and_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    waits: list[float] = []

    def wait(_self: Credentials, seconds: float) -> None:
        waits.append(round(seconds, 3))
        now[0] += seconds + 1e-9

    monkeypatch.setattr(Credentials, "_wait", wait)
    known = Credentials(Stop(), clock=lambda: now[0])

    def go(left: int) -> None:
        def reach() -> None:
            if left:
                go(left - 1)  # the next one, while this one does not answer
            raise Unreachable("no answer")

        with (
            pytest.raises(Unreachable),
            known.trial(f"h{left}", credential(), lambda _error: True, reach=reach),
        ):
            pytest.fail("it was not reached")

    go(3)
    assert waits == [round(REACHING / n, 3) for n in (1, 2, 3)]
    assert attempt(known, "last") == "in", "nobody waits for those who are gone"
    assert len(waits) == 3


def test_who_was_reached_while_another_spoke_is_not_shown_a_refused_password() -> None:
    known = Credentials(Stop())
    reached: list[str] = []

    def reach() -> None:
        reached.append("b")
        assert attempt(known, "a", refused()) == "401", "it came in between"

    def beside() -> None:
        known._known[known._digest(credential())].reached_for = float("-inf")
        reach()

    with (
        pytest.raises(AuthenticationFailed, match="was refused by a") as caught,
        known.trial("b", credential(), lambda _error: True, reach=beside),
    ):
        pytest.fail("it was shown the password")
    assert reached == ["b"]
    assert "not tried" in caught.value.message
    assert attempt(known, "b").endswith("was refused by a"), "and b has refused nothing itself"
