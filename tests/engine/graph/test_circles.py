"""Circles of jobs, found without expanding every host, against the plain way."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.engine.graph.circles import require_acyclic
from runner.engine.graph.graph import JobGraph, Link, LinkKind, Step, StepKind
from runner.errors import GraphError
from runner.model.job import JobId


@st.composite
def graphs(draw: st.DrawFn) -> JobGraph:
    """Up to five steps on up to five hosts, with links in every direction."""
    count = draw(st.integers(1, 5))
    graph = JobGraph([f"h{i}" for i in range(count)])
    subsets = st.frozensets(st.integers(0, count - 1))
    cut = draw(st.integers(1, count))
    groups = draw(st.sampled_from([(), (tuple(range(cut)), tuple(range(cut, count)))]))
    steps = [
        graph.add(Step(f"s{i}", StepKind.TASK, "", draw(subsets), groups=groups))
        for i in range(draw(st.integers(1, 5)))
    ]
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(LinkKind))
        hosts = draw(st.none() | subsets) if kind is LinkKind.ALL else None
        link = Link(kind, hosts=hosts, only=draw(st.none() | subsets))
        graph.link(draw(st.sampled_from(steps)), draw(st.sampled_from(steps)), link)
    return graph


@settings(max_examples=250, deadline=None)
@given(graphs())
def test_a_circle_is_found_exactly_when_jobs_close_one(graph: JobGraph) -> None:
    jobs: nx.DiGraph[JobId] = nx.DiGraph()
    for earlier, later, link in graph.edges():
        jobs.add_edges_from(graph.expand(earlier, later, link))
    try:
        require_acyclic(graph)
    except GraphError as error:
        named = [line.split(" (")[0] for line in error.message.splitlines()[1:]]
        found = [line.removeprefix("    which is needed by ").strip() for line in named]
        ids = [JobId(*name.split("@")) for name in found]
        assert all(jobs.has_edge(a, b) for a, b in pairwise(ids))
        assert ids[0] == ids[-1]
    else:
        assert nx.is_directed_acyclic_graph(jobs)


def test_hosts_that_wait_for_themselves_over_a_link_to_all() -> None:
    graph = JobGraph(["a", "b"])
    members = frozenset({0, 1})
    one = graph.add(Step("one", StepKind.TASK, "", members))
    two = graph.add(Step("two", StepKind.TASK, "", members))
    graph.link(one, two, Link(LinkKind.ALL, hosts=frozenset({0}), only=frozenset({1})))
    require_acyclic(graph)
    graph.link(two, one, Link(LinkKind.ALL, hosts=frozenset({1}), only=frozenset({0})))
    with pytest.raises(GraphError, match=r"one@a .generated.\n    which is needed by two@b"):
        require_acyclic(graph)
