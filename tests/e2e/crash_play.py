"""What the crash test runs: playbooks whose tasks can be told apart by what they send."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.fleet import TestFleet

ONCE: Final = ("first", "second", "forever")
"""Commands that must not run twice: each adds a line to a file, and so does what takes it back."""
_SHELL: Final = """
    - id: {step}
      name: {step}
      win_shell: 'echo {step}>>{log}'
      args: {{executable: cmd}}
      undo:
        - win_shell: 'echo back-{step}>>{log}.undone & if exist {log} del {log}'
          args: {{executable: cmd}}
"""
_TASKS: Final = {
    "first": _SHELL,
    "forever": """
    - id: forever
      name: forever
      win_shell: 'echo forever>>{log}.forever'
      args: {{executable: cmd}}
""",
    "registry": r"""
    - id: registry
      name: registry
      win_regedit: {{path: 'HKLM:\SOFTWARE\Crash\{number}', name: "{{{{ item }}}}", data: '1'}}
      loop: [one, two]
      notify: handled
""",
    "variable": """
    - id: variable
      name: variable
      win_environment: {{name: CRASH_{number}, value: '1', level: machine, state: present}}
""",
    "folder": r"""
    - id: folder
      name: folder
      win_file: {{path: 'C:\crash-{number}', state: directory}}
    - id: text
      name: text
      win_copy: {{dest: 'C:\crash-{number}\t.txt', content: 'hello'}}
""",
    "names": """
    - id: names
      name: names
      win_hosts: {{canonical_name: 'crash{number}', ip_address: 10.0.0.1}}
""",
    "firewall": """
    - id: firewall
      name: firewall
      win_firewall_rule: {{name: 'crash-{number}-{{{{ item }}}}', localport: '{{{{ item }}}}',
        protocol: tcp, action: block, direction: in}}
      loop: [445, 139]
""",
    "service": """
    - id: service
      name: service
      win_service: {{name: LanmanServer, state: stopped, start_mode: disabled,
        force_dependent_services: true}}
""",
    "group": """
    - id: group
      name: group
      win_group: {{name: 'crash{number}', description: 'of the crash test'}}
""",
    "user": """
    - id: user
      name: user
      win_user: {{name: 'crash-u{number}', fullname: 'C', description: 'd', groups: Guests,
        account_disabled: true, password_never_expires: true}}
""",
    "deep": r"""
    - id: deep
      name: deep
      win_file: {{path: 'C:\deep-{number}\a b\c', state: directory}}
""",
    "copied": r"""
    - id: copied
      name: copied
      win_copy: {{src: '{tree}', dest: 'C:\copied-{number}\x'}}
""",
    "job": r"""
    - id: job
      name: job
      win_scheduled_task:
        name: 'crash{number}'
        path: '\crash{number}\sub'
        actions: [{{path: 'C:\Windows\System32\cmd.exe', arguments: '/c rem'}}]
        triggers: [{{type: daily, start_boundary: '2030-01-01T03:00:00'}}]
        username: SYSTEM
""",
    "tree": r"""
    - id: tree
      name: tree
      win_regedit: {{path: 'HKLM:\SOFTWARE\CrashTree', state: absent, delete_key: true}}
""",
    "delegated": r"""
    - id: delegated
      name: delegated
      win_regedit: {{path: 'HKLM:\SOFTWARE\CrashDelegated\{number}',
        name: "{{{{ inventory_hostname }}}}", data: '1'}}
      delegate_to: "{{{{ ansible_play_hosts_all[0] }}}}"
""",
    "unzip": r"""
    - id: unzip
      name: unzip
      win_unzip: {{src: 'C:\crash.zip', dest: 'C:\unzip-{number}\deep'}}
      when: (inventory_hostname[3:] | int) % 5 in [1, 4]
""",
    "second": _SHELL,
}
_HANDLER: Final = """
  handlers:
    - id: handled
      name: handled
      win_service: {name: Spooler, state: stopped, start_mode: disabled}
