"""Every good inventory: what we make of it, and that Ansible makes the same of it.

``expected.json`` in each folder is what ``ansible-inventory --list`` prints. With the environment
variable ``RUNNER_TEST_ANSIBLE`` (a folder with Ansible's programs) it is asked again.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from runner.app.inventory import as_json, listing
from runner.loading.inventory.inventory import load_inventory
from runner.loading.patterns import select
from runner.model.inventory import Inventory
from runner.model.secret import Secret

CASES = Path(__file__).parents[1] / "cases" / "good_inventories"
ANSIBLE = os.environ.get("RUNNER_TEST_ANSIBLE", "")


def _folders() -> list[Path]:
    return sorted(path for path in CASES.iterdir() if path.is_dir())


def _arguments(folder: Path) -> tuple[list[str], Path | None]:
    """The inventories of a case, and the folder of its playbook if it has one."""
    written = folder / "args"
    if written.exists():
        words = written.read_text().split()
    else:
        words = [p.name for p in folder.iterdir() if p.name != "expected.json"][:1]
    playbook = None
    if "--playbook-dir" in words:
        at = words.index("--playbook-dir")
        playbook = folder / words[at + 1]
        del words[at : at + 2]
    return [word if "," in word else str(folder / word) for word in words], playbook


def _load(folder: Path) -> Inventory:
    sources, playbook = _arguments(folder)
    return load_inventory([Path(source) for source in sources], playbook_dir=playbook)


def _reveal(secret: Secret) -> str:
    return secret.reveal()


def _printed(inventory: Inventory) -> str:
    return as_json(listing(inventory, frozenset(inventory.hosts), {}, _reveal))


def _said(text: str) -> Any:
    """What a list says. A text without braces is the same text whether it is marked or not."""

    def unmarked(value: dict[str, Any]) -> Any:
        text = value.get("__ansible_unsafe")
        return text if isinstance(text, str) and "{" not in text else value

    return json.loads(text, object_hook=unmarked)


@pytest.mark.parametrize("folder", _folders(), ids=lambda p: p.name)
def test_what_it_means(folder: Path) -> None:
    assert _said(_printed(_load(folder))) == _said((folder / "expected.json").read_text())


@pytest.mark.skipif(not ANSIBLE, reason="RUNNER_TEST_ANSIBLE names no Ansible")
@pytest.mark.parametrize("folder", _folders(), ids=lambda p: p.name)
def test_ansible_says_the_same(folder: Path, tmp_path: Path) -> None:
    sources, playbook = _arguments(folder)
    words = [word for source in sources for word in ("-i", source)]
    words += ["--playbook-dir", str(playbook or tmp_path)]
    said = _ansible("ansible-inventory", *words, "--list", folder=tmp_path)
    assert _said(said) == _said((folder / "expected.json").read_text())


def _ansible(program: str, *words: str, folder: Path) -> str:
    environment = {
        "PATH": f"{ANSIBLE}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_DEVEL_WARNING": "0",
    }
    done = subprocess.run(
        [str(Path(ANSIBLE) / program), *words],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("folder", _folders(), ids=lambda p: p.name)
def test_the_list_is_an_inventory_again(folder: Path, tmp_path: Path) -> None:
    """What ``--list`` prints, printed by a script, gives the same hosts, groups and values."""
    inventory = _load(folder)
    (tmp_path / "list.json").write_text(_printed(inventory))
    script = tmp_path / "inventory"
    script.write_text(f"#!/bin/sh\nexec {shutil.which('cat')} {tmp_path / 'list.json'}\n")
    script.chmod(0o755)
    again = load_inventory([script])
    assert _printed(again) == _printed(inventory)
    assert {n: h.groups for n, h in again.hosts.items()} == {
        n: h.groups for n, h in inventory.hosts.items()
    }


PATTERNS = {
    "ini": (
        "all *  web lone lone* db,web web,db web:db prod[0] prod[-1] prod[1:2] prod[2:] *[0] *[-1]"
        " web*[1] all:!web all:&prod prod:!web:!lone web[0]:db[1] ~web0[12] ~.*example$ *.example"
        " fe80::1 fe80::1,web 2001:db8::7 10.0.0.1 !prod &web lone3:web web:lone3"
        " ungrouped ~^(lone|db).* u* s01-?.example db-a.x.net:web prod:!~web.*"
        " web[0-1] localhost web,localhost all:!localhost all,!*.example,!fe80*"
    ),
    "ini_order": "all top second first:third third,first top[0] top[3] ungrouped:all t* *1 *1[2]",
    "ini_mixed": "all g:h h:g all[0] ungrouped all[-1] b* b*[0] b1:all",
    "yaml": "all web prod other:web *[2] prod[0] yh* ungrouped",
    "folder": "all web db:web web[1]",
    "names": "all 127.0.0.1 ::1 localhost db 10.0.0.1:db web01:localhost",
}


@pytest.mark.skipif(not ANSIBLE, reason="RUNNER_TEST_ANSIBLE names no Ansible")
@pytest.mark.parametrize("name", PATTERNS)
def test_ansible_selects_the_same(name: str, tmp_path: Path) -> None:
    """The same hosts in the same order."""
    program = tmp_path / "selects.py"
    program.write_text(
        "import json, sys\n"
        "from ansible.parsing.dataloader import DataLoader\n"
        "from ansible.inventory.manager import InventoryManager\n"
        "from ansible.plugins.loader import init_plugin_loader\n"
        "init_plugin_loader()\n"
        "inventory = InventoryManager(DataLoader(), json.loads(sys.argv[1]))\n"
        "found = {p: [h.name for h in inventory.get_hosts(p)] for p in sys.argv[2:]}\n"
        "print(json.dumps(found))\n"
    )
    sources, _ = _arguments(CASES / name)
    patterns = PATTERNS[name].split()
    said = _ansible("python", str(program), json.dumps(sources), *patterns, folder=tmp_path)
    inventory = _load(CASES / name)
    found = {pattern: list(select(inventory, pattern)) for pattern in patterns}
    assert found == json.loads(said)
