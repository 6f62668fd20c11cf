"""Playbooks: ``load_playbook`` reads a file and everything it refers to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.errors import PlaybookError
from runner.interfaces.template import Templates
from runner.loading.document import Value, load_document
from runner.loading.fields import Fields, text_of
from runner.loading.files import Files
from runner.loading.keywords import PLAYBOOK_IMPORT, short_name
from runner.loading.needs import NeedKinds, check_references
from runner.loading.play import Sources, read_play
from runner.loading.task import Inherited, static_text
from runner.loading.templates import JinjaTemplates
from runner.model.playbook import Play, Playbook

_IMPORTS = ("import_playbook", "include")


def load_playbook(
    path: Path,
    modules: Mapping[str, bool],
    *,
    templates: Templates | None = None,
    extra_vars: Mapping[str, Any] | None = None,
) -> Playbook:
    """Read a playbook with all files it imports; check everything that needs no host.

    ``modules`` maps the short name of each known module to whether it takes free text
    (``win_shell: dir``). ``extra_vars`` may be used where a value must be known before any host
    is: ``hosts``, names of files. Raises PlaybookError or TemplateError with the place.
    """
    files = Files(PlaybookError)
    known_templates = templates or JinjaTemplates(path.parent)
    sources = Sources(files, modules, known_templates, NeedKinds(), dict(extra_vars or {}))
    plays = tuple(_read_file(path, sources, Inherited(), ()))
    if not plays:
        raise PlaybookError(f"{path} has no plays")
    check_references(plays, sources.kinds)
    return Playbook(str(path), plays, files.digest(path.parent))


def _read_file(
    path: Path, sources: Sources, inherited: Inherited, chain: tuple[Path, ...]
) -> list[Play]:
    document = load_document(path, sources.files)
    root = document.root
    if root is None or root.is_null:
        raise PlaybookError("this playbook is empty", source=document.start())
    if not root.is_sequence:
        hint = "a playbook begins with '- name:' or '- hosts:'"
        raise root.error(f"a playbook is a list of plays, found {root.kind}", hint=hint)
    plays: list[Play] = []
    for element in root.elements():
        fields = Fields(element, "a play")
        imports = [key for key in fields.keys if short_name(key) in _IMPORTS]
        if imports:
            plays += _import(fields, imports[0], path, sources, inherited, chain)
        else:
            plays.append(read_play(fields, path, sources, inherited))
    return plays


def _import(
    fields: Fields,
    key: str,
    path: Path,
    sources: Sources,
    inherited: Inherited,
    chain: tuple[Path, ...],
) -> list[Play]:
    fields.restrict(PLAYBOOK_IMPORT, key)
    named: Value = fields[key]
    text_of(named, key)
    target = path.parent / str(static_text(named, sources.templates, sources.static))
    if target.resolve() in [earlier.resolve() for earlier in (*chain, path)]:
        circle = " -> ".join(p.name for p in (*chain, path, target))
        raise named.error(f"playbooks import one another in a circle: {circle}")
    if not target.is_file():
        raise named.error(f"cannot find the playbook {target}")
    below = inherited.below(fields, sources.templates)
    return _read_file(target, sources, below, (*chain, path))
