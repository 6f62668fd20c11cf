"""Files on Windows hosts, through the command line, real WinRM and the lab: there, again, back."""

from __future__ import annotations

import hashlib
import random

from tests.e2e.fleet import TestFleet, jobs_of
from tests.e2e.troubled import Make

HOSTS = {"old": {"lab_os": "2003-sp2"}, "new": {"lab_os": "2025"}}
BEFORE = {"lab_state": {"files": {r"C:\app\a.ini": {"content": "before", "attributes": "AR"}}}}
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - name: folder
      win_file: {path: 'C:\\app\\deep er', state: directory}
    - name: tree
      win_copy: {src: tree/, dest: 'C:\\app'}
    - name: template
      win_template: {src: hello.j2, dest: 'C:\\app\\deep er\\'}
    - name: text
      win_copy: {content: "100% & !x! <y>\\n", dest: 'C:\\app\\a.ini', backup: true}
      register: text
    - name: look
      win_stat: {path: 'C:\\app\\deep er\\hello.j2'}
      register: looked
    - name: read
      slurp: {src: 'C:\\app\\a.ini'}
      register: c
    - name: say
      debug:
        msg: "{{ c.content | b64decode }}{{ looked.stat.size }}{{ text.backup_file | default() }}"
"""


def lay_out(fleet: TestFleet) -> None:
    tree = fleet.home / "files" / "tree" / "sub"
    tree.mkdir(parents=True)
    (tree / "binary").write_bytes(bytes(range(256)) * 9)
    (tree / "empty").touch()
    templates = fleet.home / "templates"
    templates.mkdir()
    (templates / "hello.j2").write_text("hello {{ inventory_hostname }}\nend\n")


def test_a_play_of_files_and_all_of_it_back(make: Make) -> None:
    fleet = make({name: {**host, **BEFORE} for name, host in HOSTS.items()})
    lay_out(fleet)
    states = fleet.states()
    checked = jobs_of(fleet.report(PLAY, "--check"))
    assert checked["text", "old"]["status"] == "would change"
    assert fleet.states() == states
    done = fleet.report(PLAY)
    jobs = jobs_of(done)
    for host in HOSTS:
        said = jobs["say", host]["result"]["msg"]
        assert said.startswith("100% & !x! <y>\n16C:\\app\\a.ini.")
        files = fleet.state(host)["files"]
        assert files[r"C:\app\sub\binary"]["size"] == 256 * 9
        wanted = hashlib.sha1(f"hello {host}\r\nend\r\n".encode()).hexdigest()
        assert files[r"C:\app\deep er\hello.j2"]["sha1"] == wanted
        assert files[r"C:\app\a.ini"]["attributes"] == "AR"
        assert not [name for name in files if ".runner-" in name]
    back = fleet.run("rollback", done["run"], "-i", str(fleet.inventory))
    assert back.code == 0, back.out + back.err
    after = fleet.states()
    for state in after.values():  # the copy that 'backup' left is the user's to keep
        (kept,) = [name for name in state["files"] if name.endswith(".bak")]
        del state["files"][kept]
    assert after == states


VARIABLES = """
- hosts: all
  gather_facts: false
  tasks:
    - name: folder
      win_file: {path: '%SystemDrive%\\new', state: directory}
    - name: text
      win_copy: {content: here, dest: '%SystemDrive%/new/a.txt'}
    - name: look
      win_stat: {path: '%systemdrive%\\new\\a.txt'}
      register: looked
    - name: copy
      win_copy:
        src: '%SystemDrive%\\new\\a.txt'
        dest: '%{{ name }}%\\b.txt'
        remote_src: true
      vars: {name: SystemRoot}
    - name: say
      debug: {msg: '{{ looked.stat.path }}'}
    - name: nobody
      win_stat: {path: '%NIX%\\a'}
      ignore_errors: true
"""


def test_variables_of_the_host_in_paths_and_all_of_it_back(make: Make) -> None:
    fleet = make({"one": {"lab_os": "2008-sp2"}})
    before = fleet.states()
    checked = jobs_of(fleet.report(VARIABLES, "--check"))
    assert checked["folder", "one"]["status"] == "would change"
    done = fleet.report(VARIABLES)
    jobs = jobs_of(done)
    assert jobs["say", "one"]["result"]["msg"] == r"C:\new\a.txt"
    assert "no environment variable NIX" in str(jobs["nobody", "one"])
    files = fleet.state("one")["files"]
    assert files[r"C:\Windows\b.txt"]["size"] == files[r"C:\new\a.txt"]["size"] == 4
    again = jobs_of(fleet.report(VARIABLES))
    assert {again[name, "one"]["status"] for name in ("folder", "text", "copy")} == {"ok"}
    back = fleet.run("rollback", done["run"], "-i", str(fleet.inventory))
    assert back.code == 0, back.out + back.err
    assert fleet.states() == before


def test_large_files_are_pushed_or_fetched(make: Make) -> None:
    server = {"listen": "127.0.0.1:0", "min_size": 1_000_000}
    fleet = make(
        {
            "pushed": {"lab_os": "2008r2-sp1"},
            "fetched": {"lab_os": "2019", "runner_file_server": server},
        }
    )
    folder = fleet.home / "files"
    folder.mkdir()
    data = random.Random(1).randbytes(3_000_000)
    (folder / "big.bin").write_bytes(data)
    task = "win_copy: {src: big.bin, dest: 'C:\\big.bin'}"
    report = fleet.report(f"- hosts: all\n  gather_facts: false\n  tasks:\n    - {task}\n")
    jobs = jobs_of(report)
    for host in ("pushed", "fetched"):
        assert jobs["win_copy", host]["status"] == "changed"
        found = fleet.state(host)["files"]["C:\\big.bin"]
        assert found["sha1"] == hashlib.sha1(data).hexdigest()
    assert jobs["win_copy", "fetched"]["result"]["sent_via"] == "http"
    said = [notice["text"] for notice in report["notices"]]
    assert said[0].startswith("file server: listening on 127.0.0.1:")
    assert "fetched fetched big.bin to its end: 3000000 bytes" in said[1]
    assert len(said) == 2
    # 64 KB of base64 a message, three more for each MiB, some for looking and placing.
    assert report["exchanges"] < 3_000_000 * 4 / 3 / 65536 + 3 * 3 + 100
