"""What check and run do with tasks, on a toy fleet whose every line is written down."""

from __future__ import annotations

from runner.model.job import Status
from runner.model.state import Difference
from tests.engine.toys import Fleet, ToyHost, task
from tests.engine.visits.visiting import SET, check, run, writes


def test_a_run_changes_verifies_and_reports_old_and_new() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes, book = run(fleet, task("t", "key", SET))
    assert outcomes["t"].status is Status.CHANGED
    assert outcomes["t"].differences == (Difference("value", "old", "new"),)
    assert outcomes["t"].commands == ("set k=new",)
    assert fleet.hosts["a"].keys == {"k": "new"}
    assert [status for status, _ in book.settled] == [Status.CHANGED]


def test_the_intent_with_the_old_state_is_kept_before_any_write() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    _, book = run(fleet, task("t", "key", SET))
    [(_, before, lines)] = book.seen
    assert before.value == "old"
    assert lines == ["get k", "get owner"]


def test_what_is_already_so_is_ok_and_writes_nothing() -> None:
    fleet = Fleet({"a": ToyHost({"k": "new"})})
    outcomes, book = run(fleet, task("t", "key", SET))
    assert outcomes["t"].status is Status.OK
    assert writes(fleet.hosts["a"]) == []
    assert book.seen == []


def test_success_that_changed_nothing_is_a_failure() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"}, deaf={"k"})})
    outcomes, _ = run(fleet, task("t", "key", SET))
    assert outcomes["t"].status is Status.FAILED
    assert "reported success" in outcomes["t"].message


def test_a_lost_answer_is_looked_at_and_never_sent_again() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"}, lose_answer_of="set")})
    outcomes, _ = run(fleet, task("t", "key", SET))
    assert outcomes["t"].status is Status.CHANGED
    assert "asked again" in outcomes["t"].warnings[0]
    assert writes(fleet.hosts["a"]) == ["set k=new"]


def test_a_lost_answer_without_an_effect_is_in_doubt() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"}, lose_answer_of="set", deaf={"k"})})
    outcomes, book = run(fleet, task("t", "key", SET), task("u", "say", {"text": "x"}))
    assert outcomes["t"].status is Status.IN_DOUBT
    assert outcomes["u"].status is Status.BLOCKED
    assert writes(fleet.hosts["a"]) == ["set k=new"]
    assert book.settled[0][0] is Status.IN_DOUBT


def test_a_restart_whose_answer_was_lost_is_in_doubt_since_nothing_can_prove_it() -> None:
    fleet = Fleet({"a": ToyHost(lose_answer_of="set fresh")})
    outcomes, _ = run(fleet, task("t", "boot", {"proof": False}))
    assert outcomes["t"].status is Status.IN_DOUBT


def test_what_surely_never_started_is_unreachable_not_in_doubt() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"}, never_start="set")})
    outcomes, _ = run(fleet, task("t", "key", SET))
    assert outcomes["t"].status is Status.UNREACHABLE


def test_a_dry_run_writes_nothing_and_shows_the_commands() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes = check(fleet, task("t", "key", SET))
    assert outcomes["t"].status is Status.WOULD_CHANGE
    assert outcomes["t"].commands == ("set k=new",)
    assert writes(fleet.hosts["a"]) == []


def test_a_dry_run_carries_predictions_to_later_tasks_on_the_same_subject() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes = check(
        fleet,
        task("one", "key", SET),
        task("same", "key", SET),
        task("back", "key", {"key": "k", "value": "old"}),
    )
    assert outcomes["one"].status is Status.WOULD_CHANGE
    assert outcomes["same"].status is Status.OK
    assert outcomes["back"].differences == (Difference("value", "new", "old"),)


def test_a_condition_on_what_only_the_run_can_know_is_not_guessed() -> None:
    fleet = Fleet()
    outcomes = check(
        fleet,
        task("shout", "shout", {"text": "x"}, register="said"),
        task("then", "key", SET, conditions=("said.rc == 0",)),
        task("failed?", "key", SET, conditions=("said is failed",)),
    )
    assert outcomes["shout"].status is Status.NOT_PREDICTABLE
    assert outcomes["then"].status is Status.NOT_PREDICTABLE
    assert "'shout'" in outcomes["then"].message
    assert outcomes["failed"].status is Status.NOT_PREDICTABLE
    assert fleet.hosts["a"].lines == []


def test_what_can_be_predicted_of_a_result_is_usable() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes = check(
        fleet,
        task("one", "key", SET, register="one"),
        task("two", "key", {"key": "j", "value": "x"}, conditions=("one.value == 'new'",)),
    )
    assert outcomes["two"].status is Status.WOULD_CHANGE


def test_a_false_condition_names_itself() -> None:
    outcomes, _ = run(Fleet(), task("t", "key", SET, conditions=("true", "1 > 2")))
    assert outcomes["t"].status is Status.SKIPPED
    assert outcomes["t"].message == "condition false: 1 > 2"


