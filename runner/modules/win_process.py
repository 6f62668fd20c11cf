"""End processes and put the files that they run from into quarantine.

A process is found by its name, by its file, by the file's checksum, or by several of these, all of
which must fit. With ``quarantine: true`` its file is moved into a closed folder on its drive, never
deleted, and a rollback puts it back (see ``win_quarantine``). A process that was ended is not
started again by anything: that is said beforehand.

Processes without which Windows stops, and programs of the system that serve the runner's own
connection, are refused; one of the same name that runs from elsewhere is not.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, Sleep, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Words
from runner.model.state import Change
from runner.modules._parts import win_quarantine
from runner.modules._parts.win_files import PathText, WinFileState, require_windows
from runner.windows import paths, processes
from runner.windows.exit_codes import OK, expect
from runner.windows.facts import WindowsFacts
from runner.windows.looking import FILE, Seen, look
from runner.windows.processes import Running

_GONE: Final = 128
_ROUNDS: Final = 5
_PAUSE: Final = 0.5
_DIGITS: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


def _lower(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value.lower() for value in values)


class Params(base.Params):
    """Parameters of this module; Ansible has none like it."""

    state: Literal["absent"] = Field("absent", description="they shall not run")
    name: Annotated[Words, AfterValidator(_lower)] = Field(
        (), description="names of programs such as tasksche.exe; * and ? stand for characters"
    )
    path: Annotated[tuple[PathText, ...], BeforeValidator(_several)] = Field(
        (), description="files that they run from"
    )
    checksum: Annotated[Words, AfterValidator(_lower)] = Field(
        (), description="checksums of the files that they run from"
    )
    checksum_algorithm: Literal["md5", "sha1", "sha256", "sha384", "sha512"] = Field(
        "sha1", description="what kind of checksum"
    )
    quarantine: bool = Field(
        False, description="move their files, and those of 'path' that do not run, into quarantine"
    )

    @model_validator(mode="after")
    def _enough(self) -> Params:
        if not (self.name or self.path or self.checksum):
            raise ValueError("needs 'name', 'path' or 'checksum'")
        if any(not name.strip("*?. ") or "\\" in name or "/" in name for name in self.name):
            raise ValueError("'name' takes names of programs without a folder, not only wildcards")
        for digits in self.checksum:
            size = _DIGITS[self.checksum_algorithm]
            if len(digits) != size or set(digits) - set("0123456789abcdef"):
                raise ValueError(
                    f"'{digits}' is no {self.checksum_algorithm}: that has {size} hex digits"
                )
        return self

    def may_be(self, name: str, path: str) -> bool:
        """Whether name and path fit; the checksum is another matter."""
        if self.name and not any(fnmatchcase(name.lower(), one) for one in self.name):
            return False
        return not self.path or any(paths.same(path, one) for one in self.path)


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What fits and is there.

    ``files`` are to go into quarantine; ``processes`` those that do not run from one of them.
    ``running`` are all that fit. ``unread`` are files of which no checksum could be made.
    """

    processes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    running: tuple[Running, ...] = field(default=(), compare=False)
    entries: tuple[WinFileState, ...] = field(default=(), compare=False)
    unread: tuple[str, ...] = field(default=(), compare=False)


