"""Inventories as CSV; what is wrong in one is in cases/inventories."""

from pathlib import Path

import pytest

from runner.errors import InventoryError
from runner.loading.inventory.inventory import load_inventory
from runner.model.inventory import Inventory
from runner.model.secret import Secret


def _load(folder: Path, content: str | bytes) -> Inventory:
    path = folder / "fleet.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_inventory([path])


def test_rows_columns_and_types(tmp_path: Path) -> None:
    found = _load(
        tmp_path,
        "name,groups,ansible_host,rack,note,ansible_password\n"
        "web01,web;prod,10.0.0.1,7,\"a, b\",'geheim'\n"
        "\n"
        'web[02:03]:5986, web ,,"[1, 2]",,\n'
        "lone,,,,True,\n",
    )
    assert list(found.hosts) == ["web01", "web02", "web03", "lone"]
    assert found.hosts["web01"].vars == {
        "ansible_host": "10.0.0.1", "rack": 7, "note": "a, b", "ansible_password": Secret("geheim"),
    }  # fmt: skip
    assert found.hosts["web03"].vars == {"ansible_port": 5986, "rack": [1, 2]}
    assert found.hosts["lone"].vars == {"note": True}
    assert found.hosts["web01"].groups == ("prod", "web")
    assert found.groups["web"].hosts == ("web01", "web02", "web03")
    assert found.hosts["lone"].groups == ("ungrouped",)


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbfname;groups;x\r\nweb01;"web;prod";1\r\n',
        b'sep=;\r\nname;groups;x\r\nweb01;"web;prod";1\r\n;;\r\n',
        b"name\tgroups\tx\nweb01\tweb;prod\t1\n",
        b'"name","groups","x"\n"web01","web;prod","1"\n',
        b"host,groups,x,,\nweb01,web;prod,1,,\n,,,,\n",
        b'name,groups,x\nweb01,"web, prod",1\n',
        b"inventory_hostname,x,groups\nweb01,1,web; prod",
    ],
)
def test_as_spreadsheets_save_it(tmp_path: Path, content: bytes) -> None:
    found = _load(tmp_path, content)
    assert dict(found.hosts["web01"].vars) == {"x": 1}
    assert found.hosts["web01"].groups == ("prod", "web")


def test_a_cell_over_several_lines(tmp_path: Path) -> None:
    found = _load(tmp_path, 'name,note\nweb01,"one\ntwo"\nweb02,x\n')
    assert found.hosts["web01"].vars["note"] == "one\ntwo"
    (layer,) = found.trace("web02", "note")
    assert str(layer.place) == f"{tmp_path}/fleet.csv:4:7"


def test_variables_of_files_apply(tmp_path: Path) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "web.yml").write_text("x: file\ny: file\n")
    found = _load(tmp_path, "name,groups,x\nweb01,web,cell\n")
    assert dict(found.hosts["web01"].vars) == {"x": "cell", "y": "file"}


def test_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match=r"fleet\.csv is empty"):
        _load(tmp_path, "")
    with pytest.raises(InventoryError, match="no hosts in"):
        _load(tmp_path, "name,groups\n")


def test_ten_thousand_rows(tmp_path: Path) -> None:
    rows = "".join(f"web{i:05},web;dc{i % 3},10.0.{i // 256}.{i % 256}\n" for i in range(10_000))
    assert len(_load(tmp_path, f"name,groups,ansible_host\n{rows}").hosts) == 10_000
