"""Arguments written as one template: kept as such, in the order in which they win."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.errors import InputError
from runner.model.playbook import tasks_in
from runner.model.task import WHOLE, Task
from tests.loading.trees import play, said


def one(folder: Path, text: str, more: str = "") -> Task:
    (task,) = tasks_in(play(folder, f"- hosts: all\n{more}  tasks:\n    - {text}\n").tasks)
    return task


@pytest.mark.parametrize(
    ("text", "args", "column"),
    [
        ('{debug: "{{ p }}"}', {WHOLE: ["{{ p }}"]}, 15),
        ('{ansible.builtin.debug: "{{ p }}"}', {WHOLE: ["{{ p }}"]}, 31),
        ('{debug: , args: "{{ p }}"}', {WHOLE: ["{{ p }}"]}, 23),
        ('{debug: "{{ p }}", args: "{{ q }}"}', {WHOLE: ["{{ q }}", "{{ p }}"]}, 15),
        ('{debug: {msg: own}, args: "{{ q }}"}', {WHOLE: ["{{ q }}"], "msg": "own"}, 33),
        ('{debug: "{{ p }}", args: {msg: own}}', {WHOLE: ["{{ p }}"], "msg": "own"}, 15),
        ('{action: "debug {{ p }}"}', {WHOLE: ["{{ p }}"]}, 16),
        ('{action: {module: debug, args: "{{ p }}"}}', {WHOLE: ["{{ p }}"]}, 38),
        ('{win_shell: ls, args: "{{ q }}"}', {WHOLE: ["{{ q }}"], "_raw_params": "ls"}, 29),
    ],
)
def test_is_kept_with_its_place(
    tmp_path: Path, text: str, args: dict[str, Any], column: int
) -> None:
    task = one(tmp_path, text)
    assert list(task.args.items()) == list(args.items())
    assert (task.arg_sources[WHOLE].line, task.arg_sources[WHOLE].column) == (3, column)


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ('{win_shell: "{{ p }}"}', {"_raw_params": "{{ p }}"}),
        ('{debug: "msg={{ p }}"}', {"msg": "{{ p }}"}),
        ('{debug: "{{ a }}={{ b }}"}', {"{{ a }}": "{{ b }}"}),
        ('{set_fact: "a={{ p }}"}', {"a": "{{ p }}"}),
    ],
)
def test_other_texts_are_read_as_ever(tmp_path: Path, text: str, args: dict[str, Any]) -> None:
    assert dict(one(tmp_path, text).args) == args


def test_stands_between_the_defaults_and_what_the_task_names(tmp_path: Path) -> None:
    defaults = "  module_defaults: {debug: {msg: default, verbosity: 1}}\n"
    task = one(tmp_path, '{debug: {verbosity: 0}, args: "{{ p }}"}', defaults)
    assert list(task.args.items()) == [("msg", "default"), (WHOLE, ["{{ p }}"]), ("verbosity", 0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{debug: "{{ p | nope }}"}', "play.yml:3:15: there is no filter 'nope'"),
        ('{debug: !unsafe "{{ p }}"}', "'debug' takes no free text: '{{' is not name=value"),
        ('{debug: "x {{ p }}"}', "'debug' takes no free text: 'x' is not name=value"),
        ('{debug: "{{ p }} "}', "'debug' takes no free text"),
        ('{debug: , args: "a {{ p }}"}', "the arguments of 'debug' is a mapping, found a text"),
        ('{set_fact: , args: "{{ p }}"}', "what 'set_fact' is given must be known before"),
    ],
)
def test_what_is_none(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        one(tmp_path, text)
    assert message in said(caught.value, tmp_path)[0]
