"""Limits on a whole play: ``max_in_flight``, as tokens from its begin gate to its end gate."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from runner.engine.graph.graph import JobGraph, Limit, LinkKind, Step, StepKind
from runner.errors import GraphError
from runner.model.inventory import Inventory
from runner.model.playbook import Play

HINT = "move it to a play of its own"


def max_in_flight(
    play: Play,
    label: str,
    hosts: Sequence[str],
    everybody: Sequence[str],
    inventory: Inventory,
    note: Callable[[str], None] = lambda _text: None,
) -> tuple[Limit, ...]:
    """The limits of the play: for each variable, a pool for each of its values.

    ``hosts`` are all hosts of the run by index; ``everybody`` those that the play's pattern means,
    ``--limit`` left aside. A variable that none of these has limits nobody; ``note`` is told so.
    Raises GraphError for a value that is not plain.
    """
    limits = []
    for variable, count in play.max_in_flight.items():
        if count < 1:
            message = f"max_in_flight lets no host in: {variable}: {count}"
            raise GraphError(message, source=play.source)
        if everybody and not any(variable in inventory.hosts[n].vars for n in everybody):
            note(_unlimited(play, variable, everybody, inventory))
            continue
        keys = {
            index: _key(inventory, name, variable)
            for index, name in enumerate(hosts)
            if variable in inventory.hosts[name].vars
        }
        limits.append(Limit(f"max_in_flight {variable} of {label}", count, keys))
    if limits and play.linear:
        raise GraphError(
            "max_in_flight and 'strategy: linear' exclude each other",
            source=play.source,
            hint="hosts that are let in would wait after each task for those that are not",
        )
    return tuple(limits)


def _key(inventory: Inventory, host: str, variable: str) -> str:
    value: Any = inventory.hosts[host].vars[variable]
    plain = isinstance(value, str | int | float) and "{{" not in (text := str(value))
    if not plain or "{%" in text:
        raise GraphError(
            f"max_in_flight goes by the variable '{variable}', which is no plain value on {host}",
            hint="it must be a text or a number in the inventory, without a template",
        )
    return text


def _unlimited(play: Play, variable: str, everybody: Sequence[str], inventory: Inventory) -> str:
    known = {name for host in everybody for name in inventory.hosts[host].vars}
    near = difflib.get_close_matches(variable, known, n=1)
    what = f"the play '{play.name}': no host has the variable '{variable}' of max_in_flight"
    return f"{what}, which limits nobody" + (f"; did you mean '{near[0]}'?" if near else "")


def require_no_standstill(
    graph: JobGraph, play: Play, steps: Iterable[Step], limits: Sequence[Limit]
) -> None:
    """Raises GraphError where a host that is let in would wait for one that is not."""
    for step in steps if limits else ():
        if step.once:
            raise GraphError(
                "run_once waits for all hosts of its play, which max_in_flight keeps out",
                source=step.source,
                hint=HINT,
            )
        # The gate at which a host is let in takes its token only when all it waits for is over
        # (an earlier batch, the hosts of 'after'): whoever waits there is not let in yet.
        gate = step.kind is StepKind.GATE and bool(step.takes)
        for earlier, links in () if gate else graph.predecessors(step):
            for link in links:
                if earlier.play != step.play or link.kind is not LinkKind.ALL:
                    continue
                scope = earlier.members if link.hosts is None else earlier.members & link.hosts
                if any(_crowded(limit, step.members, scope) for limit in limits):
                    raise GraphError(
                        f"this needs '{earlier.name}' on hosts that max_in_flight keeps out "
                        "until this host is through",
                        source=step.source or play.source,
                        hint=HINT,
                    )


def _crowded(limit: Limit, waiting: frozenset[int], scope: frozenset[int]) -> bool:
    """Whether some host of a pool that is too small for all waits for another one of it."""
    needed = Counter(limit.pool(host) for host in scope)
    return any(
        pool is not None and pool in needed and count > limit.count
        for pool, count in Counter(limit.pool(host) for host in waiting).items()
    )
