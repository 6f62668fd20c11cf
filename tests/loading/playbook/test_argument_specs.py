"""Argument specs: the task that checks, and mistakes in a spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import InputError
from runner.model.playbook import tasks_in
from tests.loading.trees import names, roles, said, write


def test_argument_specs(folder: Path) -> None:
    found = roles(folder, "[{role: checked, number: '{{ p }}', when: outer, tags: t}]")
    first, second = tasks_in(found.tasks)
    assert first.name == "Validating arguments against arg spec 'main' - start the thing"
    assert (first.module, first.tags) == ("validate_argument_spec", frozenset({"always", "t"}))
    assert first.conditions == ("outer",)
    assert first.role is second.role
    assert first.args == {
        "argument_spec": {
            "number": {"type": "int", "required": True},
            "users": {
                "type": "list",
                "elements": "dict",
                "options": {"name": {"type": "str", "default": "{{ someone }}"}},
            },
        },
        "provided_arguments": {"number": "{{ p }}"},
        "validate_args_context": {
            "type": "role",
            "name": "checked",
            "argument_spec_name": "main",
            "path": str(folder / "roles" / "checked"),
        },
    }
    assert first.source.file.endswith("roles/checked/meta/argument_specs.yml")
    assert first.source.line == 3


def test_argument_specs_of_another_entry_point(folder: Path) -> None:
    tasks = "  tasks: [{import_role: {name: checked, tasks_from: stop.yml}}]\n"
    found = roles(folder, "[inmeta]", tasks)
    assert names(found) == [
        "Validating arguments against arg spec 'main'",
        "Validating arguments against arg spec 'stop.yml'",
        "stop it",
    ]
    quiet = "  tasks: [{import_role: {name: checked, rolespec_validate: no}}]\n"
    assert names(roles(folder, "[]", quiet)) == ["work"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("argument_specs: []", "argument_specs.yml:1:17: 'argument_specs' is a mapping of specs"),
        ("argument_spec: {}", "did you mean 'argument_specs'?"),
        ("argument_specs: {main: [x]}", "an argument spec is a mapping"),
        ("argument_specs: {main: {optons: {}}}", "did you mean 'options'?"),
        ("argument_specs: {main: {required_if: []}}", "'required_if' is not a keyword"),
        ("argument_specs: {main: {options: [a]}}", "'options' is a mapping of options"),
        ("argument_specs: {main: {options: {a b: {}}}}", "'a b' cannot be the name of a variable"),
        ("argument_specs: {main: {options: {a: {tpye: int}}}}", ("yml:1:45: 'tpye' is not "
         "a key of an option's spec | did you mean 'type'?")),
        ("argument_specs: {main: {options: {a: {type: itn}}}}", ("argument_specs.yml:1:45: there "
         "is no type 'itn' (a.type) | did you mean 'int'?")),
        ("argument_specs: {main: {options: {a: {required: yes, default: 1}}}}",
         "argument_specs.yml:1:38: a: an option is required or has a default, not both"),
        ("argument_specs: {main: {options: {a: {type: dict, options: {b: {choices: x}}}}}}",
         "argument_specs.yml:1:74: a.options.b.choices: must be a list, found a text"),
        ("argument_specs: {main: {options: {a: 5}}}", "a: an option is a mapping, found a number"),
        ("argument_specs: {main: {options: {a: {default: '{{ x | nope }}'}}}}", "nope"),
    ],
)  # fmt: skip
def test_wrong_argument_specs(folder: Path, text: str, error: str) -> None:
    write(folder, f"== roles/r/meta/argument_specs.yml\n{text}\n")
    with pytest.raises(InputError) as caught:
        roles(folder, "[r]")
    (only,) = said(caught.value, folder)
    assert error in only


@pytest.mark.parametrize("text", ["", "argument_specs:\n", "argument_specs: {other: {}}\n"])
def test_no_spec_for_this_entry_point(folder: Path, text: str) -> None:
    write(folder, f"== roles/r/meta/argument_specs.yml\n{text}")
    assert names(roles(folder, "[r]")) == []