def test_a_loop_is_one_outcome_with_items_and_results() -> None:
    fleet = Fleet({"a": ToyHost({"x": "1"})})
    outcomes, _ = run(
        fleet,
        task("t", "key", {"key": "{{ item }}", "value": "1"}, loop=["x", "y"], register="r"),
        task("u", "say", {"text": "{{ r.results | length }} {{ r.changed }}"}),
    )
    assert outcomes["t"].status is Status.CHANGED
    assert [o.status for o in outcomes["t"].items] == [Status.OK, Status.CHANGED]
    assert [o.item for o in outcomes["t"].items] == ["x", "y"]
    assert outcomes["u"].message == "2 True"


def test_a_failed_item_does_not_keep_the_others_from_running() -> None:
    fleet = Fleet({"a": ToyHost(deaf={"x"})})
    outcomes, _ = run(fleet, task("t", "key", {"key": "{{ item }}", "value": "1"}, loop=["x", "y"]))
    assert outcomes["t"].status is Status.FAILED
    assert fleet.hosts["a"].keys == {"y": "1"}


def test_handlers_run_once_when_notified_and_are_skipped_otherwise() -> None:
    fleet = Fleet()
    handlers = (
        task("restart", "say", {"text": "again"}),
        task("other", "say", {"text": "no"}, listen=("nobody",)),
    )
    outcomes, _ = run(fleet, task("t", "key", SET, notify=("restart",)), handlers=handlers)
    assert outcomes["restart"].status is Status.OK
    assert outcomes["other"].message == "not notified"


def test_changed_when_and_failed_when_decide() -> None:
    outcomes, _ = run(
        Fleet(),
        task("quiet", "shout", {"text": "x"}, changed_when=("false",)),
        task("bad", "shout", {"text": "x"}, register="r", failed_when=("r.stdout == 'done'",)),
    )
    assert outcomes["quiet"].status is Status.OK
    assert outcomes["bad"].status is Status.FAILED
    assert "failed_when" in outcomes["bad"].message


def test_an_ignored_failure_lets_the_host_go_on() -> None:
    outcomes, _ = run(
        Fleet(),
        task("bad", "say", {"text": "fail"}, ignore_errors=True),
        task("next", "say", {"text": "fine"}),
    )
    assert outcomes["bad"].status is Status.FAILED
    assert outcomes["bad"].ignored
    assert outcomes["next"].status is Status.OK


def test_until_repeats_and_gives_up() -> None:
    outcomes, _ = run(
        Fleet(),
        task("t", "shout", {"text": "x"}, register="r", until=("r.rc == 5",), retries=2, delay=0),
    )
    assert outcomes["t"].status is Status.FAILED
    assert "3 tries" in outcomes["t"].message


def test_check_mode_on_a_task_only_predicts_even_in_a_run() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes, book = run(fleet, task("t", "key", SET, check_mode=True))
    assert outcomes["t"].status is Status.WOULD_CHANGE
    assert book.seen == []
    assert fleet.hosts["a"].keys == {"k": "old"}


def test_no_log_hides_values_in_events_but_not_from_later_tasks() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    outcomes, _ = run(
        fleet,
        task("t", "key", {"key": "k", "value": "hunter2"}, no_log=True, register="r"),
        task("u", "key", {"key": "j", "value": "{{ r.value }}"}, no_log=True),
    )
    assert "hunter2" not in repr(fleet.events)
    assert outcomes["t"].status is Status.CHANGED
    assert fleet.hosts["a"].keys["j"] == "hunter2"


def test_known_secrets_are_masked_wherever_they_turn_up() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"})})
    fleet.redactor.add("s3cret")
    run(fleet, task("t", "key", {"key": "k", "value": "x-s3cret-y"}))
    assert "s3cret" not in repr(fleet.events)
    assert fleet.hosts["a"].keys["k"] == "x-s3cret-y"


def test_a_template_from_a_host_is_never_evaluated() -> None:
    fleet = Fleet({"a": ToyHost({"k": "{{ 6 * 7 }}"})})
    outcomes, _ = run(
        fleet,
        task("t", "key", {"key": "k", "value": "{{ '{{ 6 * 7 }}' }}"}, register="r"),
        task("u", "say", {"text": "{{ r.value }}"}),
    )
    assert outcomes["u"].message == "{{ 6 * 7 }}"


def test_a_failing_host_does_not_touch_the_others() -> None:
    hosts = {name: ToyHost({"k": "old"}) for name in ("a", "b", "c")}
    hosts["b"].deaf = {"k"}
    fleet = Fleet(hosts)
    run(fleet, task("t", "key", SET), task("u", "key", {"key": "j", "value": "1"}))
    assert [h.keys.get("j") for h in hosts.values()] == ["1", None, "1"]
