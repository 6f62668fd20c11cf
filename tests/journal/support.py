"""Records to write, for the tests of this folder."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any

from runner.journal import Intent, RunRecord, new_run_id
from runner.model.job import JobId

DEAD_PID = 2**22 + 7
"""Above the largest process id that Linux gives out (PID_MAX_LIMIT, 2**22)."""


def a_run(*hosts: str, **fields: Any) -> RunRecord:
    record = RunRecord(
        id=new_run_id(),
        verb="run",
        title="close-smb.yml",
        playbook="close-smb.yml",
        inventory=("fleet.ini",),
        digest="ab" * 32,
        hosts=hosts or ("web01",),
        started=time.time(),
        user="alice",
        pid=os.getpid(),
        version="0.1.0",
    )
    return replace(record, **fields)


def an_intent(host: str = "web01", step: str = "stop-smb", **fields: Any) -> Intent:
    record = Intent(
        job=JobId(step, host),
        item="",
        task="stop the Server service",
        module="win_service",
        params={"name": "lanmanserver", "state": "stopped"},
        subject="service lanmanserver",
        before={"state": "running", "start": "auto"},
        after={"state": "stopped", "start": "disabled"},
    )
    return replace(record, **fields)
