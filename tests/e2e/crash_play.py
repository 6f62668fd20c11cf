"""What the crash test runs: playbooks whose tasks can be told apart by what they send."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

ONCE: Final = ("first", "second", "forever")
"""Commands that must not run twice: each adds a line to a file."""
_SHELL: Final = """
    - id: {step}
      name: {step}
      win_shell: 'echo {step}>>{log}'
      args: {{executable: cmd}}
      undo:
        - win_shell: 'if exist {log} del {log}'
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
    "second": _SHELL,
}
_HANDLER: Final = """
  handlers:
    - id: handled
      name: handled
      win_service: {name: Spooler, state: stopped, start_mode: disabled}
"""
_SENT: Final = {
    "first": r"echo first>>",
    "second": r"echo second>>",
    "forever": r"echo forever>>",
    "registry": r"reg add HKLM\\SOFTWARE\\Crash\\{number} /v (?:one|two)\b",
    "variable": r'reg add "[^"]+\\Environment" /v CRASH_{number}\b',
    "folder": r'md "C:\\crash-{number}"',
    "text": r'cd /d "C:\\crash-{number}"',
    "names": r'cd /d "C:\\Windows\\System32\\drivers\\etc"',
    "handled": r"sc (?:stop|config) Spooler",
}
_ALTERS: Final = re.compile(
    r"\breg (?:add|delete|copy|import)\b|\bsc (?:config|start|stop|create|delete|failure)\b"
    r"|\b(?:md|rd|del|move|ren|copy) |>>",
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
            _TASKS[step].format(step=step, number=self.number, log=self.log) for step in self.tasks
        )
        return head + body + (_HANDLER if "registry" in self.tasks else "")

    def steps_sent(self, lines: Iterable[str]) -> list[str]:
        """The steps of each line that alters a host; ``? LINE`` where it is nobody's."""
        bare = (_LEASE.sub("", line) for line in lines)
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
