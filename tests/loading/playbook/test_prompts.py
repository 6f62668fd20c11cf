"""vars_prompt: reading, asking, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from runner.errors import UsageError
from runner.loading.playbook.prompts import ask
from runner.loading.text.data import holds_template
from runner.model.playbook import Prompt
from runner.model.secret import Secret
from runner.model.source import Source
from tests.loading.trees import load

PROMPTS = """
- hosts: "{{ target }}"
  vars: {what: hosts}
  vars_prompt:
    - {name: target, prompt: "which {{ what }}?", private: no, default: all}
    - {name: secret, confirm: yes, unsafe: yes}
"""


def test_prompts(tmp_path: Path) -> None:
    asked: list[Prompt] = []

    def answers(prompts: Sequence[Prompt]) -> Mapping[str, Any]:
        asked.extend(prompts)
        return {"target": "web", "secret": Secret("x")}

    (found,) = load(tmp_path, PROMPTS, answers=answers).plays
    assert found.hosts == "web"
    assert found.vars == {"what": "hosts", "target": "web", "secret": Secret("x")}
    assert tuple(asked) == found.prompts
    first, second = found.prompts
    assert (first.name, first.text, first.private, first.default, first.confirm) == (
        "target", "which hosts?", False, "all", False,
    )  # fmt: skip
    assert (second.text, second.private, second.default, second.confirm) == (
        "secret", True, None, True,
    )  # fmt: skip
    assert (second.source.line, second.source.column) == (6, 7)


def test_prompts_of_a_playbook_that_is_only_looked_at(tmp_path: Path) -> None:
    (found,) = load(tmp_path, PROMPTS).plays
    assert (found.hosts, found.vars) == ("all", {"what": "hosts", "target": "all"})
    (given,) = load(tmp_path, PROMPTS, {"target": "db"}).plays
    assert given.hosts == "db"


def _prompt(**fields: Any) -> Prompt:
    return Prompt(**{"name": "v", "source": Source("p.yml", 3, 7), "text": "V?", **fields})


@pytest.mark.parametrize(
    ("prompt", "known", "typed", "answer"),
    [
        (_prompt(), {}, "x", {"v": Secret("x")}),
        (_prompt(private=False), {}, "x", {"v": "x"}),
        (_prompt(private=False, default="d"), {}, "", {"v": "d"}),
        (_prompt(private=False, default="d"), {}, None, {"v": "d"}),
        (_prompt(private=False), {}, "", {"v": ""}),
        (_prompt(), {"v": 1}, None, {}),
        (_prompt(name="ansible_password", private=False), {}, "x",
         {"ansible_password": Secret("x")}),
    ],
)  # fmt: skip
def test_asking(
    prompt: Prompt, known: dict[str, Any], typed: str | None, answer: dict[str, Any]
) -> None:
    asked: list[tuple[str, bool, str | None, bool]] = []

    def question(text: str, private: bool, default: str | None, confirm: bool) -> str | None:
        asked.append((text, private, default, confirm))
        return typed

    assert ask([prompt, prompt], known, question) == answer
    expected = [(prompt.text, prompt.private, prompt.default, prompt.confirm)]
    assert asked == ([] if known else expected)


def test_nobody_to_ask() -> None:
    with pytest.raises(UsageError) as caught:
        ask([_prompt()], {}, lambda *_: None)
    assert caught.value.hint == "give it with -e v="
    assert str(caught.value.source) == "p.yml:3:7"


@pytest.mark.parametrize("private", [True, False])
def test_what_was_typed_is_never_a_template(private: bool) -> None:
    answers = ask([_prompt(private=private)], {}, lambda *_: "{{ x }}")
    assert not holds_template(answers)
