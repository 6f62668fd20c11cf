"""MpCmdRun, tar, and `net share` with what a share allows."""

from __future__ import annotations

import pytest

from tests.lab.machine_bench import bench

DEFENDER = r'<nul "C:\Program Files\Windows Defender\MpCmdRun.exe"'
ARCHIVE = {r"C:\a.zip": {"zip": {"a.txt": "a", "b/": "", "c/d.txt": "d"}}}
ANTIVIRUS = r"wmic /namespace:\\root\SecurityCenter2 path AntiVirusProduct get displayName <nul"


@pytest.mark.parametrize(
    ("os", "line", "code"),
    [
        ("2022", f"{DEFENDER} -SignatureUpdate", 0),
        ("2022", f"{DEFENDER} -Scan -ScanType 3 -File C:\\nix", 2),
        ("2022", f"sc stop WinDefend&{DEFENDER} -Scan -ScanType 1", 2),
        ("2012r2", f"{DEFENDER} -SignatureUpdate", 1),
        ("2022", ANTIVIRUS, -2147217394),
        ("win7-sp1", ANTIVIRUS, 0),
        ("2019", r"tar -tf C:\nix.zip", 1),
        ("2019", r"tar -tf C:\Windows\System32\drivers\etc\hosts", 1),
        ("2019", r"tar -xf C:\a.zip -C C:\nix", 1),
        ("2016", r"tar -tf C:\a.zip", 1),
        ("2016", r"net share x=C:\nix", 2),
        ("2016", r"net share x=C:\Windows /GRANT:nobody,FULL", 2),
        ("2016", r"net share nix /REMARK:x", 2),
        ("2016", r"net share nix /delete", 2),
    ],
)
def test_exit_codes(os: str, line: str, code: int) -> None:
    assert bench(os, files=ARCHIVE).run(line).code == code


def test_an_archive_is_listed_and_unpacked() -> None:
    lab = bench("2019", files=ARCHIVE)
    assert lab.ok(r"tar -tf C:\a.zip").split() == ["a.txt", "b/", "c/d.txt"]
    lab.ok(r"md C:\n&tar -xf C:\a.zip -C C:\n")
    assert lab.ok(r"type C:\n\a.txt C:\n\c\d.txt 2>nul").replace("\r\n", "") == "ad"
    assert lab.ok(r"dir /b /ad C:\n").split() == ["b", "c"]


def test_a_share_and_what_it_allows() -> None:
    lab = bench("2016")
    key = r"HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Shares"
    lab.ok(r'net share "T & x=C:\Windows" /GRANT:Users,READ /REMARK:"a b" /USERS:5 /CACHE:None')
    said = lab.ok(f'reg query {key} /v "T & x"')
    assert r"CSCFlags=48\0MaxUses=5\0Path=C:\Windows\0Permissions=0\0Remark=a b" in said
    security = lab.ok(f'reg query {key}\\Security /v "T & x"')
    may_read, users = "A9001200", "01020000000000052000000021020000"
    assert f"{may_read}{users}" in security.upper()
    lab.ok('net share "T & x" /REMARK:new /UNLIMITED')
    assert r"MaxUses=4294967295" in lab.ok(f'reg query {key} /v "T & x"')
    lab.ok('net share "T & x" /delete')
    assert lab.run(f"reg query {key}\\Security").code == 1
