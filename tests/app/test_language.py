"""The last parts of the language, through the command line: names, dry runs, history."""

from __future__ import annotations

import pytest

from tests.app.here import Here


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
