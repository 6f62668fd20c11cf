"""``environment`` and ``become`` around commands, and facts at the beginning of a play."""

from __future__ import annotations

from typing import Any

import pytest

from runner.model.job import Status
from runner.model.secret import Secret
from runner.model.task import Become, Way
from tests.engine.toys import Fleet, ToyHost, task
from tests.engine.visits.visiting import SET, check, run


def lines(fleet: Fleet, *tasks: Any, **play: Any) -> set[str]:
    """What stands in brackets before the commands."""
    outcomes, _ = run(fleet, *tasks, **play)
    assert all(o.status is not Status.FAILED for o in outcomes.values()), outcomes
    host = next(iter(fleet.hosts.values()))
    return {line.rpartition("]")[0].removeprefix("[") for line in host.lines}


def test_environments_are_merged_the_inner_over_the_outer() -> None:
    outer = {"A": "outer", "B": "{{ 1 + 1 }}", "C": True}
    inner = "{{ {'A': 'inner'} }}"
    found = lines(Fleet(), task("t", "key", SET, environment=(outer, "{{ {} }}", inner)))
    assert found == {"A=inner B=2 C=True"}


def test_an_environment_that_is_no_mapping_fails_with_its_place() -> None:
    outcomes, _ = run(Fleet(), task("t", "key", SET, environment=("{{ 5 }}",)))
    assert "'environment' must be a mapping of variables" in outcomes["t"].message
    assert outcomes["t"].message.startswith("play.yml:1:1: ")


@pytest.mark.parametrize(
    ("become", "variables", "shell", "found"),
    [
        (Become(active=True), {}, "posix", "sudo root"),
        (Become(active="{{ 'yes' }}", user="{{ 'bob' }}"), {}, "posix", "sudo bob"),
        (Become(active=True, user="SYSTEM"), {}, "cmd", "runas SYSTEM"),
        (Become(active=True, user="x", method="su"), {}, "cmd", "su x"),
        (Become(active=True, user="x", method="ansible.builtin.sudo"), {}, "cmd", "sudo x"),
        (Become(active=False, user="x"), {}, "posix", ""),
        (Become(), {"ansible_become": "yes", "ansible_become_user": "y"}, "posix", "sudo y"),
        (Become(active=True, user="x"), {"ansible_become": False}, "posix", ""),
        (Become(active=True, user="x"), {"ansible_become_user": "y"}, "posix", "sudo y"),
        (Become(active=True), {"ansible_sudo_user": "z", "ansible_become_user": "y"}, "posix",
         "sudo z"),
        (Become(active=True, method="su"), {"ansible_become_method": "sudo"}, "posix", "sudo root"),
        (Become(active=True, user="me"), {"ansible_user": "me"}, "posix", ""),
        (Become(active=True, user="ME"), {"ansible_user": "me"}, "cmd", ""),
        (Become(active=True, user="ME"), {"ansible_user": "me"}, "posix", "sudo ME"),
    ],
)  # fmt: skip
def test_who_is_become_and_how(
    become: Become, variables: dict[str, Any], shell: str, found: str
) -> None:
    fleet = Fleet(**variables)
    fleet.login_shell = shell
    assert lines(fleet, task("t", "key", SET, become=become)) == {found}


def test_remote_user_counts_as_who_we_are() -> None:
    way = Way(user="me")
    assert lines(Fleet(), task("t", "key", SET, become=Become(True, "me", "sudo"), way=way)) == {""}


def test_runas_needs_somebody() -> None:
    fleet = Fleet()
    fleet.login_shell = "cmd"
    outcomes, _ = run(fleet, task("t", "key", SET, become=Become(active=True)))
    assert outcomes["t"].status is Status.FAILED
    assert "needs to know who to become" in outcomes["t"].message


@pytest.mark.parametrize("name", ["ansible_become_password", "ansible_become_pass"])
def test_the_password_is_a_secret_and_is_masked_from_now_on(name: str) -> None:
    fleet = Fleet()
    fleet.of_host = {"a": {name: Secret("{{ 'hunter' }}2")}}
    lines(fleet, task("t", "key", SET, become=Become(True, "bob", "sudo")))
    assert fleet.redactor.text("hunter2") == "********"


