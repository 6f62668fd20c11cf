"""The constructed plug-in; what Ansible makes of the same files is in cases/good_inventories."""

from pathlib import Path

import pytest

from runner.errors import InputError, InventoryError
from runner.loading.inventory.inventory import load_inventory
from runner.loading.text.data import DataStr
from runner.model.inventory import Inventory
from runner.model.secret import Secret

HOSTS = """
[web]
web01 os=windows version=2012 ansible_password=geheim
web02 os=linux
"""


def _load(folder: Path, config: str, **options: object) -> Inventory:
    (folder / "hosts").write_text(HOSTS)
    (folder / "plugin.yml").write_text(f"plugin: constructed\n{config}")
    paths = [folder / "hosts", folder / "plugin.yml"]
    return load_inventory(paths, **options)  # type: ignore[arg-type]


def test_what_an_expression_gives_is_data(tmp_path: Path) -> None:
    found = _load(tmp_path, "compose:\n  x: \"'{' ~ '{ os }' ~ '}'\"\n  n: '[version, 1]'\n")
    value = found.hosts["web01"].vars["x"]
    assert (value, type(value)) == ("{{ os }}", DataStr)
    assert found.hosts["web01"].vars["n"] == [2012, 1]
    assert "n" not in found.hosts["web02"].vars


def test_strict_is_an_error_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InventoryError) as caught:
        _load(tmp_path, "strict: yes\ncompose:\n  n: version + 1\n")
    assert "'version' is undefined" in caught.value.message
    assert str(caught.value.source) == f"{tmp_path}/plugin.yml:4:6"


def test_strict_does_not_take_an_empty_key(tmp_path: Path) -> None:
    config = "keyed_groups:\n  - key: version | default('') | string\n"
    found = _load(tmp_path, config)
    assert list(found.groups) == ["all", "ungrouped", "web", "_2012"]
    with pytest.raises(InputError, match="is empty on 'web02'"):
        _load(tmp_path, f"strict: yes\n{config}")


@pytest.mark.parametrize("strict", ["yes", "no"])
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("groups:\n  x: version | default('no')\n", "not true or false"),
        ("groups:\n  x: 3\n", "gives a int, not true or false"),
        ("keyed_groups:\n  - key: version | default(1)\n", "gives a int"),
        ("groups: [x]\n", "'groups' is a mapping, found a list"),
        ("compose:\n  x: {a: 1}\n", "an expression is a text, found a mapping"),
        ("keyed_groups: [1]\n", "an entry of 'keyed_groups' is a mapping, found a number"),
        ("keyed_groups:\n  - prefix: x\n", "needs a 'key'"),
        ("use_vars_plugins: maybe\n", "'use_vars_plugins' is yes or no, found a text"),
        ("compose:\n  x: os | to_nothing\n", "to_nothing"),
        (
            "keyed_groups:\n  - {key: os, default_value: x, trailing_separator: no}\n",
            "exclude each other",
        ),
    ],
)
def test_mistakes_are_never_passed_over(
    tmp_path: Path, config: str, message: str, strict: str
) -> None:
    with pytest.raises(InventoryError) as caught:
        _load(tmp_path, f"strict: {strict}\n{config}")
    assert message in caught.value.message
    assert caught.value.source is not None
    assert caught.value.source.file == f"{tmp_path}/plugin.yml"


def test_extra_variables_only_when_asked_for(tmp_path: Path) -> None:
    config = "compose:\n  where: site | default('nowhere')\n"
    plain = _load(tmp_path, config, extra={"site": "berlin"})
    assert plain.hosts["web01"].vars["where"] == "nowhere"
    asked = _load(tmp_path, f"use_extra_vars: true\n{config}", extra={"site": "berlin"})
    assert asked.hosts["web01"].vars["where"] == "berlin"


def test_a_secret_in_an_expression_is_known_to_who_masks(tmp_path: Path) -> None:
    found = _load(tmp_path, "compose:\n  ansible_become_password: ansible_password\n")
    assert found.hosts["web01"].vars["ansible_become_password"] == Secret("geheim")


def test_where_a_composed_value_comes_from(tmp_path: Path) -> None:
    found = _load(tmp_path, "compose:\n  os: os | upper\n")
    layers = found.trace("web02", "os")
    assert [(layer.value, str(layer.place)) for layer in layers] == [
        ("LINUX", f"{tmp_path}/plugin.yml:3:7"),
        ("linux", f"{tmp_path}/hosts:4:7"),
    ]


def test_two_thousand_hosts(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("".join(f"h{i:04} n={i}\n" for i in range(2_000)))
    (tmp_path / "plugin.yml").write_text(
        "plugin: constructed\ngroups:\n  even: n % 2 == 0\n"
        "keyed_groups:\n  - {key: (n % 7) | string, prefix: seven}\n"
    )
    found = load_inventory([tmp_path / "hosts", tmp_path / "plugin.yml"])
    assert len(found.groups["even"].hosts) == 1_000
    assert len(found.groups["seven_3"].hosts) == 286
