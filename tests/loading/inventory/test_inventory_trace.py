"""Where a value comes from; this machine; what people are warned about; encrypted inventories."""

from pathlib import Path

import pytest

from runner.errors import InputError, InputErrors, InventoryError
from runner.loading.inventory.inventory import load_inventory
from runner.loading.text.vault import VaultKeys, VaultPassword
from runner.loading.text.vault_format import encrypt
from runner.model.secret import Secret


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


FILES = {
    "inv/hosts": (
        "[web]\nweb01 x=host rack=1\n[eu:children]\nweb\n[web:vars]\n\nx = web\n[all:vars]\nx=all\n"
    ),
    "inv/more.yml": "eu: {vars: {x: eu}}\nall:\n  hosts:\n    web01:\n      y: 1\n      x: again\n",
    "inv/group_vars/all.yml": "---\nz: 1\nx: gv all\n",
    "inv/group_vars/web/a.yml": "x: gv web\n",
    "inv/host_vars/web01.json": '{"q": 1,\n "x": "hv"}',
    "pb/group_vars/eu.yml": "x: pb eu\n",
    "pb/host_vars/web01": "# nothing\nx: pb hv\n",
}  # fmt: skip


def test_every_layer_with_its_place(tmp_path: Path) -> None:
    _write(tmp_path, FILES)
    inventory = load_inventory([tmp_path / "inv"], playbook_dir=tmp_path / "pb")
    said = [
        (layer.value, layer.label, str(layer.place).removeprefix(f"{tmp_path}/"))
        for layer in inventory.trace("web01", "x")
    ]
    assert said == [
        ("pb hv", "variable file, host 'web01'", "pb/host_vars/web01:2:1"),
        ("hv", "variable file, host 'web01'", "inv/host_vars/web01.json:2:2"),
        ("again", "inventory, host 'web01'", "inv/more.yml:6:7"),
        ("host", "inventory, host 'web01'", "inv/hosts:2:7"),
        ("pb eu", "variable file, group 'eu'", "pb/group_vars/eu.yml:1:1"),
        ("gv web", "variable file, group 'web'", "inv/group_vars/web/a.yml:1:1"),
        ("gv all", "variable file, group 'all'", "inv/group_vars/all.yml:3:1"),
        ("web", "inventory, group 'web'", "inv/hosts:7:1"),
        ("eu", "inventory, group 'eu'", "inv/more.yml:1:13"),
        ("all", "inventory, group 'all'", "inv/hosts:9:1"),
    ]
    assert inventory.hosts["web01"].vars["x"] == "pb hv"
    assert inventory.trace("web01", "nothing") == ()
    assert inventory.trace("nobody", "y") == ()


def test_the_strongest_layer_is_the_value(tmp_path: Path) -> None:
    _write(tmp_path, FILES)
    inventory = load_inventory([tmp_path / "inv"], playbook_dir=tmp_path / "pb")
    for name, host in inventory.hosts.items():
        for variable, value in host.vars.items():
            assert inventory.trace(name, variable)[0].value == value


def test_a_secret_stays_one(tmp_path: Path) -> None:
    _write(tmp_path, {"hosts": "web01:5986 ansible_password=geheim\n"})
    inventory = load_inventory([tmp_path / "hosts"])
    assert inventory.trace("web01", "ansible_password")[0].value == Secret("geheim")
    (port,) = inventory.trace("web01", "ansible_port")
    assert port.value == 5986


def test_this_machine(tmp_path: Path) -> None:
    """Variables of ``all`` and of files named after it apply; it is in no group."""
    _write(
        tmp_path,
        {
            "hosts": "web01\n[all:vars]\na=1\nansible_connection=winrm\n",
            "group_vars/all.yml": "b: 2\n",
            "host_vars/localhost.yml": "c: 3\n",
        },
    )
    inventory = load_inventory([tmp_path / "hosts"])
    host = inventory.implicit_localhost()
    assert dict(host.vars) == {"a": 1, "b": 2, "c": 3, "ansible_connection": "local"}
    assert (host.implicit, host.groups, "localhost" in inventory.hosts) == (True, (), False)
    assert "c" not in inventory.host("127.0.0.1").vars
    stranger = inventory.host("dc01")
    assert dict(stranger.vars) == {"a": 1, "b": 2, "ansible_connection": "winrm"}
    taking_part = inventory.with_localhost(["localhost"])
    assert list(taking_part.hosts) == ["web01", "localhost"]
    assert taking_part.groups["all"].hosts == ("web01",)
    assert inventory.with_localhost([]) is inventory


