"""Lookups of files: where they are found, what is no text."""

from pathlib import Path

import pytest

from runner.errors import TemplateError
from runner.loading.templates.templates import JinjaTemplates
from tests.loading.templates.lookups.giving import give, tree


# -- files ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("own.txt", "text of role/files/own.txt"),
        ("plain.txt", "text of role/plain.txt"),
        ("both.txt", "text of role/files/both.txt"),
        ("play.txt", "text of play/files/play.txt"),
        ("files/both.txt", "text of role/files/both.txt"),
        ("deep/x.txt", "text of role/files/deep/x.txt"),
    ],
)
def test_a_file_is_found_where_ansible_finds_it(tmp_path: Path, name: str, expected: str) -> None:
    tree(
        tmp_path,
        *("role/files/own.txt", "role/plain.txt", "role/files/both.txt", "play/files/both.txt"),
        *("play/files/play.txt", "role/files/deep/x.txt", "play/own.txt"),
    )
    templates = JinjaTemplates(tmp_path / "play")
    role = str(tmp_path / "role")
    assert give(f"lookup('file', '{name}')", templates, ansible_search_path=[role]) == expected
    assert give(f"lookup('file', '{name}')", templates, role_path=role) == expected


def test_tasks_in_a_folder_of_their_own_see_the_files_of_the_role(tmp_path: Path) -> None:
    tree(tmp_path, "role/files/a.txt", "role/tasks/sub/main.yml")
    path = [str(tmp_path / "role" / "tasks" / "sub")]
    found = give("lookup('file', 'a.txt')", JinjaTemplates(tmp_path), ansible_search_path=path)
    assert found == "text of role/files/a.txt"


def test_fileglob_takes_the_first_folder_that_has_any(tmp_path: Path) -> None:
    tree(tmp_path, "role/files/a.txt", "role/files/b.txt", "files/a.txt", "files/c.cfg")
    templates = JinjaTemplates(tmp_path)
    path = {"ansible_search_path": [str(tmp_path / "role")]}
    names = "query('fileglob', '*.txt', '*.cfg') | map('relpath', '/') | map('basename')"
    assert give(names, templates, **path) == ["a.txt", "b.txt", "c.cfg"]
    assert give("lookup('fileglob', '/no/such/*')", templates) == []


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(TemplateError, match="is not utf-8"):
        give("lookup('file', 'x')", JinjaTemplates(tmp_path))
    with pytest.raises(TemplateError, match=r"cannot read .*: is a directory"):
        give("lookup('file', '/tmp')", JinjaTemplates(tmp_path))


def test_an_encrypted_file_needs_a_password(tmp_path: Path) -> None:
    (tmp_path / "v").write_text("$ANSIBLE_VAULT;1.1;AES256\n3132\n")
    with pytest.raises(TemplateError, match="lookup 'file': this vault text cannot be read"):
        give("lookup('file', 'v')", JinjaTemplates(tmp_path))
