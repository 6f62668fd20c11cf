r"""Unpacks an archive on a host.

Which files are in it is on record beforehand: what is in the way is moved aside on its drive (see
``win_files``), and a rollback removes what was made and gives those back. What an archive holds is
not compared with what is there: without ``creates`` it is unpacked every time, as Ansible does it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import AliasChoices, Field

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import win_copy_tree, win_files
from runner.modules._parts.win_files import PathText, SourceText, WinFileState, require_windows
from runner.windows import paths, unzip
from runner.windows.facts import WindowsFacts
from runner.windows.looking import ABSENT, FILE, FOLDER, look


class Params(base.Params):
    """Parameters of Ansible's win_unzip."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "recurse": "what an archive within the archive holds is not known beforehand, so it could "
        "not be taken back; unpack that one with a task of its own",
        "password": "the host's own tools open no archive that has one, or show it in the list of "
        "processes: bring a program such as 7-Zip, for win_command ('creates')",
    }

    src: SourceText = Field(description="the archive, which lies on the host")
    dest: PathText = Field(description="the folder to unpack it into; it is made if need be")
    creates: PathText | None = Field(
        None, description="nothing is unpacked where this file or folder is"
    )
    delete_archive: bool = Field(
        False,
        validation_alias=AliasChoices("delete_archive", "rm"),
        description="whether the archive goes afterwards; it is moved aside",
    )


@dataclass(frozen=True, slots=True)
class UnzipState:
    """``missing`` is what the archive holds and is not there.

    ``there`` are size and time of the files that are, which unpacking gives them anew. ``source``
    is the archive, ``done`` that ``creates`` is there; ``dest`` has what is in the way as its
    entries.
    """

    archive: bool = True
    missing: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    done: bool = field(default=False, compare=False)
    dest: WinFileState = field(default=WinFileState(), compare=False)
    source: WinFileState = field(default=WinFileState(), compare=False)


class Module(base.Module[Params, UnzipState]):
    """Unpacks one archive."""

    params = Params
    state = UnzipState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/community/windows/"
        "win_unzip_module.html"
    )
    guide = Guide(
        example="win_unzip:\n  src: C:\\setup\\agent.zip\n  dest: C:\\agent\n"
        "  creates: C:\\agent\\agent.exe",
        using=(
            Using("cscript with Shell.Application, certutil", until="2008r2"),
            Using("powershell with .NET 4.5", since="2012", until="2016", powershell=True),
            Using("tar", since="2019"),
        ),
    )

    def subject(self, params: Params) -> str:
        return f"file {params.dest.rstrip(chr(92))} from {params.src}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, UnzipState]:
        require_windows(facts, "win_unzip", "command with unzip or tar")
        dest = params.dest if paths.is_root(params.dest) else params.dest.rstrip("\\")
        state = yield from win_files.find(dest, checksum="")
        wanted = [params.src, *((params.creates,) if params.creates else ())]
        archive, *creates = yield from look(wanted)
        found = UnzipState(
            archive=archive.kind == FILE,
            done=any(one.kind != ABSENT for one in creates),
            dest=state,
            source=win_files.state_of(archive, ()),
        )
        if found.done or not found.archive:
            return found
        how = unzip.way(WindowsFacts.of(facts), params.src)
        (output,) = yield from read(unzip.listing(how, params.src))
        names = unzip.names(output, params.src)
        folders = unzip.folders_of(names)
        places = [paths.join(dest, n) for n in (*folders, *(n for n in names if n[-1] != "/"))]
        seen = yield from look(places)
        entries = tuple(win_files.state_of(one, ()) for one in seen if one.kind != FOLDER)
        for one, is_folder in zip(seen, (i < len(folders) for i in range(len(seen))), strict=True):
            if one.kind not in (ABSENT, FOLDER if is_folder else FILE):
                raise Refused(f"{one.path} is a {one.kind}, and in {params.src} it is not")
        return dataclasses.replace(
            found,
            missing=tuple(one.path for one in seen if one.kind == ABSENT),
            there=tuple(f"{one.path}: {one.size}, {one.when}" for one in seen if one.kind == FILE),
            dest=dataclasses.replace(state, entries=entries),
        )

    def plan(self, params: Params, before: UnzipState, facts: base.Facts) -> UnzipState:
        if before.done:
            return before
        if not before.archive:
            raise Refused(
                f"there is no archive {params.src} on this host", hint="win_copy it first"
            )
        if before.dest.kind == FILE:
            raise Refused(f"{params.dest} is a file: nothing can be unpacked into it")
        unknown: Any = UNKNOWN
        return dataclasses.replace(
            before,
            archive=not params.delete_archive,
            missing=(),
            there=unknown,
        )

    def apply(
        self, params: Params, change: Change[UnzipState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        dest = change.before.dest
        how = unzip.way(WindowsFacts.of(facts), params.src)
        yield from win_files.make_folders(
            [dest.path], dest.path if dest.kind == FOLDER else dest.above
        )
        for entry in dest.entries:
            if entry.kind == FILE:
                yield from win_files.remove(entry)
        output = yield from write(unzip.unpacking(how, params.src, dest.path))
        if output.code != 0:
            raise ModuleError(
                f"unpack {params.src} ({how}): {unzip.said(output)}",
                hint="is the disk full? What was in the way is in runner-backups; a rollback gives "
                "it back",
            )
        if params.delete_archive:
            yield from win_files.remove(change.before.source)
        return {}

    def undo(
        self, params: Params, change: Change[UnzipState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before = change.before
        if before.archive and not change.after.archive:
            yield from win_files.take_back(before.source, WinFileState(path=before.source.path))
        yield from win_copy_tree.take_back(before.dest)
        return {}

    def sweep(
        self, params: Params, change: Change[UnzipState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        yield from win_files.sweep(change.before.dest)

    def result(
        self,
        params: Params,
        change: Change[UnzipState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        removed = change.before.archive and not change.after.archive
        return {"dest": params.dest, "src": params.src, "removed": removed}

    def message(self, params: Params, change: Change[UnzipState], facts: base.Facts) -> str:
        if change.before.done:
            return f"{params.creates} exists"
        files = [one for one in change.before.dest.entries if one.kind == FILE]
        return f"{len(files)} files that are there are moved aside" if files else ""
