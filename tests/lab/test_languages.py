"""Systems in other languages: other words, other bytes, the same numbers and the same data."""

from __future__ import annotations

import re

import pytest

from runner.lab.languages import VOCABULARIES
from runner.lab.machine import Machine
from runner.lab.profiles.table import LANGUAGES
from runner.lab.spec import HostSpec
from tests.lab.machine_bench import bench

OTHERS = sorted(VOCABULARIES)
MISSING = "sc query nosuch"
SAID = {
    "chs": ("[SC] EnumQueryServicesStatus:OpenService 失败 1060:", "指定的服务未安装。"),
    "jpn": ("[SC] EnumQueryServicesStatus:OpenService FAILED 1060:", "として存在しません。"),
    "deu": ("[SC] EnumQueryServicesStatus:OpenService FEHLER 1060:", "kein installierter Dienst."),
    "rus": ("[SC] EnumQueryServicesStatus:OpenService: ошибка: 1060:", "служба не установлена."),
}
PAGE = {
    "chs": "活动代码页: 936",
    "jpn": "現在のコード ページ: 932",
    "deu": "Aktive Codepage: 850.",
    "rus": "Текущая кодовая страница: 866",
}


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_can_be_printed_in_the_console_of_its_language(language: str) -> None:
    words = VOCABULARIES[language]
    for english, other in {**words.phrases, **words.labels}.items():
        other.encode(f"cp{LANGUAGES[language].oem}")
        assert other.count("{}") == english.count("{}"), english
        assert not other.isascii() or language in ("deu", "jpn"), other


@pytest.mark.parametrize("language", OTHERS)
def test_tools_say_it_in_the_language_and_the_page_of_the_system(language: str) -> None:
    lab = bench(language=language)
    oem = LANGUAGES[language].oem
    for codepage in (oem, 65001):
        said = lab.run(MISSING, codepage=codepage)
        assert said.code == 1060
        assert all(text in said.out for text in SAID[language])
    assert lab.run("chcp", codepage=oem).out.strip() == PAGE[language]
    assert lab.run("nosuchprogram", codepage=oem).code == 1


@pytest.mark.parametrize("language", OTHERS)
def test_numbers_and_tokens_are_the_same_everywhere(language: str) -> None:
    line = "sc query LanmanServer"
    english, other = (
        [row.rpartition(": ")[2] for row in bench(language=key).ok(line).splitlines()]
        for key in ("enu", language)
    )
    assert other == english
    assert "20  WIN32_SHARE_PROCESS  " in english


def test_a_russian_sc_translates_the_names_before_the_colons() -> None:
    shown = bench(language="rus").run("sc query LanmanServer").out
    assert "Имя_службы: LanmanServer" in shown
    assert re.search(r"^ {8}Состояние {10}: 4  RUNNING", shown, re.MULTILINE)


@pytest.mark.parametrize("language", OTHERS)
def test_data_is_never_translated(language: str) -> None:
    lab = bench(language=language)
    text = "Access is denied."
    lab.run(f"echo {text}>C:\\t.txt")
    assert lab.run("type C:\\t.txt").out.strip() == text
    assert lab.run('find "denied" C:\\t.txt').out.strip().endswith(text)
    assert lab.run(f"echo {text}").out.strip() == text
    lab.run(f'reg add HKLM\\SOFTWARE\\T /v "STATE" /d "{text}" /f')
    assert f"STATE    REG_SZ    {text}" in lab.run("reg query HKLM\\SOFTWARE\\T").out


@pytest.mark.parametrize("how", ["honoured", "ignored", "refused"])
def test_what_a_machine_does_with_code_pages_is_in_its_spec(how: str) -> None:
    values = {"name": "h", "port": 0, "user": "u", "password": "p", "os": "2012r2",
              "state": {"shell_codepages": how}}  # fmt: skip
    assert Machine(HostSpec.model_validate(values)).profile.shell_codepages == how
