"""The table of failures in docs/winrm.md, row by row, provoked on a real wire.

Each row (``failure_rows``) says what is done to the host or to the way, and what must come of it:
the class of the error, whether the command may have started, what was sent again, the advice.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transport import Connection
from runner.transports import winrm_command
from tests.transports.conftest import Serve, Site
from tests.transports.failing import PROXY
from tests.transports.failure_rows import ELSEWHERE, ROWS, Row

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "winrm.md"
TABLE = re.compile(r"^\| (?P<symptom>(?!symptom|---)[^|]+?) \|", re.MULTILINE)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.symptom[:30]}: {row.name}")
def test_row(serve: Serve, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winrm_command, "_BUSY_PAUSE", 0.02)
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
