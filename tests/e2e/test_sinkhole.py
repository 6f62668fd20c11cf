"""playbooks/wannacry/sinkhole.yml with a real nginx: it answers, and names who asked."""

from __future__ import annotations

import http.client
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fleet import PLAYBOOKS, Done, TestFleet
from tests.ports import free_ports
from tests.transports.sshd import IN_CI

DOMAIN = "www.iuqerfsodp9ifjaposdfjhgosurijfaewrwergwea.com"
HOSTS = "C:\\Windows\\System32\\drivers\\etc\\hosts"


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[TestFleet]:
    missing = "nginx" if shutil.which("nginx") is None else "root" if os.geteuid() else ""
    if missing and IN_CI:
        pytest.fail(f"missing: {missing}")
    if missing:
        pytest.skip(f"missing: {missing}")
    hosts: dict[str, dict[str, Any]] = {
        "web01": {"lab_os": "2019"},
        "dc01": {"lab_os": "2003-sp2", "lab_state": {"role": "domain_controller"}},
        "dc02": {"lab_os": "2012r2", "lab_state": {"role": "domain_controller"}},
    }
    with TestFleet(tmp_path, hosts) as fleet:
        yield fleet


def ask(port: int, source: str, name: str) -> bytes:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    link.request("GET", "/", headers={"Host": name})
    answer = link.getresponse()
    assert answer.status == 200
    body = answer.read()
    link.close()
    return body


def test_it_answers_and_names_who_asked(fleet: TestFleet, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    room = tmp_path / "room"
    room.mkdir()
    more = tmp_path / "more.yml"
    more.write_text(
        "sinkhole: {hosts: {trap: {ansible_connection: local, ansible_host: 192.0.2.53}}}\n"
        "others: {hosts: {pc7: {ansible_host: 127.0.0.7}}}\n"
        "domaincontrollers: {hosts: {dc01: {}, dc02: {}}}\n"
    )
    log = room / "log" / "asked.log"
    variables = {
        "sinkhole_port": port, "sinkhole_folder": room / "etc", "sinkhole_pid": room / "pid",
        "sinkhole_log": log, "sinkhole_systemd": "no", "sinkhole_install": "no",
        "ansible_become": "no",
    }  # fmt: skip
    words = [w for name, value in variables.items() for w in ("-e", f"{name}={value}")]

    def play(*extra: str) -> Done:
        return fleet.play(PLAYBOOKS / "sinkhole.yml", "-i", str(more), *words, *extra)

    before = fleet.states()
    preview = play("--check")
    assert preview.code == 0, preview.out + preview.err
    assert list(room.iterdir()) == []
    done = play()
    assert done.code == 0, done.out + done.err
    try:
        assert ask(port, "127.0.0.7", DOMAIN) == b"sinkhole\n"
        ask(port, "127.0.0.7", DOMAIN)
        ask(port, "127.0.0.9", DOMAIN.upper())
        ask(port, "127.0.0.8", "somebody.example")
        report = tmp_path / "asked.csv"
        seen = play("-t", "log", "-e", f"sinkhole_report={report}")
        assert seen.code == 0, seen.out + seen.err
        assert "INFECTED, they asked for the domain: pc7, 127.0.0.9" in seen.out, seen.out
        rows = [line.split(",") for line in report.read_text().splitlines()]
        assert [(row[0], row[1], row[4]) for row in rows[1:]] == [
            ("127.0.0.7", "pc7", "2"),
            ("127.0.0.9", "", "1"),
        ]
        _, entry, _ = fleet.lab.exec("web01", f"type {HOSTS}")
        assert f"192.0.2.53 {DOMAIN}" in entry.decode()
        for name in ("dc01", "dc02"):
            assert "@ 300 A 192.0.2.53" in fleet.state(name)["dns"][DOMAIN]["records"]
        assert fleet.state("web01")["dns"] == {}
    finally:
        back = fleet.run("rollback", done.out.split("runner rollback ")[1].split()[0])
    assert back.code == 0, back.out + back.err
    assert fleet.states() == before
    assert [path.name for path in room.iterdir()] == ["log"]
    assert DOMAIN in log.read_text()
    with pytest.raises(OSError, match="refused"):
        ask(port, "127.0.0.7", DOMAIN)
