"""What a drawing leaves out: the gates of blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.reporting.graph.graph import DrawEdge, DrawNode, fold, to_dot, to_svg, to_text


def nodes(*names: str) -> list[DrawNode]:
    return [DrawNode(name, name) for name in names]


def edges(*pairs: str) -> list[DrawEdge]:
    """``a>b`` on the same host, ``a>b!why`` with a label, ``a=b`` on all hosts."""
    found = []
    for text in pairs:
        pair, _, label = text.partition("!")
        kind = "all" if "=" in pair else "host"
        source, target = pair.replace("=", ">").split(">")
        found.append(DrawEdge(source, target, kind, label))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    ("given_edges", "hidden", "expected"),
    [
        (["a>b"], "", ["a>b"]),
        (["a>b", "a>b"], "", ["a>b"]),
        (["a>g", "g>b"], "g", ["a>b"]),
        (["a>g", "b>g", "g>c", "g>d"], "g", ["a>c", "a>d", "b>c", "b>d"]),
        (["a>g", "g>h", "h>b"], "gh", ["a>b"]),
        (["a>g", "g>b!on failure"], "g", ["a>b!on failure"]),
        (["a=g!needs", "g>b!x"], "g", ["a=b!needs, x"]),
        (["a>g", "a=g!linear", "g>b"], "g", ["a>b", "a=b!linear"]),
        # a longer way says it already
        (["a>b", "b>c", "a>g", "g>c"], "g", ["a>b", "b>c"]),
        # but what was there stays
        (["a>b", "b>c", "a>c"], "", ["a>b", "b>c", "a>c"]),
        (["a>g", "g>b", "a>b"], "g", ["a>b"]),
        # and a way round through the batch before is no way
        (["a>g", "g>b", "b>c", "c=a!batch"], "g", ["b>c", "c=a!batch", "a>b"]),
        (["a>g", "g>a"], "g", []),
    ],
)
def test_what_waited_for_a_gate_waits_for_what_that_waited_for(
    given_edges: list[str], hidden: str, expected: list[str]
) -> None:
    found, left = fold(nodes(*"abcdgh"), edges(*given_edges), hidden)
    assert [n.id for n in found] == [n for n in "abcdgh" if n not in hidden]
    assert left == edges(*expected)


@given(
    st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda p: p[0] < p[1])),
    st.sets(st.integers(0, 7)),
)
def test_who_comes_before_whom_is_the_same_as_before(
    pairs: set[tuple[int, int]], hidden: set[int]
) -> None:
    names = [str(i) for i in range(8)]
    found, left = fold(
        nodes(*names), [DrawEdge(str(a), str(b)) for a, b in pairs], {str(i) for i in hidden}
    )
    shown = {n.id for n in found}
    before = {(a, b) for a, b in _closure(pairs) if {str(a), str(b)} <= shown}
    assert _closure({(int(e.source), int(e.target)) for e in left}) == before
    for draw in (to_text, to_dot, to_svg):
        assert draw(found, left)


def _closure(pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
    found = set(pairs)
    for middle in range(8):
        found |= {(a, d) for a, b in found if b == middle for c, d in found if c == middle}
    return found


def test_an_edge_from_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="from 'a' to 'z'"):
        fold(nodes("a"), edges("a>z"), ())
