"""The module ``dnf``, which is ``yum`` as well."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.model.state import Change
from runner.modules._parts import rpm, rpm_change, rpm_plan
from runner.modules._parts.packages import PackagesState
from runner.modules._parts.posix import require_posix
from runner.modules._parts.rpm_params import Params, parts


class Dnf(base.Module[Params, PackagesState]):
    """Brings packages to a state, with dnf where it is, else with yum."""

    params = Params
    state = PackagesState
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/dnf_module.html"

    def subject(self, params: Params) -> str:
        if params.whole:
            return "all packages"
        names = sorted(parts(spec)[0] for spec in params.specs)
        return f"packages {', '.join(names)}" if names else "package lists"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, PackagesState]:
        require_posix(facts, "dnf", "win_package")
        return (yield from rpm.find(params))

    def plan(self, params: Params, before: PackagesState, facts: base.Facts) -> PackagesState:
        return rpm_plan.planned(params, before)

    def apply(
        self, params: Params, change: Change[PackagesState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        return (yield from rpm_change.apply(params, change))

    def undo(
        self, params: Params, change: Change[PackagesState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        return (yield from rpm_change.undo(params, change))

    def sweep(
        self, params: Params, change: Change[PackagesState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        yield from rpm_change.mark(params, change.before)

    def irreversible(self, params: Params, change: Change[PackagesState], facts: base.Facts) -> str:
        before = change.before
        if before.lost and (change.touches("packages") or change.touches("pending")):
            return f"the repositories no longer have {', '.join(before.lost)}"
        return ""

    def result(
        self,
        params: Params,
        change: Change[PackagesState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        names = ("rc", "results")
        moves = [str(move) for move in change.before.moves]
        return {"rc": 0, "results": moves} | {n: applied[n] for n in names if n in applied}

    def message(self, params: Params, change: Change[PackagesState], facts: base.Facts) -> str:
        """What goes along with the named packages, as far as the lists tell."""
        before = change.before
        current = before.asked == rpm_plan.request(params, before)
        if params.whole or not current or not change.touches("packages"):
            return ""
        named = {package.name for package in before.found}
        others = [str(move) for move in before.moves if move.name not in named]
        return f"with it: {', '.join(others)}" if others else ""
