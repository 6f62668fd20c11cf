"""Changes of a fleet on a page: what looks the same, and what differs in its values alone."""

from __future__ import annotations

from typing import Any

from runner.reporting.report.alike import folded


def shown(after: str, field: str = "copies", **more: Any) -> dict[str, Any]:
    fields = [{"of": "", "name": field, "before": "", "after": after}]
    return {"class": "s-changed", "subject": "x", "alike": "", "more": 0, "fields": fields, **more}


def test_what_looks_the_same_is_one_group() -> None:
    groups = folded([(["a"], shown("1")), (["b", "c"], shown("2")), (["d"], shown("1"))])
    assert [(hosts, one["alike"]) for hosts, one in groups] == [(["a", "d"], ""), (["b", "c"], "")]


def test_many_that_differ_in_values_alone_are_one_with_the_first_ones() -> None:
    few = [([f"h{n}"], shown(str(n))) for n in range(3)]
    assert [len(hosts) for hosts, _ in folded(few)] == [1, 1, 1]
    many = [([f"h{n}"], shown(str(n))) for n in range(4)]
    ((hosts, one),) = folded(many)
    assert hosts == ["h0", "h1", "h2", "h3"]
    assert one["alike"] == "h0"
    assert one["fields"][0]["after"] == "0"


def test_other_fields_and_other_statuses_stay_apart() -> None:
    many = [([f"h{n}"], shown(str(n))) for n in range(4)]
    other = [(["i"], shown("1", field="state")), (["j"], shown("1", **{"class": "s-irreversible"}))]
    assert [hosts for hosts, _ in folded([*other, *many])] == [
        ["h0", "h1", "h2", "h3"], ["i"], ["j"],
    ]  # fmt: skip


def test_nothing_is_nothing() -> None:
    assert folded([]) == []
