"""Modules are found by file name."""

from __future__ import annotations

import pytest

import runner.modules as modules
from runner.errors import ParamsError
from runner.interfaces.module import Module

OURS = {"win_defender", "win_ipsec_policy", "win_isolate", "win_process", "win_shadow_copy"}
"""Modules that Ansible does not have."""


def test_every_file_is_a_module_and_helpers_are_not() -> None:
    found = modules.names()
    assert "win_service" in found
    assert not [name for name in found if name.startswith("_")]
    for name in found:
        module = modules.load(name)
        assert isinstance(module, Module)
        assert module.params
        assert module.state
        ansible = module.doc_url.startswith("https://docs.ansible.com/")
        assert ansible is (name not in OURS), name
        assert type(module).__doc__


@pytest.mark.parametrize(
    "name", ["win_service", "ansible.windows.win_service", "ansible.legacy.win_service"]
)
def test_short_and_full_names_are_the_same_module(name: str) -> None:
    assert modules.load(name).__class__ is modules.load("win_service").__class__
    assert modules.canonical(name) == "win_service"


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ParamsError) as caught:
        modules.load("win_servce")
    assert caught.value.message == "there is no module 'win_servce'"
    assert caught.value.hint == "did you mean 'win_service'?"


def test_helpers_cannot_be_loaded() -> None:
    with pytest.raises(ParamsError, match="no module '_service'"):
        modules.load("_service")


def test_who_takes_a_free_form_string() -> None:
    taken = {name for name, takes in modules.FREE_FORMS.items() if takes}
    assert {"meta", "raw", "win_command", "win_shell", "command", "shell"} <= taken
    assert not {"setup", "win_service", "async_status"} & taken
    assert list(modules.FREE_FORMS) == list(modules.names())
    assert "win_servce" not in modules.FREE_FORMS
