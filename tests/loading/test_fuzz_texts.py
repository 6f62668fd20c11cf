"""Texts that are no playbook at all, and texts made to hurt: never a crash, never slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.loading.fuzz import load

FEW = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
GOOD: Final = (
    "- name: one\n  hosts: all\n  vars: {a: &x [1, 2], b: *x}\n  tasks:\n"
    "    - name: two\n      win_shell: |\n        echo {{ a }}\n      when: a == 1\n"
    "      args:\n        chdir: 'C:\\'\n    - debug: msg=\"{{ b }}\" verbosity=1\n"
    "      loop: !unsafe ['{{ x }}']\n      tags: [x, \"y\"]\n"
)
TOKENS: Final = [
    "- ", ": ", "\n", "\n  ", "\n    - ", "{", "}", "[", "]", ",", "&a ", "*a", "*b", "!vault |\n",
    "!unsafe ", "!!python/object:os.system ", "!!binary ", "!!set ", "|", ">", "|2\n", "'", '"',
    '"\\x1b[2J"', "\t", "#", "---\n", "...\n", "%YAML 9.9\n", "? ", "<<: ", "{{ ", " }}", "{% ",
    "hosts", "tasks", "debug", "win_shell", "vars", "x", "0o9", "0x", "1:2:3", "2001-99-99",
    "12345678901234567890", "1e999", ".nan", "~", "=", "yes", "\r", "\r\n", "\x85", "\u2028",
    "\x00", "\x1b", "\ufeff", "\ud7ff", "\U0001f4a9",
]  # fmt: skip


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def write(folder: Path, content: bytes) -> Path:
    path = folder / "play.yml"
    path.write_bytes(content)
    return path


@FEW
@given(content=st.one_of(st.binary(max_size=60), st.text(max_size=60).map(_encoded)))
@example(content=b"\xff\xfe- \x00h\x00")
@example(content=b"\xef\xbb\xbf- hosts: all\n")
@example(content=b"\x00")
@example(content=b"$ANSIBLE_VAULT;1.1;AES256\n00")
@example(content=b"$ANSIBLE_VAULT;9.9;ROT13;x\n\n\x1b")
def test_any_bytes(content: bytes, tmp_path: Path) -> None:
    load(write(tmp_path, content))


@FEW
@given(parts=st.lists(st.sampled_from(TOKENS), max_size=30))
def test_any_tokens(parts: list[str], tmp_path: Path) -> None:
    load(write(tmp_path, "".join(parts).encode()))


@FEW
@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 3), st.sampled_from(["", *TOKENS])),
        min_size=1,
        max_size=3,
    )
)
def test_a_good_text_with_other_characters(
    edits: list[tuple[int, int, str]], tmp_path: Path
) -> None:
    text = GOOD
    for at, length, new in edits:
        text = text[:at] + new + text[at + length :]
    load(write(tmp_path, text.encode("utf-8", "surrogatepass")))


def test_the_good_text_is_good(tmp_path: Path) -> None:
    assert load(write(tmp_path, GOOD.encode())) is None


def _bomb(levels: int) -> str:
    lines = ["- hosts: all", "  vars:", "    a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        inner = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"    a{level}: &a{level} [{inner}]")
    return "\n".join(lines) + "\n"


def _merges(levels: int) -> str:
    lines = ["- hosts: all", "  vars:", "    a0: &a0 {k0: 1}"]
    for level in range(1, levels):
        lines.append(f"    a{level}: &a{level} {{<<: [*a{level - 1}, *a{level - 1}], k{level}: 1}}")
    return "\n".join(lines) + "\n"


def _chain(levels: int) -> str:
    lines = [f"    a{level}: &a{level} [*a{level - 1}]" for level in range(1, levels)]
    return "- hosts: all\n  vars:\n    a0: &a0 [x]\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        _bomb(12),
        _bomb(6),
        _merges(40),
        _chain(3_000),
        _chain(99),
        "- hosts: all\n  tasks: " + "[" * 50_000,
        "- hosts: all\n  vars: {a: " + "{a: " * 400 + "1" + "}" * 401 + "\n",
        "- " * 20_000,
        "? " * 5_000,
        "- hosts: all\n  tasks:\n" + "".join(" " * (4 + 2 * i) + "- block:\n" for i in range(200)),
        "- hosts: all\n  vars: &v\n    v: *v\n",
        "- &p\n  hosts: all\n  tasks: [*p]\n",
        "- hosts: all\n  ? " + "k" * 100_000 + "\n  : 1\n",
        "- hosts: all\n  " + "k" * 500_000 + ": 1\n",
        "- hosts: all\n  name: \"" + "\\x41" * 100_000 + "\"\n",
        "- hosts: all\n  tasks:\n  - debug: msg=" + "{" * 20_000,
        "- hosts: all\n  tasks:\n  - debug: msg=\"{{ " + "(" * 20_000 + " }}\"\n",
        "- hosts: all\n  tasks:\n  - debug:\n    when: " + "not " * 20_000 + "x\n",
        "- hosts: all\n  tasks:\n  - debug:\n    when: " + "x." * 20_000 + "x\n",
        "- hosts: all\n  tasks:\n  - debug:\n    when: " + " + ".join(["x"] * 20_000) + "\n",
        "- hosts: all\n  tasks:\n  - debug:\n    when: " + "x if " * 5_000 + "x\n",
        "- hosts: all\n  tasks:\n  - debug: msg=\"" + "{{ x }}" * 5_000 + "\"\n",
        "- hosts: all\n  tasks:\n  - debug: msg=\"" + "{% if x %}" * 2_000 + "\"\n",
        "- hosts: all\n  tasks:\n  - debug: 'a=" + '"x" ' * 20_000 + "'\n",
        "- hosts: all\n  tasks:\n  - debug: 'a=" + "\\\\" * 50_000 + "\"'\n",
        "- hosts: all\n  tags: '" + "," * 200_000 + "'\n",
        "- hosts: '{{ 10 ** 10 ** 10 }}'\n",
        "- hosts: '{{ range(10 ** 9) | list }}'\n",
        "- hosts: '{{ \"x\" * 10 ** 10 }}'\n",
        "- hosts: all\n  vars: {x: '{{ x }}'}\n  name: '{{ x }}'\n",
        "- hosts: all\n  serial: 99999999999999999999999999\n  port: 1e400\n",
        "- hosts: all\n  tasks: [{import_tasks: play.yml}]\n",
        "- import_playbook: play.yml\n",
        "- hosts: all\n  tasks: [{import_tasks: /dev/zero}]\n",
        "- hosts: all\n  vars_files: [/dev/zero]\n",
        "- hosts: all\n  vars_files: [/dev/stdin]\n",
    ],
    ids=range(36),
)  # fmt: skip
def test_made_to_hurt(text: str, tmp_path: Path) -> None:
    begin = time.process_time()
    load(write(tmp_path, text.encode()))
    assert time.process_time() - begin < 10


def _playbook(size: int) -> bytes:
    task = (
        "    - name: step {n}\n      win_shell: echo {{{{ a }}}} {n}\n      args: {{chdir: C:\\}}\n"
        "      when: [a is defined, \"'x' in group_names\"]\n      register: r{n}\n"
        "      notify: done\n      loop: [1, 2]\n      tags: [t{n}]\n"
    )
    parts = ["- hosts: all\n  vars: {a: 1}\n  handlers: [{name: done, win_reboot: }]\n  tasks:\n"]
    length = 0
    while length < size:
        parts.append(task.format(n=len(parts)))
        length += len(parts[-1])
    return "".join(parts).encode()


def _wrong(size: int) -> bytes:
    return _playbook(size).replace(b"win_shell", b"win_shall").replace(b"when", b"wenn")


@pytest.mark.parametrize("make", [_playbook, _wrong], ids=["right", "wrong"])
def test_time_grows_with_the_size(make: Callable[[int], bytes], tmp_path: Path) -> None:
    """Four times the text may take ten times as long; where time grows as a square it is 16."""

    def seconds(size: int) -> float:
        path = write(tmp_path, make(size))
        begin = time.process_time()
        load(path)
        return time.process_time() - begin

    seconds(10_000)
    small, large = (min(seconds(size), seconds(size)) for size in (50_000, 200_000))
    assert large < 10 * small
