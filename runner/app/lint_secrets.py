"""The rule of ``runner lint`` about passwords that stand in clear text."""

from __future__ import annotations

from collections.abc import Iterator

from runner.app.lint_rules import Remark
from runner.errors import InputError
from runner.loading.playbook.examine import Examined
from runner.loading.text.data import has_opener
from runner.loading.text.document import Value, load_document
from runner.loading.text.vault import VaultKeys
from runner.model.playbook import FREE_FORM
from runner.model.secret_names import is_secret
from runner.model.source import Source


def plain_secrets(examined: Examined, keys: VaultKeys) -> Iterator[Remark]:
    """Each value in clear text, in any file that was read, whose name says that it is secret."""
    places: dict[Source, tuple[str, str]] = {}
    for path in examined.files.paths():
        if examined.files.is_vaulted(path):
            continue
        try:
            root = load_document(path, examined.files).root
            if root is not None:
                places.update(_in_value(root, path.parent.name))
        except InputError:
            continue  # said already, as a mistake
    for task in examined.tasks:
        for name, value in task.args.items():
            if name != FREE_FORM and isinstance(value, str) and _is_secret(name, value):
                where = task.arg_sources.get(name, task.source)
                places.setdefault(where, (name, f"the arguments of {task.module}"))
    for place, (name, context) in places.items():
        yield Remark(
            "plain-secret",
            place,
            f"'{name}' in {context} is in clear text",
            "encrypt it (runner vault encrypt-string), or ask for it (vars_prompt)",
        )


def _in_value(value: Value, folder: str) -> Iterator[tuple[Source, tuple[str, str]]]:
    if value.is_sequence:
        for element in value.elements():
            yield from _in_value(element, folder)
    elif value.is_mapping:
        for key, inner in value.entries():
            name = str(key.plain())
            if inner.is_scalar and _is_secret(name, inner.plain()):
                where = "the defaults of a role" if folder == "defaults" else "this file"
                yield key.source, (name, where)
            yield from _in_value(inner, folder)


def _is_secret(name: str, value: object) -> bool:
    """Whether this is the value of a password: no template, not encrypted, no mere word."""
    return isinstance(value, str) and not has_opener(value) and is_secret(name, value)
