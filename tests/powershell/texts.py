"""Every PowerShell text that is sent to hosts, found in the source so that none is forgotten."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from runner.interfaces.exchange import Exec, Output, Script
from runner.interfaces.guide import Generation
from runner.interfaces.lease import Lease
from runner.modules.win_powershell import wrapper
from runner.shells import powershell, powershell_script
from runner.transports.ssh import windows
from runner.windows import file_times, sam
from runner.windows.lease import WindowsLeases
from tests.powershell.lint import Version

ROOT: Final = Path(__file__).parent.parent.parent
SOURCE: Final = ROOT / "runner"
PLAYBOOKS: Final = ROOT / "playbooks"

SHIPPED: Final[Mapping[Generation, Version]] = {
    "2008": (2, 0), "2008r2": (2, 0), "2012": (3, 0), "2012r2": (4, 0), "2016": (5, 1),
    "2019": (5, 1), "2022": (5, 1), "2025": (5, 1),
}  # fmt: skip
"""What a generation has as shipped; 2008 got 2.0 as an update (Microsoft, KB968930)."""

LATER: Final[Mapping[str, tuple[Generation, str]]] = {
    "runner/modules/win_net_adapter_feature.py:_FIND": ("2012", "win_net_adapter_feature"),
    "runner/modules/win_net_adapter_feature.py:_SET": ("2012", "win_net_adapter_feature"),
    "runner/modules/win_defender.py:_REALTIME": ("2012r2", "win_defender"),
    "runner/windows/features.py:_LIST": ("2012", "win_feature"),
    "runner/windows/features.py:_CHANGE": ("2012", "win_feature"),
    "runner/windows/unzip.py:_LIST": ("2012", "win_unzip"),
    "runner/windows/unzip.py:_UNPACK": ("2012", "win_unzip"),
    "runner/modules/_parts/dsc_scripts.py:_TEST": ("2016", "win_dsc"),
    "runner/modules/_parts/dsc_scripts.py:_SET": ("2016", "win_dsc"),
    "runner/modules/_parts/win_share_change.py:_LIST": ("2012", "win_share"),
    "runner/modules/_parts/win_share_change.py:_ENCRYPT": ("2012", "win_share"),
    "runner/modules/_parts/win_share_change.py:_IS_ENCRYPTED": ("2012", "win_share"),
}
"""Texts that are for a later Windows than 2008 R2, and the module whose guide says so."""

_POWERSHELL: Final = re.compile(r"(?i)(powershell|pwsh)(\.exe)?$")
USERS: Final = frozenset({
    "params.check", "params.test_command", "params.boot_time_command", "params.cmd",
})  # fmt: skip
"""What playbooks say: a module cannot know it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A script; ``known`` is the version that has to understand it."""

    name: str
    text: str
    known: Version = (2, 0)


class NotFound(Exception):
    """A script whose text cannot be told from the source: add it to ``_RENDERED``."""


def from_source() -> list[Text]:
    """The texts of modules and of what they share."""
    found: dict[str, Text] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if "/lab/" not in name:
            found.update((text.name, text) for text in _of_file(name, path.read_text("utf-8")))
    return [*found.values(), *(Text(name, text) for name, text in _of_shells().items())]


def _of_file(name: str, source: str) -> Iterator[Text]:
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Exec" and call.args:
            _no_powershell(name, call.args[0])
        if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "Script" and call.args):
            continue
        language, asked = ast.unparse(call.args[0]), ast.unparse(call.args[1])
        if language not in ("'powershell'", "params.executable") or asked in USERS:
            continue
        where = f"{name}:{asked if isinstance(call.args[1], ast.Name) else call.lineno}"
        known = SHIPPED[LATER[where][0]] if where in LATER else (2, 0)
        for text in _texts(name, call.args[1]):
            yield Text(where, text, known)


def _no_powershell(name: str, program: ast.expr) -> None:
    said = program.value if isinstance(program, ast.Constant) else None
    if isinstance(said, str) and _POWERSHELL.search(said):
        raise NotFound(f"{name}:{program.lineno}: Exec of {said}: send a Script")


def _texts(name: str, asked: ast.expr) -> Sequence[str]:
    if isinstance(asked, ast.Constant) and isinstance(asked.value, str):
        return (asked.value,)
    if isinstance(asked, ast.Name):
        module = importlib.import_module(name.removesuffix(".py").replace("/", "."))
        if isinstance(text := getattr(module, asked.id, None), str):
            return (text,)
    rendered = _RENDERED.get(f"{name}:{ast.unparse(asked)}")
    if rendered is None:
        raise NotFound(f"{name}:{asked.lineno}: {ast.unparse(asked)}")
    return ("\n".join(rendered()),)


def _leases() -> list[str]:
    leases, lease = WindowsLeases("powershell"), Lease.read("run.0123abcd", "x")
    made = (leases.take(lease, ["run.89abcdef"]), leases.keep(lease), leases.withdraw(lease),
            leases.release(lease, alone=True))  # fmt: skip
    return [command.text for command in made if isinstance(command, Script)]


def _times() -> list[str]:
    return [file_times._by_powershell("C:\\x", stamp).text for stamp in file_times.STAMPS]


def _flag() -> list[str]:
    asked: Generator[Any, Any, None] = sam.set_flag("S-1-5-21-1-2-3-500", "Disabled", True)
    next(asked)  # wmic, which fails here
    command = asked.send((Output(1),)).command
    return [command.text]


_RENDERED: Final[Mapping[str, Callable[[], list[str]]]] = {
    "runner/modules/win_powershell.py:wrapper()": lambda: [wrapper()],
    "runner/windows/file_times.py:text": _times,
    "runner/windows/lease.py:f\"cmd /d /c '{line}'\"": _leases,
    "runner/windows/sam.py:text": _flag,
}
"""Texts that are put together at run time."""


def _of_shells() -> dict[str, str]:
    """What stands around scripts, starts programs, and starts cmd."""
    from runner.modules._parts import updates_scripts

    around = powershell_script
    texts = {
        "update task": updates_scripts._WORK,
        "bootstrap": around.bootstrap(),
        "program": powershell._program(Exec("a.exe", 'b "c" d')),
        "variables": around.variables({"A": "x", "B": ""}),
        "ssh": windows.from_powershell("dir"),
    }
    settings: Mapping[str, Mapping[str, Any]] = {
        "bare": {},
        "params": {"params": {"a": [1, None, "x"]}},
        "folder": {"chdir": "C:\\a 'b"},
        "input": {"input_line": 0},
    }
    for name, given in settings.items():
        texts[f"wrapped, {name}"] = around.reading_stdin(wrapped("'x'", **given))
    return texts


def wrapped(text: str, **given: Any) -> str:
    """The text with all that the shell puts around it."""
    return powershell_script.wrapped(text, **{"params": {}, "chdir": None, **given})


def from_playbooks(folder: Path = PLAYBOOKS) -> list[Text]:
    """What the tasks of playbooks have PowerShell do."""
    found = []
    for path in sorted(folder.rglob("*.yml")):
        tree = yaml.load(path.read_text("utf-8"), _Loader)
        found += [Text(f"{path.name}: {where}", text) for where, text in _of_tasks(tree)]
    return found


class _Loader(yaml.SafeLoader):
    """Reads tags that only the product knows as plain text."""


_Loader.add_multi_constructor("!", lambda _loader, _tag, node: str(node.value))
_KEYS: Final = {"win_shell": ("_raw_params", "cmd", "check"), "win_powershell": ("script", "check"),
                "win_reboot": ("test_command", "boot_time_command")}  # fmt: skip


def _of_tasks(tree: object) -> Iterator[tuple[str, str]]:
    if isinstance(tree, list):
        for item in tree:
            yield from _of_tasks(item)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            short = str(key).rpartition(".")[2]
            if short in _KEYS:
                yield from _of_task(short, value, tree)
            else:
                yield from _of_tasks(value)


def _of_task(module: str, value: object, task: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = dict(task.get("args") or {})
    given.update(value if isinstance(value, dict) else {_KEYS[module][0]: value})
    if given.get("executable", "powershell") == "powershell":
        for key in _KEYS[module]:
            if isinstance(given.get(key), str):
                yield str(task.get("name", module)), str(given[key])
