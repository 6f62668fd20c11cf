"""The same command lines on the lab and on Wine: what each made of them, in comparable form.

``cases/TOPIC.yml`` holds the lines; ``cases/differences.yml`` the ones about which the two do not
agree, each with what Microsoft's own does, and the source for that.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import yaml

from runner.interfaces.exchange import Output
from runner.lab.wine.state import exported, what_is
from runner.windows import registry, services
from tests.lab.machine_bench import Bench, Result, bench
from tests.wine.wine import WineBench

CASES = Path(__file__).parent / "cases"
TOPICS = ("files", "registry", "services")


class Host(Protocol):
    """What both benches can do."""

    def run(self, line: str) -> Result: ...


@dataclass(frozen=True)
class Step:
    """One line, how its result is compared, and the service state to wait for afterwards."""

    line: str
    how: str
    wait: tuple[str, str] | None = None


@dataclass(frozen=True)
class Case:
    """Lines that are run one after the other on one machine."""

    topic: str
    name: str
    steps: tuple[Step, ...]


@cache
def cases() -> tuple[Case, ...]:
    """All cases."""
    found = []
    for topic in TOPICS:
        for entry in yaml.safe_load((CASES / f"{topic}.yml").read_text(encoding="utf-8")):
            steps = tuple(_step(step) for step in entry["run"])
            found.append(Case(topic, entry["name"], steps))
    return tuple(found)


def _step(given: str | Mapping[str, Any]) -> Step:
    if isinstance(given, str):
        return Step(given, _usual(given))
    wait = given.get("wait")
    return Step(
        given["line"], given.get("how", _usual(given["line"])),
        (wait["service"], wait["state"]) if wait else None,
    )  # fmt: skip


def _usual(line: str) -> str:
    words = line.lower().split()
    if words[:2] == ["reg", "query"]:
        return "reg"
    if words[:2] in (["sc", "query"], ["sc", "queryex"]):
        return "sc"
    return "code" if words[0] in ("reg", "sc") else "text"


@cache
def exceptions() -> dict[tuple[str, str], Mapping[str, Any]]:
    """(case, line) -> the difference and its reason; a line "end" stands for what is left."""
    text = (CASES / "differences.yml").read_text(encoding="utf-8")
    return {(entry["case"], entry["line"]): entry for entry in yaml.safe_load(text)}


def seen(host: Host, step: Step) -> Any:
    """What a line came to, so that it can be compared."""
    result = host.run(step.line)
    if step.wait is not None:
        _wait(host, *step.wait)
    return _VIEWS[step.how](result)


def _wait(host: Host, service: str, state: str) -> None:
    end = time.monotonic() + 20
    while state not in host.run(f"sc query {service}").out:
        assert time.monotonic() < end, f"{service} never was {state}"
        time.sleep(0.05)


def _reg(result: Result) -> Any:
    keys = registry.parse(Output(result.code, result.out, result.err).stdout)
    found = [
        (key.path.lower(), sorted((v.name.lower(), v.type, v.data) for v in key.values))
        for key in keys
    ]
    return result.code, sorted(found, key=lambda key: key[0])


def _sc(result: Result) -> Any:
    return result.code, [(s.name.lower(), s.state) for s in services.parse(result.out)]


_VIEWS: Mapping[str, Callable[[Result], Any]] = {
    "none": lambda result: None,
    "code": lambda result: result.code,
    "fails": lambda result: result.code != 0,
    "text": lambda result: (result.code, result.out),
    "number": lambda result: (result.code, re.findall(r"\d+", result.out)),
    "reg": _reg,
    "sc": _sc,
}

_KEY = r"HKLM\SOFTWARE\T"


def on_lab(case: Case) -> tuple[list[Any], Any]:
    """What the lab makes of a case, and what is left."""
    host = bench()
    host.ok(r"mkdir C:\T")
    found = [seen(host, step) for step in case.steps]
    return found, (_left_lab_files(host), _left_keys(host, lambda: _lab_file(host, r"C:\T.reg")))


def _lab_file(host: Bench, path: str) -> bytes:
    entry = host.machine._host.files.find(path)
    assert entry is not None
    assert entry.content is not None
    return bytes(entry.content)


def _left_lab_files(host: Bench) -> dict[str, str]:
    found = {}
    for path, facts in host.state["files"].items():
        if path.lower().startswith("c:\\t\\"):
            name = path[5:].replace("\\", "/")
            found[name] = facts.get("sha1", "folder")
    return _without_exports(found)


def _without_exports(files: dict[str, str]) -> dict[str, str]:
    """A .reg file's content is compared as keys: it may be written in another order."""
    return {name: "" if name.endswith(".reg") else what for name, what in files.items()}


def on_wine(host: WineBench, case: Case) -> tuple[list[Any], Any]:
    """What Wine makes of a case, and what is left. Cleans up afterwards."""
    top = host.machine.drive / "T"
    host.machine.boot()
    top.mkdir()
    try:
        found = [seen(host, step) for step in case.steps]
        files = {path.relative_to(top).as_posix(): what_is(path) for path in top.rglob("*")}
        left = _left_keys(host, (host.machine.drive / "T.reg").read_bytes)
    finally:
        host.run(rf"rmdir /s /q C:\T&del C:\T.reg&reg delete {_KEY} /f")
    return found, (_without_exports(files), left)


def _left_keys(host: Host, read: Callable[[], bytes]) -> Any:
    if host.run(rf"reg export {_KEY} C:\T.reg /y").code != 0:
        return None
    keys = exported(read().decode("utf-16"))
    return {
        key.lower(): {name.lower(): data for name, data in values.items()}
        for key, values in keys.items()
    }
