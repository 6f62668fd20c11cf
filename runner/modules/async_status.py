"""See how far a detached command is (``async`` with ``poll: 0``), or remove its files."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.detached import WAITED, Jobs, JobState, JobStatus, checked
from runner.interfaces.exchange import Output, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.interfaces.module import CommandState
from runner.model.state import Change
from runner.modules._parts import command
from runner.modules._parts.posix import is_posix
from runner.posix.detached import PosixJobs
from runner.windows.detached import WindowsJobs


class Params(base.Params):
    """Parameters of Ansible's async_status."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "async_dir": "the files are always in .ansible_async of the user's home or profile"
    }

    HIDDEN: ClassVar[frozenset[str]] = frozenset({WAITED})

    jid: Text = Field(description="the job's id: ansible_job_id of the task that started it")
    mode: Literal["status", "cleanup"] = Field(
        "status", description="see how far it is, or remove its files"
    )

    waited: Mapping[str, Any] | None = Field(None, exclude=True, repr=False)
    """What is on record of the job when it has ended already."""

    @field_validator("jid")
    @classmethod
    def _id(cls, jid: str) -> str:
        try:
            return checked(jid)
        except ModuleError as error:
            raise ValueError(f"{error.message}: {error.hint}") from None


class Module(base.Module[Params, CommandState]):
    """Asks the host about a job that an earlier task started; nothing is known beforehand."""

    params = Params
    state = CommandState
    effect = base.Effect.COMMAND
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/"
        "async_status_module.html"
    )
    guide = Guide(
        example=('async_status:\n  jid: "{{ job.ansible_job_id }}"'),
        using=(Using("cmd"),),
        where="both",
    )

    def subject(self, params: Params) -> str:
        return f"job {params.jid}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, CommandState]:
        return CommandState()
        yield  # pragma: no cover

    def plan(self, params: Params, before: CommandState, facts: base.Facts) -> CommandState:
        return command.planned(before)

    def apply(
        self, params: Params, change: Change[CommandState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if params.waited is not None:
            return _of_waited(params)
        jobs: Jobs = PosixJobs() if is_posix(facts) else WindowsJobs()
        job = params.jid
        status = yield from jobs.status(job)
        if status.state is JobState.ABSENT:
            return _returned(job, status) | {
                "failed": True,
                "msg": f"could not find job {job} on this host: it never started here, "
                "was another user's, or its files are gone",
            }
        if params.mode == "cleanup":
            base.require((yield from write(jobs.clean(job))))
            return {"ansible_job_id": job, "erased": jobs.place(job), "changed": True}
        values = _returned(job, status) | {"results_file": jobs.place(job)}
        if not status.ended:
            return values
        (output,) = yield from read(jobs.output(job))
        return values | _ended(status, output)

    def result(
        self,
        params: Params,
        change: Change[CommandState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return applied


def _of_waited(params: Params) -> dict[str, Any]:
    """The answer about a job whose task was waited for: it left nothing on the host."""
    if params.mode == "cleanup":
        return {"ansible_job_id": params.jid, "erased": "", "changed": False}
    return {**(params.waited or {}), "ansible_job_id": params.jid, "finished": 1}


def _returned(job: str, status: JobStatus) -> dict[str, Any]:
    return {
        "ansible_job_id": job,
        "started": True,
        "finished": status.state is not JobState.RUNNING,
        "stdout": "",
        "stdout_lines": [],
        "stderr": "",
        "stderr_lines": [],
        "changed": False,
    }


def _ended(status: JobStatus, output: Output) -> dict[str, Any]:
    said = Output(status.code, output.stdout.rstrip("\r\n"), output.stderr.rstrip("\r\n"))
    values: dict[str, Any] = {
        "stdout": said.stdout,
        "stdout_lines": said.stdout.splitlines(),
        "stderr": said.stderr,
        "stderr_lines": said.stderr.splitlines(),
    }
    if status.state is JobState.DIED:
        msg = "it ended without an exit code: something killed it, or the host was restarted"
        return values | {"failed": True, "msg": msg}
    values |= {"rc": said.signed, "changed": True}
    if said.code != 0:
        values |= {"failed": True, "msg": command.FAILED}
    return values
