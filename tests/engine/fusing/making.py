"""Tasks that may travel together, faults of the way, and what came of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runner.errors import ConnectionLost
from runner.interfaces.shell import RawOutput
from runner.model.job import Status
from tests.engine.fusing.bench import Played, value

KEY = r"reg add HKLM\SOFTWARE\K /f"
SCRIPT = "if defined g"


def three(*names: str, **fields: Any) -> list[Any]:
    return [value(name, title=f"t{n}", **fields) for n, name in enumerate(names, start=1)]


def held(played: Played, name: str, key: str = "K") -> Any:
    """What a value of the machine holds; None when it is not there."""
    found = played.state["registry"]
    at = next(path for path in found if path.casefold().endswith(rf"\software\{key}".casefold()))
    return found[at].get(name, [None])[-1]


def statuses(played: Played) -> list[Status]:
    return [outcome.status for outcome in played.outcomes.values()]


# -- an answer that does not come -------------------------------------------------------------
def losing(when: Callable[[str], bool], *, runs: bool, started: bool = True) -> Any:
    """A fault that loses the answer to one line."""
    left = [1]

    def fault(line: str, done: Callable[[], RawOutput]) -> RawOutput:
        if not (left and when(line)):
            return done()
        left.clear()
        if runs:
            done()
        raise ConnectionLost("the answer was lost", may_have_started=started)

    return fault


def is_script(line: str) -> bool:
    return SCRIPT in line
