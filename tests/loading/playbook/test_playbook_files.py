"""Playbooks of several files, and what they hand down."""

from pathlib import Path

import pytest

from runner.errors import PlaybookError, TemplateError
from runner.loading.playbook.playbook import load_playbook
from runner.model.playbook import FREE_FORM
from tests.loading.modules import MODULES
from tests.loading.playbooks import load, play, tasks


def test_blocks_and_imports_hand_down(tmp_path: Path) -> None:
    found = play(
        tmp_path,
        """
- hosts: all
  no_log: yes
  vars: {which: sub}
  handlers:
    - name: h
      win_ping:
      listen: [l, m]
    - import_tasks: more.yml
  tasks:
    - block:
        - win_ping:
          when: inner
          no_log: false
        - block:
            - import_tasks: "tasks/{{ which }}.yml"
              vars: {a: 2}
              tags: z
              notify: from file
      when: outer
      tags: x
      vars: {a: 1, b: 1}
      ignore_errors: yes
      notify: l
    - ansible.builtin.import_tasks: {file: tasks/sub.yml}
""",
        tasks__sub_yml="- win_ping:\n  vars: {b: 3}\n- import_tasks: next.yml\n",
        tasks__next_yml="- debug: msg=x\n",
        more_yml="- name: from file\n  win_ping:\n",
    )
    first, second, third, fourth, fifth = tasks(found)
    assert first.conditions == ("outer", "inner")
    assert (first.no_log, first.ignore_errors, first.tags) == (False, True, frozenset({"x"}))
    assert second.conditions == ("outer",)
    assert (second.no_log, second.ignore_errors, second.tags) == (True, True, frozenset({"x", "z"}))
    assert second.vars == {"a": 2, "b": 3}
    assert (third.module, third.vars) == ("debug", {"a": 2, "b": 1})
    assert (first.notify, second.notify) == (("l",), ("from file",))
    assert second.source.file.endswith("tasks/sub.yml")
    assert (fourth.tags, fifth.module) == (frozenset(), "debug")
    assert [(h.name, h.listen) for h in found.handlers] == [("h", ("l", "m")), ("from file", ())]


def test_handlers_run_between_the_sections(tmp_path: Path) -> None:
    text = """
- hosts: all
  pre_tasks: [{win_ping: , notify: h}]
  tasks: [{win_ping: }]
  post_tasks: [{win_ping: , notify: h}]
  handlers: [{name: h, win_ping: }]
"""
    modules = [(t.module, t.args) for t in tasks(play(tmp_path, text))]
    flush = ("meta", {FREE_FORM: "flush_handlers"})
    ping: tuple[str, dict[str, str]] = ("win_ping", {})
    assert modules == [ping, flush, ping, ping]


def test_import_playbook(tmp_path: Path) -> None:
    first, second = load(
        tmp_path,
        "- import_playbook: other.yml\n  tags: t\n  when: x\n  vars: {a: 1}\n- hosts: b\n",
        other_yml="- hosts: a\n  vars: {a: 0, b: 0}\n  tasks:\n    - win_ping:\n      when: y\n",
    ).plays
    assert (first.hosts, first.tags, first.vars) == ("a", frozenset({"t"}), {"a": 1, "b": 0})
    assert tasks(first)[0].conditions == ("x", "y")
    assert (second.hosts, second.tags, second.vars) == ("b", frozenset(), {})


def test_a_circle_of_files(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError) as caught:
        play(
            tmp_path,
            "- hosts: all\n  tasks: [{import_tasks: a.yml}]\n",
            a_yml="- import_tasks: b.yml\n",
            b_yml="- win_ping:\n- import_tasks: ../" + tmp_path.name + "/a.yml\n",
        )
    assert "play.yml -> a.yml -> b.yml -> a.yml" in caught.value.message
    assert caught.value.source is not None
    assert (Path(caught.value.source.file).name, caught.value.source.line) == ("b.yml", 2)


def test_variables_known_beforehand(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text("- hosts: \"{{ target | default('all') }}\"\n  tasks: []\n")
    assert load_playbook(tmp_path / "p.yml", MODULES).plays[0].hosts == "all"
    found = load_playbook(tmp_path / "p.yml", MODULES, extra_vars={"target": ["web", "db"]})
    assert found.plays[0].hosts == "web,db"


def test_the_digest_covers_every_file(tmp_path: Path) -> None:
    text = "- hosts: all\n  vars_files: v.yml\n  tasks: [{import_tasks: t.yml}]\n"
    first = load(tmp_path, text, v_yml="a: 1\n", t_yml="- win_ping:\n").digest
    assert len(first) == 64
    assert load(tmp_path, text).digest == first
    assert load(tmp_path, text, v_yml="a: 2\n").digest != first
    assert load(tmp_path, text, v_yml="a: 1\n", t_yml="- win_ping: {}\n").digest != first
    other = tmp_path / "elsewhere"
    other.mkdir()
    assert load(other, text, v_yml="a: 1\n", t_yml="- win_ping:\n").digest == first


def test_every_template_is_checked_at_its_place(tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as caught:
        play(tmp_path, "- hosts: all\n  vars_files: v.yml\n", v_yml="a:\n  - b: '{{ x | nope }}'\n")
    assert caught.value.source is not None
    assert str(caught.value.source).endswith("v.yml:2:8")


def test_a_file_with_carriage_returns_and_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "p.yml"
    path.write_bytes(
        b"\xef\xbb\xbf- hosts: all\r\n  tasks:\r\n    - win_shell: |\r\n        dir\r\n"
    )
    (only,) = tasks(load_playbook(path, MODULES).plays[0])
    assert only.args == {FREE_FORM: "dir"}
