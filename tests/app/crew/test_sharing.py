"""What one process of a run tells another about its hosts."""

from __future__ import annotations

import pickle

from runner.app.crew.sharing import SharedVariables
from runner.engine.variables.layers import Live
from runner.model.inventory import Host, Inventory
from runner.model.playbook import Play


def test_what_waits_on_the_disk_travels_as_what_it_is() -> None:
    inventory = Inventory({"a": Host("a", {}), "b": Host("b", {})}, {})
    here, there = (
        SharedVariables(inventory, {}, check_mode=False, playbook_dir=".") for _ in range(2)
    )
    result = {"stdout": "x" * 10_000, "rc": 0}
    here.register("a", {"r": result, "s": 1}, lambda: True)
    assert type(dict.get(here.state("a").registered, "r")) is Live

    def fetch(host: str) -> dict[str, object]:
        found: dict[str, object] = pickle.loads(pickle.dumps(here.shown(host)))
        return found

    def tell_left(_play: Play, _host: str) -> None:
        return None

    there.part(frozenset({"a"}), fetch, tell_left)
    assert there.state("a").registered == {"r": result, "s": 1}
