"""Lookups in the controller's files."""

from __future__ import annotations

import csv
import glob
import io
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from runner.errors import TemplateError
from runner.loading.templates.filters.numbers import to_bool
from runner.loading.templates.lookups.variables import only, text_of
from runner.loading.templates.plain import plain
from runner.loading.templates.regexes import run_regex
from runner.loading.templates.scope import Scope
from runner.loading.templates.search_path import (
    find,
    must_find,
    read_content,
    read_text,
    search_folders,
)
from runner.loading.text.arguments import parse_arguments

FOLDER: Final = "runner folder"
"""The option under which loops say in which folder ``first_found`` looks; it cannot be written."""
_CSV: Final = ("file", "delimiter", "col", "keycol", "default", "encoding")
_INI: Final = (
    *("file", "section", "type", "re", "encoding", "default", "case_sensitive", "allow_no_value"),
    *("allow_none", "interpolation"),
)


def _file(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """The text of files."""
    only(options, "rstrip", "lstrip")
    texts = []
    for term in terms:
        text = read_text(scope, must_find(scope, "files", text_of(term)))
        text = text.rstrip() if to_bool(options.get("rstrip", True)) else text
        texts.append(text.lstrip() if to_bool(options.get("lstrip", False)) else text)
    return list(texts)


def _unvault(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """The text of files, encrypted or not, as it is."""
    only(options)
    found = [must_find(scope, "files", text_of(term)) for term in terms]
    return [read_content(scope, path).decode("utf-8") for path in found]


def _fileglob(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Files whose path matches; of several folders the first that has any."""
    only(options)
    names: list[str] = []
    for term in terms:
        path = Path(text_of(term)).expanduser()
        for folder in _glob_folders(scope, path, text_of(term)):
            matches = [Path(m) for m in glob.glob(str(folder / path.name))]  # noqa: PTH207 - as it is
            files = sorted(str(match) for match in matches if match.is_file())
            if files:
                names.extend(files)
                break
    return list(names)


def _glob_folders(scope: Scope, path: Path, term: str) -> Iterator[Path]:
    if path.name != term:
        found = find(scope, "files", str(path.parent))
        if found is not None:
            yield found
        return
    for folder in search_folders(scope):
        yield folder / "files"
        yield folder


def _first_found(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """The path of the first file of a list that is there."""
    only(options, "files", "paths", "skip", FOLDER)
    names, skip = _wanted(terms or [options], options)
    folders = options.get(FOLDER, ("",))
    for name in names:
        for folder in folders:
            found = find(scope, folder, name)
            if found is not None:
                return [str(found.absolute())]
    if skip:
        return []
    hint = "skip: true makes this no error"
    raise TemplateError(f"none of these is there: {', '.join(names) or '(no names)'}", hint=hint)


def _wanted(terms: Any, options: Mapping[str, Any]) -> tuple[list[str], bool]:
    """The names to look for in their order, and whether none of them may be there."""
    names: list[str] = []
    skip = to_bool(options.get("skip", False))
    for term in terms:
        if isinstance(term, Mapping):
            only(term, "files", "paths", "skip", FOLDER)
            skip = to_bool(term.get("skip", skip))
            files, paths = _parts(term.get("files", []), ",;"), _parts(term.get("paths", []), ",:;")
            names.extend(str(Path(path) / file) for path in paths for file in files)
            names.extend(files if not paths else [])
        elif isinstance(term, str):
            files, paths = _parts(term, ",;"), _parts(options.get("paths", []), ",:;")
            names.extend([str(Path(p) / f) for p in paths for f in files] if paths else files)
        elif isinstance(term, list | tuple):
            inner, skip = _wanted(term, {**options, "skip": skip})
            names.extend(inner)
        else:
            raise TypeError(f"needs texts, lists and mappings, not {type(term).__name__}")
    return names, skip


def _parts(value: Any, separators: str) -> list[str]:
    if isinstance(value, str):
        return re.split(f"[{separators}]", value)
    return [part for entry in value for part in _parts(entry, separators)]


def _template(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Template files, rendered; one that is a single expression keeps its type."""
    given = dict(options)
    own = plain(given.pop("template_vars", {}))
    for retired in ("convert_data", "jinja2_native"):
        given.pop(retired, None)
    files = scope.templates.files
    paths = [(text_of(term), must_find(scope, "templates", text_of(term))) for term in terms]
    return [files.lookup(scope, path, name, given, own) for name, path in paths]


def _csvfile(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """What a row of a CSV file (tabs by default) has beside its key."""
    only(options, *_CSV)
    found: list[Any] = []
    for term in terms:
        given = parse_arguments(text_of(term), command=False)
        only(given.values, *_CSV)
        if not given.free:
            raise ValueError("needs the key to look for")
        settings = {**options, **given.values}
        delimiter = str(settings.get("delimiter", "TAB"))
        path = must_find(scope, "files", str(settings.get("file", "ansible.csv")))
        text = read_text(scope, path, str(settings.get("encoding", "utf-8-sig")))
        rows = csv.reader(io.StringIO(text), delimiter="\t" if delimiter == "TAB" else delimiter)
        column, key_column = int(settings.get("col", 1)), int(settings.get("keycol", 0))
        row = next((row for row in rows if row and row[key_column] == given.free), None)
        value = settings.get("default") if row is None else row[column]
        if value is not None:
            found.extend(value if isinstance(value, list) else [value])
    return found


def _ini(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """What an INI or properties file has under a key."""
    only(options, *_INI)
    found: list[Any] = []
    for term in terms:
        words = text_of(term).split()
        key = next((word for word in words if "=" not in word), None)
        if key is None or len([word for word in words if "=" not in word]) > 1:
            raise ValueError(f"needs one key, found '{term}'")
        inline = dict(word.split("=", 1) for word in words if "=" in word)
        only(inline, *_INI)
        found.extend(_ini_values(scope, key, {**options, **inline}))
    return found


def _ini_values(scope: Scope, key: str, options: Mapping[str, Any]) -> list[Any]:
    properties = options.get("type", "ini") == "properties"
    if not properties and options.get("type", "ini") != "ini":
        raise ValueError(f"type is ini or properties, not '{options['type']}'")
    import configparser  # for this lookup only

    interpolated = to_bool(options.get("interpolation", True))
    parser = configparser.ConfigParser(
        allow_no_value=to_bool(options.get("allow_no_value", options.get("allow_none", False))),
        interpolation=configparser.BasicInterpolation() if interpolated else None,
    )
    if to_bool(options.get("case_sensitive", False)):
        parser.optionxform = str  # type: ignore[assignment, method-assign]
    path = must_find(scope, "files", str(options.get("file", "ansible.ini")))
    text = read_text(scope, path, str(options.get("encoding", "utf-8-sig")))
    section = "java_properties" if properties else str(options.get("section", "global"))
    try:
        parser.read_string(f"[{section}]\n{text}" if properties else text, source=str(path))
        if to_bool(options.get("re", False)):
            items = parser.items(section)
            return [v for k, v in items if run_regex("matches", key, 0, k, ["match"])]
        value = parser.get(section, key)
    except configparser.NoOptionError:
        value = options.get("default", "")
    except configparser.Error as error:
        raise ValueError(str(error)) from None
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


LOOKUPS: Final[dict[str, Callable[[Scope, list[Any], Mapping[str, Any]], list[Any]]]] = {
    "file": _file,
    "unvault": _unvault,
    "fileglob": _fileglob,
    "first_found": _first_found,
    "template": _template,
    "csvfile": _csvfile,
    "ini": _ini,
}
