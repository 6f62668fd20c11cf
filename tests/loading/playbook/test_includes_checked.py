"""Included tasks are selected, checked and bounded like those of the playbook."""

from pathlib import Path

import pytest

from runner.errors import InputErrors, ParamsError, PlaybookError
from runner.model.playbook import Block, Task, tasks_in
from tests.loading.includes import Run, names
from tests.loading.trees import load, named, said


@pytest.mark.parametrize(
    ("tags", "skip_tags", "expected"),
    [
        ([], [], ["x", "y", "b", "r", "always", "plain"]),
        (["x"], [], ["x", "always"]),
        (["y"], ["z"], ["always"]),
        ([], ["always", "x"], ["y", "b", "r", "plain"]),
        (["untagged"], [], ["b", "r", "always", "plain"]),
        (["inc"], [], ["always"]),
        (["played"], [], ["x", "y", "b", "r", "always", "never", "plain"]),
        (["z"], [], ["y", "always"]),
    ],
)
def test_tags(tmp_path: Path, tags: list[str], skip_tags: list[str], expected: list[str]) -> None:
    text = """
- hosts: all
  tasks: [{name: i, include_tasks: more.yml, tags: inc}]
== more.yml
- {name: x, win_ping: , tags: x}
- {name: y, win_ping: , tags: [y, z]}
- block:
    - {name: b, win_ping: }
  rescue:
    - {name: r, win_ping: }
- {name: always, win_ping: , tags: always}
- {name: never, win_ping: , tags: never}
- {name: plain, win_ping: }
"""
    if "played" in tags:
        text = text.replace("  tasks", "  tags: played\n  tasks")
    run = Run(tmp_path, text, tags=tags, skip_tags=skip_tags)
    assert names(run.include("i")) == expected


def test_every_task_is_checked(tmp_path: Path) -> None:
    def check(task: Task) -> None:
        if "bad" in task.args:
            raise ParamsError(f"'{task.name}' is bad", source=task.source)

    run = Run(
        tmp_path,
        """
- hosts: all
  tasks: [{name: i, include_tasks: more.yml}]
== more.yml
- {name: a, win_service: {bad: 1}}
- {name: nested, include_tasks: next.yml}
- block: [{name: b, win_ping: }]
  rescue: [{name: c, win_service: {bad: 2}}]
== next.yml
- {name: d, win_service: {bad: 3}}
""",
        check=check,
    )
    with pytest.raises(InputErrors) as caught:
        run.include("i")
    assert said(caught.value, tmp_path) == [
        "more.yml:1:3: 'a' is bad",
        "more.yml:4:12: 'c' is bad",
    ]


def test_mistakes_in_what_only_a_host_knows(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        """
- hosts: all
  tasks: [{name: i, include_tasks: "{{ which }}.yml"}]
== a.yml
- {name: a, win_servce: , id: x}
- {name: b, win_ping: , id: y}
- {name: c, debug: "msg={{ x | nope }}"}
""",
    )
    with pytest.raises(InputErrors) as caught:
        run.include("i", {"which": "a"})
    assert [line.partition(" | ")[0] for line in said(caught.value, tmp_path)] == [
        "a.yml:1:13: there is no module 'win_servce'",
        "a.yml:1:27: 'id' in an included file: its tasks are found on each host, too late",
        "a.yml:2:25: 'id' in an included file: its tasks are found on each host, too late",
        "a.yml:3:20: there is no filter 'nope'",
    ]
    with pytest.raises(PlaybookError, match=r"cannot find the file b\.yml") as missing:
        run.include("i", {"which": "b"})
    assert missing.value.source is not None
    assert (missing.value.source.line, missing.value.source.column) == (3, 37)


def test_a_recursion_under_a_condition(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        """
- hosts: all
  tasks: [{name: i, include_tasks: again.yml}]
== again.yml
- block:
    - {name: try, win_ping: }
  rescue:
    - {name: again, include_tasks: again.yml}
""",
    )
    task = named(run.playbook.all_tasks(), "i")
    for _ in range(60):
        task = next(t for t in tasks_in(run.below(task).tasks) if t.include)
    assert task.include is not None
    assert len(task.include.chain) == 61
    with pytest.raises(PlaybookError, match="include one another more than 60 deep") as caught:
        run.below(task)
    assert str(caught.value.source).endswith("again.yml:4:7")


def test_a_role_that_includes_itself_without_end(tmp_path: Path) -> None:
    text = """
- hosts: all
  tasks: [{include_role: {name: one}}]
== roles/one/tasks/main.yml
- include_role: {name: two}
== roles/two/tasks/main.yml
- {include_role: {name: one}CONDITION}
"""
    with pytest.raises(PlaybookError, match="the role 'one' includes itself without end"):
        load(tmp_path, text.replace("CONDITION", ""))
    load(tmp_path, text.replace("CONDITION", ", when: more"))


def test_blocks_stay_blocks(tmp_path: Path) -> None:
    text = (
        "- hosts: all\n  tasks: [{name: i, include_tasks: m.yml}]\n"
        "== m.yml\n- block: [{win_ping: }]\n  always: [{win_ping: }]\n"
    )
    (block,) = Run(tmp_path, text).include("i").tasks
    assert isinstance(block, Block)
