"""Roles: where they are, what they bring, in which order."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner.model.playbook import tasks_in
from runner.model.secret import Secret
from tests.loading.trees import load, named, names, play, roles, write


def test_everything_that_a_role_has(folder: Path) -> None:
    found = roles(folder, "[app]")
    assert names(found) == ["base", "common", "install", "start"]
    assert found.roles == ("app",)
    assert found.role_defaults == {
        "base_level": 3, "app_kind": "service", "app_port": 80, "shared": "app default",
    }  # fmt: skip
    assert found.role_vars == {"shared": "app", "common_var": 1, "app_name": "app"}
    base, common, install, start = tasks_in(found.tasks)
    (handler,) = found.handlers
    for task in (install, start, handler):
        assert task.role is not None
        assert task.role is install.role
    assert install.role is not None
    assert base.role is not None
    assert common.role is not None
    assert (install.role.name, install.role.parents) == ("app", ())
    assert install.role.path == str(folder / "roles" / "app")
    assert install.role.defaults == found.role_defaults
    assert install.role.vars == {"shared": "app", "common_var": 1, "app_name": "app"}
    assert base.role.params == {"base_level": 2}
    assert base.role.vars == {"shared": "app", "app_name": "app", "from_app": 1}
    assert base.role.defaults["base_level"] == 3
    assert base.role.defaults["shared"] == "base default"
    assert common.role.vars["shared"] == "common"
    assert [role.name for role in base.role.parents] == ["app"]
    assert (base.conditions, base.tags) == (("dep_wanted",), frozenset({"dep"}))
    assert (common.conditions, common.tags) == ((), frozenset())
    assert (handler.name, handler.listen[0]) == ("restart", "app changed")


def test_what_is_written_beside_a_role(folder: Path) -> None:
    text = """
    - role: common
      tags: [t, "{{ extra }}"]
      when: wanted
      become: yes
      become_user: SYSTEM
      environment: {A: b}
      delegate_to: dc01
      ignore_errors: yes
      no_log: yes
      connection: ssh
      throttle: 1
      module_defaults: {win_ping: {data: x}}
      vars: {own: 1, ansible_password: geheim}
      collections: [ansible.windows]
      param: "{{ anything }}"
      other: [1]
"""
    (task,) = tasks_in(roles(folder, text, extra="u").tasks)
    assert (task.tags, task.conditions) == (frozenset({"t", "u"}), ("wanted",))
    assert (task.become.active, task.become.user) == (True, "SYSTEM")
    assert (task.environment, task.delegate_to, task.ignore_errors, task.no_log) == (
        ({"A": "b"},), "dc01", True, True,
    )  # fmt: skip
    assert (task.way.connection, task.throttle, task.args) == ("ssh", 1, {"data": "x"})
    assert task.role is not None
    assert task.role.params == {"param": "{{ anything }}", "other": [1]}
    assert task.role.vars == {
        "shared": "common", "common_var": 1, "own": 1, "ansible_password": Secret("geheim"),
    }  # fmt: skip
    assert task.vars == {}


@pytest.mark.parametrize(
    "text",
    ["[common]", "[role: common]", "[name: common]", "['{{ which }}']", "[{role: '{{ which }}'}]",
     "[./roles/common]", "[../project/roles/common]", "[../elsewhere]"],
)  # fmt: skip
def test_forms_of_a_name(folder: Path, text: str) -> None:
    write(folder.parent, "== elsewhere/tasks/main.yml\n- {name: common, win_ping: }\n")
    assert names(roles(folder, text, which="common")) == ["common"]


def test_absolute_paths_and_numbers(folder: Path) -> None:
    shutil.copytree(folder / "roles" / "common", folder / "roles" / "7")
    assert names(roles(folder, f"[{folder / 'roles' / 'common'}, 7]")) == ["common", "common"]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("project/roles/x", "x"),
        ("configured/x", "x"),
        ("also/x", "x"),
        ("project/x", "x"),
        ("project/collections/ansible_collections/ns/col/roles/x", "ns.col.x"),
        ("home/collections/ansible_collections/ns/col/roles/x", "ns.col.x"),
        ("project/roles/ns.col.x", "ns.col.x"),
        ("project/roles/x", "ns.col.x"),
    ],
)
def test_places(folder: Path, monkeypatch: pytest.MonkeyPatch, place: str, name: str) -> None:
    configured = f"{folder.parent / 'configured'}:{folder.parent / 'also'}"
    monkeypatch.setenv("ANSIBLE_ROLES_PATH", configured)
    write(folder.parent, f"== {place}/tasks/main.yml\n- {{name: here, win_ping: }}\n")
    found = roles(folder, f"[{name}]")
    assert (names(found), found.roles) == (["here"], (name,))


def test_the_default_places(folder: Path) -> None:
    write(folder.parent, "== home/roles/x/tasks/main.yml\n- {name: here, win_ping: }\n")
    assert names(roles(folder, "[x]")) == ["here"]


def test_a_dependency_beside_its_role(folder: Path) -> None:
    write(
        folder.parent,
        """
