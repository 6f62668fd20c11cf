"""Variable files and -e."""

from pathlib import Path

import pytest

from runner.errors import InputError, PlaybookError, TemplateError, UsageError
from runner.loading.text.files import Files
from runner.loading.variables import parse_extra_vars, read_variable_file
from runner.model.secret import Secret


def test_extra_vars(tmp_path: Path) -> None:
    (tmp_path / "v.yml").write_text("a: yes\nb: [1]\n")
    (tmp_path / "v.json").write_text('{"c": null}')
    options = [
        "x=1 y='two words' path=C:\\\\temp",
        f"@{tmp_path / 'v.yml'}",
        f"@{tmp_path / 'v.json'}",
        '{"z": [1, {"k": true}], "x": 2}',
        "{w: no}",
        "ansible_password=geheim",
    ]
    assert parse_extra_vars(options) == {
        "x": 2, "y": "two words", "path": "C:\\temp", "a": True, "b": [1], "c": None,
        "z": [1, {"k": True}], "w": False, "ansible_password": Secret("geheim"),
    }  # fmt: skip
    assert parse_extra_vars([]) == {}


@pytest.mark.parametrize(
    ("option", "found"),
    [
        ("pw=hunter22", {"pw": Secret("hunter22")}),
        ("db_password=x", {"db_password": Secret("x")}),
        ("API_KEY=abc user=ann", {"API_KEY": Secret("abc"), "user": "ann"}),
        ('{"db": {"password": "x", "port": 1}}', {"db": {"password": Secret("x"), "port": 1}}),
        ('{"users": [{"secret": "x"}]}', {"users": [{"secret": Secret("x")}]}),
        ("update_password=on_create", {"update_password": "on_create"}),
        ("token=absent", {"token": "absent"}),
        ('{"pass": 2}', {"pass": 2}),
        ("pw='{{ other }}'", {"pw": "{{ other }}"}),
    ],
)
def test_what_is_a_password_by_its_name(option: str, found: dict[str, object]) -> None:
    assert parse_extra_vars([option]) == found


def test_a_password_in_a_file_of_variables(tmp_path: Path) -> None:
    (tmp_path / "v.yml").write_text("site: north\nvpn_token: abc\n")
    found = parse_extra_vars([f"@{tmp_path / 'v.yml'}"])
    assert found == {"site": "north", "vpn_token": Secret("abc")}


@pytest.mark.parametrize(
    ("option", "column", "message"),
    [
        ("x", 1, "gives no variable a value"),
        ("", 1, "gives no variable a value"),
        ("a=1 b", 5, "gives no variable a value"),
        ("a='1", 3, "never closed"),
        ("my-var=1", 1, "cannot be the name of a variable"),
        ("a=1 a=2", 5, "given twice"),
        ("[1, 2]", 1, "variables are a mapping, found a list"),
        ("{a: 1, a: 2}", 8, "a second time"),
        ("{a: 1", 1, "not YAML"),
    ],
)
def test_wrong_extra_vars(option: str, column: int, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_extra_vars([option])
    assert message in caught.value.message
    assert caught.value.source is not None
    assert (caught.value.source.file, caught.value.source.column) == ("--extra-vars", column)


def test_templates_in_extra_vars_are_checked() -> None:
    with pytest.raises(TemplateError) as caught:
        parse_extra_vars(["a=1 b={{x|uper}}"])
    assert caught.value.source is not None
    assert caught.value.source.column == 5


def test_a_missing_file() -> None:
    with pytest.raises(PlaybookError, match=r"cannot read not-there\.yml: no such file"):
        parse_extra_vars(["@not-there.yml"])


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [("- a\n", "variables are a mapping", "1:1"), ("a: 1\nb: [\n", "not YAML", "2:1")],
)
def test_wrong_variable_files(tmp_path: Path, text: str, message: str, place: str) -> None:
    path = tmp_path / "v.yml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_variable_file(path, Files())
    assert message in caught.value.message
    assert str(caught.value.source) == f"{path}:{place}"


@pytest.mark.parametrize("text", ["", "---\n", "# nothing\n", "null\n"])
def test_empty_variable_files(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.yml").write_text(text)
    assert read_variable_file(tmp_path / "v.yml", Files()) == {}
