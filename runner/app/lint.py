"""``runner lint``: mistakes in playbooks, and what a dry run or a rollback cannot know of them.

Mistakes are what ``runner run`` would refuse. Remarks are about playbooks that work: each says
what to do, and a rule's name stands in front of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from runner import modules
from runner.app.lint_rules import Remark, remarks
from runner.app.lint_secrets import plain_secrets
from runner.app.wiring.options import NO_VAULT, VaultOptions
from runner.app.wiring.prepare import gathering_problems
from runner.app.wiring.vault_keys import vault_keys
from runner.errors import InputError, PlaybookError, UnknownModule
from runner.interfaces.params import problems
from runner.loading.playbook.examine import Examined, examine
from runner.loading.templates.templates import JinjaTemplates
from runner.loading.text.vault import VaultKeys
from runner.loading.variables import parse_extra_vars
from runner.model.task import Task

__all__ = ["Findings", "LintOptions", "Remark", "lint"]

_LOOKING: Final = {"ansible_check_mode": True}
"""With this, no template runs a program or writes a file on the controller."""
DATA: Final = "data"
"""What a file is that no playbook, role or list of tasks is in."""
_ABOUT_ONE: Final = 3
"""Mistakes in the parameters of one task that are shown: more say the same again."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in one playbook, role or file of tasks (``what`` says which it is)."""

    path: Path
    what: str = "playbook"
    tasks: int = 0
    errors: tuple[InputError, ...] = ()
    unknown: tuple[UnknownModule, ...] = ()
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class LintOptions:
    """Which playbooks, roles or files of tasks, with which variables."""

    paths: tuple[Path, ...]
    extra: tuple[str, ...] = ()
    vault: VaultOptions = field(default_factory=lambda: NO_VAULT)


def lint(options: LintOptions) -> Iterator[Findings]:
    """Look at each of them; nothing is contacted and nothing is run.

    Raises UsageError for variables and vault passwords that are wrong.
    """
    vaulted: set[str] = set()
    keys = vault_keys(options.vault, on_secret=vaulted.add)
    for path in options.paths:
        found = _one(path, options.extra, keys, vaulted)
        if found.what == DATA and len(options.paths) == 1:
            found = replace(found, errors=(_no_playbook(path),))
        yield found


def _no_playbook(path: Path) -> InputError:
    """Whoever names one file means it; among others it is one that a pattern of the shell found."""
    return PlaybookError(
        f"{path} is no playbook: it holds data (a mapping)",
        hint="a playbook is a list of plays; files of variables are read by what refers to them",
    )


def _one(path: Path, extra: tuple[str, ...], keys: VaultKeys, vaulted: set[str]) -> Findings:
    templates = JinjaTemplates(path if path.is_dir() else path.parent, vaulted.add, keys)
    wrong: list[InputError] = []

    def check(task: Task) -> None:
        module = modules.load(task.module)
        sources, place = task.arg_sources, task.source
        found = problems(module, task.args, templates.is_template, sources, place)
        wrong.extend(found[:_ABOUT_ONE])

    try:
        examined = examine(
            path,
            modules.FREE_FORMS,
            templates=templates,
            extra_vars={**parse_extra_vars(list(extra), keys=keys), **_LOOKING},
            keys=keys,
            check=check,
        )
    except InputError as error:
        return Findings(path, errors=(error,))
    for play in examined.plays:
        wrong.extend(gathering_problems(play))
    every = _in_order((*examined.errors, *wrong))
    return Findings(
        path,
        examined.what,
        len(examined.tasks),
        tuple(e for e in every if not isinstance(e, UnknownModule)),
        tuple(e for e in every if isinstance(e, UnknownModule)),
        _remarks(examined, keys),
    )


def _in_order(errors: tuple[InputError, ...]) -> list[InputError]:
    """File by file, each mistake once."""
    once = {(e.message, e.source): e for e in errors}
    files: dict[str, int] = {}
    for error in once.values():
        files.setdefault(error.source.file if error.source else "", len(files))

    def place(error: InputError) -> tuple[int, int, int]:
        source = error.source
        return (files[source.file], source.line, source.column) if source else (files[""], 0, 0)

    return sorted(once.values(), key=place)


def _remarks(examined: Examined, keys: VaultKeys) -> tuple[Remark, ...]:
    noted = (Remark(n.rule, n.source, n.message, n.advice) for n in examined.notes)
    found = [*noted, *remarks(examined), *plain_secrets(examined, keys)]
    return tuple(sorted(found, key=lambda r: (r.source.file, r.source.line, r.rule)))
