"""Regular expressions: nothing that a pattern or a text says holds up the run."""

import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import TemplateError
from runner.loading.templates import regex_worker, regexes
from runner.loading.templates.regex_worker import evaluate
from runner.loading.templates.regexes import run_regex
from runner.loading.templates.templates import JinjaTemplates

TEMPLATES = JinjaTemplates()


@pytest.mark.parametrize(
    ("pattern", "nested", "count"),
    [
        ("abc", 0, 0),
        ("a*b+", 1, 2),
        ("a?b{3}c{2,5}", 0, 0),
        ("a?b{3}c{17}", 1, 1),
        ("(a|b)+", 2, 1),
        ("(ab?)*", 2, 1),
        ("(a?){30}", 2, 1),
        ("a|b*", 1, 1),
        ("a{2,}b{1,99}", 1, 2),
        ("(a+)+$", 2, 2),
        ("(?:a*b)*", 2, 2),
        ("((a+)b)+?", 2, 2),
        ("(a+)(b+)", 1, 2),
        ("(a+)?", 1, 1),
        ("[*+]a\\*\\(\\)[)]", 0, 0),
        ("[]*]+", 1, 1),
        ("[^]*]+(x)", 1, 1),
        ("(a|b+)*", 2, 2),
        ("a*+b++", 1, 2),
        (")a+(", 1, 1),
    ],
)
def test_repetitions_are_counted(pattern: str, nested: int, count: int) -> None:
    assert regexes._repeats(pattern) == (nested, count)


@pytest.mark.parametrize(
    "expression",
    [
        "text | regex_search('(a+)+$')",
        "text | regex_findall('(a|aa)+$')",
        "text | regex_replace('(a*)*b', 'x')",
        "text is match('(.*)*x')",
        "text is regex('(a+a+)+b', match_type='fullmatch')",
        "lookup('ini', '(a+)+$', re=true, file=file, type='properties')",
    ],
)
def test_a_catastrophe_is_ended(
    expression: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(regexes, "SECONDS", 0.3)
    file = tmp_path / "x"
    file.write_text("a" * 60 + "b! = 1\n")
    variables = {"text": "a" * 60 + "!", "file": str(file)}
    begun = time.monotonic()
    with pytest.raises(TemplateError, match=r"takes more than 0\.3 seconds"):
        TEMPLATES.render(f"{{{{ {expression} }}}}", variables)
    assert time.monotonic() - begun < 30
    monkeypatch.setattr(regexes, "SECONDS", 30.0)  # a new worker starts, on a busy machine slowly
    assert TEMPLATES.render("{{ 'aaa' | regex_search('(a+)+$') }}", {}) == "aaa"


def test_a_long_text_is_searched_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = regexes._WORKER.ask

    def ask(arguments: dict[str, Any]) -> Any:
        asked.append(arguments["pattern"])
        return real(arguments)

    monkeypatch.setattr(regexes._WORKER, "ask", ask)
    text = "x" * 50_000 + "\nVersion: 10.0\n"
    assert run_regex("search", r"Version:\s*(\S+)", 0, text, [1]) == ["10.0"]
    assert run_regex("findall", r"(\d+)\.(\d+)", 0, text) == [["10", "0"]]
    assert run_regex("sub", r"\d+", 0, text[-6:], ["<\\g<0>>", 1]) == [" <10>.0\n", 1]
    assert asked == [r"Version:\s*(\S+)", r"(\d+)\.(\d+)"]


def test_wrong_patterns_and_groups_are_named_alike_here_and_there() -> None:
    for text in ("a", "a" * 40_000):
        with pytest.raises(re.error, match=r"unterminated|missing"):
            run_regex("search", "(a+", 0, text)
        with pytest.raises(IndexError, match="no such group"):
            run_regex("search", "(a+)+", 0, text, [5])
        with pytest.raises(ValueError, match=r"invalid group reference|bad"):
            _sub(text)


def _sub(text: str) -> None:
    try:
        run_regex("sub", "(a+)+", 0, text, ["\\5", 0])
    except re.error as error:
        raise ValueError(str(error)) from None


def test_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 100 characters"):
        evaluate("sub", "", 0, "x" * 50, ["yyy", 0], 100)
    with pytest.raises(ValueError, match="more than 10 matches"):
        evaluate("findall", "", 0, "x" * 50, [], 10)


def test_threads_share_the_process() -> None:
    wrong: list[Any] = []

    def work(number: int) -> None:
        for turn in range(20):
            text = f"{number}-{turn}" + "a" * 30
            found = run_regex("search", r"^(\d+-\d+)(a+)+$", 0, text, [1])
            if found != [f"{number}-{turn}"]:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_process_that_died_is_started_again() -> None:
    assert run_regex("search", "(a+)+$", 0, "a" * 50) == "a" * 50
    process = regexes._WORKER._process
    assert process is not None
    process.kill()
    process.wait()
    assert run_regex("search", "(a+)+$", 0, "a" * 50) == "a" * 50


def test_the_worker_answers_and_ends_with_its_input() -> None:
    question = {"pattern": "b", "flags": 0, "text": "abc", "more": [], "limit": 9}
    lines = [json.dumps({**question, "action": "findall"}), json.dumps({**question, "action": "x"})]
    done = subprocess.run(
        [sys.executable, "-I", "-S", regex_worker.__file__],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert json.loads(done.stdout.splitlines()[0]) == {"value": ["b"]}


SMALL = st.text(alphabet="ab.*+?()[]|\\^$d", max_size=8)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@settings(max_examples=150, deadline=None)
@given(SMALL, st.text(alphabet="ab1", max_size=6))
def test_the_process_says_what_we_say(pattern: str, text: str) -> None:
    arguments: dict[str, Any] = {
        "action": "findall",
        "pattern": pattern,
        "flags": 0,
        "text": text,
        "more": [],
        "limit": 1000,
    }
    try:
        here = evaluate(**arguments)
    except re.error as error:
        with pytest.raises(re.error, match=re.escape(str(error))):
            regexes._WORKER.ask(arguments)
    else:
        assert regexes._WORKER.ask(arguments) == here
        assert here == [list(m) if isinstance(m, tuple) else m for m in re.findall(pattern, text)]