== far/one/meta/main.yml
dependencies: [two]
== far/two/tasks/main.yml
- {name: two, win_ping: }
""",
    )
    assert names(roles(folder, "[../far/one]")) == ["two"]


ORDER = """
  pre_tasks: [{name: before, win_ping: }]
  tasks:
    - {name: task, win_ping: }
    - import_role: {name: common}
  post_tasks: [{name: after, win_ping: }]
"""


def test_order(folder: Path) -> None:
    found = roles(folder, "[{role: common, when: a}]", ORDER)
    assert names(found) == ["before", "common", "task", "common", "after"]
    assert found.roles == ("common", "common")


IMPORT = """
- hosts: all
  vars: {from_play: 1}
  tasks:
    - block:
        - import_role:
            name: "{{ which }}"
            tasks_from: remove
            vars_from: other.yml
            defaults_from: other
            handlers_from: other
          vars: {own: 1}
          tags: t
      when: outer
      vars: {around: 1}
  handlers: [{name: last, win_ping: }]
"""


def test_import_role(folder: Path) -> None:
    found = play(folder, IMPORT, {"which": "app"})
    assert names(found) == ["base", "common", "remove"]
    remove = named(tasks_in(found.tasks), "remove")
    assert (remove.conditions, remove.tags) == (("outer",), frozenset({"t"}))
    assert remove.vars == {"around": 1, "own": 1}
    assert remove.role is not None
    assert remove.role.vars["app_name"] == "other"
    assert remove.role.vars["own"] == 1
    assert remove.role.defaults["app_port"] == 8080
    assert [handler.name for handler in found.handlers] == ["last", "restart", "reload"]
    assert found.role_vars["app_name"] == "other"
    assert found.role_defaults["app_port"] == 8080


def test_an_import_that_shows_nothing(folder: Path) -> None:
    text = "- hosts: all\n  tasks: [{import_role: {name: common, public: no}}]\n"
    found = play(folder, text)
    assert (names(found), found.role_vars, found.roles) == (["common"], {}, ("common",))


def test_handlers_come_in_ansibles_order(folder: Path) -> None:
    more = """
  handlers: [{name: of the play, win_ping: }]
  tasks: [{import_role: {name: imported}}, {win_ping: , notify: ["app : restart", in meta]}]
== roles/imported/handlers/main.yml
- {name: imported, win_ping: }
"""
    found = roles(folder, "[inmeta, {role: app, when: w, notify_me: 1}]", more)
    assert [h.name for h in found.handlers] == ["in meta", "restart", "of the play", "imported"]
    assert named(found.handlers, "restart").conditions == ("w",)


def test_a_role_may_import_another_file_of_itself(folder: Path) -> None:
    write(
        folder,
        """
== roles/r/tasks/main.yml
- import_role: {name: r, tasks_from: more}
== roles/r/tasks/more.yml
- {name: more, win_ping: }
== roles/r/meta/main.yml
dependencies: [common]
""",
    )
    assert names(roles(folder, "[r]")) == ["common", "more"]


@pytest.mark.parametrize(
    ("dependency", "name"),
    [
        ("{src: common}", "common"),
        ("{src: 'https://example.org/me/common.git', scm: git, version: v1}", "common"),
        ("{src: 'git+https://example.org/x.git', name: common}", "common"),
        ("{src: 'git+https://example.org/common.tar.gz'}", "common"),
        ("{src: 'https://example.org/x,v1,common'}", "common"),
    ],
)
def test_dependencies_as_ansible_galaxy_writes_them(
    folder: Path, dependency: str, name: str
) -> None:
    write(folder, f"== roles/r/meta/main.yml\ndependencies: [{dependency}]\n")
    found = roles(folder, "[r]")
    (task,) = tasks_in(found.tasks)
    assert names(found) == [name]
    assert task.role is not None
    assert task.role.params == {}


def test_the_digest_covers_the_roles(folder: Path) -> None:
    text = "- hosts: all\n  roles: [app]\n"
    first = load(folder, text).digest
    assert load(folder, text).digest == first
    path = folder / "roles" / "common" / "vars" / "main"
    path.write_text("common_var: 2\n")
    assert load(folder, text).digest != first
