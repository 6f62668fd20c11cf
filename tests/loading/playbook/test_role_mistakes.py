"""Mistakes in and about roles: message, place, hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import InputError, InputErrors
from runner.loading.playbook.playbook import load_playbook
from tests.loading.modules import MODULES
from tests.loading.trees import roles, said, write


def test_two_mistakes_in_two_roles(folder: Path) -> None:
    write(folder, "== roles/bad/tasks/main.yml\n- nope:\n- {name: x, win_ping: , tga: y}\n")
    with pytest.raises(InputError) as caught:
        roles(folder, "[missing, bad, common]")
    first, second, third = said(caught.value, folder)
    assert first.startswith("play.yml:2:11: there is no role 'missing' in ")
    assert second.startswith("roles/bad/tasks/main.yml:1:3: there is no module 'nope'")
    assert third.startswith("roles/bad/tasks/main.yml:2:25: 'tga' is not a keyword")


def test_mistakes_of_all_files_in_one_go(folder: Path) -> None:
    write(
        folder,
        """\
- hosts: all
  vars_files: [vars/main.yml, vars/mian.yml]
  roles: [web]
  handlers:
    - {name: h, win_reboot: , lisen: x}
- hosts: all
  strategy: linaer
  tasks:
    - import_tasks: more.yml
    - {name: t, win_ping: , needs: [nobody]}
- hots: all
  tasks: []
== vars/main.yml
my-var: 1
== more.yml
- {name: m, win_ping: , loop: names}
- {name: n, win_pong: }
== roles/web/tasks/main.yml
- {name: r, win_ping: , whn: x}
== roles/web/handlers/main.yml
- {name: s, win_service: [a]}
== roles/web/defaults/main.yml
a: "{{ x | uper }}"
== roles/web/vars/main.yml
[]
== roles/web/meta/main.yml
dependencies: [bse]
""",
    )
    with pytest.raises(InputErrors) as caught:
        load_playbook(folder / "play.yml", MODULES)
    lines = [line.partition(" | ")[0] for line in said(caught.value, folder)]
    assert [line.partition(" in roles, ")[0].partition(", found")[0] for line in lines] == [
        "vars/main.yml:1:1: 'my-var' cannot be the name of a variable",
        "play.yml:2:31: cannot find the variable file vars/mian.yml",
        "play.yml:5:31: 'lisen' is not a keyword of a task",
        "play.yml:7:13: there is no strategy 'linaer'",
        "play.yml:11:3: 'hots' is not a keyword of a play",
        "roles/web/meta/main.yml:1:16: there is no role 'bse'",
        "roles/web/defaults/main.yml:1:4: there is no filter 'uper'",
        "roles/web/vars/main.yml:1:1: variables are a mapping",
        "roles/web/tasks/main.yml:1:25: 'whn' is not a keyword of a task",
        "roles/web/handlers/main.yml:1:26: the arguments of 'win_service' are a mapping",
        "more.yml:1:31: 'loop' is a list or a template",
        "more.yml:2:13: there is no module 'win_pong'",
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[comon]", "play.yml:2:11: there is no role 'comon' in roles, "),
        ("[comon]", " | did you mean 'common'?"),
        ("[ns.col.comon]", ("there is no role 'ns.col.comon' in "
         "collections/ansible_collections/ns/col/roles, ")),
        ("['{{ which }}']", "play.yml:2:11: this must be known before any host is contacted"),
        ("[{tags: x}]", "play.yml:2:11: this role has no name | - role: NAME"),
        ("[{role: }]", "'role' is a text, found nothing"),
        ("['']", "this role has no name"),
        ("['common,1.0']", "'common,1.0' cannot be the name of a role"),
        ("[[common]]", "'role' is a text, found a list"),
        ("[{role: common, loop: [1]}]", ("play.yml:2:26: 'loop' is not a keyword of a role | "
         "use include_role or import_role in tasks for that")),
        ("[{role: common, tasks_from: x}]", "'tasks_from' is not a keyword of a role"),
        ("[{role: common, 'a b': x}]", "'a b' cannot be the name of a variable"),
        ("[{role: common, x: '{{ y | nope }}'}]", "nope"),
        ("[{role: common, become: 7}]", "'become' is yes or no"),
        ("[{role: common, vars: 7}]", "'vars' is a mapping of variables"),
        ("[{role: common, when: '{{'}]", "play.yml:2:32: not a template"),
        ("[badmeta]", ("roles/badmeta/meta/main.yml:1:1: 'dependecies' is not a keyword of a "
         "role's meta | did you mean 'dependencies'?")),
        ("[baddeps]", "roles/baddeps/meta/main.yml:1:15: 'dependencies' are a list of roles"),
        ("[listmeta]", "roles/listmeta/meta/main.yml:1:1: a role's meta is a mapping"),
        ("[listvars]", "roles/listvars/vars/main.yml:1:1: variables are a mapping, found a list"),
        ("[missdep]", "roles/missdep/meta/main.yml:1:16: there is no role 'gone'"),
        ("[a]", ("roles/b/meta/main.yml:1:16: the role 'a' leads to itself: "
         "roles/a/meta/main.yml -> roles/b/meta/main.yml -> roles/a/meta/main.yml")),
        ("[c]", ("roles/c/tasks/main.yml:1:23: the role 'c' leads to itself: "
         "roles/c/tasks/main.yml -> roles/c/tasks/main.yml")),
        ("[d]", "the role 'd' has no file 'nothing' in tasks | in roles/d/tasks: main"),
        ("[e]", "the role 'common' has no file 'man' in vars | did you mean 'main'?"),
        ("[up]", "the role 'common' has no file '../../app/tasks/main' in tasks"),
    ],
)  # fmt: skip
def test_mistakes(folder: Path, text: str, error: str) -> None:
    write(
        folder,
        """
== roles/empty/readme.md
== roles/badmeta/meta/main.yml
dependecies: []
== roles/baddeps/meta/main.yml
dependencies: common
== roles/listmeta/meta/main.yml
- x
== roles/listvars/vars/main.yml
- x
== roles/missdep/meta/main.yml
dependencies: [gone]
== roles/a/meta/main.yml
dependencies: [b]
== roles/b/meta/main.yml
dependencies: [a]
== roles/c/tasks/main.yml
- import_role: {name: c}
== roles/d/tasks/main.yml
- import_role: {name: d, tasks_from: nothing}
== roles/e/tasks/main.yml
- import_role: {name: common, vars_from: man}
== roles/up/tasks/main.yml
- import_role: {name: common, tasks_from: ../../app/tasks/main}
""",
    )
    with pytest.raises(InputError) as caught:
        roles(folder, text)
    (only,) = said(caught.value, folder)
    assert error in only