"""
_SYSTEMS: Final = ("2008r2-sp1", "2019", "2012r2", "2016", "2022")
_TREE: Final = "tree"
"""A folder beside the playbooks."""
_ARCHIVE: Final = {r"C:\crash.zip": {"zip": {"a.txt": "a", "sub/": "", "deep/er/b.txt": "b"}}}
"""What hosts have of which the system can unpack archives by itself: see the task."""
READY: Final = (
    r"reg add HKLM\SOFTWARE\CrashTree /v a /d 1 /f",
    r"reg add HKLM\SOFTWARE\CrashTree\sub /v b /t REG_DWORD /d 2 /f",
    r"reg add HKLM\SOFTWARE\CrashTree\sub\leaf /v c /d x /f",
)
"""Makes on every host what the tasks take away."""
_SENT: Final = {
    "first": r"echo first>>",
    "second": r"echo second>>",
    "forever": r"echo forever>>",
    "registry": r"reg add HKLM\\SOFTWARE\\Crash\\{number} /v (?:one|two)\b",
    "variable": r'reg add "[^"]+\\Environment" /v CRASH_{number}\b',
    "folder": r'md "C:\\crash-{number}"',
    "text": r'cd /d "C:\\crash-{number}"',
    "names": r'cd /d "C:\\Windows\\System32\\drivers\\etc"',
    "firewall": r"firewall (?:add|set|delete) rule name=crash-{number}-",
    "service": r"sc (?:stop|config) LanmanServer",
    "group": r"net localgroup crash{number} ",
    "user": r"\bcrash-u{number}\b|set PasswordExpires",
    "deep": r'md "C:\\deep-{number}\\',
    "copied": r'(?:md|cd /d) "C:\\copied-{number}\\',
    "job": r"\\crash{number}\\sub\\crash{number}",
    "tree": r"reg delete HKLM\\SOFTWARE\\CrashTree",
    "delegated": r"reg add HKLM\\SOFTWARE\\CrashDelegated\\{number} /v",
    "unzip": r'md "C:\\unzip-{number}\\|tar -xf C:\\crash\.zip -C C:\\unzip-{number}\\',
    "handled": r"sc (?:stop|config) Spooler",
}
_ALTERS: Final = re.compile(
    r"\breg (?:add|delete|copy|import)\b|\bsc (?:config|start|stop|create|delete|failure)\b"
    r"|\bnetsh advfirewall firewall (?:add|set|delete)\b|\bwmic [^&|]* set |\btar -xf"
    r"|\bnet (?:user|localgroup) [^&|]*/(?:add|delete|active|fullname)\b"
    r"|\bschtasks(?:\.exe)? /(?:create|change|delete)\b|\b(?:md|rd|del|move|ren|copy) |>>",
    re.IGNORECASE,
)


_LEASE: Final = re.compile(r"\breg (?:add|delete) HKLM\\SOFTWARE\\Runner /", re.IGNORECASE)
"""A host's note of who works on it: taken and given back by every run, with what it sends anyway,
and no change of it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One playbook: ``number`` stands in everything that it makes on a host."""

    number: int
    tasks: tuple[str, ...]
    hosts: tuple[str, ...]

    @property
    def log(self) -> str:
        """The file to which its commands add."""
        return f"C:\\crash-{self.number}.log"

    @property
    def text(self) -> str:
        """The playbook."""
        head = f"- hosts: [{', '.join(self.hosts)}]\n  gather_facts: false\n  tasks:"
        body = "".join(
            _TASKS[step].format(step=step, number=self.number, log=self.log, tree=_TREE)
            for step in self.tasks
        )
        return head + body + (_HANDLER if "registry" in self.tasks else "")

    @property
    def mark(self) -> str:
        """Stands on each host before what this playbook sends there."""
        return f"rem point {self.number}"

    def steps_sent(self, lines: Sequence[str]) -> list[str]:
        """The steps of each line that alters a host; ``? LINE`` where it is nobody's."""
        begun = lines.index(self.mark) if self.mark in lines else 0
        bare = (_LEASE.sub("", line) for line in lines[begun:])
        return [step for line in bare if _ALTERS.search(line) for step in self._steps(line)]

    def _steps(self, line: str) -> list[str]:
        number = str(self.number)
        found = [
            s for s, sent in _SENT.items() if re.search(sent.replace("{number}", number), line)
        ]
        return found or [f"? {line}"]


def scene(number: int, rand: random.Random, names: list[str], tasks: int) -> Scene:
    """Some of the hosts, and that many of the tasks in their usual order."""
    chosen = {"first", *rand.sample(sorted(_TASKS), min(tasks, len(_TASKS)))}
    hosts = sorted(rand.sample(names, rand.randint((len(names) + 1) // 2, len(names))))
    return Scene(number, tuple(step for step in _TASKS if step in chosen), tuple(hosts))


def fleet_of(home: Path, hosts: int) -> TestFleet:
    """That many hosts, with what the tasks need there and beside the playbooks."""
    tree = home / _TREE
    (tree / "sub").mkdir(parents=True)
    (tree / "a.txt").write_text("a" * 4000)
    (tree / "sub" / "b.txt").write_text("b")
    ready = {"lab_state": {"files": _ARCHIVE}}
    systems = {f"web{n:02}": _SYSTEMS[n % len(_SYSTEMS)] for n in range(hosts)}
    return TestFleet(home, {name: {"lab_os": os, **ready} for name, os in systems.items()})
