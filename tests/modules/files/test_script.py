"""script: sent, run, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.engine.hosts.session import Writer
from runner.errors import InputError
from runner.interfaces.module import CommandState
from runner.model.state import Change
from runner.modules.script import split
from tests.modules.files.hosting import Task
from tests.modules.posix_host import FACTS


def write(room: Path, text: str, name: str = "my script.sh") -> str:
    (room / name).write_text(text)
    return f"'{room}/{name}'"


def done(task: Task) -> dict[str, Any]:
    change: Change[Any] = Change("", CommandState(), CommandState(done=True))
    applied = Writer(task.link).drive(task.module.apply(task.params, change, FACTS))
    return dict(task.module.result(task.params, change, FACTS, applied))


def test_a_script_with_arguments(room: Path, tmp_path: Path) -> None:
    name = write(room, '#!/bin/sh\necho "$0|$#|$1|$2"; pwd; cat; exit 3\n')
    found = done(Task("script", {"_raw_params": f"{name} 'a b' $HOME | cat", "chdir": "/usr"}))
    program, count, first, second = found["stdout_lines"][0].split("|")
    assert program.endswith("/my script.sh")
    assert (count, first, second) == ("2", "a b", str(tmp_path))
    assert found["stdout_lines"][1] == "/usr"
    assert not Path(program).parent.exists()
    failed = done(Task("script", {"cmd": f"{name} x"}))
    assert (failed["rc"], failed["failed"]) == (3, True)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".runner")]


def test_an_executable_runs_it(room: Path) -> None:
    name = write(room, 'echo "$1-$-"\n')
    assert "e" in done(Task("script", {"cmd": f"{name} x", "executable": "/bin/sh -e"}))["stdout"]


def test_a_large_script_travels_in_pieces(room: Path) -> None:
    name = write(room, "#!/bin/sh\n" + "# padding\n" * 150_000 + "echo end\n")
    assert done(Task("script", {"_raw_params": name}))["stdout"] == "end\n"


def test_creates_and_removes(room: Path) -> None:
    name = write(room, "true\n")
    assert Task("script", {"_raw_params": name, "creates": str(room)}).probe().done is True
    assert Task("script", {"_raw_params": name, "removes": f"{room}/no"}).probe().done is True
    assert Task("script", {"_raw_params": name}).probe().done is None


def test_it_is_looked_for_in_files(room: Path) -> None:
    (room / "files").mkdir()
    write(room / "files", "echo found\n", "s")
    task = Task("script", {"_raw_params": "s"}, {"playbook_dir": str(room)})
    assert done(task)["stdout"] == "found\n"
    with pytest.raises(InputError, match="cannot find nope"):
        Task("script", {"_raw_params": "nope x"}, {"playbook_dir": str(room)})
    with pytest.raises(InputError, match="absolute path"):
        Task("script", {"_raw_params": f"{room}/files/s", "chdir": "x"})


def test_the_first_word_and_the_rest() -> None:
    assert split("a.sh x  'y z' # no") == ("a.sh", "x  'y z' # no")
    assert split("'a b' \"c\"") == ("a b", '"c"')
    assert split("a") == ("a", "")


def test_what_it_makes_is_open_as_usual(room: Path) -> None:
    name = write(room, f"touch {room}/made\n")
    done(Task("script", {"_raw_params": name}))
    (room / "usual").touch()
    assert (room / "made").stat().st_mode == (room / "usual").stat().st_mode
