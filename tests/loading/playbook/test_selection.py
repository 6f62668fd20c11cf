"""Tags and --start-at-task."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.loading.playbook.playbook import load_playbook
from runner.loading.playbook.selection import select_tags, start_at_task
from runner.model.playbook import Block, Entry, Playbook
from tests.loading.modules import MODULES

TEXT = """
- hosts: all
  id: first
  tasks:
    - {name: plain, win_ping: }
    - {name: a, win_ping: , tags: a}
    - {name: ab, win_ping: , tags: [a, b]}
    - {name: always, win_ping: , tags: always}
    - {name: never, win_ping: , tags: [never, debug]}
- hosts: all
  tags: second
  tasks:
    - {name: two, win_ping: }
"""


def load(folder: Path, text: str = TEXT) -> Playbook:
    (folder / "p.yml").write_text(text)
    return load_playbook(folder / "p.yml", MODULES)


def names(playbook: Playbook) -> str:
    return " ".join(task.name for play in playbook.plays for task in play.tasks)


@pytest.mark.parametrize(
    ("tags", "skip", "expected"),
    [
        ("", "", "plain a ab always two"),
        ("all", "", "plain a ab always two"),
        ("a", "", "a ab always"),
        ("a,second", "", "a ab always two"),
        ("b", "a", "always"),
        ("", "a", "plain always two"),
        ("tagged", "", "a ab always two"),
        ("untagged", "", "plain always"),
        ("never", "", "always never"),
        ("debug", "", "always never"),
        ("all,debug", "", "plain a ab always never two"),
        ("", "always", "plain a ab two"),
        ("", "tagged", "plain"),
        ("", "untagged", "a ab always two"),
        ("a", "all", "always"),
        ("always", "", "always"),
    ],
)
def test_tags(tmp_path: Path, tags: str, skip: str, expected: str) -> None:
    found = select_tags(load(tmp_path), [tags], [skip])
    assert names(found) == expected
    assert all(play.tasks for play in found.plays)


@pytest.mark.parametrize(
    ("tags", "skip", "message", "hint"),
    [
        ("secnd", "", "--tags: no task of", "did you mean 'second'?"),
        ("", "zz", "--skip-tags: no task of", "tags: a, always, b, debug, never, second"),
        ("a", "a,always", "leaves no task", ""),
    ],
)
def test_wrong_tags(tmp_path: Path, tags: str, skip: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        select_tags(load(tmp_path), [tags], [skip])
    assert message in caught.value.message
    assert caught.value.hint == hint


CHAIN = """
- hosts: all
  tasks:
    - {name: zero, win_ping: , tags: x}
    - {name: one, id: one, win_ping: , tags: x}
    - {name: two, id: two, win_ping: , needs: [{task: one, hosts: web}]}
    - {name: three, id: three, win_ping: , needs: [two]}
    - {name: four, win_ping: , tags: x, needs: [{task: three, hosts: db}]}
    - {name: five, id: five, win_ping: }
    - {name: six, win_ping: , tags: x, needs: [five, one]}
"""


def test_needs_pass_through_what_is_left_out(tmp_path: Path) -> None:
    (play,) = select_tags(load(tmp_path, CHAIN), ["x"]).plays
    zero, one, four, six = play.tasks
    assert (zero.needs, one.needs) == (None, None)
    assert [(n.target, n.hosts) for n in four.needs or ()] == [("one", "web")]
    assert four.id is not None
    assert [(n.target, n.hosts) for n in six.needs or ()] == [(four.id, None), ("one", None)]


def test_a_play_that_is_left_out_passes_its_order_on(tmp_path: Path) -> None:
    text = """
