"""Where the controller's files are looked for: beside the task, its role and its play."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from jinja2.utils import missing

from runner.errors import TemplateError
from runner.loading.templates.plain import plain
from runner.loading.templates.scope import Scope

LARGEST: Final = 16_000_000
"""Bytes that a template may read from one file."""


def base_folder(scope: Scope) -> Path:
    """The folder of the playbook."""
    found = scope.lookup("playbook_dir")
    return scope.templates.directory if found is missing else Path(str(plain(found)))


def search_folders(scope: Scope) -> list[Path]:
    """The folders of the variable ``ansible_search_path`` (of the role without it), the playbook's.

    They are in the order in which they are looked at.
    """
    found = scope.lookup("ansible_search_path")
    if found is missing:
        role = scope.lookup("role_path")
        found = [] if role is missing else [role]
    base = base_folder(scope)
    given = [Path(str(folder)) for folder in plain(found)]
    return [*given, *([] if base in given else [base])]


def candidates(scope: Scope, folder: str, name: str) -> Iterator[Path]:
    """The places where a file of this name may be: under ``folder`` first, in each folder."""
    path = Path(name).expanduser()
    if path.is_absolute():
        yield path
        return
    for place in search_folders(scope):
        if place.parent.name == "tasks":  # tasks in a folder of their own, inside a role
            yield place.parent.parent / folder / path
            yield place.parent / path
        if folder and path.parts[:1] != (folder,):
            yield place / folder / path
        yield place / path


def find(scope: Scope, folder: str, name: str) -> Path | None:
    """The first of these places where something is."""
    return next((place for place in candidates(scope, folder, name) if place.exists()), None)


def must_find(scope: Scope, folder: str, name: str) -> Path:
    """The same. Raises TemplateError with the places when it is nowhere."""
    found = find(scope, folder, name)
    if found is None:
        places = list(dict.fromkeys(str(place) for place in candidates(scope, folder, name)))
        raise TemplateError(f"cannot find {name}", hint=f"looked for {', '.join(places)}")
    return found


def read_content(scope: Scope, path: Path) -> bytes:
    """The bytes of a file, decrypted where it is encrypted. Raises TemplateError."""
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TemplateError(f"cannot read {path}: {reason}") from None
    if len(content) > LARGEST:
        raise TemplateError(f"{path} is larger than {LARGEST:,} bytes")
    if content.startswith(b"$ANSIBLE_VAULT;"):
        return scope.templates.decrypted(content, path)
    return content


def read_text(scope: Scope, path: Path, encoding: str = "utf-8-sig") -> str:
    """The text of a file. Raises TemplateError."""
    try:
        return read_content(scope, path).decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise TemplateError(f"{path} is not {encoding.removesuffix('-sig')}: {error}") from None
