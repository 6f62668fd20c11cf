"""Magic variables: what a run tells every template about itself, its plays and its hosts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, Final

from runner.engine.variables.layers import Live, LiveDict
from runner.model.inventory import Host, short_name
from runner.model.playbook import Play

MAGIC_VERSION: Final[Mapping[str, Any]] = {
    "full": "2.19.0",
    "major": 2,
    "minor": 19,
    "revision": 0,
    "string": "2.19.0",
}
"""``ansible_version``: the release of ansible-core whose language this is. Playbooks ask it to
find out what they may use; runner's own version is ``runner_version``."""


RUN_MAGIC: Final = frozenset(
    {
        "ansible_check_mode", "ansible_diff_mode", "ansible_forks", "ansible_inventory_sources",
        "ansible_limit", "ansible_playbook_python", "ansible_run_tags", "ansible_skip_tags",
        "ansible_verbosity", "ansible_version",
    }
)  # fmt: skip
"""Magic variables of the whole run that are named like settings of a connection."""


def run_magic(
    *,
    check_mode: bool,
    diff_mode: bool,
    verbosity: int,
    run_tags: Sequence[str],
    skip_tags: Sequence[str],
    sources: Sequence[str],
    playbook_dir: str,
    version: str,
    forks: int | None,
    limit: str | None,
) -> dict[str, Any]:
    """What is the same for all hosts and plays; ``sources`` are those of the inventory."""
    known: dict[str, Any] = {
        "ansible_check_mode": check_mode,
        "ansible_diff_mode": diff_mode,
        "ansible_verbosity": verbosity,
        "ansible_version": MAGIC_VERSION,
        "ansible_run_tags": list(run_tags) or ["all"],
        "ansible_skip_tags": list(skip_tags),
        "ansible_inventory_sources": list(sources),
        "ansible_playbook_python": sys.executable,
        "playbook_dir": playbook_dir,
        "runner_version": version,
    }
    if forks is not None:
        known["ansible_forks"] = forks
    if limit is not None:
        known["ansible_limit"] = limit
    return known


def host_magic(host: Host) -> dict[str, Any]:
    """What a host is called and where it was found."""
    return {
        "inventory_hostname": host.name,
        "inventory_hostname_short": short_name(host.name),
        "group_names": list(host.groups),
        "inventory_file": host.inventory_file or None,
        "inventory_dir": host.inventory_dir or None,
    }


class PlayMagic:
    """The magic variables of one play, which change as hosts fail. Shared by all threads."""

    def __init__(
        self,
        play: Play,
        hosts: Sequence[str],
        batches: Sequence[Sequence[str]],
        as_data: Callable[[Any], Any],
    ) -> None:
        self._as_data = as_data
        self._gone: set[str] = set()
        self._lock = Lock()
        self._lists: dict[int, Any] = {}
        self._members = {_WHOLE: tuple(hosts), **dict(enumerate(map(tuple, batches)))}
        self._batch = {host: i for i, batch in enumerate(batches) for host in batch}
        short = [name.rpartition(".")[2] for name in play.roles]
        self._fixed = {
            "ansible_play_name": play.name,
            "ansible_play_role_names": list(play.roles),
            "ansible_role_names": list(dict.fromkeys(play.roles)),
            "role_names": short,
            "ansible_play_hosts_all": as_data(list(hosts)),
            "ansible_play_hosts": Live(lambda: self._left(_WHOLE)),
        }
        self._magic: dict[int, LiveDict] = {}

    def leave(self, host: str) -> None:
        """Take a host out of the lists of those that are still in the play."""
        with self._lock:
            if host not in self._gone:
                self._gone.add(host)
                self._lists.clear()

    def batch_of(self, host: str) -> tuple[str, ...]:
        """All hosts of a host's batch, also those that failed; none of a host not in it."""
        return self._members[self._batch[host]] if host in self._batch else ()

    def on(self, host: str) -> LiveDict:
        """The variables as a host sees them: of its own batch."""
        batch = self._batch.get(host, _WHOLE)
        found = self._magic.get(batch)
        if found is None:
            live = Live(lambda: self._left(batch))
            found = LiveDict(self._fixed, ansible_play_batch=live, play_hosts=live)
            self._magic[batch] = found
        return found

    def _left(self, batch: int) -> Any:
        """Those of a batch that did not fail; made anew only when another one failed."""
        found = self._lists.get(batch)
        if found is None:
            with self._lock:
                left = [host for host in self._members[batch] if host not in self._gone]
                found = self._lists[batch] = self._as_data(left)
        return found


_WHOLE: Final = -1
