"""Tasks of the file modules on this machine, as the engine does them; and what a folder holds."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Reader, Writer
from runner.engine.tasks.local_files import resolve
from runner.errors import ConnectionLost
from runner.interfaces.codec import from_json, to_json
from runner.interfaces.exchange import Command, Output
from runner.interfaces.module import Module, Params
from runner.interfaces.params import parse
from runner.loading.templates.templates import JinjaTemplates
from runner.loading.text.vault import VaultKeys
from runner.model.source import Source
from runner.model.state import UNKNOWN, Change, Difference, differences
from runner.modules import load
from tests.modules.posix_host import FACTS, link

PLACE = Source("play.yml", 1, 1)


@dataclass
class Task:
    """One task. ``variables`` are the host's."""

    name: str
    raw: Mapping[str, Any]
    variables: Mapping[str, Any] = field(default_factory=dict)
    link: Link = field(default_factory=link)
    keys: VaultKeys | None = None
    params: Params = field(init=False)
    module: Module[Any, Any] = field(init=False)
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.module = load(self.name)
        templates = JinjaTemplates(keys=self.keys)
        rendered = templates.render(dict(self.raw), self.variables)
        args = resolve(self.module, rendered, self.variables, templates, PLACE)
        self.params = parse(self.module, args, {}, PLACE)

    def probe(self) -> Any:
        return Reader(self.link).drive(self.module.probe(self.params, FACTS))

    def change(self) -> Change[Any]:
        before = self.probe()
        after = self.module.plan(self.params, before, FACTS)
        return Change(self.module.subject(self.params), before, after)

    def differences(self) -> tuple[Difference, ...]:
        return self.change().differences()

    def run(self, cut: int = 0) -> Done:
        """Do it, look whether it is done, and give the result; as a run does it."""
        change = self.change()
        if not change.differences():
            result = dict(self.module.result(self.params, change, FACTS, {}))
            return Done(self, change, {"changed": False, **result})
        writer = Cut(self.link, cut) if cut else Writer(self.link)
        applied = writer.drive(self.module.apply(self.params, change, FACTS)) or {}
        self.sent = writer.sent
        found = self.probe()
        wrong = [d for d in differences(change.after, found) if d.before is not UNKNOWN]
        assert not wrong, f"not as planned: {wrong}"
        actual: Change[Any] = Change(change.subject, change.before, found)
        result = dict(self.module.result(self.params, actual, FACTS, applied))
        return Done(self, actual, {"changed": applied.get("changed", True), **result})


@dataclass
class Done:
    """A task that was done, as the journal has it."""

    task: Task
    change: Change[Any]
    result: dict[str, Any]

    @property
    def changed(self) -> bool:
        return bool(self.result["changed"])

    def undo(self) -> None:
        """Take it back from what is on record alone, and look whether it is back."""
        module = self.task.module
        record = json.loads(json.dumps({
            "params": to_json(self.task.params),
            "before": to_json(self.change.before),
            "after": to_json(self.change.after),
        }))  # fmt: skip
        params = from_json(module.params, record["params"])
        before = from_json(module.state, record["before"])
        after = from_json(module.state, record["after"])
        host = link()
        found = Reader(host).drive(module.probe(params, FACTS))
        touched = {d.field for d in differences(before, after)}
        foreign = [d for d in differences(after, found) if d.field in touched]
        assert not foreign, f"conflict: {foreign}"
        Writer(host).drive(module.undo(params, Change("", before, found), FACTS))
        found = Reader(host).drive(module.probe(params, FACTS))
        wrong = [d for d in differences(before, found) if d.field in touched]
        assert not wrong, f"not as it was: {wrong}"


class Cut(Writer):
    """Loses the connection right after its n-th write was carried out."""

    def __init__(self, link: Link, after: int) -> None:
        super().__init__(link)
        self._after = after

    def _write(self, command: Command) -> Output:
        output = super()._write(command)
        if len(self.sent) == self._after:
            raise ConnectionLost("the line was cut", may_have_started=True)
        return output


def run(name: str, /, **raw: Any) -> Done:
    """Do a task."""
    return Task(name, raw).run()


def snapshot(folder: Path, *, times: bool = True) -> dict[str, Any]:
    """Everything in a folder: kind, content, mode, owner, times of files; times of folders not."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        known = path.lstat()
        what: Any = None
        moment = known.st_mtime_ns if times else 0
        if path.is_symlink():
            what, moment = os.readlink(path), 0  # noqa: PTH115 - the text itself
        elif path.is_dir():
            moment = 0
        elif path.is_file():
            what = path.read_bytes()
        name = str(path.relative_to(folder))
        found[name] = (oct(known.st_mode), known.st_uid, known.st_gid, what, moment)
    return found
