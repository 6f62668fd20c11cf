"""Inventories that a program prints."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from runner.errors import InputError, InputErrors, InventoryError
from runner.loading.inventory.assembly import Assembly
from runner.loading.inventory.inventory import load_inventory
from runner.loading.inventory.script import Scripts, read_script
from runner.loading.text.data import DataStr


def _script(folder: Path, body: str, name: str = "inventory.sh") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def _printing(folder: Path, data: Any) -> Path:
    text = data if isinstance(data, str) else json.dumps(data, indent=1)
    (folder / "answer.json").write_text(text)
    return _script(folder, f"exec cat '{folder}/answer.json'")


def test_variables_may_be_templates_unless_marked(tmp_path: Path) -> None:
    marked = {"__ansible_unsafe": "{{ b }}"}
    meta = {"hostvars": {"h1": {"a": "{{ b }}", "u": [marked], "ansible_password": "x"}}}
    found = load_inventory([_printing(tmp_path, {"web": ["h1"], "_meta": meta})])
    variables = found.hosts["h1"].vars
    assert type(variables["a"]) is str
    assert (type(variables["u"][0]), variables["u"]) == (DataStr, ["{{ b }}"])
    assert repr(variables["ansible_password"]) == "********"


def test_each_question_is_asked_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    body = f"""echo "$@" >> {log}
[ "$1" = --list ] && echo '{{"web": {{"hosts": ["h1", "h2"]}}}}' || echo '{{"x": 1}}'"""
    found = load_inventory([_script(tmp_path, body)])
    assert log.read_text().splitlines() == ["--list", "--host h1", "--host h2"]
    (layer,) = found.trace("h2", "x")
    assert (layer.value, str(layer.place)) == (1, f"{tmp_path}/inventory.sh --host h2:1:2")
    assert len(log.read_text().splitlines()) == 3


def test_a_relative_path_and_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _printing(tmp_path, {"web": ["h1"], "_meta": {"hostvars": {}}})
    assert list(load_inventory([Path("inventory.sh")]).hosts) == ["h1"]
    (tmp_path / "inv").mkdir()
    (tmp_path / "inventory.sh").rename(tmp_path / "inv" / "one")
    (tmp_path / "inv" / "two.ini").write_text("h2\n")
    assert list(load_inventory([Path("inv")]).hosts) == ["h1", "h2"]


def test_a_text_file_that_may_be_run_is_no_script(tmp_path: Path) -> None:
    """Some file systems call every file executable."""
    path = tmp_path / "hosts"
    path.write_text("web01\n")
    path.chmod(0o755)
    assert list(load_inventory([path]).hosts) == ["web01"]


def test_the_answer_is_part_of_the_digest(tmp_path: Path) -> None:
    first = load_inventory([_printing(tmp_path, {"web": ["h1"]})]).digest
    assert load_inventory([_printing(tmp_path, {"web": ["h1"]})]).digest == first
    assert load_inventory([_printing(tmp_path, {"web": ["h2"]})]).digest != first


def test_odd_answers_are_warned_about(tmp_path: Path) -> None:
    data = {
        "web": {"hosts": ["h1"], "hots": 1},
        "alone": {"x": 1},
        "nothing": {},
        "_meta": {"hostvars": {"ghost": {"a": 1}}},
    }
    found = load_inventory([_printing(tmp_path, data)])
    assert list(found.hosts) == ["h1", "alone"]
    assert found.groups["nothing"].hosts == ()
    said = "\n".join(found.warnings)
    assert "'hots' is no part of the group 'web' and is ignored; did you mean 'hosts'?" in said
    assert "variables of 'ghost', which is in no group" in said
    assert "'alone' has none of hosts, children, vars: it is read as a host" in said
    assert "'alone' is the name of a host and of a group" in said


@pytest.mark.parametrize(
    ("answer", "place", "message"),
    [
        ("", "1:1", "it printed nothing"),
        ('{"web": \n [1,}', "2:5", "not JSON: expecting value"),
        ("[1]", "1:1", "the answer is an object, found a list"),
        ('{"web": 3}', "1:2", "web is an object, found a number"),
        ('{"web":\n {"hosts": "h1"}}', "2:3", "web.hosts is a list of names, found a text"),
        ('{"web": {"hosts": [1]}}', "1:10", "web.hosts is a list of names, found a number in it"),
        ('{"web": {"vars": []}}', "1:10", "web.vars is an object, found a list"),
        ('{"web": {"children": ["all"]}}', "1:23", "it cannot be inside one"),
        ('{"web": ["h"], "_meta": {"hostvars": []}}', "1:26", "hostvars is an object"),
        ('{"web": ["h"], "_meta": {"hostvars": {"h": 1}}}', "1:39", "hostvars.h is an object"),
        ("[" * 3000, "1:1", "nested too deeply"),
        (
            '{"web": {"children": ["a"]}, "a": {"children": ["web"], "hosts": ["h"]}}',
            "1:49",
            "in a circle",
        ),
        ('{"w": ["h"], "_meta": {"hostvars": {"h": {"p": {"__ansible_vault": "x"}}}}}', "1:43", ""),
    ],
)
def test_a_wrong_answer(tmp_path: Path, answer: str, place: str | None, message: str) -> None:
    with pytest.raises(InventoryError) as caught:
        load_inventory([_printing(tmp_path, answer)])
    assert message in str(caught.value)
    if place:
        assert str(caught.value.source) == f"{tmp_path}/inventory.sh --list:{place}"


def test_several_wrong_things(tmp_path: Path) -> None:
    with pytest.raises(InputErrors) as caught:
        load_inventory([_printing(tmp_path, {"web": 3, "db": {"hosts": 1}, "x": ["h"]})])
    assert len(caught.value.errors) == 2


def test_a_script_that_fails(tmp_path: Path) -> None:
    script = _script(tmp_path, "echo 'no token for the CMDB' >&2; exit 3")
    with pytest.raises(InventoryError) as caught:
        load_inventory([script])
    assert "inventory.sh --list ended with exit code 3" in caught.value.message
    assert "no token for the CMDB" in caught.value.hint


def test_a_script_whose_interpreter_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "inventory.py"
    path.write_text("#!/no/such/python\n")
    path.chmod(0o755)
    with pytest.raises(InventoryError, match="cannot be started: no such file"):
        load_inventory([path])


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="not UTF-8"):
        load_inventory([_script(tmp_path, "printf '{\"w\\351b\": []}'")])


def test_a_script_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    script = _script(tmp_path, f"sleep 30 & echo $! > {tmp_path}/child; wait")
    begun = time.monotonic()
    with pytest.raises(InputError, match=r"did not answer within 0\.5 seconds"):
        read_script(script, Scripts(timeout=0.5), Assembly(), lambda *_: None)
    assert time.monotonic() - begun < 10
    child = Path("/proc") / (tmp_path / "child").read_text().strip()
    deadline = time.monotonic() + 5
    while child.exists() and "State:\tZ" not in (child / "status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
