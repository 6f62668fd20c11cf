"""Random playbooks come to the same in one process and in several: outcomes, files, journal."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runner.app.crew import going
from runner.app.run import run
from runner.app.wiring.options import RunOptions, View
from runner.journal.journal import Journal

HOSTS: Final = ("a", "b", "c", "d", "e")
EXAMPLES: Final = int(os.environ.get("RUNNER_CREW_EXAMPLES", "3"))
MANY: Final = EXAMPLES > 100
pytestmark = pytest.mark.timeout(0 if MANY else 120)

conditions = st.sampled_from(
    ["inventory_hostname != 'b'", "inventory_hostname in ['a', 'd']", "r is changed", "false",
     "r is defined and r is changed", "n == 1", "nosuch"]
)  # fmt: skip
texts = st.sampled_from(["x", "y", "{{ inventory_hostname }}", "{{ n }}", "{{ r.changed }}"])


@st.composite
def tasks(draw: st.DrawFn, deep: bool = True) -> dict[str, Any]:
    """One task, or a block of some."""
    path = f"{{{{ home }}}}/{draw(st.sampled_from(['one', 'two', 'three']))}"
    kinds: list[dict[str, Any]] = [
        {"file": {"path": path, "state": "directory"}},
        {"command": {"argv": ["test", "-d", path]}},
        {"command": {"argv": ["mkdir", path], "creates": path}},
        {"shell": f"echo {draw(texts)} >> {path}.txt"},
        {"shell": f"rm {path}.txt"},
        {"set_fact": {"n": draw(st.sampled_from([1, "{{ n | int + 1 }}", "{{ r.changed }}"]))}},
        {"debug": {"msg": draw(texts)}},
        {"assert": {"that": [draw(conditions)]}},
        {"meta": "end_host"},
    ]
    if deep:
        kinds.append({"include_tasks": "more.yml"})
    if deep and draw(st.integers(0, 7)) == 7:
        some = st.lists(tasks(deep=False), min_size=1, max_size=2)
        return {"block": draw(some), "rescue": draw(some), "always": draw(some)}
    task = draw(st.sampled_from(kinds))
    more = draw(st.integers(0, 9))
    if more == 0:
        task |= {"register": "r"}
    elif more == 1:
        task |= {"when": draw(conditions)}
    elif more == 2 and "meta" not in task:
        task |= {"ignore_errors": True}
    elif more == 3 and "meta" not in task and "include_tasks" not in task:
        task |= {"notify": "told"}
    elif more == 4 and "meta" not in task and "include_tasks" not in task:
        task |= {"loop": [1, 2], "loop_control": {"label": "l{{ item }}"}}
    return {"name": f"task {draw(st.integers(0, 3))}", **task}


@given(
    st.lists(tasks(), min_size=2, max_size=7),
    st.lists(tasks(deep=False), min_size=1, max_size=2),
    st.integers(2, 4),
)
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck),
    derandomize=not MANY, phases=[Phase.explicit, Phase.generate], database=None,
)  # fmt: skip
def test_random_playbooks(
    tmp_path_factory: pytest.TempPathFactory,
    found: list[dict[str, Any]],
    more: list[dict[str, Any]],
    processes: int,
) -> None:
    home = tmp_path_factory.mktemp("crew")
    play = {
        "hosts": "all", "gather_facts": False, "tasks": found, "vars": {"n": 0},
        "handlers": [{"name": "told", "shell": "echo told >> {{ home }}/told"}],
    }  # fmt: skip
    (home / "play.yml").write_text(yaml.safe_dump([play]))
    (home / "more.yml").write_text(yaml.safe_dump(more))
    hosts = {name: {"home": str(home / "files" / name)} for name in HOSTS}
    (home / "hosts.yml").write_text(
        yaml.safe_dump({"all": {"hosts": hosts, "vars": {"ansible_connection": "local"}}})
    )
    single, several = played(home, 1), played(home, processes)
    assert several[:2] == single[:2]
    for one, other in zip(single[2:], several[2:], strict=True):
        assert (list(one - other), list(other - one)) == ([], [])
    shutil.rmtree(home)


def played(home: Path, processes: int) -> Any:
    """What it comes to: exit code, files, changes and outcomes on record."""
    files = home / "files"
    shutil.rmtree(files, ignore_errors=True)
    for name in HOSTS:
        (files / name).mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNNER_HOME", str(home / f"state{processes}"))
        patch.setattr(going, "can_fork", lambda: True)  # the tests' own threads hold nothing
        code = run(
            RunOptions(
                home / "play.yml",
                (home / "hosts.yml",),
                processes=processes,
                view=View(json_file=str(home / "report.json")),
            )
        )
    with Journal.open(home / f"state{processes}" / "journal.db") as journal:
        assert not journal.audit().wrong
        run_id = journal.find("last").id
        changes = Counter(
            str((c.job, c.item, c.task, c.subject, c.status, c.irreversible, c.undo,
                 *map(timeless, (c.params, c.before, c.after, c.found, c.applied))))
            for c in journal.changes(run_id)
        )  # fmt: skip
        outcomes = Counter(str((o.job, o.item, o.status, timeless(o.data)))
                           for o in journal.outcomes(run_id))  # fmt: skip
    left = {str(p.relative_to(files)): p.read_text() for p in files.rglob("*") if p.is_file()}
    return code, left, changes, outcomes


def timeless(value: Any) -> Any:
    """Without what a clock says."""
    if isinstance(value, dict):
        clock = (
            "seconds", "start", "end", "delta", "inode", "ctime", "mtime", "atime", "accessed",
            "modified", "raw", "at_raw", "kept",
        )  # fmt: skip
        return {key: timeless(one) for key, one in value.items() if key not in clock}
    return [timeless(one) for one in value] if isinstance(value, list) else value
