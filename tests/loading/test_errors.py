"""Every mistake in ``cases/``: the whole message, with place, line, caret and hint."""

from pathlib import Path

import pytest

from runner.errors import InputError
from runner.loading.inventory.inventory import load_inventory
from runner.loading.playbook.playbook import load_playbook
from tests.loading.modules import MODULES

CASES = Path(__file__).parent / "cases"


def _inputs(folder: str) -> list[Path]:
    return sorted(p for p in (CASES / folder).iterdir() if p.is_file() and p.suffix != ".txt")


def _said(error: InputError, path: Path) -> str:
    text = f"{type(error).__name__}\n{error}\n"
    text = text.replace(f"{path.parent}/", "").replace(str(path.parent), ".")
    return "\n".join(line.rstrip() for line in text.split("\n"))


@pytest.mark.parametrize("path", _inputs("playbooks"), ids=lambda p: p.stem)
def test_playbook(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_ROLES_PATH", "/etc/roles")
    with pytest.raises(InputError) as caught:
        load_playbook(path, MODULES)
    assert _said(caught.value, path) == path.with_name(f"{path.name}.txt").read_text()
    assert caught.value.source is not None
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("path", _inputs("inventories"), ids=lambda p: p.name)
def test_inventory(path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_inventory([path])
    assert _said(caught.value, path) == path.with_name(f"{path.name}.txt").read_text()


def test_no_secret_in_an_excerpt() -> None:
    path = CASES / "inventories" / "secret_on_a_broken_line.yml"
    with pytest.raises(InputError) as caught:
        load_inventory([path])
    assert "geheim" in path.read_text()
    assert "geheim" not in str(caught.value)
