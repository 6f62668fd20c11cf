"""The way back as a playbook: written, read by the runner as any other, and run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from runner.cli.main import invoke
from tests.e2e.fleet import TestFleet

pytestmark = [pytest.mark.xdist_group("rollback_playbook"), pytest.mark.timeout(300)]

SEED = """
- hosts: windows
  gather_facts: false
  tasks:
    - win_regedit: {path: 'HKLM:\\SOFTWARE\\Old', name: text, data: "{{ '{{' }} at"}
    - win_regedit: {path: 'HKLM:\\SOFTWARE\\Old', name: many, data: [a, b], type: multistring}
    - win_regedit: {path: 'HKLM:\\SOFTWARE\\Old', name: bytes, data: 'hex:01,ff', type: binary}
    - win_environment: {name: OLD, value: one, level: machine}
    - win_firewall_rule: {name: Old, localport: '139', protocol: tcp, action: block, direction: in}
"""
PLAY = """
- hosts: windows
  gather_facts: false
  tasks:
    - name: stop the spooler
      win_service: {name: Spooler, state: stopped, start_mode: disabled}
    - name: other values
      win_regedit: {path: 'HKLM:\\SOFTWARE\\Old', name: "{{ item }}", data: '1', type: dword}
      loop: [text, many, bytes, fresh]
    - name: a key of its own
      win_regedit: {path: 'HKLM:\\SOFTWARE\\New\\Below', name: x, data: y}
    - win_environment: {variables: {OLD: two, NEW: three}, level: machine}
    - win_path: {elements: 'C:\\tools'}
    - win_firewall_rule: {name: New, localport: '445', protocol: tcp, action: block}
    - win_firewall_rule: {name: Old, localport: '140', protocol: tcp}
    - win_timezone: {timezone: W. Europe Standard Time}
    - win_hosts: {canonical_name: sink.example, ip_address: 10.0.0.9}
    - name: a word
      win_command: cmd /c echo word
    - name: only here
      win_regedit: {path: 'HKLM:\\SOFTWARE\\Old', name: here, data: '1'}
      when: inventory_hostname == 'b'
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    hosts = {name: {"lab_os": "2012r2"} for name in ("a", "b")}
    with TestFleet(tmp_path_factory.mktemp("rollback-playbook"), hosts) as fleet:
        yield fleet


def without_backups(fleet: TestFleet) -> dict[str, str]:
    """What the hosts hold, but for what they keep of replaced files, and times of files."""
    found = {}
    for name, state in fleet.states().items():
        files = state.pop("files", {})
        found[name] = json.dumps(state, sort_keys=True, default=str)
        assert files is not None
    return found


def hosts_file(fleet: TestFleet) -> str:
    said = fleet.run("lab", "exec", "a", r"type C:\Windows\System32\drivers\etc\hosts")
    return said.out


def test_what_is_written_brings_everything_back(fleet: TestFleet) -> None:
    assert (done := fleet.play(SEED)).code == 0, done.out + done.err
    first, hosts = without_backups(fleet), hosts_file(fleet)
    assert (done := fleet.play(PLAY)).code == 0, done.out + done.err
    left = without_backups(fleet)
    assert left != first
    path = fleet.home / "back.yml"
    written = fleet.run("rollback", "last", "-o", str(path))
    assert written.code == 0, written.err
    assert str(path) in written.out
    assert "by hand" not in written.out, path.read_text(encoding="utf-8")
    assert without_backups(fleet) == left, "nobody was contacted"

    text = path.read_text(encoding="utf-8")
    assert "# registry hklm\\software\\old here on b" in text
    assert "NOT taken back: a word" in text
    assert (fleet.home / "state" / "journal.db").rename(fleet.home / "state" / "away.db")
    done = fleet.play(path)
    assert done.code == 0, done.out + done.err + text
    assert without_backups(fleet) == first
    assert hosts_file(fleet) == hosts
    assert "would change" not in fleet.play(path, "--check").out


def test_options_that_do_not_go_together(fleet: TestFleet) -> None:
    done = fleet.run("rollback", "last", "-o", "x.yml", "--check")
    assert done.code == 5
    assert "only writes a playbook" in done.err


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    (tmp_path / "hosts.ini").write_text("here ansible_connection=local\n")
    return tmp_path


def ran(place: Path, book: Path, *words: str) -> int:
    return invoke(["run", str(book), "-i", str(place / "hosts.ini"), *words])


