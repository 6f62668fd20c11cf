"""Inventories that grow or are read again on the way, through the command line."""

from __future__ import annotations

from tests.app.here import Here


def test_a_dry_run_says_which_plays_it_cannot_know(here: Here) -> None:
    play = """
- hosts: a
  gather_facts: false
  tasks:
    - {name: ask, command: echo x, register: said}
    - {name: group, group_by: {key: "is_{{ said.stdout }}"}}
- name: later
  hosts: is_x
  gather_facts: false
  tasks: [{name: there, debug: {msg: x}}]
"""
    _, out, _ = here.run(play, "--check")
    said = "who takes part in the play 'later' is not predictable: depends on 'group'"
    assert said in out
    _, report = here.report(play)
    assert {job["task"] for job in report["jobs"]} == {"ask", "group", "there"}


def test_a_typo_behind_group_by_is_still_one(here: Here) -> None:
    play = """
- hosts: all
  gather_facts: false
  tasks: [{group_by: {key: "os_{{ kind }}"}}]
- hosts: oz_lin
  gather_facts: false
  tasks: [{debug: {msg: x}}]
"""
    code, _, err = here.run(play)
    assert code == 5
    assert "no host or group is named 'oz_lin'" in err


def test_hosts_in_a_file_that_only_a_host_knows_are_refused(here: Here) -> None:
    here.write("more_lin.yml", "- {name: add, add_host: {name: n1}}\n")
    play = """
- hosts: a
  gather_facts: false
  tasks:
    - include_tasks: "more_{{ kind }}.yml"
- hosts: all
  gather_facts: false
  tasks: [{debug: {msg: x}}]
"""
    code, report = here.report(play)
    assert code == 2
    [failed] = [job for job in report["jobs"] if job["status"] == "failed"]
    assert "known only on the host" in failed["message"]


def test_what_an_added_host_is_given_may_be_a_secret(here: Here) -> None:
    play = """
- hosts: a
  gather_facts: false
  tasks:
    - name: add
      add_host: {name: n1, groups: new, ansible_connection: local, ansible_password: ano7her-one}
- hosts: new
  gather_facts: false
  tasks: [{name: tell, debug: {msg: "{{ ansible_password }} {{ hostvars.n1.ansible_password }}"}}]
"""
    code, out, err = here.run(play, "-vv")
    assert code == 0, err
    assert "ano7her-one" not in out + err + here.show()
    assert out.count("********") >= 2


REFRESHING = """
- hosts: all
  gather_facts: false
  tasks:
    - {name: grow, group_by: {key: "is_{{ kind }}"}}
    - name: write
      copy:
        dest: "{{ playbook_dir }}/h.ini"
        content: "n1\\n[new]\\na kind=other\\nn2\\n[all:vars]\\nansible_connection=local\\n"
      run_once: true
    - {name: refresh, meta: refresh_inventory}
    - {name: kinds, debug: {msg: "{{ kind }} {{ groups.new | default([]) }} {{ groups.is_lin }}"}}
- name: second
  hosts: new
  gather_facts: false
  tasks: [{name: new, debug: {msg: "{{ group_names }}"}}]
- name: third
  hosts: all
  gather_facts: false
  tasks: [{name: every, debug: {msg: x}}]
- name: fourth
  hosts: b
  gather_facts: false
  tasks: [{name: gone, debug: {msg: x}}]
"""


def test_an_inventory_that_is_read_again(here: Here) -> None:
    code, report = here.report(REFRESHING)
    assert code == 0
    on: dict[str, list[str]] = {}
    for job in report["jobs"]:
        on.setdefault(job["step"], []).append(job["host"])
    said = {(job["step"], job["host"]): job["message"] for job in report["jobs"]}
    refreshed = "the inventory was read again; new: n1, n2; gone: b"
    assert said["refresh", "a"] == refreshed
    assert said["kinds", "a"] == "other ['a', 'n2'] ['a']"
    assert said["kinds", "b"] == "win ['a', 'n2'] ['a']"  # what has begun on it goes on
    assert said["new", "a"] == "['is_lin', 'new']"
    assert (on["new"], sorted(on["every"])) == (["a", "n2"], ["a", "n1", "n2"])
    assert "gone" not in on


def test_a_dry_run_does_not_know_what_a_refresh_will_find(here: Here) -> None:
    play = REFRESHING.replace("{{ groups.is_lin }}", "")
    code, out, err = here.run(play, "--check")
    assert code == 0, err
    said = "who takes part in the play 'second' is not predictable: depends on 'refresh'"
    assert said in out
    assert "every" in out


def test_sources_that_are_wrong_by_then_fail_the_refresh_alone(here: Here) -> None:
    play = """
- hosts: a
  gather_facts: false
  tasks:
    - {name: write, copy: {dest: "{{ playbook_dir }}/h.ini", content: "[a:chidlren]\\n"}}
    - {name: refresh, meta: refresh_inventory, ignore_errors: true}
    - {name: kind, debug: {msg: "{{ kind }}"}}
- hosts: a:b
  gather_facts: false
  tasks: [{name: both, debug: {msg: x}}]
"""
    code, report = here.report(play)
    assert code == 0
    said = {job["step"]: job["message"] for job in report["jobs"]}
    assert "'chidlren' is no kind of section" in said["refresh"] or "chidlren" in said["refresh"]
    assert said["kind"] == "lin"
    assert [job["host"] for job in report["jobs"] if job["step"] == "both"] == ["a", "b"]


def test_a_limit_is_checked_in_spite_of_a_refresh_and_holds_behind_it(here: Here) -> None:
    code, _, err = here.run(REFRESHING, "-l", "a,nobdy")
    assert code == 5
    assert "nobdy" in err
    code, report = here.report(REFRESHING, "-l", "a")
    assert code == 0
    assert {job["host"] for job in report["jobs"]} == {"a"}


def test_secrets_of_an_inventory_that_is_read_again_are_masked(here: Here) -> None:
    play = REFRESHING.replace("kind=other", "kind=other ansible_password=Gr33nTree")
    play = play.replace("msg: x", 'msg: "{{ hostvars.a.ansible_password }}"')
    code, out, err = here.run(play, "-vv")
    assert code == 0, err
    assert "every: ********" in out
    assert "Gr33nTree" not in out.replace("ansible_password=Gr33nTree", "")


def test_errors_are_cleared_behind_plays_of_one_name(here: Here) -> None:
    play = "".join(
        f"- hosts: all\n  gather_facts: false\n  tasks: [{{{task}}}]\n"
        for task in (
            "name: fails, assert: {that: \"inventory_hostname != 'a'\"}",
            "meta: clear_host_errors",
            'name: again, debug: {msg: "x"}',
        )
    )
    code, report = here.report(play)
    assert code == 2
    again = {job["host"]: job["status"] for job in report["jobs"] if job["task"] == "again"}
    assert again["a"] == "ok"
    assert set(again.values()) == {"ok"}
