"""Finds the program that a name means and runs the lab tool behind it."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from runner.lab.faults import NotSimulated
from runner.lab.state.files import Entry
from runner.lab.state.paths import absolute
from runner.lab.state.process import Process, Session

__all__ = ["find_program", "run_program"]

_SCRIPT_LANGUAGES = {
    "powershell": "lab: PowerShell scripts are not simulated",
    "cscript": "lab: Windows Script Host scripts are not simulated",
}


def find_program(session: Session, name: str) -> Entry | None:
    """The file that `name` starts: in the working directory, then along PATH."""
    files = session.host.files
    extensions = (session.env.get("PATHEXT") or ".COM;.EXE;.BAT;.CMD").lower().split(";")
    has_extension = any(name.lower().endswith(ext) for ext in extensions if ext)
    names = [name] if has_extension else [name + ext for ext in extensions]
    if "\\" in name or "/" in name or ":" in name:
        places = [session.cwd]
    else:
        places = [session.cwd, *(session.env.get("PATH") or "").split(";")]
    for place in places:
        for candidate in names:
            entry = files.find(absolute(candidate, place or session.cwd))
            if entry is not None and not entry.is_dir:
                return entry
    return None


@lru_cache(maxsize=256)
def _tool(name: str) -> ModuleType | None:
    """The module `runner.lab.tools.NAME`: adding a tool is adding a file."""
    module = f"runner.lab.tools.{name}"
    return import_module(module) if find_spec(module) else None


def run_program(program: Entry, process: Process) -> int:
    """Run a program to its end; returns its exit code as the tool gives it.

    Raises NotSimulated for a program that exists on the machine but not in the lab.
    """
    host = process.host
    name = program.program or ("update_exe" if program.package else None)
    if name is None:
        raise NotSimulated(program.path)
    if name in _SCRIPT_LANGUAGES:
        raise NotSimulated(name, exit_code=1, text=_SCRIPT_LANGUAGES[name])
    tool = _tool(name)
    if tool is None:
        raise NotSimulated(program.name)
    if getattr(tool, "RUNS_COMMANDS", False):
        return int(tool.main(process))
    with host.lock:
        host.check(process.session)
        return int(tool.main(process))