class Module(base.Module[Params, ProcessState]):
    """Ends processes."""

    params = Params
    state = ProcessState
    needs_facts = True
    guide = Guide(
        example="win_process:\n  name: [tasksche.exe, mssecsvc.exe]\n  quarantine: true",
        using=(
            Using("wmic, taskkill, certutil, attrib, icacls, findstr", until="2022"),
            Using("taskkill, certutil, attrib, icacls, findstr", since="2025", part="ending"),
            Using("Get-WmiObject", since="2025", powershell=True),
        ),
        undo="a process that was ended; its file comes back from quarantine",
    )

    def subject(self, params: Params) -> str:
        return f"process {', '.join((*params.name, *params.path, *params.checksum))}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, ProcessState]:
        require_windows(facts, "win_process", "command with pkill")
        running = yield from processes.listing()
        fitting = [one for one in running if params.may_be(one.name, one.path)]
        idle = [p for p in params.path if params.quarantine and params.may_be(paths.name(p), p)]
        seen = yield from _look(params, [*(one.path for one in fitting), *idle])
        unread: tuple[str, ...] = ()
        if params.checksum:
            unread = tuple(s.path for s in seen.values() if s.kind == FILE and not s.checksum)
            seen = {key: one for key, one in seen.items() if one.checksum in params.checksum}
            fitting = [one for one in fitting if one.path.lower() in seen]
        files: dict[str, Seen] = {}
        if params.quarantine:
            files = {key: one for key, one in seen.items() if one.kind == FILE}
        entries = [win_quarantine.entry_of(files[key]) for key in sorted(files)]
        loose = [one.shown for one in fitting if one.path.lower() not in files]
        return ProcessState(
            processes=tuple(loose),
            files=tuple(entry.path for entry in entries),
            running=tuple(fitting),
            entries=tuple(entries),
            unread=unread,
        )

    def plan(self, params: Params, before: ProcessState, facts: base.Facts) -> ProcessState:
        root = WindowsFacts.of(facts).system_root
        for one in before.running:
            _check_process(one, root)
        if not (params.path or params.checksum):
            for path in before.files:
                _check_file(path, root)
        return ProcessState(unread=before.unread)

    def apply(
        self, params: Params, change: Change[ProcessState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before = change.before
        closed = WindowsFacts.of(facts).nt >= (6, 0)
        yield from _end(before.running)
        for entry in before.entries:
            yield from win_quarantine.put_away(entry, closed=closed)
        yield from _end_again(before)
        return {}

    def undo(
        self, params: Params, change: Change[ProcessState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        for entry in change.before.entries:
            if entry.path not in change.after.files:
                yield from win_quarantine.give_back(entry)
        return {}

    def sweep(
        self, params: Params, change: Change[ProcessState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        for entry in change.before.entries:
            yield from win_quarantine.clear_up(entry)

    def irreversible(self, params: Params, change: Change[ProcessState], facts: base.Facts) -> str:
        if change.before.processes:
            return f"nothing starts these again: {', '.join(change.before.processes)}"
        return ""

    def result(
        self,
        params: Params,
        change: Change[ProcessState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        gone = [one for one in change.before.entries if one.path not in change.after.files]
        left = {one.pid for one in change.after.running}
        return {
            "ended": [
                {"pid": one.pid, "name": one.name, "path": one.path}
                for one in change.before.running
                if one.pid not in left
            ],
            "quarantined": [
                {"path": one.path, "kept_as": one.kept, "checksum": one.checksum} for one in gone
            ],
        }

    def message(self, params: Params, change: Change[ProcessState], facts: base.Facts) -> str:
        before = change.before
        parts: list[str] = []
        ended = [one.shown for one in before.running if one.shown not in before.processes]
        if ended and before.files:
            parts.append(f"ends {', '.join(ended)}; a rollback puts the files back, not these")
        if before.files and WindowsFacts.of(facts).nt < (6, 0):
            parts.append("the quarantine folder has the permissions of its drive on this Windows")
        if before.unread:
            parts.append(f"no checksum could be made of {', '.join(before.unread)}")
        return "; ".join(parts)


def _look(params: Params, names: list[str]) -> Generator[Query, Reply, dict[str, Seen]]:
    """The files among them, by their names in lower case."""
    known: dict[str, str] = {}
    for name in names:
        try:
            known.setdefault(name.lower(), paths.checked(name))
        except ValueError:
            continue  # no file that a line of cmd could name
    needed = params.checksum_algorithm if params.quarantine or params.checksum else ""
    if not known or not needed:
        return {}
    seen = yield from look(list(known.values()), checksum=needed)
    return dict(zip(known, seen, strict=True))


def _check_process(one: Running, root: str) -> None:
    """Raises Refused for a process that must not be ended."""
    name = one.name.lower()
    system = not one.path or one.path.lower().startswith(f"{root.lower()}\\")
    if system and name in processes.CRITICAL:
        raise Refused(f"{one.shown} is part of Windows, which stops without it")
    if system and name in processes.OF_THE_WAY_IN:
        raise Refused(
            f"{one.shown} of Windows itself fits as well: the runner's own connection and services "
            "run in such processes",
            hint="say the 'path' or the 'checksum' of the one that is meant",
        )


def _check_file(path: str, root: str) -> None:
    """Raises Refused for a file of the system that was found by its name alone."""
    folder = paths.parent(path).lower()
    of_system = {f"{root}\\system32".lower(), f"{root}\\syswow64".lower()}
    if folder in of_system or paths.name(path).lower() == "explorer.exe":
        raise Refused(
            f"{path} was found by its name only and may be a file of Windows",
            hint="look at it (win_stat), then say its 'path' or 'checksum'",
        )


def _end(victims: tuple[Running, ...]) -> Generator[Request, Reply, None]:
    for one in victims:
        # A number is soon used again: the name must fit as well.
        named = f"imagename eq {one.name}"
        out = yield from write(Exec("taskkill", "/f", "/pid", str(one.pid), "/fi", named))
        expect(out, "taskkill", f"end {one.shown}", (OK, _GONE))


def _end_again(before: ProcessState) -> Generator[Request, Reply, None]:
    """End what was started anew meanwhile: such programs watch one another."""
    names = {(one.name.lower(), one.path.lower()) for one in before.running}
    names |= {(paths.name(one.path).lower(), one.path.lower()) for one in before.entries}
    for _ in range(_ROUNDS):
        (output,) = yield from read(processes.BY_WMIC)
        if output.code != OK:
            (output,) = yield from read(processes.BY_POWERSHELL)
        left = [p for p in processes.parse(output) if (p.name.lower(), p.path.lower()) in names]
        if not left:
            return
        yield from _end(tuple(left))
        yield Sleep(_PAUSE)
    raise ModuleError(
        f"{left[0].shown} is started again and again",
        hint="stop and disable its service first (win_service), or its task (win_scheduled_task)",
    )
