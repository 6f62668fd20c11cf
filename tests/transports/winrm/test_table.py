"""The table of failures in docs/winrm.md, row by row, provoked on a real wire.

Each row (``failure_rows``) says what is done to the host or to the way, and what must come of it:
the class of the error, whether the command may have started, what was sent again, the advice.
"""

from __future__ import annotations

import ast
import contextlib
import fnmatch
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transport import Connection
from runner.transports.winrm import command
from tests.transports.conftest import Serve, Site
from tests.transports.failing import PROXY
from tests.transports.failure_rows import ROWS, Row
from tests.transports.failure_tests import BEYOND, ELSEWHERE, SSH

DOCUMENT = Path(__file__).parents[3] / "docs" / "winrm.md"
TABLE = re.compile(r"^\| (?P<symptom>(?!symptom|---)[^|]+?) \|", re.MULTILINE)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.symptom[:30]}: {row.name}")
def test_row(serve: Serve, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_BUSY_PAUSE", 0.02)
    PROXY.clear()
    site = serve(row.os, options=row.options, scheme=row.scheme)
    with contextlib.ExitStack() as stack:
        variables = dict((row.before(site, stack) if row.before else None) or {})
        if row.kind is None:
            _well(site, row, stack, variables)
        else:
            with pytest.raises(row.kind) as caught:
                _run(site, row, stack, variables)
            assert type(caught.value) is row.kind
            assert caught.value.may_have_started is row.started
            assert row.advice in caught.value.hint
            assert row.says in caught.value.message
        assert {name: site.count(name) for name in row.counts} == row.counts
        assert site.machine.ran.count(row.line) <= 1, "it was run twice"


def _run(
    site: Site, row: Row, stack: contextlib.ExitStack, variables: Mapping[str, Any]
) -> tuple[Connection, RawOutput]:
    link = site.connect(row.timeout, **variables)
    if row.under:
        row.under(site, stack)
    return link, link.run(Invocation(row.line, row.stdin), timeout=row.timeout)


def _well(site: Site, row: Row, stack: contextlib.ExitStack, variables: Mapping[str, Any]) -> None:
    link, raw = _run(site, row, stack, variables)
    assert raw.code == 0
    wanted = {"out hello": b"hello\r\n", "cat": row.stdin}.get(row.line, b"")
    assert raw.stdout == wanted
    assert site.machine.ran == [row.line]
    link.close()


def test_every_row_of_the_document_is_here() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    table = text[text.index("\n## Failures") : text.index("\n## Enable it")]
    rows = {found["symptom"].strip() for found in TABLE.finditer(table)}
    assert rows, "the table has moved"
    assert rows == {row.symptom for row in ROWS} | ELSEWHERE.keys()


def test_every_row_about_ssh_is_provoked() -> None:
    text = (DOCUMENT.parent / "ssh.md").read_text(encoding="utf-8")
    table = text[text.index("| what happens | class | sent again |") :].split("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
    # What a row goes on to say of each case is not part of its name.
    named = {next((key for key in SSH if row.startswith(key)), row) for row in rows}
    assert named == SSH.keys()


NAMED = {test for rows in (ELSEWHERE, BEYOND, SSH) for tests in rows.values() for test in tests}


@pytest.mark.parametrize("test", sorted(NAMED))
def test_the_tests_that_are_named_are_there(test: str) -> None:
    path, _, pattern = test.partition("::")
    tree = ast.parse((DOCUMENT.parent.parent / path).read_text(encoding="utf-8"))
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found = fnmatch.filter([name for name in names if name.startswith("test_")], pattern)
    assert found, f"no such test: {test}"
