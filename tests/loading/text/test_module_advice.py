"""What is said of modules that Ansible has and that are not here."""

from __future__ import annotations

import re

from runner.loading.text.module_advice import ADVICE
from runner.loading.text.module_names import _HOMES, _hint
from runner.modules import names

KNOWN = {name for home in _HOMES.values() for name in home}


def test_every_module_that_is_missing_has_an_advice_and_no_other() -> None:
    assert set(ADVICE) == KNOWN - set(names())


def test_an_advice_names_modules_that_are_here() -> None:
    for name, advice in ADVICE.items():
        assert set(re.findall(r"\bwin_\w+", advice)) <= set(names()), name
        first = re.split(r"[ ,:]", advice)[0]
        assert first in names() or name in ("psexec", "win_psexec"), name
        assert "  " not in advice


def test_the_advice_is_given_with_or_without_the_collection() -> None:
    for key in ("win_pagefile", "community.windows.win_pagefile"):
        said = _hint(key, names())
        assert said.startswith("community.windows has it, but it is not here; use win_regedit on")
    assert _hint("ansible.builtin.dnf5", names()).endswith("; use dnf")


def test_modules_of_a_later_collection_and_of_an_old_ansible_have_one_too() -> None:
    said = _hint("microsoft.ad.domain", names())
    assert said.startswith("microsoft.ad has it, but it is not here; use win_powershell with Inst")
    assert "appcmd.exe" in _hint("microsoft.iis.website", names())
    assert (
        _hint("win_msi", names()) == "Ansible up to 2.7 has it, but it is not here; use win_package"
    )
