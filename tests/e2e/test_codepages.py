"""Windows in other languages: the same plan, the same changes, the same way back, the right text.

Every host gets the same playbook, with names and values in its own script. What the tools print
around them is in the host's language and comes in its code page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.e2e.fleet import TestFleet, jobs_of

WORDS = {
    "enu": "Print help",
    "chs": "打印助手昞",  # the last character ends in 0x5C, the backslash, in code page 936
    "jpn": "印刷ソフト表",  # ソ and 表 end in 0x5C, the backslash, in code page 932
    "deu": "Druckhelfer für Grüße",
    "rus": "Помощник печати",
}
MISSING = {
    "enu": "The specified service does not exist as an installed service.",
    "chs": "指定的服务未安装。",
    "jpn": "指定されたサービスはインストールされたサービスとして存在しません。",
    "deu": "Der angegebene Dienst ist kein installierter Dienst.",
    "rus": "Указанная служба не установлена.",
}
PACKAGE = "windows8.1-kb4012213-x64_5b24b9ca5a123a844ed793e0f2be974148520349.msu"

PLAY = r"""
- hosts: all
  gather_facts: true
  tasks:
    - {id: facts, assert: {that: [ansible_distribution_version is match('5|6')]}}
    - {id: ping, win_ping: {}}
    - id: service
      win_service: {name: Helper, path: 'C:\Helper\helper.exe', display_name: "{{ word }}",
                    description: "{{ word }} 1", start_mode: manual}
    - {id: spooler, win_service: {name: Spooler, state: stopped, start_mode: disabled}}
    - id: value
      win_regedit: {path: 'HKLM:\SOFTWARE\Contoso', name: "{{ word }}", data: "{{ word }} 2"}
    - id: several
      win_regedit: {path: "HKLM:\\SOFTWARE\\{{ word }}", name: Names, type: multistring,
                    data: ["{{ word }}", plain]}
    - id: known
      win_regedit: {path: 'HKLM:\SOFTWARE\Known', name: Owner, data: changed}
    - id: whole
      win_regedit: {path: 'HKLM:\SOFTWARE\Doomed', state: absent, delete_key: true}
    - id: absent
      win_regedit: {path: 'HKLM:\SOFTWARE\Known', name: "{{ word }}", state: absent}
    - id: rule
      win_firewall_rule: {name: "{{ word }}", description: "{{ word }}", direction: in,
                          action: block, protocol: tcp, localport: "445", state: present}
      when: modern
    - id: hotfix
      win_hotfix: {source: 'C:\WR\PACKAGE', hotfix_kb: KB4012213, state: present}
      when: modern
    - {id: feature, win_optional_feature: {name: SMB1Protocol, state: absent}, when: modern}
    - {id: reboot, win_reboot: {reboot_timeout: 30}, when: modern}
    - {id: command, win_command: "cmd /c echo {{ word }}", changed_when: false, register: said}
    - {id: shell, win_shell: "sc query nosuchservice", args: {executable: cmd},
       changed_when: false, failed_when: false, register: missing}
    - {id: raw, raw: 'reg query "HKLM\SOFTWARE\{{ word }}" /v Names', changed_when: false,
       register: read}
    - {id: file, changed_when: false, register: file,
       raw: 'echo {{ word }}>"C:\{{ word }}.txt"&type "C:\{{ word }}.txt"&dir /b C:\*.txt'}
    - {id: clean, raw: 'del "C:\{{ word }}.txt"', changed_when: false}
    - id: right
      assert:
        that:
          - word in said.stdout
          - text in missing.stdout
          - missing.rc == 1060
          - word in read.stdout
          - (word ~ '.txt') in file.stdout
      when: word is defined and not ansible_check_mode
