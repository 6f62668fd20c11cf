"""Notifications, and when handlers run."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import InputError
from runner.loading.playbook.playbook import load_playbook
from runner.model.playbook import FREE_FORM, tasks_in
from tests.loading.trees import names, play, said, write


def test_handlers_run_after_each_section(tmp_path: Path) -> None:
    found = play(
        tmp_path,
        """
- hosts: all
  pre_tasks: [{name: a, win_ping: , notify: h}]
  roles: [r]
  tasks: [{name: b, win_ping: }]
  post_tasks: [{name: c, win_ping: , notify: h}]
  handlers: [{name: h, win_ping: }]
== roles/r/tasks/main.yml
- {name: in the role, win_ping: , notify: h}
""",
    )
    flush = [t for t in tasks_in(found.tasks) if t.module == "meta"]
    assert names(found) == ["a", "run handlers after pre_tasks", "in the role", "b",
                            "run handlers after tasks", "c"]  # fmt: skip
    assert {t.args[FREE_FORM] for t in flush} == {"flush_handlers"}
    assert {t.tags for t in flush} == {frozenset({"always"})}


def test_handlers_between_sections_need_meta(tmp_path: Path) -> None:
    text = "- hosts: all\n  pre_tasks: [{win_ping: , notify: h}]\n  tasks: [win_ping: ]\n"
    write(tmp_path, f"{text}  handlers: [{{name: h, win_ping: }}]\n")
    with pytest.raises(InputError) as caught:
        load_playbook(tmp_path / "play.yml", {"win_ping": False})
    expected = "play.yml:2:3: handlers after pre_tasks need the module 'meta'"
    assert said(caught.value, tmp_path) == [expected]


@pytest.mark.parametrize("notify", ["h", "web : h", "topic", "restart x", "{{ y }}", "any thing"])
def test_notifications_that_are_heard(tmp_path: Path, notify: str) -> None:
    found = play(
        tmp_path,
        f"""
- hosts: all
  vars: {{svc: x}}
  roles: [web]
  tasks: [{{win_ping: , notify: ["{notify}"]}}]
  handlers:
    - {{name: "restart {{{{ svc }}}}", win_ping: }}
    - {{name: "any {{{{ inventory_hostname }}}}", win_ping: , listen: topic}}
== roles/web/handlers/main.yml
- {{name: h, win_ping: }}
""",
    )
    assert found.handlers[0].name == "h"


@pytest.mark.parametrize("notify", ["hh", "other : h", "restart y", "web : topic"])
def test_notifications_that_nobody_hears(tmp_path: Path, notify: str) -> None:
    with pytest.raises(InputError, match="no handler is named or listens to"):
        test_notifications_that_are_heard(tmp_path, notify)
