"""What is compared: which clients, on how many hosts, with how many tasks, over what network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, Final

RUNNER: Final = "runner"
NO_FUSE: Final = "runner --no-fuse"
PYWINRM: Final = "pywinrm"
PYWINRM_WIDE: Final = "pywinrm wide"
NAIVE: Final = "pywinrm naive"
PYPSRP: Final = "pypsrp"
ANSIBLE_5: Final = "ansible -f 5"
ANSIBLE_50: Final = "ansible -f 50"
ANSIBLE_ALL: Final = "ansible -f hosts"
ANSIBLE_RAW: Final = "ansible raw -f 50"

NO_LEASE: Final = "runner --no-lease"

OURS: Final = (RUNNER, NO_FUSE, NO_LEASE)
ANSIBLES: Final = (ANSIBLE_5, ANSIBLE_50, ANSIBLE_ALL, ANSIBLE_RAW)
ALL: Final = (*OURS, PYWINRM, PYWINRM_WIDE, NAIVE, PYPSRP, *ANSIBLES)

MOST_FOR_ANSIBLE: Final = 5_000
"""Jobs beyond which Ansible is left out even of the full matrix: it takes a quarter of an hour."""

ONCE_FOR_ANSIBLE: Final = 1_000
"""Jobs beyond which Ansible takes part in the first round only."""


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement. ``latency_ms`` is added to every answer; ``workload`` is ``command``
    (``win_command: hostname``), ``service`` (``win_service`` of one that is as wanted) or
    ``registry`` (``win_regedit`` of a value that is missing)."""

    client: str
    hosts: int
    tasks: int
    latency_ms: int = 0
    auth: str = "ntlm"
    workload: str = "command"

    @property
    def jobs(self) -> int:
        """Tasks times hosts."""
        return self.hosts * self.tasks

    @property
    def is_slow(self) -> bool:
        """Whether one look at it must do, because it takes minutes."""
        return self.client in ANSIBLES and self.jobs > ONCE_FOR_ANSIBLE

    @property
    def cell(self) -> Cell:
        """The same without the client: what clients are compared on."""
        return Cell(self.hosts, self.tasks, self.latency_ms, self.auth, self.workload)

    def json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the matrix."""

    hosts: int
    tasks: int
    latency_ms: int = 0
    auth: str = "ntlm"
    workload: str = "command"

    def of(self, client: str) -> Case:
        """This cell for one client."""
        return Case(client, self.hosts, self.tasks, self.latency_ms, self.auth, self.workload)

    def __str__(self) -> str:
        tasks = "1 task" if self.tasks == 1 else f"{self.tasks} tasks"
        hosts = "1 host" if self.hosts == 1 else f"{self.hosts:,} hosts"
        return f"{hosts}, {tasks} ({self.workload}), {self.auth}, {self.latency_ms} ms latency"


_SMALL: Final = (RUNNER, PYWINRM, NAIVE, PYPSRP, ANSIBLE_5, ANSIBLE_50, ANSIBLE_RAW)

QUICK: Final[dict[Cell, tuple[str, ...]]] = {
    Cell(10, 1): _SMALL,
    Cell(10, 5): _SMALL,
    Cell(230, 1): (RUNNER, PYWINRM, NAIVE, PYPSRP, ANSIBLE_50, ANSIBLE_ALL),
    Cell(230, 5): (*OURS, PYWINRM, PYPSRP, ANSIBLE_50),
    Cell(230, 20): (RUNNER, PYWINRM),
    Cell(230, 5, workload="service"): (RUNNER, NO_FUSE, PYWINRM),
    Cell(230, 5, workload="registry"): (RUNNER, NO_FUSE, PYWINRM),
    Cell(1, 5, latency_ms=20): (RUNNER, PYWINRM),
    Cell(1, 5, latency_ms=20): (RUNNER, PYWINRM),
    Cell(230, 5, latency_ms=20): (RUNNER, PYWINRM, PYWINRM_WIDE),
    Cell(230, 5, auth="basic"): (RUNNER, PYWINRM),
    Cell(1000, 1): (RUNNER, PYWINRM),
}
"""Enough to see how things stand, in some ten minutes."""

SMOKE: Final[dict[Cell, tuple[str, ...]]] = {
    Cell(2, 1): ALL,
    Cell(2, 1, auth="basic"): ALL,
    Cell(2, 2, workload="service"): ALL,
    Cell(2, 2, workload="registry"): ALL,
}
"""Whether everything works, in a minute."""


def full() -> dict[Cell, tuple[str, ...]]:
    """Every combination that can be waited for (some hours)."""
    cells = [
        Cell(*cell)
        for cell in product(
            (1, 10, 230, 1000), (1, 5, 20), (0, 20), ("ntlm", "basic"), ("command",)
        )
    ]
    cells += [Cell(n, 5, workload=what) for n in (10, 230) for what in ("service", "registry")]
    cells += [Cell(1, 5, latency_ms=20)]
    return {cell: tuple(_sensible(cell)) for cell in cells}


def _sensible(cell: Cell) -> Iterator[str]:
    for client in ALL:
        if client in ANSIBLES and cell.hosts * cell.tasks > MOST_FOR_ANSIBLE:
            continue
        if client in {ANSIBLE_ALL, PYWINRM_WIDE} and cell.hosts <= 50:
            continue  # the same as the one with 50
        yield client


MATRICES: Final = {"quick": lambda: QUICK, "smoke": lambda: SMOKE, "full": full}
