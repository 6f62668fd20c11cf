"""Packages of Debian, Ubuntu and their kin, with apt-get, which asks nothing.

Every transaction carries a mark in its command line. apt's history keeps it, so that taking it back
finds exactly what was installed, upgraded and removed, with the versions from before.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import apt, apt_change, apt_plan, restoring_posix
from runner.modules._parts.apt_params import Params
from runner.modules._parts.packages import PackagesState
from runner.modules._parts.posix import require_posix
from runner.posix.debian import Spec


class Module(base.Module[Params, PackagesState]):
    """Brings packages to a state."""

    params = Params
    state = PackagesState
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/apt_module.html"
    guide = Guide(
        example=("apt:\n  name: samba\n  state: absent"),
        undo="what a package's own scripts did; the plan says which change cannot go back",
        where="posix",
    )

    def subject(self, params: Params) -> str:
        if params.whole:
            return "all packages"
        if params.deb is not None:
            return f"package files {params.deb}"
        names = sorted(Spec.of(spec).name for spec in params.specs)
        return f"packages {', '.join(names)}" if names else "package lists"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, PackagesState]:
        require_posix(facts, "apt", "win_package")
        return (yield from apt.find(params))

    def plan(self, params: Params, before: PackagesState, facts: base.Facts) -> PackagesState:
        return apt_plan.planned(params, before)

    def apply(
        self, params: Params, change: Change[PackagesState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        return (yield from apt_change.apply(params, change))

    def undo(
        self, params: Params, change: Change[PackagesState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        return (yield from apt_change.undo(params, change))

    def sweep(
        self, params: Params, change: Change[PackagesState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        yield from apt_change.mark(change.before)

    def irreversible(self, params: Params, change: Change[PackagesState], facts: base.Facts) -> str:
        before = change.before
        purges = params.purge and (params.state == "absent" or params.autoremove)
        removes = any(move.after is None for move in before.moves)
        if purges and (removes or change.touches("packages")):
            return "purge deletes configuration files"
        if before.lost and (change.touches("packages") or change.touches("pending")):
            return f"the repositories no longer have {', '.join(before.lost)}"
        return ""

    def restore(self, params: Params, change: Change[PackagesState]) -> tuple[base.Restoring, ...]:
        return restoring_posix.packages(change)

    def result(
        self,
        params: Params,
        change: Change[PackagesState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        names = ("stdout", "stderr", "cache_updated", "cache_update_time")
        found = {name: applied[name] for name in names if name in applied}
        if not applied:
            found["cache_updated"] = UNKNOWN if change.after.cache is not None else False
            found["cache_update_time"] = change.before.cache_time
        for name in ("stdout", "stderr"):
            if name in found:
                found[f"{name}_lines"] = found[name].splitlines()
        return found

    def message(self, params: Params, change: Change[PackagesState], facts: base.Facts) -> str:
        """What goes along with the named packages, as far as the lists tell."""
        before = change.before
        current = before.asked == apt_plan.request(params, before, virtual=True)
        if params.whole or not current or not change.touches("packages"):
            return ""
        named = {package.name.partition(":")[0] for package in before.found}
        others = [str(m) for m in before.moves if m.name.partition(":")[0] not in named]
        return f"with it: {', '.join(others)}" if others else ""
