"""Shell and transport together, against a simulated machine with a cmd of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.interfaces.exchange import Exec, Output, Script
from runner.interfaces.transport import Connection
from runner.lab.fleet import Fleet
from runner.lab.spec import LabSpec
from runner.shells import load
from runner.transports import load as load_transport

CMD = load("cmd")
KEY = "HKLM\\SOFTWARE\\probe"

VALUES = [
    "", "plain", "a b", "C:\\a b\\", 'say "hi"', "a&b|c<d>(e)^!", "100%", "%OS%", '%OS% "x" & y^',
    "%PATH:a=b%", "^%OS^%", '"', "\\\\", '\\"', "a;b,c=d", "(x", "x)", "!OS!", "~", "`'",
]  # fmt: skip


@pytest.fixture(params=["2003-sp2", "2008r2-sp1", "2019"])
def link(request: pytest.FixtureRequest) -> Iterator[Connection]:
    host = {"name": "web01", "port": 0, "user": "admin", "password": "pw", "os": request.param}
    with Fleet(LabSpec.model_validate({"hosts": [host]})) as fleet:
        front = fleet.member("web01").front
        transport = load_transport("winrm")
        options = transport.options(
            "web01",
            {
                "ansible_host": front.address,
                "ansible_port": front.port,
                "ansible_winrm_scheme": "http",
                "ansible_user": "admin",
                "ansible_password": "pw",
            },
        )
        opened = transport.connect(options, timeout=10)
        yield opened
        opened.close()
        assert front.counters()["open_shells"] == 0
        assert front.counters()["clear_bodies"] == 0


def run(link: Connection, command: Exec | Script) -> Output:
    return CMD.decode(link.run(CMD.render(command), timeout=10), link.encoding)


def test_reads_in_one_line_say_what_each_alone_says(link: Connection) -> None:
    reads = [
        Exec("sc", "query", "LanmanServer"),
        Exec("sc", "query", "no such service"),
        Exec("reg", "query", "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"),
        Exec("reg", "query", "HKLM\\no (such) & key"),
    ]
    (bundle,) = CMD.bundle(reads) or ()
    run(link, Exec("hostname"))  # the first command also asks Server 2003 for its code page
    before = link.exchanges
    together = bundle.outputs(link.run(bundle.invocation, timeout=10), link.encoding)
    assert link.exchanges - before <= 5
    alone = [run(link, read) for read in reads]
    for one, other in zip(together, alone, strict=True):
        assert (one.code, one.stdout, one.stderr) == (other.code, other.stdout, other.stderr)
    assert [one.code for one in together] == [0, 1060, 0, 1]


def test_values_arrive_as_they_are(link: Connection) -> None:
    for number, value in enumerate(VALUES):
        added = run(link, Exec("reg", "add", KEY, "/v", f"v{number}", "/d", value, "/f"))
        assert added.code == 0, added
    listed = run(link, Exec("reg", "query", KEY)).stdout
    lines = [line.strip() for line in listed.splitlines() if "REG_SZ" in line]
    found = [line.partition("REG_SZ")[2].strip() for line in lines]
    assert found == VALUES


def test_a_missing_program_in_a_line_does_not_stop_the_next(link: Connection) -> None:
    (bundle,) = CMD.bundle([Exec("nosuchtool", "x"), Exec("sc", "query", "LanmanServer")]) or ()
    missing, found = bundle.outputs(link.run(bundle.invocation, timeout=10), link.encoding)
    assert missing.code == 9009
    assert "nosuchtool" in missing.stderr
    assert found.code == 0


def test_a_script_runs_in_its_folder(link: Connection) -> None:
    said = run(link, Script("cmd", "cd", chdir="C:\\Windows"))
    assert said.stdout.strip().lower() == "c:\\windows"
    refused = run(link, Script("cmd", "echo here", chdir="C:\\no such folder"))
    assert refused.code == 1
    assert "here" not in refused.stdout


def test_each_of_several_commands_says_what_it_says_alone(link: Connection) -> None:
    scripts = [
        Script("cmd", text)
        for text in ("cd", r"cd \&set A=1&exit 0", "cd&set A&ver>nul", "echo a&echo b>&2", "exit 3")
    ]
    run(link, Exec("hostname"))  # the first command also asks Server 2003 for its code page
    series = CMD.series([*scripts, Script("cmd", "echo never")])
    assert series is not None
    before = link.exchanges
    together = series.outputs(link.run(series.invocation, timeout=10), link.encoding)
    assert link.exchanges - before <= 5
    alone = [run(link, script) for script in scripts]
    for one, other in zip(together, alone, strict=True):
        assert (one.code, one.stdout, one.stderr) == (other.code, other.stdout, other.stderr)
