"""A module that is postponed is the module itself as soon as somebody uses it."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.interfaces.postponed import Postponed, postpone

NAME = "late_package.late"


@pytest.fixture
def late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with a module that says when it is loaded."""
    package = tmp_path / "late_package"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    module = package / "late.py"
    module.write_text("import sys\nsys.late_loads += 1\nanswer = 42\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "late_loads", 0, raising=False)
    yield module
    for name in [name for name in sys.modules if name.startswith("late_package")]:
        del sys.modules[name]


def loads() -> int:
    return int(vars(sys)["late_loads"])


def test_it_is_loaded_when_something_of_it_is_asked_for(late: Path) -> None:
    postpone(NAME)
    before = importlib.import_module(NAME)
    assert (type(before), loads()) == (Postponed, 0)
    assert (before.answer, loads()) == (42, 1)
    assert sys.modules[NAME] is importlib.import_module("late_package").late is not before
    assert (before.answer, loads()) == (42, 1)


def test_what_is_loaded_stays(late: Path) -> None:
    real = importlib.import_module(NAME)
    postpone(NAME)
    assert sys.modules[NAME] is real


def test_many_threads_load_it_once(late: Path) -> None:
    postpone(NAME)
    stub, barrier, found = sys.modules[NAME], threading.Barrier(8), []

    def ask() -> None:
        barrier.wait(60)
        found.append(stub.answer)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, loads()) == ([42] * 8, 1)


def test_what_cannot_be_loaded_says_so_each_time(late: Path) -> None:
    late.write_text("raise ImportError('broken')", encoding="utf-8")
    postpone(NAME)
    stub = sys.modules[NAME]
    for _ in range(2):
        with pytest.raises(ImportError, match="broken"):
            _ = stub.answer


def test_a_logon_with_ntlm_needs_no_certificates_and_one_over_tls_finds_them() -> None:
    text = (
        "import sys\n"
        "from runner.transports.winrm.ntlm import NtlmLogon\n"
        "NtlmLogon('user', 'password', 'host').first()\n"
        "assert 'cryptography.x509.base' not in sys.modules\n"
        "from spnego.tls import x509\n"
        "assert x509.Certificate and 'cryptography.x509.base' in sys.modules\n"
    )
    import subprocess

    subprocess.run([sys.executable, "-c", text], check=True)
