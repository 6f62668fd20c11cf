"""Lines: the jobs of one host that surely follow one another, with nothing in between.

A line goes from a step to the one that waits for it on that host, as long as that one waits for
nothing but what is behind it, or surely came out well before, on the same host. A line ends at
whatever ties hosts together or lets others go first: barriers, batches, ``needs`` on other hosts,
``run_once``, tokens, handlers, the end of a block that rescues. Gates, where nothing is done, are
passed.
"""

from __future__ import annotations

from runner.engine.graph.circles import kinds
from runner.engine.graph.graph import JobGraph, Link, LinkKind, Step, StepKind
from runner.model.playbook import NeedState

LONGEST = 64
"""Jobs of a line; what comes behind them has its own turn to look ahead."""


class Lines:
    """The lines of one graph. Thread-safe: what it keeps can only be the same."""

    def __init__(self, graph: JobGraph) -> None:
        self._graph = graph
        self._index = {name: n for n, name in enumerate(graph.hosts)}
        # Hosts that stand in the same sets of every step and link have the same lines.
        sets: dict[frozenset[int], None] = {step.members: None for step in graph.steps}
        sets.update((link.only, None) for _, _, link in graph.edges() if link.only is not None)
        self._kind = kinds(len(graph.hosts), sets)
        self._behind: dict[tuple[str, int], tuple[Step, ...]] = {}
        """By step and kind of host."""
        self._of: dict[int, tuple[Step, ...]] = {}

    def step(self, name: str) -> Step | None:
        """The step of that name, if the graph has it."""
        return self._graph.step(name) if name in self._graph else None

    def of(self, host: str) -> tuple[Step, ...]:
        """All steps that a host takes part in; none for a host that is not in the graph."""
        index = self._index.get(host)
        if index is None:
            return ()
        kind = self._kind[index]
        if kind not in self._of:
            steps = (step for step in self._graph.steps if step.kind is not StepKind.GATE)
            self._of[kind] = tuple(step for step in steps if index in step.members)
        return self._of[kind]

    def after(self, step: Step, host: str) -> tuple[Step, ...]:
        """The steps that follow this one on a host; none for a step that is not in the graph."""
        index = self._index.get(host)
        if index is None or self.step(step.name) is not step:
            return ()
        key = step.name, self._kind[index]
        found = self._behind.get(key)
        if found is None:
            found = self._behind[key] = tuple(self._follow(step, index))
        return found

    def _follow(self, first: Step, host: int) -> list[Step]:
        found: list[Step] = []
        if first.kind is not StepKind.TASK or first.once:
            return found
        inside = self._before(first, host)
        ends = [first]
        while len(found) < LONGEST:
            joining = self._joining(ends, inside, host)
            gates = [step for step in joining if step.kind is StepKind.GATE]
            if gates:
                ends += gates
            elif len(joining) == 1:
                ends = joining
                found += joining
            else:
                break  # the end, or more than one that might come next
            inside.update(step.name for step in gates or joining)
        return found

    def _joining(self, ends: list[Step], inside: set[str], host: int) -> list[Step]:
        """What can only come next behind these."""
        found: dict[str, Step] = {}
        for end in ends:
            for later, links in self._graph.successors(end):
                if later.play != end.play:
                    continue
                if later.name not in inside and any(_applies(x, end, host) for x in links):
                    found[later.name] = later
        return [step for step in found.values() if self._joins(step, inside, host)]

    def _joins(self, step: Step, inside: set[str], host: int) -> bool:
        if step.kind not in (StepKind.TASK, StepKind.GATE) or step.once:
            return False
        if step.takes or step.gives or host not in step.members:
            return False
        return all(
            earlier.name in inside and _is_plain(link)
            for earlier, links in self._graph.predecessors(step)
            for link in links
            if _applies(link, earlier, host)
        )

    def _before(self, step: Step, host: int) -> set[str]:
        """The step, and those that surely came out well on its host before its turn."""
        found, left = {step.name}, [step]
        while left:
            for earlier, links in self._graph.predecessors(left.pop()):
                if earlier.name not in found and any(
                    _is_plain(link) and _applies(link, earlier, host) for link in links
                ):
                    found.add(earlier.name)
                    left.append(earlier)
        return found


def _applies(link: Link, earlier: Step, host: int) -> bool:
    """Whether the link holds for this host of the later step."""
    if link.only is not None and host not in link.only:
        return False
    return link.kind is not LinkKind.SAME or host in earlier.members


def _is_plain(link: Link) -> bool:
    """Whether it waits for a job of the same host to come out well, and no more."""
    return link.kind is LinkKind.SAME and link.state is NeedState.OK and not link.skips
