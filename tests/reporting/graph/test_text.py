"""The job graph as lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from rich.cells import cell_len

from runner.reporting.graph.graph import (
    DrawEdge,
    DrawNode,
    EdgeKind,
    NodeKind,
    to_dot,
    to_svg,
    to_text,
)
from runner.reporting.graph.nodes import clean
from tests.reporting.graph_samples import HOSTILE, fleet, hostile


def test_a_fleet_reads_like_this() -> None:
    assert to_text(*fleet()) == (
        "PLAY look\n"
        "  1. [facts] gather facts       setup · 230 hosts\n"
        "  2. record the services        win_service_info · 230 hosts\n"
        "       after 1 on the same host\n"
        "\n"
        "PLAY close SMB\n"
        "  3. [gate] canary: 2 hosts\n"
        "       after 2 of an earlier play\n"
        "  4. stop the Server service    win_service · 218 hosts\n"
        "       after 3 on the same host\n"
        "  5. block SMB at the wall      win_firewall_rule · 230 hosts\n"
        "       after 3 on the same host\n"
        "  6. file servers last          win_service · 12 hosts\n"
        "       after 4 on all hosts (windows:!fileservers)\n"
        "  7. [handler] restart browser  win_service · 230 hosts\n"
        "       after 4, 5 on the same host\n"
        "\n"
        "PLAY printers\n"
        "  8. clear the queue            win_shell · 9 hosts\n"
        "       after 2 of an earlier play\n"
        "\n"
        "PLAY report\n"
        "  9. write the report           win_template · 1 host\n"
        "       after 2 on all hosts (everybody)\n"
        "       after 6, 7, 8 of an earlier play\n"
        "\n"
        "6 tasks, 1 handler, 1 gate, 1 fact gathering, 12 edges\n"
    )


def test_nothing_to_do() -> None:
    assert to_text([], []) == "no task, 0 edges\n"


def test_a_play_that_is_torn_apart_is_one() -> None:
    nodes = [DrawNode("a", "A", group="p"), DrawNode("b", "B", group="q"),
             DrawNode("c", "C", group="p")]  # fmt: skip
    lines = to_text(nodes, [DrawEdge("b", "c")]).splitlines()
    assert lines == ["PLAY p", "  1. A", "  2. C", "       after 3 on the same host", "",
                     "PLAY q", "  3. B", "", "3 tasks, 1 edge"]  # fmt: skip


def test_wide_characters_keep_the_columns() -> None:
    nodes = [DrawNode("a", "清除打印队列", "m", "p"), DrawNode("b", "plain", "m", "p")]
    lines = to_text(nodes, []).splitlines()[1:3]
    assert len({cell_len(line) for line in lines}) == 1


def test_hostile_names_cannot_steer_the_terminal() -> None:
    text = to_text(*hostile())
    assert not any(ord(c) < 32 and c != "\n" for c in text)
    assert "\u202e" not in text
    assert text.count("\nPLAY ") + text.startswith("PLAY ") == 5
    assert text.endswith(f"{len(HOSTILE)} tasks, {len(HOSTILE) - 1} edges\n")
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        (["a", "a"], [], "several nodes have the id 'a'"),
        (["a"], [("a", "b")], "from 'a' to 'b'"),
        (["a"], [("b", "a")], "from 'b' to 'a'"),
        (["a"], [("a", "a")], "from 'a' to 'a'"),
    ],
)
def test_what_is_no_graph_is_refused(
    nodes: list[str], edges: list[tuple[str, str]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        to_text([DrawNode(n, n) for n in nodes], [DrawEdge(*edge) for edge in edges])


@pytest.mark.parametrize("draw", [to_text, to_dot, to_svg])
def test_unknown_kinds_are_refused(draw: Callable[..., str]) -> None:
    nodes = [DrawNode("a", "A"), DrawNode("b", "B")]
    with pytest.raises(ValueError, match="the kind 'box'"):
        draw([DrawNode("a", "A", kind=cast("NodeKind", "box"))], [])
    with pytest.raises(ValueError, match="the kind 'wire'"):
        draw(nodes, [DrawEdge("a", "b", cast("EdgeKind", "wire"))])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\n b\t", "a b"),
        ("\x1b[2J", "\ufffd[2J"),
        ("\u202eabc\u2066", "\ufffdabc\ufffd"),
        ("\ud800\uffff", "\ufffd\ufffd"),
        ("ok 清", "ok 清"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected
