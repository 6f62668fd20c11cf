"""Includes: what they hand down, where files are looked for, roles and their handlers."""

import threading
from pathlib import Path

import pytest

from runner.errors import InputError, PlaybookError
from runner.interfaces.includes import Included
from runner.model.playbook import IncludeKind
from tests.loading.includes import Run, names, only
from tests.loading.trees import said


def test_what_an_include_is(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        """
- hosts: all
  become: yes
  tasks:
    - name: i
      id: some
      ansible.builtin.include_tasks: "{{ item }}.yml"
      loop: "{{ files }}"
      loop_control: {loop_var: file}
      when: [a, b]
      register: r
      tags: t
      vars: {x: 1}
      ignore_errors: yes
      run_once: yes
      needs: []
    - {name: role, include_role: {role: "{{ r }}", public: yes}}
    - {name: bare, include: "{{ x }}.yml"}
    - {name: word, include_tasks: "file={{ x }}.yml"}
""",
    )
    task, role, bare, word = (t for t in run.playbook.all_tasks())
    assert task.include is not None
    assert role.include is not None
    assert (task.module, task.include.kind) == ("include_tasks", IncludeKind.TASKS)
    assert task.args == {"file": "{{ item }}.yml"}
    assert (task.id, task.needs, task.conditions, task.register) == ("some", (), ("a", "b"), "r")
    assert task.loop is not None
    assert (task.loop.var, task.tags, task.vars) == ("file", frozenset({"t"}), {"x": 1})
    assert (task.ignore_errors, task.run_once) == (True, True)
    assert task.include.chain == (str(tmp_path / "play.yml"),)
    assert (role.module, role.include.kind) == ("include_role", IncludeKind.ROLE)
    assert role.args == {"name": "{{ r }}", "public": True}
    assert [(t.module, t.args) for t in (bare, word)] == [
        ("include_tasks", {"file": "{{ x }}.yml"})
    ] * 2
    assert task.arg_sources["file"].line == 7


def test_what_included_tasks_inherit(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        """
- hosts: all
  no_log: yes
  tasks:
    - block:
        - name: i
          include_tasks:
            file: more.yml
            apply: {become: yes, tags: applied, when: c, vars: {y: 3, z: 3}, environment: {B: 2}}
          tags: own
          when: b
          vars: {x: 2, y: 2}
          run_once: yes
          ignore_errors: yes
        - {name: plain, include_tasks: more.yml, tags: own}
        - name: beside
          include_tasks: more.yml
          args:
            apply: {tags: [beside]}
      tags: outer
      when: a
      vars: {w: 1, x: 1}
      environment: {A: 1}
      delegate_to: dc01
== more.yml
- name: m
  win_ping:
  when: d
  tags: inner
  vars: {z: 4}
""",
    )
    task = only(run.include("i"), "m")
    assert task.conditions == ("a", "c", "d")
    assert task.tags == {"outer", "applied", "inner"}
    assert task.vars == {"w": 1, "x": 2, "y": 3, "z": 4}
    assert (task.run_once, task.ignore_errors, task.no_log) == (False, False, True)
    assert (task.become.active, task.delegate_to) == (True, "dc01")
    assert task.environment == ({"A": 1}, {"B": 2})
    plain = only(run.include("plain"), "m")
    assert (plain.tags, plain.conditions) == (frozenset({"outer", "inner"}), ("a", "d"))
    assert only(run.include("beside"), "m").tags == {"outer", "inner", "beside"}


def test_reading_a_file_once(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        """
- hosts: all
  tasks:
    - {name: same, include_tasks: "{{ f }}.yml"}
    - {name: each, include_tasks: other.yml}
== one.yml
- {name: "a {{ inventory_hostname }}", win_ping: }
== two.yml
- {name: b, win_ping: }
== other.yml
- import_tasks: "{{ f | default('two') }}.yml"
""",
    )
    first = run.include("same", {"f": "one"})
    (tmp_path / "one.yml").write_text("- broken")
    assert run.include("same", {"f": "one"}) is first
    assert names(run.include("same", {"f": "two"})) == ["b"]
    assert names(run.include("each", {"f": "two"})) == ["b"]
    with pytest.raises(InputError):
        run.include("each", {"f": "none"})
    assert names(run.include("each")) == ["b"]