- {hosts: a, tags: x, tasks: [{win_ping: }]}
- {hosts: b, id: b, tasks: [{win_ping: }]}
- {hosts: c, tags: x, needs: b, tasks: [{win_ping: }]}
"""
    first, last = select_tags(load(tmp_path, text), ["x"]).plays
    assert first.id is not None
    assert [n.target for n in last.needs or ()] == [first.id]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("ab", "ab always never two"), ("tw*", "two"), ("plain", "plain a ab always never two")],
)
def test_start_at_task(tmp_path: Path, pattern: str, expected: str) -> None:
    assert names(start_at_task(load(tmp_path), pattern)) == expected


def test_start_at_an_id_counts_what_is_before_as_done(tmp_path: Path) -> None:
    (play,) = start_at_task(load(tmp_path, CHAIN), "three").plays
    three, four, _, six = play.tasks
    assert three.needs == ()
    assert [n.target for n in four.needs or ()] == ["three"]
    assert [n.target for n in six.needs or ()] == ["five"]


def test_start_at_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        start_at_task(load(tmp_path), "plian")
    assert caught.value.hint == "did you mean 'plain'?"


BLOCKS = """
- hosts: all
  tasks:
    - {name: first, win_ping: , tags: x}
    - name: gone
      id: gone
      block: [{name: a, id: a, win_ping: }]
      rescue: [{name: b, id: b, win_ping: , tags: x}]
    - name: kept
      id: kept
      block:
        - {name: c, id: c, win_ping: }
        - {name: d, id: d, win_ping: , tags: x}
        - block: [{name: e, id: e, win_ping: }]
          always: [{name: f, id: f, win_ping: , tags: x}]
          needs: [c]
      rescue: [{name: g, win_ping: }, {name: h, win_ping: , tags: x}]
      always: [{name: i, win_ping: }]
    - {name: last, win_ping: , tags: x, needs: [gone, a, c, e, {task: kept, state: failed}]}
"""


def shape(entries: Iterable[Entry]) -> str:
    """``a [b | rescue | always] c``."""
    return " ".join(
        f"[{shape(e.block)} | {shape(e.rescue)} | {shape(e.always)}]"
        if isinstance(e, Block)
        else e.name
        for e in entries
    )


def needs(entry: Entry) -> list[str] | None:
    return None if entry.needs is None else [need.target for need in entry.needs]


def test_tags_in_blocks(tmp_path: Path) -> None:
    (play,) = select_tags(load(tmp_path, BLOCKS), ["x"]).plays
    assert shape(play.tasks) == "first [d f | h | ] last"
    first, kept, last = play.tasks
    assert isinstance(kept, Block)
    assert first.id == "before-a"
    assert needs(kept.block[1]) == ["before-a"]  # its block waited for c, and c for first
    assert needs(last) == ["before-a", "d", "kept"]
    assert [need.state for need in last.needs or ()][-1] == "failed"


def test_starting_in_a_block(tmp_path: Path) -> None:
    (play,) = start_at_task(load(tmp_path, BLOCKS), "e").plays
    assert shape(play.tasks) == "[[e |  | f] | g h | i] last"
    (kept, last) = play.tasks
    assert isinstance(kept, Block)
    assert needs(kept.block[0]) == []
    assert needs(last) == ["e", "kept"]


def test_an_include_is_selected_by_its_own_tags(tmp_path: Path) -> None:
    text = """
- hosts: all
  tasks:
    - {name: i, include_tasks: more.yml, tags: i}
    - {name: j, include_tasks: {file: more.yml, apply: {tags: given}}}
"""
    (tmp_path / "more.yml").write_text("- {name: m, win_ping: , tags: inner}\n")
    assert names(select_tags(load(tmp_path, text), ["i"])) == "i"
    assert names(select_tags(load(tmp_path, text), [], ["i"])) == "j"
    for tag in ("inner", "given"):
        with pytest.raises(UsageError, match="leaves no task") as none_left:
            select_tags(load(tmp_path, text), [tag])
        assert f"'{tag}' is on tasks behind an include" in none_left.value.hint
    with pytest.raises(UsageError, match=r"no task of .* has the tag 'innner'") as caught:
        select_tags(load(tmp_path, text), ["i", "innner"])
    assert caught.value.hint == "did you mean 'inner'?"


def test_any_tag_may_be_behind_an_unknown_include(tmp_path: Path) -> None:
    text = """
- hosts: all
  tasks: [{name: i, include_tasks: "{{ os }}.yml", tags: always}]
"""
    assert names(select_tags(load(tmp_path, text), ["whatever"])) == "i"
