"""dism and the SMB1 feature: codes, pending states, off and on again."""

from __future__ import annotations

import pytest

from tests.lab.machine_bench import bench, changes
from tests.lab.tools.test_servicing import DRIVER

DISM: list[tuple[str, int]] = [
    ("/online /get-nothing", 87),
    ("/online", 87),
    ("/online /get-featureinfo", 87),
    ("/online /get-featureinfo /featurename:Nope", -2146498548),
    ("/online /disable-feature /featurename:Nope", -2146498548),
    ("/online /add-package /packagepath:C:\\nope.cab", 3),
    ("/online /add-package /packagepath:C:\\Windows\\explorer.exe", -2146498555),
    ("/online /remove-package /packagename:Nope", -2146498555),
    ("/online /disable-feature /featurename:SMB1Protocol /remove", 9999),
    ("/image:C:\\x /get-features", 9999),
]


@pytest.mark.parametrize(("words", "code"), DISM, ids=[case[0] for case in DISM])
def test_dism_codes(words: str, code: int) -> None:
    lab = bench("2016")
    before = lab.state
    assert lab.run(f"dism {words} /norestart").code == code
    assert changes(before, lab.state) == []


INFO = "dism /online /english /get-featureinfo /featurename:SMB1Protocol"


@pytest.mark.parametrize(
    ("os", "state"),
    [("2012r2", "Enabled"), ("2016", "Enabled"), ("2019", "Disabled"), ("2022", "Disabled"),
     ("2025", "Disabled")],
)  # fmt: skip
def test_the_smb1_feature_of_each_system(os: str, state: str) -> None:
    assert f"\nState : {state}\n" in bench(os).ok(INFO)


@pytest.mark.parametrize("os", ["2008r2-sp1", "2012"])
def test_older_systems_have_no_smb1_feature(os: str) -> None:
    assert bench(os).run(INFO).code == -2146498548


def test_smb1_feature_off_and_on_again() -> None:
    lab = bench("2012r2")
    before = lab.state
    turn = "dism /online /norestart /quiet /{}-feature /featurename:SMB1Protocol"
    assert lab.run(turn.format("disable")).code == 3010
    assert "State : Disable Pending\n" in lab.ok(INFO)
    assert lab.run(turn.format("enable")).code == -2146498554
    lab.reboot()
    assert "State : Disabled\n" in lab.ok(INFO)
    assert lab.run("sc query mrxsmb10").code == 1060
    assert lab.run(turn.format("disable")).code == 0
    assert "No Instance" in lab.run(DRIVER).err
    assert "4  RUNNING" in lab.ok("sc query lanmanworkstation")
    assert lab.run(turn.format("enable")).code == 3010
    lab.reboot()
    assert changes(before, lab.state) == []
