"""Inventories: formats, precedence, secrets, size."""

import json
from pathlib import Path

import pytest

from runner.errors import InventoryError
from runner.loading.inventory.inventory import load_inventory
from runner.model.inventory import Inventory
from runner.model.secret import Secret

INI = r"""
lone a=1 b='two words' c="[1, 2]" d=yes e=True f=0123 i='"q"' k=135,139 l="a#b" m=x # comment
lone2:5986 path='C:\temp' p2=C:\temp p3="C:\\temp"
[web]
web[01:03] rack=1 # it's C#
; comment
# comment
[db]
db-[a:c].x.net role=m
[prod:children]
web
db   # trailing, as in C#, it's
[web:vars]
x = web ini
y=[1, {'a': 2}]
z=foo # not a comment
v="quoted"
s=
[all:vars]
o=all
"""
YAML = """
all:
  vars: {o: yaml}
  hosts:
    yhost: {a: 1}
    yh[1:2]:
  children:
    web:
      hosts:
        web04: {level: host}
      vars: {fromyaml: yes}
    prod:
      children:
        newg:
          hosts: nn
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    (tmp_path / "01.ini").write_text(INI)
    (tmp_path / "02.yml").write_text(YAML)
    (tmp_path / ".hidden").write_text("[broken")
    (tmp_path / "notes.txt").write_text("[broken")
    (tmp_path / "01.ini~").write_text("[broken")
    return load_inventory([tmp_path])


def test_hosts_in_the_order_of_the_files(inventory: Inventory) -> None:
    assert " ".join(inventory.hosts) == (
        "lone lone2 web01 web02 web03 db-a.x.net db-b.x.net db-c.x.net yhost yh1 yh2 web04 nn"
    )


def test_groups(inventory: Inventory) -> None:
    assert list(inventory.groups) == ["all", "ungrouped", "web", "db", "prod", "newg"]
    assert " ".join(inventory.groups["all"].hosts) == (
        "yhost yh1 yh2 lone lone2 web01 web02 web03 web04 db-a.x.net db-b.x.net db-c.x.net nn"
    )
    assert inventory.groups["all"].children == ("ungrouped", "web", "prod")
    assert inventory.groups["web"].own == ("web01", "web02", "web03", "web04")
    assert inventory.groups["prod"].children == ("web", "db", "newg")
    assert inventory.groups["ungrouped"].hosts == ("lone", "lone2", "yhost", "yh1", "yh2")
    assert inventory.groups["prod"].hosts == (
        "web01", "web02", "web03", "web04", "db-a.x.net", "db-b.x.net", "db-c.x.net", "nn",
    )  # fmt: skip
    assert inventory.groups["prod"].own == ()
    assert inventory.hosts["web01"].groups == ("prod", "web")
    assert inventory.hosts["lone"].groups == ("ungrouped",)


def test_values(inventory: Inventory) -> None:
    assert inventory.hosts["lone"].vars == {
        "a": 1, "b": "two words", "c": [1, 2], "d": "yes", "e": True, "f": "0123",
        "i": "q", "k": [135, 139], "l": "a#b", "m": "x", "o": "yaml",
    }  # fmt: skip
    assert dict(inventory.hosts["lone2"].vars) == {
        "ansible_port": 5986, "path": r"C:\temp", "p2": "C:temp", "p3": r"C:\temp", "o": "yaml",
    }  # fmt: skip
    assert dict(inventory.hosts["web02"].vars) == {
        "o": "yaml", "x": "web ini", "y": [1, {"a": 2}], "z": "foo # not a comment",
        "v": "quoted", "s": "", "fromyaml": True, "rack": 1,
    }  # fmt: skip


PRECEDENCE = [
    # what is there                                          value of `level` on web01
    ({"all": 1}, "all"),
    ({"all": 1, "eu": 1}, "eu"),
    ({"eu": 1, "prod": 1}, "prod"),
    ({"prod": 1, "web": 1}, "web"),
    ({"web": 1, "aaa": 1}, "web"),
    ({"web": 1, "gv/all": 1}, "gv/all"),
    ({"gv/all": 1, "pb/all": 1}, "pb/all"),
    ({"pb/all": 1, "gv/eu": 1}, "gv/eu"),
    ({"gv/eu": 1, "gv/web": 1}, "gv/web"),
    ({"gv/web": 1, "pb/eu": 1}, "pb/eu"),
    ({"pb/web": 1, "host": 1}, "host"),
    ({"host": 1, "hv": 1}, "hv"),
    ({"hv": 1, "pbhv": 1}, "pbhv"),
    ({"aaa": 1, "web": 1, "aaa priority": 1}, "aaa"),
]


@pytest.mark.parametrize(("there", "expected"), PRECEDENCE)
def test_precedence(tmp_path: Path, there: dict[str, int], expected: str) -> None:
    """The order of docs.ansible.com, "Understanding variable precedence"."""
    inventory, playbook = tmp_path / "inventory", tmp_path / "playbook"
    lines = [f"[web]\nweb01{' level=host' if 'host' in there else ''}", "[aaa]\nweb01"]
    lines += ["[eu:children]\nprod\n[prod:children]\nweb\naaa"]
    lines += [f"[{g}:vars]\nlevel={g}" for g in ("all", "eu", "prod", "web", "aaa") if g in there]
    if "aaa priority" in there:
        lines.append("[aaa:vars]\nansible_group_priority=10")
    files = {inventory / "hosts": "\n".join(lines)}
    for key in there:
        folder, _, name = key.partition("/")
        if name:
            beside = playbook if folder == "pb" else inventory
            files[beside / "group_vars" / f"{name}.yml"] = f"level: {key}\n"
    if "hv" in there:
        files[inventory / "host_vars" / "web01.yml"] = "level: hv\n"
    if "pbhv" in there:
        files[playbook / "host_vars" / "web01"] = "level: pbhv\n"
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = load_inventory([inventory / "hosts"], playbook_dir=playbook)
    assert found.hosts["web01"].vars["level"] == expected


def test_the_later_inventory_wins(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("[web]\nweb01 x=1 y=1\n[web:vars]\nz=1\n")
    (tmp_path / "b").write_text("[web]\nweb01 x=2\nweb02\n[web:vars]\nz=2\n")
    found = load_inventory([tmp_path / "a", tmp_path / "b"])
    assert dict(found.hosts["web01"].vars) == {"x": 2, "y": 1, "z": 2}
    assert found.sources == (str(tmp_path / "a"), str(tmp_path / "b"))


def test_folders_of_variables(tmp_path: Path) -> None:
    folder = tmp_path / "group_vars" / "web"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.yml").write_text("x: 1\ny: 1\n")
    (folder / "b.json").write_text('{"y": 2}')
    (folder / "deep" / "c.yaml").write_text("z: 3\n")
    (folder / ".d.yml").write_text("broken: [")
    (folder / "e.yml~").write_text("broken: [")
    (tmp_path / "hosts").write_text("[web]\nweb01\n")
    assert dict(load_inventory([tmp_path / "hosts"]).hosts["web01"].vars) == {
        "x": 1,
        "y": 2,
        "z": 3,
    }


def test_two_files_for_one_group_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "web.yml").write_text("x: 1\n")
    (tmp_path / "group_vars" / "web").write_text("x: 2\n")
    (tmp_path / "hosts").write_text("[web]\nweb01\n")
    with pytest.raises(InventoryError, match="variables of 'web' stand in"):
        load_inventory([tmp_path / "hosts"])


def test_a_mistake_in_group_vars_has_its_place(tmp_path: Path) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "web.yml").write_text("x: 1\nx: 2\n")
    (tmp_path / "hosts").write_text("[web]\nweb01\n")
    with pytest.raises(InventoryError) as caught:
        load_inventory([tmp_path / "hosts"])
    assert str(caught.value.source).endswith("web.yml:2:1")


def test_secrets_by_name(tmp_path: Path) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("ansible_password: '{{ vaulted }}'\n")
    (tmp_path / "hosts").write_text("web01 ansible_winrm_password=12345\nweb02 ansible_port=1\n")
    found = load_inventory([tmp_path / "hosts"])
    assert found.hosts["web01"].vars["ansible_winrm_password"] == Secret("12345")
    assert found.hosts["web02"].vars["ansible_password"] == Secret("{{ vaulted }}")
    assert "12345" not in repr(found)


def test_names_with_commas() -> None:
    found = load_inventory([Path("web01,web[02:03],db:5986,")])
    assert list(found.hosts) == ["web01", "web02", "web03", "db"]
    assert found.hosts["db"].vars == {"ansible_port": 5986}


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "hosts.json"
    path.write_text(json.dumps({"web": {"hosts": {"web01": {"a": 1}}, "vars": {"b": 2}}}))
    assert dict(load_inventory([path]).hosts["web01"].vars) == {"a": 1, "b": 2}


def test_a_missing_inventory() -> None:
    with pytest.raises(InventoryError, match="cannot read not-there: no such file"):
        load_inventory([Path("not-there")])
    with pytest.raises(InventoryError, match="no inventory is given"):
        load_inventory([])


def test_digest(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("web01\n")
    first = load_inventory([tmp_path / "hosts"]).digest
    assert load_inventory([tmp_path / "hosts"]).digest == first
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars" / "web01.yml").write_text("x: 1\n")
    assert load_inventory([tmp_path / "hosts"]).digest != first
    assert load_inventory([Path("a,")]).digest != load_inventory([Path("b,")]).digest


@pytest.mark.parametrize("kind", ["ini", "yml"])
def test_ten_thousand_hosts(tmp_path: Path, kind: str) -> None:
    rows = [(f"web{i:05}", f"10.0.{i // 256}.{i % 256}", i) for i in range(10_000)]
    if kind == "ini":
        text = "[web]\n" + "".join(f"{n} ansible_host={a} rack={r}\n" for n, a, r in rows)
        text += "[web:vars]\n" + "".join(f"v{i}={i}\n" for i in range(50))
    else:
        text = "web:\n  hosts:\n"
        text += "".join(f"    {n}:\n      ansible_host: {a}\n      rack: {r}\n" for n, a, r in rows)
        text += "  vars:\n" + "".join(f"    v{i}: {i}\n" for i in range(50))
    path = tmp_path / f"hosts.{kind}"
    path.write_text(text)
    found = load_inventory([path])
    assert len(found.hosts) == 10_000
    assert found.hosts["web09999"].vars["ansible_host"] == "10.0.39.15"
    assert found.hosts["web09999"].vars["v49"] == 49
    assert len(found.hosts["web00000"].vars) == 52
    first, last = found.hosts["web00000"].vars, found.hosts["web09999"].vars
    assert first.shared is last.shared  # type: ignore[attr-defined]
    assert found.hosts["web00000"].groups is found.hosts["web09999"].groups
