"""Mistakes in plays: message, place, hint; all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import InputError
from tests.loading.trees import load, said

HEAD = "- hosts: all\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("hsots: x", "play.yml:2:3: 'hsots' is not a keyword of a play | did you mean 'hosts'?"),
        ("when: x", ("play.yml:2:3: 'when' is not a keyword of a play | "
         "a play has no condition: put when: on its tasks, or on the import_playbook")),
        ("fact_path: /x", ("play.yml:2:3: 'fact_path' in a play is not supported | "
         "local facts (*.fact files) are not gathered")),
        ("serial: many", ("play.yml:2:11: 'many' is no number of hosts for 'serial' | "
         "write 5, 20% or a list of such sizes")),
        ("serial: -1", "play.yml:2:11: '-1' is no number of hosts for 'serial'"),
        ("serial: 2.5", "'2.5' is no number of hosts for 'serial'"),
        ("serial: [1, 101%]", "play.yml:2:15: '101%' is no number of hosts"),
        ("serial: true", "'True' is no number of hosts"),
        ("serial: '{{ nope }}'", "play.yml:2:11: this must be known before any host is contacted"),
        ("canary: 0%", "'0%' is no number of hosts for 'canary'"),
        ("order: sideways", ("play.yml:2:10: 'order' cannot be 'sideways' | known: inventory, "
         "reverse_inventory, sorted, reverse_sorted, shuffle")),
        ("order: sortd", "did you mean 'sorted'?"),
        ("strategy: debug", "play.yml:2:3: 'strategy: debug' in a play is not supported"),
        ("strategy: lineer", ("play.yml:2:13: there is no strategy 'lineer' | "
         "did you mean 'linear'?")),
        ("max_fail_percentage: 101", "is a number from 0 to 100, found '101'"),
        ("max_fail_percentage: few", "is a number from 0 to 100, found 'few'"),
        ("max_in_flight: 3", "play.yml:2:18: 'max_in_flight' is a mapping, found a number"),
        ("max_in_flight: {a b: 3}", "'a b' cannot be the name of a variable"),
        ("max_in_flight: {cluster: 0}", "needs a whole number from 1 on, found '0'"),
        ("on_failure: panic", "'on_failure' cannot be 'panic' | known: continue, stop, rollback"),
        ("on_failure: rolback", "did you mean 'rollback'?"),
        ("user: a\n  remote_user: b", "play.yml:2:3: 'user' is the old word for 'remote_user'"),
        ("gather_facts: sometimes", "'gather_facts' is yes or no, found 'sometimes'"),
        ("gather_timeout: long", "'gather_timeout' is a number"),
        ("force_handlers: 7", "'force_handlers' is yes or no"),
        ("any_errors_fatal: 7", "'any_errors_fatal' is yes or no"),
        ("become: 7", "'become' is yes or no"),
        ("port: none of these", "'port' is a number"),
        ("environment: text", "'environment' is a mapping of variables, found a text"),
        ("roles: common", "play.yml:2:10: 'roles' are a list, found a text"),
        ("tasks: {a: b}", "tasks are a list, found a mapping"),
        ("handlers: {a: b}", "handlers are a list, found a mapping"),
        ("id: a b", "'a b' cannot be an id"),
        ("name: '{{ x | nope }}'", "nope"),
        ("vars: {a b: 1}", "'a b' cannot be the name of a variable"),
        ("vars_prompt: [{prompt: x}]", "this prompt names no variable"),
        ("vars_prompt: [{name: x, encrypt: sha512}]", "'encrypt' in vars_prompt is not supported"),
        ("vars_prompt: [{name: x, salt: y}]", "'salt' in vars_prompt is not supported"),
        ("vars_prompt: [{name: x, promt: y}]", "did you mean 'prompt'?"),
        ("vars_prompt: [{name: x, private: 7}]", "'private' is yes or no"),
        ("vars_prompt: [x]", "a prompt is a mapping, found a text"),
        ("tasks: [{win_ping: , notify: h}]", ("no handler is named or listens to 'h' | "
         "this play has no handlers")),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, text: str, error: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, f"{HEAD}  {text}\n")
    (only,) = said(caught.value, tmp_path)
    assert error in only


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = """
- hosts: all
  srial: 1
  order: up
  gather_timeout: x
  tasks:
    - nope:
    - win_ping:
      notify: nobody
- name: no hosts
  strategy: x
- win_ping:
- hosts: all
  roles: [missing]
"""
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    places = [line.split(": ")[0] for line in said(caught.value, tmp_path)]
    assert places == [f"play.yml:{at}" for at in
                      ("3:3", "4:10", "5:19", "7:7", "9:15", "10:3", "11:13", "12:3", "12:3",
                       "14:11")]  # fmt: skip
