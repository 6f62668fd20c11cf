"""One case of the conformance suite: a playbook, an inventory, and what is to come of it.

``cases/TOPIC.yml`` is a list of cases. ``expected/TOPIC.json`` holds what ansible-core made of
each (``python -m tests.conformance.record`` writes it); a case on which we differ on purpose says
``differs:`` with the reason, and ``expect:`` with what we make of it.

What came of a run is its exit code, and for each host the tasks in order, as lines of text::

    say hello: ok = hello        a debug task and its message
    stop it: failed (ignored)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

HERE = Path(__file__).parent
CASES = HERE / "cases"
EXPECTED = HERE / "expected"
HOSTS = "a\nb\n"
LOCAL = """
[all:vars]
ansible_connection=local
ansible_python_interpreter='{{ ansible_playbook_python }}'
"""


@dataclass(frozen=True)
class Made:
    """What came of a run."""

    exit: int
    jobs: Mapping[str, list[str]]

    def json(self) -> Any:
        """As it is kept in a file."""
        return {"exit": self.exit, "jobs": {host: list(jobs) for host, jobs in self.jobs.items()}}


@dataclass(frozen=True)
class Case:
    """A playbook and what belongs to it. ``args`` are options that both programs know."""

    topic: str
    name: str
    play: str
    inventory: str = HOSTS
    files: Mapping[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    differs: str = ""
    expect: Made | None = None
    exits: str = ""
    """Why the exit code alone is not Ansible's."""

    @property
    def id(self) -> str:
        """Its name in a test report."""
        return f"{self.topic}-{self.name}".replace(" ", "-")

    def write(self, folder: Path) -> None:
        """Lay the files out; every host is reached through the local machine."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "play.yml").write_text(self.play, encoding="utf-8")
        (folder / "hosts.ini").write_text(self.inventory + LOCAL, encoding="utf-8")
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            if text.startswith("#!"):
                path.chmod(0o755)


def read_cases() -> list[Case]:
    """All cases, in the order of the files."""
    return [case for path in sorted(CASES.glob("*.yml")) for case in _of_file(path)]


def _of_file(path: Path) -> Iterator[Case]:
    names: set[str] = set()
    for raw in yaml.safe_load(path.read_text(encoding="utf-8")):
        expect = raw.pop("expect", None)
        if raw["name"] in names:
            raise ValueError(f"{path}: two cases are named {raw['name']!r}")
        names.add(raw["name"])
        if ("differs" in raw) != (expect is not None):
            raise ValueError(f"{path}: {raw['name']}: 'differs' and 'expect' go together")
        made = None if expect is None else Made(expect["exit"], expect.get("jobs", {}))
        args = tuple(raw.pop("args", ()))
        yield Case(path.stem, args=args, expect=made, **raw)


def read_expected() -> dict[str, Made]:
    """What ansible-core made of the cases, by their ids."""
    found = {}
    for path in sorted(EXPECTED.glob("*.json")):
        for key, made in json.loads(path.read_text(encoding="utf-8")).items():
            if key != ASKED:
                found[key] = Made(made["exit"], made["jobs"])
    return found


ASKED: Final = "asked"
"""Under which a file of answers keeps what was asked."""


def question(topic: str) -> str:
    """A digest of all that Ansible was asked about a topic."""
    asked = [
        [c.id, c.play, c.inventory, sorted(c.files.items()), list(c.args)]
        for c in read_cases()
        if c.topic == topic
    ]
    return hashlib.sha256(json.dumps([LOCAL, asked]).encode()).hexdigest()


def asked_before(topic: str) -> str:
    """The digest of what the recorded answers are to."""
    path = EXPECTED / f"{topic}.json"
    data = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return str(data.get(ASKED, ""))