""".replace("PACKAGE", PACKAGE)


def host(language: str, os: str = "2012r2", **state: Any) -> dict[str, Any]:
    modern = os != "2003-sp2"
    known = {"Owner": f"{WORDS[language]} 4", WORDS[language]: "there", "Number": 7}
    settings: dict[str, Any] = {
        "language": language,
        "reboot_seconds": 0.1,
        "update_seconds": 0.0,
        "registry": {
            r"HKLM\SOFTWARE\Known": known,
            rf"HKLM\SOFTWARE\Doomed\{WORDS[language]}": {"Names": [WORDS[language], "x"]},
        },
        "services": {"Clock": {"display_name": WORDS[language], "state": "stopped"}},
        **({"packages": {r"C:\WR": [PACKAGE]}} if modern else {}),
        **state,
    }
    return {
        "lab_os": os,
        "lab_state": settings,
        "word": WORDS[language],
        "text": MISSING[language],
        "modern": modern,
    }


MODERN = {language: host(language) for language in WORDS}
OLD = {f"old-{language}": host(language, "2003-sp2") for language in WORDS}
ODD = {
    f"{how}-{language}": host(language, shell_codepages=how)
    for how, language in [("ignored", "chs"), ("ignored", "rus"), ("refused", "jpn"),
                          ("refused", "deu")]
}  # fmt: skip
HOSTS = {**MODERN, **OLD, **ODD}


def language_of(name: str) -> str:
    return name.rpartition("-")[2]


def normal(name: str, value: Any) -> str:
    """What a host has or did, with its own words taken out."""
    text = str(value)
    word = WORDS[language_of(name)]
    for form, mark in ((word, "WORD"), (word.lower(), "word")):
        text = text.replace(form, mark)
    return re.sub(r"'(seconds|start|end|delta|elapsed)': [^,}]+", "", text)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    with TestFleet(tmp_path_factory.mktemp("pages"), HOSTS) as running:
        yield running


def left_over(name: str, before: Any, after: Any) -> Any:
    """What is not as it was; nothing where all is."""
    if isinstance(before, dict) and isinstance(after, dict):
        both = {key: (before.get(key), after.get(key)) for key in {**before, **after}}
        return {
            normal(name, key): left_over(name, was, now)
            for key, (was, now) in both.items()
            if was != now
        }
    return normal(name, (before, after))


def outcomes(report: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What became of each step, by host, and what it changed."""
    found: dict[str, dict[str, str]] = {}
    for (step, name), job in jobs_of(report).items():
        what = f"{job['status']} {job.get('differences', '')} {job.get('message', '')}"
        found.setdefault(name, {})[step] = normal(name, what)
    return found


def assert_equal_everywhere(report: Mapping[str, Any]) -> None:
    found = outcomes(report)
    assert set(found) == set(HOSTS)
    trouble = [(name, step, what) for name, steps in found.items() for step, what in steps.items()
               if what.startswith(("failed", "unreachable", "in doubt"))]  # fmt: skip
    assert not trouble, trouble
    for name, steps in found.items():
        like = "old-enu" if name.startswith("old-") else "enu"
        assert steps == found[like], name
        assert "\ufffd" not in str(steps)


def test_every_module_does_the_same_on_every_code_page_and_takes_it_back(
    fleet: TestFleet,
) -> None:
    play = fleet.write(PLAY)
    before = fleet.states()
    planned = fleet.report(play, "--check", "--diff")
    assert_equal_everywhere(planned)
    assert fleet.states() == before, "a preview changes nothing"
    done = fleet.report(play)
    assert_equal_everywhere(done)
    for name in HOSTS:
        steps = outcomes(done)[name]
        assert steps["service"].startswith("changed"), (name, steps)
        assert steps["right"].startswith("ok"), (name, steps)
        word = WORDS[language_of(name)]
        registry = str(fleet.state(name)["registry"])
        assert f"{word} 2" in registry, name
        assert f"{word} 1" in registry, name
    some = "chs,jpn,old-rus,ignored-chs,refused-deu"
    again = jobs_of(fleet.report(play, "--check", "-l", some))
    left_to_do = {key for key, job in again.items() if job["status"] == "would change"}
    assert {step for step, _ in left_to_do} <= {"reboot"}
    back = fleet.run("rollback", "last", "--restart")
    assert back.code == 0, back.out + back.err
    after = fleet.states()
    # A security fix stays, and with it its files and its place in the registry.
    left = {name: left_over(name, before[name], after[name]) for name in HOSTS}
    for name in HOSTS:
        assert left[name] == ({} if name.startswith("old-") else left["enu"]), name
    assert left["enu"].keys() == {"registry", "updates", "files"}
