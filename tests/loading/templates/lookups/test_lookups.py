"""Lookups: where files are found, what runs on the controller, passwords, loops."""

import os
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from runner.errors import DependsOnUnknown, TemplateError
from runner.loading.templates.lookups import programs
from runner.loading.templates.templates import JinjaTemplates
from runner.model.secret import Secret
from runner.model.source import Source
from tests.loading.expression_cases import HERE

TEMPLATES = JinjaTemplates(HERE)
DRY = {"ansible_check_mode": True}


def give(expression: str, templates: JinjaTemplates = TEMPLATES, /, **variables: Any) -> Any:
    return templates.render(f"{{{{ {expression} }}}}", variables)


def tree(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text of {name}\n")


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


# -- programs ---------------------------------------------------------------------------------


def test_pipe_and_lines_run_in_the_folder_of_the_playbook(tmp_path: Path) -> None:
    tree(tmp_path, "a", "b")
    templates = JinjaTemplates(tmp_path)
    assert give("lookup('pipe', 'ls; echo')", templates) == "a\nb"
    assert give("query('lines', 'ls', 'echo c')", templates) == ["a", "b", "c"]
    assert give("lookup('pipe', 'echo {{ word }}')", templates, word="hi") == "hi"
    assert give("lookup('pipe', 'cat')", templates) == ""  # nobody answers on standard input


def test_what_a_program_prints_is_data() -> None:
    braces = "printf '\\173\\173 {} \\175\\175'"
    assert give("lookup('pipe', cmd)", cmd=braces.format("1 + 1")) == "{{ 1 + 1 }}"
    nested = {"x": "{{ lookup('pipe', cmd) }}", "cmd": braces.format("nobody")}
    assert TEMPLATES.render("{{ x }}!", nested) == "{{ nobody }}!"


@pytest.mark.parametrize("name", ["pipe", "lines"])
def test_no_program_runs_in_a_dry_run(tmp_path: Path, name: str) -> None:
    marker = tmp_path / "ran"
    with pytest.raises(DependsOnUnknown, match="a program on the controller"):
        give(f"lookup('{name}', 'touch {marker}', errors='ignore')", TEMPLATES, **DRY)
    assert not marker.exists()
    give(f"lookup('{name}', 'touch {marker}')", ansible_check_mode=False)
    assert marker.exists()


def test_a_program_that_fails_or_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TemplateError, match="ended with exit code 3"):
        give("lookup('pipe', 'exit 3')")
    assert give("lookup('pipe', 'exit 3', errors='ignore')") is None
    monkeypatch.setattr(programs, "SECONDS", 0.3)
    monkeypatch.setattr(programs, "LARGEST", 100_000)
    begun = time.monotonic()
    with pytest.raises(TemplateError, match=r"takes more than 0\.3 seconds"):
        give("lookup('pipe', 'sleep 20 & sleep 20')")
    with pytest.raises(TemplateError, match="prints more than 100,000 bytes"):
        give("lookup('pipe', 'yes')")
    assert time.monotonic() - begun < 5


# -- passwords --------------------------------------------------------------------------------


def test_a_password_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    expression = "lookup('password', 'deep/pw length=12 chars=digits,ascii_lowercase')"
    first = give(expression, templates)
    assert len(first) == 12
    assert give(expression, templates) == first
    stored = tmp_path / "deep" / "pw"
    assert stored.read_text() == f"{first}\n"
    assert stored.stat().st_mode & 0o777 == 0o600
    assert stored.parent.stat().st_mode & 0o777 == 0o700
    assert first in templates.secrets_seen


