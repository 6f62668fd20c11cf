"""Playbooks: ``load_playbook`` reads a file and everything it refers to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runner.errors import PlaybookError
from runner.interfaces.template import Templates
from runner.loading.playbook.inherit import below
from runner.loading.playbook.needs import NeedKinds, check_references
from runner.loading.playbook.play import Answers, read_play
from runner.loading.playbook.reading import Inherited, Reading
from runner.loading.playbook.role_files import collection_playbook
from runner.loading.playbook.roles import Roles
from runner.loading.playbook.search import looked_in
from runner.loading.templates.templates import JinjaTemplates
from runner.loading.text.document import Value, load_document
from runner.loading.text.fields import Fields, static_text, text_of
from runner.loading.text.files import Files
from runner.loading.text.keywords import PLAYBOOK_IMPORT, short_name
from runner.loading.text.problems import Problems
from runner.loading.text.vault import VaultKeys
from runner.model.playbook import Play, Playbook, Task

_IMPORTS = ("import_playbook", "include")


def load_playbook(
    path: Path,
    modules: Mapping[str, bool],
    *,
    templates: Templates | None = None,
    extra_vars: Mapping[str, Any] | None = None,
    keys: VaultKeys | None = None,
    answers: Answers | None = None,
    check: Callable[[Task], None] = lambda task: None,
    run: Mapping[str, Any] | None = None,
) -> Playbook:
    """Read a playbook with all files it imports; check everything that needs no host.

    ``modules`` maps the short name of each known module to whether it takes free text
    (``win_shell: dir``). ``extra_vars`` may be used where a value must be known before any host
    is: ``hosts``, names of files. ``keys`` open what is encrypted. ``answers`` is called for each
    play that has ``vars_prompt``; what it gives becomes variables of the play. Without it, the
    defaults of the prompts do. ``check`` gets every task that calls a module, also in files
    that are included later but known now, and raises InputError for what is wrong in it. ``run``
    are the magic variables of the run: with ``ansible_check_mode`` no template in a static place
    runs a program.

    Raises InputError with the place, InputErrors for several mistakes.
    """
    files = Files(PlaybookError, keys)
    templates = templates or JinjaTemplates(path.parent)

    def known(task: Task) -> None:
        if task.module in modules:
            check(task)

    reading = reading_of(path, modules, templates, files, extra_vars, check=known, run=run)
    plays = read_plays(reading, answers)
    reading.problems.raise_if_any()
    return Playbook(str(path), tuple(plays), files.digest(path.parent))


def reading_of(
    path: Path,
    modules: Mapping[str, bool],
    templates: Templates,
    files: Files,
    extra_vars: Mapping[str, Any] | None,
    *,
    check: Callable[[Task], None],
    run: Mapping[str, Any] | None = None,
) -> Reading:
    """What is known when the reading of a file begins."""
    extra, magic = dict(extra_vars or {}), dict(run or {})
    reading = Reading(
        files=files,
        modules=modules,
        templates=templates,
        kinds=NeedKinds(),
        static={**extra, **magic},
        root=path.parent,
        chain=(path,),
        problems=Problems(),
        roles=Roles({}),
        extra=extra,
        check=check,
        run=magic,
    )
    return reading.for_play(extra)


def read_plays(reading: Reading, answers: Answers | None = None) -> list[Play]:
    """The plays of ``reading.path``; mistakes in them are noted in ``reading.problems``.

    Raises InputError when the file has no plays.
    """
    plays = _read_file(reading, Inherited(), answers)
    if not plays and not reading.problems:
        raise PlaybookError(f"{reading.path} has no plays")
    check_references(tuple(plays), reading.kinds, reading.problems)
    return plays


def _read_file(reading: Reading, inherited: Inherited, answers: Answers | None) -> list[Play]:
    """The plays of ``reading.path``. A mistake in one is noted, and the next one is read."""
    document = load_document(reading.path, reading.files)
    root = document.root
    if root is None or root.is_null:
        raise PlaybookError("this playbook is empty", source=document.start())
    if not root.is_sequence:
        hint = "a playbook begins with '- name:' or '- hosts:'"
        raise root.error(f"a playbook is a list of plays, found {root.kind}", hint=hint)
    plays: list[Play] = []
    for element in root.elements():
        with reading.problems.collect(element):
            fields = Fields(element, "a play")
            imports = [key for key in fields.keys if short_name(key) in _IMPORTS]
            if imports:
                plays += _import(fields, imports[0], reading, inherited, answers)
            else:
                plays.append(read_play(fields, reading, inherited, answers))
    return plays


def _import(
    fields: Fields, key: str, reading: Reading, inherited: Inherited, answers: Answers | None
) -> list[Play]:
    """The plays of another file: ``vars`` over theirs, ``when`` and ``tags`` for their tasks."""
    ignored = fields.restrict(PLAYBOOK_IMPORT, key)
    advice = "give it to the imported plays that need it"
    reading.note_ignored(fields, ignored, PLAYBOOK_IMPORT.what, advice)
    fields = fields.without(ignored)
    named: Value = fields[key]
    text_of(named, key)
    inner = below(inherited, fields, reading)
    inner = dataclasses.replace(inner, vars={**inner.vars, **inherited.vars})
    static = {**reading.static, **inner.vars, **reading.extra}
    name = str(static_text(named, reading.templates, static))
    target = reading.path.parent / name
    if not target.exists():
        target = collection_playbook(name, reading.root) or target
    if target.resolve() in [earlier.resolve() for earlier in reading.chain]:
        circle = " -> ".join(p.name for p in (*reading.chain, target))
        raise named.error(f"playbooks import one another in a circle: {circle}")
    if not target.is_file():
        raise named.error(f"cannot find the playbook {target}", hint=looked_in([target]))
    other = dataclasses.replace(reading.into(target), root=target.parent)
    return _read_file(other, inner, answers)