def test_a_delegated_task_becomes_who_the_other_host_says() -> None:
    fleet = Fleet(ansible_become_user="mine")
    fleet.others = {"dc": ToyHost()}
    fleet.of_host = {"dc": {"ansible_become_user": "theirs"}}
    run(fleet, task("t", "key", SET, become=Become(True, None, "sudo"), delegate_to="dc"))
    assert "[sudo theirs] set k=new" in fleet.others["dc"].lines


def test_a_preview_shows_the_setting() -> None:
    outcomes = check(Fleet(), task("t", "key", SET, environment=({"A": "1"},)))
    assert outcomes["t"].commands == ("[A=1] set k=new",)


# -- facts ---------------------------------------------------------------------------------

SHOW = task("show", "say", {"text": "{{ ansible_hostname }} {{ ansible_facts.subset }}"})


def test_facts_are_gathered_in_the_plays_setting_with_its_subset() -> None:
    fleet = Fleet({"a": ToyHost({"name": "web"})})
    outcomes, _ = run(
        fleet, SHOW, gather_facts="{{ true }}", gather_subset=("min",),
        become=Become(True, "bob", "sudo"), environment=({"A": "1"},),
    )  # fmt: skip
    assert outcomes["show"].message == "web ['min']"
    assert fleet.hosts["a"].lines == ["[A=1 sudo bob] get name"]


def test_facts_may_not_be_wanted_on_a_host() -> None:
    fleet = Fleet()
    outcomes, _ = run(fleet, task("u", "say", {"text": "x"}), gather_facts="{{ 'no' }}")
    assert outcomes["gather-facts"].status is Status.SKIPPED
    assert fleet.hosts["a"].lines == []


def test_a_part_of_the_facts_is_not_what_modules_are_given() -> None:
    fleet = Fleet({"a": ToyHost({"name": "web"})})
    run(fleet, task("t", "who"), gather_facts=True, gather_subset=("min",))
    assert len(fleet.hosts["a"].lines) == 2


def test_modules_know_the_shell_before_any_facts() -> None:
    fleet = Fleet({"a": ToyHost({"k": "1"})})
    fleet.login_shell = "posix"
    outcomes, _ = run(
        fleet, task("t", "look", {"key": "k"}, register="r"),
        task("u", "say", {"text": "{{ r.shell }} {{ ansible_facts.key_k }} {{ key_k }}"}),
    )  # fmt: skip
    assert outcomes["u"].message == "posix 1 1"


def test_an_unreachable_host_may_be_ignored_while_gathering() -> None:
    fleet = Fleet({"a": ToyHost(down=True)})
    outcomes, _ = run(
        fleet, task("u", "say", {"text": "x"}), gather_facts=True, ignore_unreachable="{{ true }}"
    )
    assert outcomes["gather-facts"].ignored
    assert outcomes["u"].status is Status.OK


# -- async ---------------------------------------------------------------------------------


def test_a_detached_change_is_waited_for_and_verified() -> None:
    fleet = Fleet()
    outcomes, book = run(fleet, task("t", "key", SET, async_seconds="{{ 30 }}", poll=0.01))
    assert outcomes["t"].status is Status.CHANGED
    assert [line.split()[0] for line in fleet.hosts["a"].lines if "k=new" in line] == ["start"]
    assert fleet.hosts["a"].keys == {"k": "new"}
    assert outcomes["t"].commands == ("set k=new",)
    assert (outcomes["t"].result["finished"], outcomes["t"].result["value"]) == (1, "new")
    assert [status for status, _ in book.settled] == [Status.CHANGED]


def test_a_command_can_be_left_running() -> None:
    fleet = Fleet()
    outcomes, _ = run(fleet, task("t", "shout", {"text": "x"}, async_seconds=30, poll=0))
    result = outcomes["t"].result
    assert outcomes["t"].status is Status.CHANGED
    assert (result["started"], result["finished"], result["changed"]) == (1, 0, True)
    assert "rc" not in result
    assert result["results_file"] == f"/jobs/{result['ansible_job_id']}"
    assert f"start {result['ansible_job_id']} set shout=x" in fleet.hosts["a"].lines


def test_a_dry_run_starts_nothing_detached() -> None:
    fleet = Fleet()
    outcomes = check(fleet, task("t", "key", SET, async_seconds=30, poll=0.01))
    assert outcomes["t"].status is Status.WOULD_CHANGE
    assert fleet.hosts["a"].keys == {}