def test_files_come_back_with_their_content(place: Path) -> None:
    root = place / "files"
    root.mkdir(mode=0o755)
    for above in (place, *place.parents):
        if not above.stat().st_mode & 0o001:
            break  # what not every account may reach stays on the host, and comes back from there
    (root / "conf").write_text("a = {{ 1 }}\nb = 2\n")
    (root / "conf").chmod(0o644)
    (root / "mode").write_text("")
    (root / "mode").chmod(0o640)
    (root / "link").symlink_to("conf")
    book = place / "play.yml"
    book.write_text(f"""
- hosts: all
  gather_facts: false
  tasks:
    - lineinfile: {{path: {root}/conf, regexp: '^b', line: b = 3}}
    - file: {{path: {root}/mode, mode: '0600'}}
    - file: {{path: {root}/link, src: mode, state: link}}
    - copy: {{dest: {root}/sub/new, content: x}}
      when: false
    - file: {{path: {root}/deep/er, state: directory}}
    - copy: {{dest: {root}/deep/er/new, content: x}}
    - command: touch {root}/made
      undo: [{{name: away with it, command: 'rm {root}/made', when: true}}]
    - replace: {{path: {root}/conf, regexp: a, replace: z}}
""")
    assert ran(place, book) == 0
    assert "z = {{ 1 }}" in (root / "conf").read_text()
    path = place / "back.yml"
    assert invoke(["rollback", "last", "-o", str(path)]) == 0
    plays = yaml.load(path.read_text().replace("!unsafe ", ""), Loader=yaml.SafeLoader)
    assert [play["hosts"] for play in plays] == [["here"]]
    assert not any("fail" in task for task in plays[0]["tasks"]), path.read_text()
    assert ran(place, path) == 0, path.read_text()
    assert (root / "conf").read_text() == "a = {{ 1 }}\nb = 2\n"
    assert (root / "mode").stat().st_mode & 0o777 == 0o640
    assert (root / "link").readlink() == Path("conf")
    assert sorted(p.name for p in root.iterdir()) == ["conf", "link", "mode"]


def test_what_no_task_can_say_stops_the_host_until_a_person_wrote_it(place: Path) -> None:
    old = place / "folder"
    old.mkdir()
    (old / "x").write_text("y")
    book = place / "play.yml"
    book.write_text(f"""
- hosts: all
  gather_facts: false
  tasks:
    - name: remove it
      file: {{path: {old}, state: absent}}
""")
    assert ran(place, book) == 0
    path = place / "back.yml"
    assert invoke(["rollback", "last", "-o", str(path)]) == 0
    (task,) = yaml.safe_load(path.read_text())[0]["tasks"]
    assert task["name"] == "BY HAND: remove it"
    assert "runner rollback does" in task["fail"]["msg"]
    assert "kind: before" in path.read_text()
    assert ran(place, path) == 2


MIXED = """
- hosts: windows
  gather_facts: false
  tasks:
    - block:
        - name: in a loop in a block
          win_regedit: {path: 'HKLM:\\SOFTWARE\\Mix', name: "{{ item.n }}", data: "{{ item.v }}"}
          loop: [{n: one, v: a}, {n: two, v: b}, {n: one, v: again}]
        - win_command: cmd /c exit 4
          when: inventory_hostname == 'b'
      rescue:
        - win_service: {name: Spooler, start_mode: manual}
      always:
        - win_regedit: {path: 'HKLM:\\SOFTWARE\\Mix\\Always', name: x, data: y}
    - name: for others
      win_regedit: {path: 'HKLM:\\SOFTWARE\\For', name: "{{ inventory_hostname }}", data: '1'}
      delegate_to: a
    - name: the same service after that
      win_service: {name: "{{ item }}", state: stopped, start_mode: disabled}
      loop: [Spooler, W32Time]
      notify: note
    - name: with a way back of its own
      win_shell: mkdir C:\\made
      args: {executable: cmd}
      undo: [{win_shell: 'rmdir C:\\made', args: {executable: cmd}}]
    - include_tasks: included.yml
      loop: [5, 6]
  handlers:
    - name: note
      win_environment: {name: MIXED, value: yes it is, level: machine}
"""
INCLUDED = """
- win_firewall_rule: {name: "mix {{ item }}", localport: "{{ item }}", protocol: tcp, action: block}
"""


def test_loops_blocks_and_delegated_tasks_go_the_way_that_rollback_goes(fleet: TestFleet) -> None:
    fleet.write(INCLUDED, "included.yml")
    play, path = fleet.write(MIXED, "mixed.yml"), fleet.home / "back-mixed.yml"
    first = fleet.states()
    assert (done := fleet.play(play)).code == 0, done.out + done.err
    assert fleet.states() != first
    assert fleet.run("rollback", "last").code == 0
    assert fleet.states() == first, "so goes rollback itself"
    assert (done := fleet.play(play)).code == 0, done.out + done.err
    assert fleet.states() != first
    written = fleet.run("rollback", "last", "-o", str(path))
    assert written.code == 0, written.err
    assert "by hand" not in written.out, path.read_text(encoding="utf-8")
    assert (done := fleet.play(path)).code == 0, done.out + done.err
    assert fleet.states() == first, path.read_text(encoding="utf-8")
