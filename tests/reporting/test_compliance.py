"""The table that a playbook fills: who has a line, in which order, and hostile texts in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.model.job import JobId, Outcome, Status
from runner.reporting.collect import Entry
from runner.reporting.compliance import table_of
from runner.reporting.report.page import html_page
from tests.reporting.browser import browser
from tests.reporting.report_samples import MARKUP, everything


def line(host: str, fact: Any, step: str = "line") -> Entry:
    result = {} if fact is None else {"ansible_facts": {"compliance": fact}}
    return Entry(JobId(step, host), "A line", Outcome(Status.OK, result=result))


ENTRIES = (
    line("a", {"safe": "yes", "fix": "in effect"}),
    line("b", {"safe": "NO", "fix": "missing", "ports": 445}),
    line("c", None),
    line("d", {"safe": True}),
    line("other", None, "another task"),
)


def test_who_is_not_as_wanted_comes_first_and_who_was_not_seen_last() -> None:
    table = table_of(ENTRIES)
    assert table is not None
    assert table.columns == ("safe", "fix", "ports")
    assert table.rows == (
        ("b", ("NO", "missing", "445"), False),
        ("a", ("yes", "in effect", ""), True),
        ("d", ("True", "", ""), True),
    )
    assert table.unseen == ("c",)
    assert table.summary == "safe: 2 of 4 hosts, 1 not, 1 not seen"


def test_the_last_line_of_a_host_counts() -> None:
    table = table_of([line("a", {"safe": "no"}), line("a", {"safe": "yes"}, "again")])
    assert table is not None
    assert table.rows == (("a", ("yes",), True),)


@pytest.mark.parametrize("fact", [None, "yes", [], {}, {"": ""}])
def test_what_is_no_line(fact: Any) -> None:
    table = table_of([line("a", fact)])
    assert table is None or table.rows == (("a", ("",), None),)


def test_a_first_column_that_is_no_verdict_is_not_counted() -> None:
    table = table_of([line("a", {"system": "2019"})])
    assert table is not None
    assert table.summary == ""


@pytest.mark.xdist_group("browser")
def test_it_stands_in_the_page_and_is_inert(tmp_path: Path) -> None:
    report = everything()
    entries = (*report.entries, *ENTRIES, line("evil", {MARKUP: MARKUP}))
    path = tmp_path / "report.html"
    path.write_text("".join(html_page(replace(report, entries=entries))), encoding="utf-8")
    with browser() as chromium, chromium.open(path) as opened:
        rows = opened.texts("#compliance tbody tr")
        assert rows[0].split() == ["b", "NO", "missing", "445"]
        assert rows[-1].split() == ["c", "not", "seen"]
        assert opened.page.inner_text("#compliance p") == "safe: 2 of 5 hosts, 1 not, 1 not seen"
        assert opened.page.locator("#compliance img, #compliance script").count() == 0
        assert opened.complaints == []
