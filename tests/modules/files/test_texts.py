"""lineinfile, blockinfile and replace: what they make of a text, against small references."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runner.errors import InputError, ModuleError, Refused
from runner.modules._parts.blocks import Block, with_block
from runner.modules._parts.lines import Wanted, absent, present
from tests.modules.files.hosting import Task, run, snapshot

LINES = st.lists(
    st.sampled_from([b"a", b"b", b"x=1", b"x=2", b"a\r", b"", b"\xff\xfe"]), max_size=8
)
ENDS = st.booleans()
TEXTS = st.builds(lambda lines, end: b"\n".join(lines) + b"\n" * end, LINES, ENDS)


@given(TEXTS, st.sampled_from([b"a", b"new", b"x=1"]))
def test_a_line_is_there_afterwards_and_all_others_stay(text: bytes, line: bytes) -> None:
    assume(not text.endswith(b"\r"))  # which ends a line, for Ansible too
    new = present(text, Wanted(line, after=b"EOF")).text
    found = new.split(b"\n")
    assert line in found
    assert present(new, Wanted(line, after=b"EOF")).text == new
    if all(old.rstrip(b"\r\n") != line for old in text.split(b"\n")):
        head = text if not text or text.endswith((b"\n", b"\r")) else text + b"\n"
        assert new == head + line + b"\n"


@given(TEXTS)
def test_a_regexp_replaces_the_last_line_that_fits(text: bytes) -> None:
    new = present(text, Wanted(b"x=9", re.compile(b"^x="), after=b"EOF")).text
    lines = text.splitlines(keepends=False) if b"\r" not in text else text.split(b"\n")
    fits = [n for n, line in enumerate(lines) if line.startswith(b"x=")]
    if fits:
        expected = list(lines)
        expected[fits[-1]] = b"x=9"
        kept = [line.strip() for line in new.split(b"\n")]
        assert [line.strip() for line in expected if line.strip()] == [k for k in kept if k]


@given(TEXTS)
def test_what_goes_is_what_fits(text: bytes) -> None:
    edit = absent(text, Wanted(b"", re.compile(b"^x=")))
    kept = [line for line in re.findall(b"[^\n]*\n|[^\n]+$", text) if not line.startswith(b"x=")]
    assert edit.text == b"".join(kept)
    assert edit.found == len(re.findall(b"[^\n]*\n|[^\n]+$", text)) - len(kept)


@given(TEXTS, st.sampled_from([b"", b"l", b"l1\nl2\n", b"a\n"]), st.sampled_from([b"EOF", b"^a"]))
def test_a_block_goes_in_once_and_out_again(text: bytes, inside: bytes, after: bytes) -> None:
    block = Block(b"# BEGIN", b"# END", inside, after=after)
    new = with_block(text, block)
    assert with_block(new, block) == new
    assert new.count(b"# BEGIN\n") == (1 if inside else 0)
    without = with_block(new, Block(b"# BEGIN", b"# END"))
    padded = text if not text or text.endswith(b"\n") else text + b"\n"
    assert without in (text, padded)
    if inside:
        between = new.split(b"# BEGIN\n")[1].split(b"# END\n")[0]
        assert between == inside + (b"" if inside.endswith(b"\n") else b"\n")


@given(TEXTS, TEXTS)
def test_another_block_takes_its_place(text: bytes, other: bytes) -> None:
    first = with_block(text, Block(b"# BEGIN", b"# END", b"old\n"))
    inside = other.replace(b"\r", b"") or b"x"
    second = with_block(first, Block(b"# BEGIN", b"# END", inside))
    whole = inside if inside.endswith(b"\n") else inside + b"\n"
    assert second == first.replace(b"# BEGIN\nold\n# END\n", b"# BEGIN\n" + whole + b"# END\n")


def test_bytes_that_are_no_text_stay(room: Path) -> None:
    file = room / "f"
    file.write_bytes(b"\xff\xfe\x00 one\r\nx=1\r\n\x80")
    done = run("lineinfile", path=str(file), regexp="^x=", line="x=2")
    assert file.read_bytes() == b"\xff\xfe\x00 one\r\nx=2\n\x80"
    done.undo()
    assert file.read_bytes() == b"\xff\xfe\x00 one\r\nx=1\r\n\x80"
    run("replace", path=str(file), regexp="one", replace="zwölf")
    assert file.read_bytes() == b"\xff\xfe\x00 zw\xc3\xb6lf\r\nx=1\r\n\x80"


def test_another_encoding(room: Path) -> None:
    file = room / "f"
    file.write_bytes("grün\n".encode("latin-1"))
    run("replace", path=str(file), regexp="ü", replace="ö", encoding="latin-1")
    assert file.read_bytes() == "grön\n".encode("latin-1")
    with pytest.raises(Refused, match="cannot be written in latin-1"):
        run("replace", path=str(file), regexp="ö", replace="€", encoding="latin-1")


def test_folders_are_made_and_removed_again(room: Path) -> None:
    before = snapshot(room)
    done = run("lineinfile", path=f"{room}/a/b/f", line="x", create=True)
    assert (room / "a" / "b" / "f").read_text() == "x\n"
    done.undo()
    assert snapshot(room) == before


def test_what_others_put_into_a_new_folder_stays(room: Path) -> None:
    done = run("blockinfile", path=f"{room}/a/b/f", block="x", create=True)
    (room / "a" / "mine").write_text("y")
    done.undo()
    assert sorted(str(p.relative_to(room)) for p in room.rglob("*")) == ["a", "a/mine"]


def test_a_change_of_somebody_else_is_a_conflict(room: Path) -> None:
    file = room / "f"
    file.write_text("a\n")
    done = run("lineinfile", path=str(file), line="b")
    file.write_text("mine\n")
    with pytest.raises(AssertionError, match="conflict"):
        done.undo()


def test_messages_are_ansibles(room: Path) -> None:
    file = room / "f"
    file.write_text("a\nb\na\n")
    path = str(file)
    assert run("lineinfile", path=path, line="c", mode="0600").result["msg"] == (
        "line added and ownership, perms or SE linux context changed"
    )
    found = run("lineinfile", path=path, line="a", state="absent").result
    assert (found["msg"], found["found"]) == ("2 line(s) removed", 2)
    assert run("blockinfile", path=path, block="x").result["msg"] == "Block inserted"
    assert run("blockinfile", path=path, state="absent").result["msg"] == "Block removed"
    assert run("replace", path=path, regexp="b|c", replace="z").result["msg"] == (
        "2 replacements made"
    )


@pytest.mark.parametrize(
    ("module", "raw", "says"),
    [
        ("lineinfile", {"line": "x", "regexp": "("}, "no regular expression"),
        ("lineinfile", {}, "'line' is needed"),
        ("lineinfile", {"line": "x", "regexp": ""}, "fits every line"),
        ("lineinfile", {"line": "x", "regexp": "a", "search_string": "a"}, "exclude each other"),
        ("lineinfile", {"line": "x", "backrefs": True}, "needs a 'regexp'"),
        ("lineinfile", {"state": "absent"}, "needs 'line', 'regexp' or 'search_string'"),
        ("blockinfile", {"insertafter": "a", "insertbefore": "b"}, "exclude each other"),
        ("blockinfile", {"marker": "a\nb"}, "must be one line"),
        ("replace", {}, "required parameter 'regexp' is missing"),
        ("replace", {"regexp": "a", "encoding": "nope"}, "there is no encoding"),
    ],
)
def test_what_is_refused(module: str, raw: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Task(module, {"path": "/x", **raw})


def test_a_reference_to_a_group_that_is_not_there(room: Path) -> None:
    (room / "f").write_text("x\n")
    with pytest.raises(ModuleError, match="does not have"):
        run("lineinfile", path=f"{room}/f", regexp="x", line=r"\3", backrefs=True)
