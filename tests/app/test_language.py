"""The last parts of the language, through the command line: names, growing, dry runs, history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.cli.main import invoke

LOCAL = "a kind=lin\nb kind=win\n[all:vars]\nansible_connection=local\nansible_password=Tr0ub4dor\n"


class Here:
    """A folder with an inventory of hosts that are this machine."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.write("h.ini", LOCAL)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, play: str, *words: str) -> tuple[int, str, str]:
        self.write("p.yml", play)
        where = [str(self.folder / "p.yml"), "-i", str(self.folder / "h.ini")]
        code = invoke(["run", *where, *words])
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def report(self, play: str, *words: str) -> tuple[int, dict[str, Any]]:
        code, out, err = self.run(play, "--json", "-", *words)
        assert out, err
        return code, json.loads(out)

    def show(self) -> str:
        invoke(["show", "last", "--all"])
        return self._capsys.readouterr().out


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Here:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    return Here(tmp_path, capsys)


def test_a_rendered_name_shows_no_secret_and_runs_no_lookup(here: Here) -> None:
    code, report = here.report(
        f"""
- hosts: a
  gather_facts: false
  tasks:
    - {{name: "log on with {{{{ ansible_password }}}}", id: one, debug: {{msg: x}}}}
    - {{name: "{{{{ lookup('pipe', 'touch {here.folder}/ran') }}}}", id: two, debug: {{msg: x}}}}
    - {{name: "hidden {{{{ kind }}}}", id: three, no_log: true, debug: {{msg: x}}}}
    - {{name: "kind {{{{ kind }}}}", id: four, debug: {{msg: x}}}}
    - {{name: "{{{{ item }}}} of {{{{ kind }}}}", id: five, debug: {{msg: x}}, loop: [1]}}
"""
    )
    assert code == 0
    names = {job["step"]: job["task"] for job in report["jobs"]}
    assert names == {
        "one": "log on with ********",
        "two": f"{{{{ lookup('pipe', 'touch {here.folder}/ran') }}}}",
        "three": "hidden {{ kind }}",
        "four": "kind lin",
        "five": "{{ item }} of lin",
    }
    assert not (here.folder / "ran").exists()


def test_steps_keep_their_names_and_history_shows_titles(here: Here) -> None:
    here.write("more.yml", "- {name: 'inner {{ kind }}', debug: {msg: x}}\n")
    play = """
- hosts: a
  gather_facts: false
  tasks:
    - {name: "outer {{ kind }}", debug: {msg: x}}
    - include_tasks: more.yml
"""
    code, report = here.report(play)
    assert code == 0
    steps = {job["step"]: job["task"] for job in report["jobs"]}
    assert steps["outer-kind"] == "outer lin"
    assert steps["include_tasks/inner-kind"] == "inner lin"
    shown = here.show()
    assert "outer lin" in shown
    assert "inner lin" in shown
    assert "include_tasks/inner-kind" not in shown


def test_a_dry_run_runs_no_program_for_a_static_name(here: Here) -> None:
    play = f"""
- hosts: a
  gather_facts: false
  tasks:
    - import_tasks: "{{{{ lookup('pipe', 'touch {here.folder}/ran; echo more.yml') }}}}"
"""
    here.write("more.yml", "- {debug: {msg: x}}\n")
    code, _, err = here.run(play, "--check")
    assert code == 5
    assert "must be known before any host is contacted" in err
    assert not (here.folder / "ran").exists()
    code, _, err = here.run(play)
    assert code == 0, err
    assert (here.folder / "ran").exists()


@pytest.mark.parametrize(("words", "file"), [(("--check",), "dry.yml"), ((), "real.yml")])
def test_static_names_know_the_run(here: Here, words: tuple[str, ...], file: str) -> None:
    here.write(file, "- {name: there, debug: {msg: '{{ ansible_version.major }}'}}\n")
    play = """
- hosts: "{{ 'a' if ansible_version.major == 2 and not ansible_diff_mode else 'nobody' }}"
  gather_facts: false
  tasks:
    - import_tasks: "{{ 'dry' if ansible_check_mode else 'real' }}.yml"
"""
    code, report = here.report(play, *words)
    assert (code, [job["task"] for job in report["jobs"]]) == (0, ["there"])


def test_wrong_parameters_in_an_included_file_show_before_the_run(here: Here) -> None:
    here.write("more.yml", "- {name: wrong, debug: {masg: x}}\n")
    play = """
- hosts: a
  gather_facts: false
  tasks:
    - {name: first, debug: {msg: x}}
    - include_tasks: more.yml
"""
    code, out, err = here.run(play)
    assert code == 5
    assert "more.yml:1" in err
    assert "masg" in err
    assert out == ""


def test_what_a_former_task_would_change_is_not_read(here: Here) -> None:
    play = f"""
- hosts: a
  gather_facts: false
  tasks:
    - {{name: make, id: make, file: {{path: {here.folder}/new, state: directory}}}}
    - {{name: look, id: look, stat: {{path: {here.folder}/new}}, register: found}}
    - {{name: use, id: use, debug: {{msg: old}}, when: not found.stat.exists}}
    - {{name: other, id: other, stat: {{path: {here.folder}/h.ini}}}}
"""
    _, report = here.report(play, "--check")
    found = {job["step"]: (job["status"], job["message"]) for job in report["jobs"]}
    assert found["look"] == ("not predictable", "depends on 'make'")
    assert found["use"][0] == "not predictable"
    assert found["other"][0] == "ok"


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


def test_what_must_be_verified_is_waited_for_in_spite_of_poll_0(here: Here) -> None:
    code, report = here.report(
        """
- hosts: a
  gather_facts: false
  vars: {folder: "FOLDER"}
  tasks:
    - {id: one, copy: {content: x, dest: "{{ folder }}/one"}, async: 60, poll: 0, register: one}
    - {id: same, copy: {content: x, dest: "{{ folder }}/one"}, async: 60, poll: 0, register: same}
    - id: each
      copy: {content: x, dest: "{{ folder }}/{{ item }}"}
      async: 60
      poll: 0
      loop: [two, three]
      register: each
    - {async_status: {jid: "{{ one.ansible_job_id }}"}, register: s}
    - {async_status: {jid: "{{ same.ansible_job_id }}"}, register: t}
    - {async_status: {jid: "{{ each.results[1].ansible_job_id }}"}, register: u}
    - assert:
        that:
          - s.finished and s.changed and s.dest == folder ~ "/one"
          - t.finished and not t.changed
          - u.finished and u.dest == folder ~ "/three"
    - {async_status: {jid: "{{ one.ansible_job_id }}", mode: cleanup}}
    - {id: none, async_status: {jid: j0123456789abcdef}, ignore_errors: true}
""".replace("FOLDER", str(here.folder))
    )
    assert code == 0
    status = {job["step"]: job["status"] for job in report["jobs"]}
    assert (status["one"], status["same"], status["each"]) == ("changed", "ok", "changed")
    assert status["none"] == "failed"
