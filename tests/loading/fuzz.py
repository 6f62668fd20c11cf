"""Playbooks out of random parts, and what must hold for whatever is loaded."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from runner.errors import InputError, InputErrors
from runner.loading.playbook.playbook import load_playbook
from runner.loading.text.keywords import BLOCK, INCLUDE, LOOP_CONTROL, PLAY, TASK, TASK_IMPORT
from tests.loading.modules import MODULES

EVERY_MODULE = {**MODULES, "validate_argument_spec": False}
TRAP = "trap"
"""A file of this name appears when anything that is loaded is carried out."""

TEXTS = st.sampled_from(
    [
        "", " ", "x", "yes", "no", "0", "10%", "all", "localhost", "linear", "main", "a b=c", "a=b",
        "=", "a='", "other.yml", "missing.yml", "..", "/", ".", "~", "{{", "}}", "{{ x }}",
        "{{ x", "{% if %}", "{{ 1 / 0 }}", "{{ [] | first }}", "{{ omit }}", "{{ x | nope }}",
        "{{ lookup('env', 'HOME') }}", "{{ hostvars }}", "{{ item }}", "{{ 'a' * 10 }}", "\x85",
        "{{ playbook_dir }}", "é\u2028", "\N{PILE OF POO}", "a:b", "group/x", "- x", "#jinja2:x",
        f"{{{{ lookup('pipe', 'touch {TRAP}') }}}}", f"touch {TRAP}",
        f"{{{{ lookup('password', '{TRAP}') }}}}",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.integers(-2, 200),
    st.floats(),
    st.dates(),
    st.text(max_size=6),
)
KEYS = st.one_of(
    st.sampled_from(
        sorted(
            PLAY.known
            | TASK.known
            | BLOCK.known
            | INCLUDE.known
            | TASK_IMPORT.known
            | LOOP_CONTROL.known
            | {"import_tasks", "include_tasks", "import_role", "include_role", "include", "file"}
            | {"import_playbook", "role", "tasks_from", "apply", "prompt", "group/x", "<<"}
            | EVERY_MODULE.keys()
        )
    ),
    st.text(max_size=4),
    st.integers(0, 3),
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def safe(load: Callable[[], Any]) -> InputError | None:
    """Loads; the one allowed failure is InputError with a place that exists and a text to read."""
    try:
        load()
    except InputError as error:
        for one in error.errors if isinstance(error, InputErrors) else (error,):
            _check(one)
        return error
    return None


def load(path: Path) -> InputError | None:
    """Loads as in a dry run, in which no template runs a program."""
    return safe(lambda: load_playbook(path, EVERY_MODULE, extra_vars={"ansible_check_mode": True}))


def write(path: Path, value: Any) -> None:
    text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8", errors="surrogatepass")


def _check(error: InputError) -> None:
    shown = str(error)
    assert error.message.strip()
    assert all(unicodedata.category(c) not in ("Cc", "Cs") or c in "\n\t" for c in shown), shown
    source = error.source
    if source is None:
        return
    path = Path(source.file)
    assert path.is_file(), source
    rows = path.read_bytes().decode("utf-8-sig", "replace")
    assert 1 <= source.line <= rows.count("\n") + rows.count("\r") + _others(rows) + 1, source
    assert source.column >= 1


def _others(text: str) -> int:
    return sum(text.count(c) for c in "\x85\u2028\u2029")
