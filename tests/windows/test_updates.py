"""The MS17-010 catalogue: which package for which Windows, and why there is none."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.errors import InputError
from runner.windows import products, updates
from runner.windows.facts import WindowsFacts
from runner.windows.update_choice import Verdict, choose, prerequisite_missing

PATH = str(Path(__file__).parents[2] / "playbooks" / "wannacry" / "ms17-010.yml")
CATALOGUE = updates.read_catalogue(PATH)

BASE = WindowsFacts(
    nt=(6, 1),
    build=7601,
    revision=0,
    service_pack=1,
    arch="x64",
    product_type="ServerNT",
    product_name="Windows Server 2008 R2 Standard",
    system_root=r"C:\Windows",
    oem_codepage=437,
    language="enu",
    powershell=2,
    boot_time="",
    reboot_pending_because=(),
)


def host(
    nt: str, build: int, pack: int, arch: str, role: str, language: str = "enu", name: str = ""
) -> WindowsFacts:
    major, minor = nt.split(".")
    return dataclasses.replace(
        BASE,
        nt=(int(major), int(minor)),
        build=build,
        service_pack=pack,
        arch=arch,
        product_type=role,
        language=language,
        product_name=name,
    )


SERVER, CLIENT, CONTROLLER = "ServerNT", "WinNT", "LanmanNT"
INSTALL, NO_PACKAGE = Verdict.INSTALL, Verdict.NO_PACKAGE
NEEDS_PACK, NOT_AFFECTED = Verdict.NEEDS_SERVICE_PACK, Verdict.NOT_AFFECTED
UNKNOWN = Verdict.UNKNOWN_SYSTEM
EMBEDDED_8 = host("6.2", 9200, 0, "x86", CLIENT, name="Windows Embedded 8 Standard")

# host, verdict, text in the reason, KB numbers of the candidates, best first
CASES: list[tuple[WindowsFacts, Verdict, str, str]] = [
    # XP and Server 2003: language and service pack
    (host("5.1", 2600, 3, "x86", CLIENT), INSTALL, "", "4012598"),
    (host("5.1", 2600, 3, "x86", CLIENT, "cht"), INSTALL, "", "4012598"),
    (host("5.1", 2600, 3, "x86", CLIENT, "chs"), NO_PACKAGE, "language chs", ""),
    (host("5.1", 2600, 2, "x86", CLIENT), NEEDS_PACK, "needs SP3", ""),
    (host("5.2", 3790, 2, "x64", CLIENT), INSTALL, "", "4012598"),
    (host("5.2", 3790, 2, "x86", SERVER), INSTALL, "", "4012598"),
    (host("5.2", 3790, 2, "x86", SERVER, "chs"), INSTALL, "", "4012598"),
    (host("5.2", 3790, 2, "x64", CONTROLLER, "chs"), INSTALL, "", "4012598"),
    (host("5.2", 3790, 2, "x86", SERVER, "jpn"), NO_PACKAGE, "known are chs, enu", ""),
    (host("5.2", 3790, 1, "x86", SERVER), NEEDS_PACK, "needs SP2", ""),
    (host("5.2", 3790, 0, "x64", SERVER), NEEDS_PACK, "needs SP2", ""),
    (host("5.2", 3790, 2, "ia64", SERVER), NO_PACKAGE, "No package for ia64", ""),
    # Vista and Server 2008
    (host("6.0", 6002, 2, "x86", CLIENT, "jpn"), INSTALL, "", "4012598"),
    (host("6.0", 6002, 2, "x64", SERVER), INSTALL, "", "4012598"),
    (host("6.0", 6003, 2, "x86", SERVER), INSTALL, "", "4012598"),
    (host("6.0", 6002, 2, "ia64", SERVER), INSTALL, "", "4012598"),
    (host("6.0", 6001, 1, "x64", SERVER), NEEDS_PACK, "needs SP2", ""),
    # 7 and Server 2008 R2
    (host("6.1", 7601, 1, "x64", SERVER), INSTALL, "", "4012212 4012215 4019264"),
    (host("6.1", 7601, 1, "x86", CLIENT), INSTALL, "", "4012212 4012215 4019264"),
    (host("6.1", 7601, 1, "ia64", SERVER), INSTALL, "", "4012212"),
    (host("6.1", 7600, 0, "x64", SERVER), NEEDS_PACK, "needs SP1", ""),
    (host("6.1", 7601, 1, "x86", SERVER), NO_PACKAGE, "no package for x86", ""),
    # 8 and Server 2012 have the same build
    (host("6.2", 9200, 0, "x64", CLIENT), INSTALL, "", "4012598"),
    (host("6.2", 9200, 0, "x86", CLIENT), INSTALL, "", "4012598"),
    (host("6.2", 9200, 0, "x64", SERVER), INSTALL, "", "4012214 4012217"),
    (EMBEDDED_8, INSTALL, "", "4012214"),
    # 8.1 and Server 2012 R2
    (host("6.3", 9600, 0, "x64", SERVER), INSTALL, "", "4012213 4012216 4019215 4015550"),
    (host("6.3", 9600, 0, "x86", CLIENT), INSTALL, "", "4012213 4012216 4019215"),
    (host("6.3", 9600, 0, "arm", CLIENT), NO_PACKAGE, "Windows Update only", ""),
    # 10 and Server 2016; a delta package is never chosen
    (host("10.0", 10240, 0, "x64", CLIENT), INSTALL, "", "4012606 4019474"),
    (host("10.0", 10586, 0, "x86", CLIENT), INSTALL, "", "4013198 4019473"),
    (host("10.0", 14393, 0, "x64", SERVER), INSTALL, "", "4013429 4019472"),
    (host("10.0", 14393, 0, "x86", CLIENT), INSTALL, "", "4019472"),
    (host("10.0", 14000, 0, "x64", CLIENT), UNKNOWN, "no entry for", ""),
    # released with the fix
    (host("10.0", 15063, 0, "x64", CLIENT), NOT_AFFECTED, "not affected", ""),
    (host("10.0", 17763, 0, "x64", SERVER), NOT_AFFECTED, "not affected", ""),
    (host("10.0", 26100, 0, "arm64", CLIENT), NOT_AFFECTED, "not affected", ""),
    (host("10.0", 99999, 0, "x64", SERVER), NOT_AFFECTED, "not affected", ""),
    # nothing known
    (host("4.0", 1381, 6, "x86", SERVER), UNKNOWN, "no entry for", ""),
]  # fmt: skip


@pytest.mark.parametrize(("found", "verdict", "says", "kbs"), CASES)
def test_choice(found: WindowsFacts, verdict: Verdict, says: str, kbs: str) -> None:
    choice = choose(CATALOGUE, found)
    assert choice.verdict is verdict, choice.reason
    assert says in choice.reason
    assert [p.kb for p in choice.candidates] == [f"KB{kb}" for kb in kbs.split()]


LANGUAGES = sorted({products.language(f"{n:04x}") for n in range(0x0401, 0x0423)} - {""})
ARCHES = ("x86", "x64", "ia64", "arm")
PACKS = range(4)


@pytest.mark.parametrize("system", CATALOGUE.systems, ids=lambda s: s.id)
def test_every_system_with_every_pack_arch_and_language(system: updates.System) -> None:
    """Whatever is chosen fits the host in all of them, and whatever is refused says why."""
    for build in system.builds:
        for role in system.product_types:
            for pack in PACKS:
                for arch in ARCHES:
                    for language in LANGUAGES:
                        name = "Windows Embedded" if system.embedded else "Windows"
                        found = host(system.nt_version, build, pack, arch, role, language, name)
                        _fits(found)


def _fits(found: WindowsFacts) -> None:
    choice = choose(CATALOGUE, found)
    assert choice.reason
    for package in choice.candidates:
        assert package.arch == found.arch
        assert package.language in (None, found.language)
        assert not package.delta
        assert choice.system is not None
        assert found.service_pack >= (choice.system.service_pack or 0)
        assert found.build in choice.system.builds
    assert bool(choice.candidates) == (choice.verdict is Verdict.INSTALL)


@pytest.mark.parametrize(
    ("system", "version", "effective"),
    [
        ("ws2008r2-x64", (6, 1, 7601, 23688), False),
        ("ws2008r2-x64", (6, 1, 7601, 23689), True),
        ("ws2008-x64", (6, 0, 6002, 19742), False),
        ("ws2008-x64", (6, 0, 6002, 19743), True),
        ("ws2008-x64", (6, 0, 6002, 24066), False),
        ("ws2008-x64", (6, 0, 6002, 24067), True),
        ("ws2008-x64", (6, 0, 6003, 20489), True),
        ("ws2003-x86", (5, 2, 3790, 6021), True),
        ("ws2016-x64", (10, 0, 14393, 0), False),
        ("ws2016-x64", (10, 0, 14393, 953), True),
    ],
)
def test_driver_versions(system: str, version: Any, effective: bool) -> None:
    entry = next(s for s in CATALOGUE.systems if s.id == system)
    assert entry.is_effective(version) is effective


def test_missing_prerequisite_shows_in_the_driver() -> None:
    entry = next(s for s in CATALOGUE.systems if s.id == "ws2012r2-x64")
    assert prerequisite_missing(entry, (6, 3, 9600, 16384)).startswith("KB2919355 seems")
    assert prerequisite_missing(entry, (6, 3, 9600, 17415)) == ""
    assert prerequisite_missing(entry, None) == ""


def test_later_updates_contain_the_fix() -> None:
    choice = choose(CATALOGUE, host("6.1", 7601, 1, "x64", SERVER))
    assert {"KB4012212", "KB4012215", "KB4019263", "KB4015549"} <= set(choice.kbs)
    assert "KB4015546" not in choice.kbs


def test_files_carry_their_digest() -> None:
    for package in CATALOGUE.packages:
        if package.sha1:
            assert package.sha1 in package.file_name
            assert package.url.endswith(package.file_name)


def broken(change: Any) -> str:
    data = yaml.safe_load(Path(PATH).read_text("utf-8"))
    change(data)
    return yaml.safe_dump(data)


BROKEN = [
    (lambda d: d["systems"][0].update(arch="mips"), "systems.0.arch"),
    (lambda d: d["systems"][0].update(securty_only=[]), "securty_only"),
    (lambda d: d["systems"][0]["security_only"].append("nosuch"), "unknown package 'nosuch'"),
    (lambda d: d["packages"].append(d["packages"][0]), "used twice"),
    (lambda d: d["packages"][0].update(sha1="beef"), "packages.0.sha1"),
    (lambda d: d["packages"][0].update(sources=["hearsay"]), "unknown sources: hearsay"),
    (lambda d: d["systems"][0]["srv_sys_min"][0].update(min="6.1"), "four numbers"),
    (lambda d: d.update(schema=2), "schema"),
]


@pytest.mark.parametrize(("change", "says"), BROKEN)
def test_a_broken_catalogue_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    file = tmp_path / "c.yml"
    file.write_text(broken(change), "utf-8")
    with pytest.raises(InputError) as caught:
        updates.read_catalogue(str(file))
    assert says in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_or_unreadable_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yml"):
        updates.read_catalogue(str(tmp_path / "nowhere.yml"))
    bad = tmp_path / "bad.yml"
    bad.write_text("a: [", "utf-8")
    with pytest.raises(InputError, match=r"bad\.yml"):
        updates.read_catalogue(str(bad))


def test_a_changed_catalogue_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "c.yml"
    file.write_text(Path(PATH).read_text("utf-8"), "utf-8")
    first = updates.read_catalogue(str(file))
    assert updates.read_catalogue(str(file)) is first
    file.write_text(broken(lambda d: d.update(title="changed title")), "utf-8")
    assert updates.read_catalogue(str(file)).title == "changed title"


def test_the_shipped_catalogue_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert updates.shipped("MS17-010") == PATH
    assert updates.shipped("MS99-001") is None