def test_warnings(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {"hosts": "[web]\nweb\n", "group_vars/web.yml": "ansible_group_priority: 5\n"},
    )
    assert load_inventory([tmp_path / "hosts"]).warnings == (
        "'web' is the name of a host and of a group",
        (
            "ansible_group_priority in group_vars says nothing (group 'web'): it belongs in the "
            "inventory itself"
        ),
    )


def test_mistakes_of_several_files_in_one_go(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {"inv/a.ini": "[web\n", "inv/b.yml": "web: 3\n", "inv/c.csv": "x\n", "inv/d.ini": "w\n"},
    )
    with pytest.raises(InputErrors) as caught:
        load_inventory([tmp_path / "inv", Path("w[3:1],")])
    files = [error.source.file for error in caught.value.errors if error.source]
    assert [Path(file).name for file in files] == ["a.ini", "b.yml", "c.csv", "--inventory"]
    _write(tmp_path, {"ok/h": "w\n", "ok/group_vars/all.yml": "[", "ok/host_vars/w.yml": "- 1\n"})
    with pytest.raises(InputErrors) as caught:
        load_inventory([tmp_path / "ok"])
    assert len(caught.value.errors) == 2


def test_no_more_than_twenty_mistakes(tmp_path: Path) -> None:
    _write(tmp_path, {"hosts": "a b\n" * 5000})
    with pytest.raises(InputErrors) as caught:
        load_inventory([tmp_path / "hosts"])
    assert len(caught.value.errors) == 21
    assert "more mistakes are not shown" in caught.value.errors[-1].message


def test_comments_may_be_in_any_encoding(tmp_path: Path) -> None:
    """As in Ansible; everything else is UTF-8."""
    (tmp_path / "hosts").write_bytes(b"# f\xfcr web\nweb01\n ; gr\xf6\xdfe\n")
    assert list(load_inventory([tmp_path / "hosts"]).hosts) == ["web01"]
    (tmp_path / "hosts").write_bytes(b"# f\xfcr web\nweb01 x=\xfc\n")
    with pytest.raises(InventoryError, match="not UTF-8"):
        load_inventory([tmp_path / "hosts"])


def test_toml(tmp_path: Path) -> None:
    _write(tmp_path, {"hosts.toml": "[web.hosts]\n"})
    with pytest.raises(InventoryError, match="TOML inventories are not read"):
        load_inventory([tmp_path / "hosts.toml"])


KEYS = VaultKeys([VaultPassword("default", Secret("open"), "a test")])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hosts", "[web]\nweb01 x='top secret' n=1\n"),
        ("hosts.yml", "web: {hosts: {web01: {x: top secret, n: 1}}}\n"),
        ("hosts.csv", "name,groups,x,n\nweb01,web,top secret,1\n"),
    ],
)
def test_an_encrypted_inventory(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(encrypt(text.encode(), b"open"))
    found = load_inventory([tmp_path / name], keys=KEYS)
    assert dict(found.hosts["web01"].vars) == {"x": Secret("top secret"), "n": 1}
    assert found.trace("web01", "x")[0].value == Secret("top secret")
    assert "top secret" not in repr(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [("hosts", "web01 geheim\nweb02 geheim\n"), ("hosts.csv", "name,geheim geheim\nx,y\n")],
)
def test_a_mistake_in_an_encrypted_inventory(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(encrypt(text.encode(), b"open"))
    with pytest.raises(InputError) as caught:
        load_inventory([tmp_path / name], keys=KEYS)
    assert "geheim" not in str(caught.value)
    assert f"{name}:1:1: this line of an encrypted inventory is wrong" in str(caught.value)
