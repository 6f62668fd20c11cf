"""In which code page a shell is opened, and how its output is read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Script
from runner.interfaces.shell import Invocation
from runner.interfaces.transport import Connection
from runner.lab.fleet import Fleet
from runner.lab.spec import LabSpec
from runner.shells import load
from runner.transports import load as load_transport

CMD = load("cmd")
TEXTS = {
    "enu": "Print Café ½",
    "chs": "打印助手 嗯",
    "jpn": "ソフト表示 ｶﾅ",
    "deu": "Grüße aus Köln ß",
    "rus": "Служба печати ёж",
}
OEM = {"enu": "cp437", "chs": "cp936", "jpn": "cp932", "deu": "cp850", "rus": "cp866"}


class Open(Protocol):
    """Serves one machine and connects to it."""

    def __call__(self, os: str = ..., variables: Any = ..., **state: Any) -> Connection: ...


@pytest.fixture
def opened() -> Iterator[Open]:
    with contextlib.ExitStack() as stack:

        def start(os: str = "2012r2", variables: Any = None, **state: Any) -> Connection:
            host = {"name": "web01", "port": 0, "user": "admin", "password": "pw", "os": os,
                    "state": state}  # fmt: skip
            fleet = stack.enter_context(Fleet(LabSpec.model_validate({"hosts": [host]})))
            front = fleet.member("web01").front
            transport = load_transport("winrm")
            given = {
                "ansible_host": front.address,
                "ansible_port": front.port,
                "ansible_winrm_scheme": "http",
                "ansible_user": "admin",
                "ansible_password": "pw",
                **(variables or {}),
            }
            link = transport.connect(transport.options("web01", given), timeout=10)
            stack.callback(link.close)
            return link

        yield start


def write_and_read(link: Connection, text: str) -> str:
    """A registry value, written by one command and read by another, as a module does it."""
    key = r"HKLM\SOFTWARE\Probe"
    added = link.run(CMD.render(Exec("reg", "add", key, "/v", text, "/d", text, "/f")), timeout=10)
    assert added.code == 0
    (bundle,) = CMD.bundle([Exec("reg", "query", key, "/v", text)]) or ()
    (output,) = bundle.outputs(link.run(bundle.invocation, timeout=10), link.encoding)
    assert output.code == 0
    return output.stdout


@dataclass(frozen=True)
class Row:
    os: str
    codepages: str
    prints: str
    """How the programs print; empty: in the code page of the language."""


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize(
    "row",
    [
        Row("2012r2", "honoured", "utf-8"),
        Row("2012r2", "ignored", ""),
        Row("2012r2", "refused", ""),
        Row("2008-sp2", "honoured", ""),
        Row("2003-sp2", "honoured", ""),
    ],
    ids=lambda row: f"{row.os}-{row.codepages}",
)
def test_what_is_written_is_read_back(opened: Open, row: Row, language: str) -> None:
    link = opened(row.os, language=language, shell_codepages=row.codepages)
    text = TEXTS[language]
    if language == "deu" and not row.prints:
        text = text.replace("½", "")
    found = write_and_read(link, text)
    assert found.count(text) == 2
    assert link.encoding == (row.prints or OEM[language])
    again = write_and_read(link, text)
    assert again == found


def test_a_host_that_honours_65001_is_asked_once_and_only_when_it_matters(opened: Open) -> None:
    link = opened(language="chs")
    hostname = CMD.render(Exec("hostname"))
    link.run(hostname, timeout=10)
    before = link.exchanges
    link.run(hostname, timeout=10)
    assert link.exchanges - before == 3, "plain output costs nothing more"
    text = CMD.render(Script("cmd", "echo 中文"))
    link.run(text, timeout=10)
    before = link.exchanges
    link.run(text, timeout=10)
    assert link.exchanges - before == 3, "what is known is not asked again"
    assert link.encoding == "utf-8"


def test_an_old_host_is_asked_for_its_code_page_once(opened: Open) -> None:
    link = opened("2003-sp2", language="jpn")
    line = CMD.render(Script("cmd", "echo ソ表"))
    answers = [link.run(line, timeout=10) for _ in range(14)]  # more than one shell bears
    assert {CMD.decode(raw, link.encoding).stdout for raw in answers} == {"ソ表\n"}
    assert link.encoding == "cp932"


def test_runner_codepage_is_obeyed_and_nothing_is_asked(opened: Open) -> None:
    link = opened(language="rus", variables={"runner_codepage": 866})
    before = link.exchanges
    raw = link.run(CMD.render(Script("cmd", "echo Привет")), timeout=10)
    assert raw.stdout == "Привет\r\n".encode("cp866")
    assert link.encoding == "cp866"
    assert link.exchanges - before == 3


def test_a_read_that_is_no_text_in_the_code_page_is_an_error_with_advice(opened: Open) -> None:
    link = opened(language="chs", shell_codepages="ignored", variables={"runner_codepage": 65001})
    with pytest.raises(ModuleError, match="no text in its code page") as caught:
        write_and_read(link, TEXTS["chs"])
    assert "runner_codepage" in caught.value.hint
    assert "OEMCP" in caught.value.hint
    raw = link.run(Invocation("echo 中文"), timeout=10)
    assert "\ufffd" in CMD.decode(raw, link.encoding).stdout, "for people it is replaced"


@pytest.mark.parametrize("language", ["chs", "deu", "rus"])
def test_utf_16_is_read_as_such_in_every_code_page(opened: Open, language: str) -> None:
    link = opened(language=language)
    write_and_read(link, TEXTS[language])
    line = CMD.render(
        Script("cmd", r"reg export HKLM\SOFTWARE\Probe C:\p.reg /y >nul&type C:\p.reg")
    )
    assert TEXTS[language] in CMD.decode(link.run(line, timeout=10), link.encoding).stdout


def test_characters_beyond_the_first_plane_come_back_whole(opened: Open) -> None:
    link = opened(language="jpn")
    text = "emoji 😀 𠮷 e\u0301"
    assert write_and_read(link, text).count(text) == 2


def test_zero_bytes_and_bare_carriage_returns_in_output_are_kept_as_data(opened: Open) -> None:
    link = opened()
    raw = link.run(CMD.render(Script("cmd", "echo one")), timeout=10)
    data = raw.stdout + b"a\x00b 10 %\r20 %\r\n"
    said = CMD.decode(type(raw)(0, data), link.encoding).stdout
    assert said == "one\na\x00b 10 %\r20 %\n"
