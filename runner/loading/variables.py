"""Files of variables, and variables on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from runner.errors import PlaybookError, UsageError
from runner.interfaces.template import Templates
from runner.loading.templates.templates import JinjaTemplates
from runner.loading.text.arguments import ArgumentsError, parse_arguments
from runner.loading.text.data import has_opener, hide_secrets
from runner.loading.text.document import Document, load_document
from runner.loading.text.fields import check_templates, check_variable_name
from runner.loading.text.files import Files, place
from runner.loading.text.vault import VaultKeys
from runner.model.secret import Secret
from runner.model.secret_names import is_secret
from runner.model.source import Source

_OPTION: Final = "--extra-vars"


def read_variable_file(
    path: Path,
    files: Files,
    templates: Templates | None = None,
    source: Source | None = None,
) -> dict[str, Any]:
    """The variables of a YAML or JSON file; those that are secret by their name as Secret.

    Encrypted values are Secret too, and so are all texts of a file that is encrypted as a whole.

    With ``templates``, every name and template in it is checked; without, they are read as they
    are (an inventory may hold what this playbook does not use). ``source`` is the place that
    names the file. Raises the error class of ``files``.
    """
    return _variables(load_document(path, files, source), templates)


def _variables(document: Document, templates: Templates | None) -> dict[str, Any]:
    root = document.root
    if root is None:
        return {}
    if not root.is_mapping:
        if root.is_null:
            return {}
        raise root.error(f"variables are a mapping, found {root.kind}")
    if templates is not None:
        for key, _ in root.entries():
            check_variable_name(key)
        check_templates(root, templates)
    return hide_secrets(document.variables(root.plain()))


def parse_extra_vars(
    options: Iterable[str], templates: Templates | None = None, keys: VaultKeys | None = None
) -> dict[str, Any]:
    """The variables of all ``-e`` options, the later over the earlier.

    ``name=value ...`` gives texts, ``@FILE`` reads YAML or JSON, and what begins with ``{`` is
    YAML or JSON itself. ``keys`` open what is encrypted. What is a password by its name is a
    Secret, at any depth. Raises UsageError, or PlaybookError for what is wrong in a file.
    """
    variables: dict[str, Any] = {}
    checker = templates or JinjaTemplates()
    for option in options:
        variables.update(_option(option, checker, keys))
    return {name: _hidden(name, value) for name, value in hide_secrets(variables).items()}


def _hidden(name: str, value: Any) -> Any:
    """The value, with each text in it that is a password by its name as a Secret.

    On the command line nothing else can say that it is one. Numbers stay: nothing could mask them.
    """
    match value:
        case str():
            return Secret(value) if is_secret(name, value) and not has_opener(value) else value
        case dict():
            return {key: _hidden(str(key), inner) for key, inner in value.items()}
        case list():
            return [_hidden(name, inner) for inner in value]
    return value


def _option(option: str, templates: Templates, keys: VaultKeys | None) -> dict[str, Any]:
    text = option.strip()
    if text.startswith("@"):
        path = Path(text[1:]).expanduser()
        return read_variable_file(path, Files(PlaybookError, keys), templates)
    if text.startswith(("{", "[")):
        return _variables(Document(_OPTION, text, UsageError, keys), templates)
    try:
        parsed = parse_arguments(option, command=False)
    except ArgumentsError as error:
        source = place(_OPTION, 1, error.offset + 1, option)
        raise UsageError(error.message, source=source, hint=error.hint) from None
    if parsed.free is not None or not parsed.values:
        source = place(_OPTION, 1, parsed.free_offset + 1, option)
        hint = 'write name=value, @FILE, or {"name": value}'
        raise UsageError("this gives no variable a value", source=source, hint=hint)
    for name, offset in parsed.offsets.items():
        source = place(_OPTION, 1, offset + 1, option)
        if not name.isidentifier():
            hint = "letters, digits and '_', beginning with a letter"
            message = f"'{name}' cannot be the name of a variable"
            raise UsageError(message, source=source, hint=hint)
        templates.check(parsed.values[name], source)
    return dict(parsed.values)
