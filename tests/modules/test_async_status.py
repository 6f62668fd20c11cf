"""async_status: jobs of this machine and of a lab host, at each stage of their life."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from runner.engine.hosts.link import Link
from runner.engine.tasks.detached import DetachedWriter
from runner.errors import ParamsError
from runner.interfaces.exchange import Command, Output, Reply, Request, Script, write
from tests.modules import posix_host
from tests.modules.labhost import LabHost
from tests.modules.posix_host import CHANGE
from tests.modules.scripted import task


def start(link: Link, command: Command, job: str) -> None:
    def only() -> Generator[Request, Reply, Output]:
        return (yield from write(command))

    DetachedWriter(link, token=job, seconds=10, poll=0).drive(only())


def finished(ask: Any, job: str) -> dict[str, Any]:
    end = time.monotonic() + 10
    while not (found := ask(jid=job))["finished"]:
        assert time.monotonic() < end
        time.sleep(0.02)
    return dict(found)


def here(**raw: Any) -> dict[str, Any]:
    return posix_host.run("async_status", **raw)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


def test_a_job_from_start_to_cleanup(tmp_path: Path) -> None:
    start(posix_host.link(), Script("posix", "sleep 0.3; echo out; echo err >&2"), "job1")
    running = here(jid="job1")
    assert (running["started"], running["finished"], running["changed"]) == (True, False, False)
    assert running["results_file"] == "~/.ansible_async/job1"
    assert "rc" not in running
    found = finished(here, "job1")
    expected = {
        "ansible_job_id": "job1", "started": True, "finished": True, "rc": 0, "stdout": "out",
        "stdout_lines": ["out"], "stderr": "err", "stderr_lines": ["err"], "changed": True,
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected
    assert "failed" not in found
    assert here(jid="job1", mode="cleanup")["erased"] == "~/.ansible_async/job1"
    assert list((tmp_path / ".ansible_async").iterdir()) == []
    gone = here(jid="job1")
    assert gone["failed"] is True
    assert gone["finished"] is True
    assert "could not find job job1" in gone["msg"]


def test_a_job_that_failed_has_failed() -> None:
    start(posix_host.link(), Script("posix", "echo bad >&2; exit 4"), "job2")
    found = finished(here, "job2")
    assert (found["rc"], found["failed"], found["msg"]) == (4, True, "non-zero return code")


def test_a_job_that_was_killed_says_so(tmp_path: Path) -> None:
    start(posix_host.link(), Script("posix", "echo begun; kill -9 $PPID; kill -9 $$"), "job3")
    found = finished(here, "job3")
    assert found["failed"] is True
    assert "without an exit code" in found["msg"]
    assert found["stdout"] == "begun"


def test_on_windows() -> None:
    lab = LabHost("2012r2")
    module, _ = task("async_status", jid="x")

    def there(**raw: Any) -> dict[str, Any]:
        _, params = task("async_status", **raw)
        applied = lab.write(module.apply(params, CHANGE, {"shell_type": "cmd"}))
        return dict(module.result(params, CHANGE, {}, applied))

    start(lab.link, Script("cmd", "ping -n 2 127.0.0.1 >nul&echo out&exit 3010"), "job1")
    assert there(jid="job1")["finished"] is False
    found = finished(there, "job1")
    assert (found["rc"], found["stdout"], found["failed"]) == (3010, "out", True)
    assert there(jid="job1", mode="cleanup")["changed"] is True
    assert there(jid="job1")["failed"] is True


@pytest.mark.parametrize("jid", ["", "../x", "a b", "a" * 65, "a.b"])
def test_an_id_that_could_be_a_path_is_refused(jid: str) -> None:
    with pytest.raises(ParamsError, match="not a job id"):
        task("async_status", jid=jid)


def test_nothing_is_known_beforehand() -> None:
    assert posix_host.probe("async_status", jid="x").done is None