def test_threads_share_what_was_read(tmp_path: Path) -> None:
    text = "- hosts: all\n  tasks: [{name: i, include_tasks: m.yml}]\n== m.yml\n- win_ping:\n"
    run = Run(tmp_path, text)
    found: list[Included] = []
    threads = [threading.Thread(target=lambda: found.append(run.include("i"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(each is found[0] for each in found)


def test_the_order_of_places(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        """
- hosts: all
  tasks:
    - {name: i, include_tasks: deep/a.yml}
    - {name: r, include_role: {name: base}}
  handlers:
    - {name: h, include_tasks: late.yml}
== deep/a.yml
- {name: beside, include_tasks: b.yml}
- {name: above, include_tasks: c.yml}
== deep/b.yml
- {name: deep b, win_ping: }
== b.yml
- {name: top b, win_ping: }
== c.yml
- {name: top c, win_ping: }
== late.yml
- {name: late, win_ping: }
== roles/base/tasks/main.yml
- {name: sub, include_tasks: sub/x.yml}
- {name: top, include_tasks: c.yml}
- import_tasks: sub/y.yml
== roles/base/tasks/sub/x.yml
- {name: first the role, include_tasks: b.yml}
== roles/base/tasks/sub/y.yml
- import_tasks: b.yml
== roles/base/tasks/sub/b.yml
- {name: sub b, win_ping: }
== roles/base/tasks/b.yml
- {name: role b, win_ping: }
""",
    )
    deep = run.include("i")
    assert names(run.below(only(deep, "beside"))) == ["deep b"]
    assert names(run.below(only(deep, "above"))) == ["top c"]
    assert names(run.include("h")) == ["late"]
    role = run.include("r")
    assert names(role) == ["sub", "top", "sub b"]
    sub = run.below(only(role, "sub"))
    assert names(run.below(only(sub, "first the role"))) == ["role b"]
    assert names(run.below(only(role, "top"))) == ["top c"]


ROLE = """
- hosts: all
  tasks:
    - name: i
      include_role: {name: "{{ who }}", tasks_from: "{{ what | default(omit) }}", public: yes}
      vars: {p: 1, who: base}
    - name: other
      include_role: {name: base, vars_from: more, defaults_from: more, apply: {tags: [x]}}
    - {name: quiet, include_role: {name: base, public: "{{ no_public }}"}}
== roles/base/tasks/main.yml
- {name: main, win_ping: , notify: heard}
== roles/base/tasks/second.yml
- {name: second, win_ping: }
== roles/base/handlers/main.yml
- {name: heard, win_ping: }
== roles/base/vars/main.yml
v: main
== roles/base/vars/more.yml
v: more
== roles/base/defaults/main.yml
d: main
== roles/base/defaults/more.yml
d: more
"""


def test_including_a_role(tmp_path: Path) -> None:
    run = Run(tmp_path, ROLE)
    found = run.include("i")
    assert (names(found), found.title, found.public) == (["main"], "base", True)
    assert found.role is not None
    assert (found.role.name, dict(found.role.defaults)) == ("base", {"d": "main"})
    assert found.role.vars["v"] == "main"
    assert only(found, "main").role is found.role
    assert only(found, "main").vars["p"] == 1
    assert names(run.include("i", {"what": "second"})) == ["second"]
    other = run.include("other")
    assert other.role is not None
    assert (other.role.vars["v"], other.role.defaults["d"]) == ("more", "more")
    assert only(other, "main").tags == {"x"}
    assert not other.public
    assert run.include("quiet", {"no_public": "yes"}).public
    with pytest.raises(PlaybookError, match="'public' is yes or no, found 'seldom'"):
        run.include("quiet", {"no_public": "seldom"})


def test_handlers_of_roles_known_beforehand(tmp_path: Path) -> None:
    run = Run(tmp_path, ROLE)
    assert [handler.name for handler in run.playbook.plays[0].handlers] == ["heard"]


def test_roles_in_a_loop_that_is_known(tmp_path: Path) -> None:
    text = """
- hosts: all
  vars: {more: [two]}
  tasks:
    - include_role: {name: "{{ r }}"}
      loop: "{{ ['one'] + more }}"
      loop_control: {loop_var: r}
== roles/one/tasks/main.yml
- {win_ping: , notify: one}
== roles/one/handlers/main.yml
- {name: one, win_ping: }
== roles/two/tasks/main.yml
- {win_ping: , notify: two}
== roles/two/handlers/main.yml
- {name: two, win_ping: }
"""
    run = Run(tmp_path, text)
    assert [handler.name for handler in run.playbook.plays[0].handlers] == ["one", "two"]


def test_handlers_of_a_role_that_only_a_host_knows(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        """
- hosts: all
  tasks: [{name: i, include_role: {name: "{{ kind_of_host }}"}}]
== roles/late/tasks/main.yml
- {win_ping: , notify: late}
== roles/late/handlers/main.yml
- {name: late, win_ping: }
""",
    )
    with pytest.raises(PlaybookError) as caught:
        run.include("i", {"kind_of_host": "late"})
    hint = (
        "handlers of a role whose name is known on a host only are not there: write them in the "
        "play, or name the role itself"
    )
    assert said(caught.value, tmp_path) == [
        f"roles/late/tasks/main.yml:1:24: no handler is named or listens to 'late' | {hint}"
    ]