def test_a_password_in_a_hash_keeps_its_salt(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    hashed = give("lookup('password', 'pw', encrypt='md5_crypt')", templates)
    assert hashed.startswith("$1$")
    assert give("lookup('password', 'pw', encrypt='md5_crypt')", templates) == hashed
    assert " salt=" in (tmp_path / "pw").read_text()
    assert give("lookup('password', 'pw')", templates) == (tmp_path / "pw").read_text()[:20]


def test_a_dry_run_makes_no_password(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    with pytest.raises(DependsOnUnknown, match="the password that the real run keeps"):
        give("lookup('password', 'pw')", templates, **DRY)
    assert not list(tmp_path.iterdir())
    (tmp_path / "pw").write_text("known\n")
    assert give("lookup('password', 'pw')", templates, **DRY) == "known"
    assert len(give("lookup('password', '/dev/null')", templates, **DRY)) == 20
    with pytest.raises(DependsOnUnknown, match="the salt"):
        give("lookup('password', 'pw encrypt=sha512_crypt')", templates, **DRY)


def test_many_threads_get_one_password(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(give("lookup('password', 'pw')", templates)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


# -- lookup() itself --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("lookup('pip', 'x')", "there is no lookup 'pip'", "did you mean 'pipe'?"),
        ("lookup('dig', 'x')", "the lookup 'dig' is not supported", "it asks another system"),
        (
            "lookup('config', 'x')",
            "the lookup 'config' is not supported",
            "there is no ansible.cfg",
        ),
        ("lookup('community.general.dig', 'x')", "is not supported", "it asks another system"),
        ("lookup('community.general.file', 'x')", "there is no lookup", "did you mean 'file'?"),
        ("lookup('file', 'x', rstip=true)", "no option 'rstip'", "did you mean 'rstrip'?"),
        ("lookup('env', 'x', errors='nope')", "errors is one of", ""),
        ("lookup('vars', 'grouping', default=none)", "'grouping' is undefined", ""),
        ("lookup('env', 5)", "needs a text, not int", ""),
        ("lookup('varnames', '(')", "lookup 'varnames': missing )", ""),
        ("lookup('sequence', 'x=1')", "no option 'x'", ""),
        ("lookup('sequence', 'end=9999999')", "more than 1,000,000", ""),
        ("lookup('sequence', 'end=3 format=%09999999d')", "is no format", ""),
        ("lookup('nested', range(2000) | list, range(2000) | list)", "more than 1,000,000", ""),
        ("lookup('inventory_hostnames', 'web')", "there is no inventory", ""),
    ],
)
def test_error(expression: str, message: str, hint: str) -> None:
    place = Source("p.yml", 1, 1)
    with pytest.raises(TemplateError) as caught:
        TEMPLATES.render(f"{{{{ {expression} }}}}", {}, place)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.source == place


def test_the_unknown_names_of_hosts_are_errors() -> None:
    groups = {"all": ["a", "b"], "web": ["a"], "ungrouped": []}
    assert give("query('inventory_hostnames', 'all,!web')", groups=groups) == ["b"]
    with pytest.raises(TemplateError, match="no host or group is named 'wbe'"):
        give("query('inventory_hostnames', 'wbe')", groups=groups)


def test_an_undefined_term_is_an_undefined_value() -> None:
    assert give("lookup('file', nobody) | default('d')") == "d"
    with pytest.raises(TemplateError, match="'nobody' is undefined"):
        give("lookup('file', nobody)")


def test_env_is_the_environment_of_the_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_TEST_WORD", "{{ 1 + 1 }}")
    assert give("lookup('env', 'RUNNER_TEST_WORD')") == "{{ 1 + 1 }}"
    assert give("lookup('ansible.builtin.env', 'RUNNER_TEST_WORD ignored')") == "{{ 1 + 1 }}"
    assert "RUNNER_TEST_NOTHING" not in os.environ
    assert give("query('env', 'RUNNER_TEST_NOTHING', default=5)") == [5]


def test_secrets_in_variables_are_found_by_vars() -> None:
    assert give("lookup('vars', 'p')", p=Secret("geheim")) == "geheim"


# -- folders, random texts --------------------------------------------------------------------


def test_filetree_tells_what_is_below_folders_the_first_of_a_path(tmp_path: Path) -> None:
    tree(tmp_path, "files/one/etc/a.conf", "files/one/b.txt", "files/two/b.txt", "two/c.txt")
    (tmp_path / "files/one/link").symlink_to("b.txt")
    os.mkfifo(tmp_path / "files/one/pipe")
    (tmp_path / "files/one/b.txt").chmod(0o640)
    templates = JinjaTemplates(tmp_path)
    found = templates.loop_items("filetree", ["one/", "two", "nowhere"], {})
    assert [(e["path"], e["state"]) for e in found] == [
        *[("etc", "directory"), ("b.txt", "file"), ("link", "link"), ("etc/a.conf", "file")],
    ]
    folder, text, link, _ = found
    assert folder["root"] == f"{tmp_path}/files/one/"
    assert "src" not in folder
    assert (text["src"], text["mode"], text["size"]) == (
        str(tmp_path / "files/one/b.txt"),
        "0640",
        24,
    )
    assert (text["uid"], link["src"]) == (os.getuid(), "b.txt")
    assert isinstance(text["mtime"], float)
    inside = "query('community.general.filetree', 'two') | map(attribute='path') | list"
    assert give(inside, templates) == ["b.txt"]


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        ("", r"[!-~]{8}"),
        ("length=12, special=false", r"[A-Za-z0-9]{12}"),
        ("length=4, min_numeric=4", r"\d{4}"),
        ("override_all='ab', length=20", r"[ab]{20}"),
        ("upper=false, lower=false, numbers=false, override_special='-_'", r"[-_]{8}"),
        ("ignore_similar_chars=true, special=false, length=200", r"[^il1LoO0]{200}"),
        ("length=3, base64=true", r"[A-Za-z0-9+/]{4}"),
    ],
)
def test_random_string_keeps_to_its_classes(options: str, pattern: str) -> None:
    assert re.fullmatch(pattern, give(f"lookup('community.general.random_string', {options})"))


def test_random_string_of_a_seed_is_always_the_same_and_known_to_a_dry_run() -> None:
    expression = "lookup('random_string', seed='x')"
    assert give(expression) == give(expression, **DRY)
    with pytest.raises(DependsOnUnknown):
        give("lookup('random_string')", **DRY)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("'x'", "takes options alone"),
        ("length=2, min_upper=3", "the minimums add up to 3"),
        ("length=-1", "length is between"),
        ("lower=no, upper=no, special=no, numbers=no", "no characters left"),
        ("size=3", "size"),
    ],
)
def test_random_string_refuses_what_cannot_be(options: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        give(f"lookup('random_string', {options})", no=False)


def test_lines_of_programs_are_not_run_in_a_dry_run(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    assert templates.loop_items("lines", "echo a; echo b", {}) == ["a", "b"]
    with pytest.raises(DependsOnUnknown):
        templates.loop_items("lines", f"touch {tmp_path}/ran", DRY)
    assert not (tmp_path / "ran").exists()


def test_any_lookup_may_be_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPED", "here")
    assert TEMPLATES.loop_items("env", ["LOOPED"], {}) == ["here"]
    assert TEMPLATES.loop_items("vars", ["x"], {"x": 1}) == [1]
