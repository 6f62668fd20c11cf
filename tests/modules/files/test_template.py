"""template: rendered by the engine, written like a copy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.errors import InputError
from runner.interfaces.codec import to_json
from tests.modules.files.hosting import Task, snapshot


def write(room: Path, text: str) -> dict[str, str]:
    (room / "t.j2").write_text(text)
    return {"src": f"{room}/t.j2", "dest": f"{room}/out"}


def test_what_a_template_gives_arrives_and_goes(room: Path) -> None:
    raw = write(room, "{% if yes %}\nname={{ name }}\n{% endif %}\nend\n\n")
    (room / "out").write_text("old")
    before = snapshot(room)
    done = Task("template", {**raw, "mode": "preserve"}, {"yes": True, "name": "ä"}).run()
    assert (room / "out").read_text() == "name=ä\nend\n\n"
    assert done.result["dest"] == f"{room}/out"
    assert "name=" not in json.dumps(to_json(done.task.params))
    assert not Task("template", raw, {"yes": True, "name": "ä"}).differences()
    done.undo()
    assert snapshot(room) == before


def test_how_a_template_is_written(room: Path) -> None:
    raw = write(room, "<% if yes %>\n[[ name ]] {{ x }}\n  <% endif %>\nü\n")
    options = {
        "block_start_string": "<%", "block_end_string": "%>", "variable_start_string": "[[",
        "variable_end_string": "]]", "trim_blocks": False, "lstrip_blocks": True,
        "newline_sequence": "\\r\\n", "output_encoding": "latin-1",
    }  # fmt: skip
    Task("template", {**raw, **options}, {"yes": True, "name": "n"}).run()
    assert (room / "out").read_bytes() == "\r\nn {{ x }}\r\n\r\nü\r\n".encode("latin-1")


def test_into_a_folder_it_keeps_its_name(room: Path) -> None:
    raw = write(room, "x")
    (room / "d").mkdir()
    Task("template", {**raw, "dest": f"{room}/d"}).run()
    assert (room / "d" / "t.j2").read_text() == "x"
    Task("template", {**raw, "dest": f"{room}/e/"}).run()
    assert (room / "e" / "t.j2").read_text() == "x"


def test_a_mistake_in_it_has_its_place(room: Path) -> None:
    raw = write(room, "one\n{{ nope }}\n")
    with pytest.raises(InputError) as caught:
        Task("template", raw)
    assert str(caught.value.source).endswith("t.j2:2:1")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"newline_sequence": "x"}, "newline_sequence"),
        ({"output_encoding": "nope"}, "there is no encoding 'nope'"),
        ({"output_encoding": "ascii"}, "what the template gives is not"),
        ({"rendered": "x"}, "is no parameter"),
    ],
)
def test_what_is_refused(room: Path, more: dict[str, str], says: str) -> None:
    raw = write(room, "ü")
    with pytest.raises(InputError, match=says):
        Task("template", {**raw, **more})


def test_the_roles_template_comes_first(room: Path) -> None:
    for folder in ("role/templates", "play/templates"):
        (room / folder).mkdir(parents=True)
        (room / folder / "t").write_text(folder)
    variables = {"ansible_search_path": [f"{room}/role"], "playbook_dir": f"{room}/play"}
    Task("template", {"src": "t", "dest": f"{room}/out"}, variables).run()
    assert (room / "out").read_text() == "role/templates"
