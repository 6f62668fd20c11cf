"""An Ansible callback that writes down what became of each task, one JSON object a line."""

import json
import os
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: conformance
    type: stdout
    short_description: what became of each task
    description: For comparing two programs that run the same playbook.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "conformance"

    def _note(self, host, task, status, result=None):
        event = {
            "host": host.get_name(),
            "task": task.name or task.action.rpartition(".")[2],
            "module": task.resolved_action or task.action,
            "status": status,
            "result": dict(result or {}),
        }
        with Path(os.environ["CONFORMANCE_EVENTS"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(event, default=str) + "\n")

    def v2_runner_on_ok(self, result):
        status = "changed" if result.result.get("changed") else "ok"
        self._note(result.host, result.task, status, result.result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        word = "failed (ignored)" if ignore_errors else "failed"
        self._note(result.host, result.task, word, result.result)

    def v2_runner_on_skipped(self, result):
        self._note(result.host, result.task, "skipped", result.result)

    def v2_runner_on_unreachable(self, result):
        self._note(result.host, result.task, "unreachable", result.result)
