"""A recorded change, read back from the journal into what a rollback works with."""

from __future__ import annotations

from runner.engine.runtime import Runtime
from runner.engine.tasks.becoming import Settings
from runner.engine.tasks.facts_keeper import facts_for
from runner.engine.undoing.undo import Undo, params_of
from runner.interfaces.codec import from_json
from runner.interfaces.setting import Setting
from runner.journal.records import ChangeRecord
from runner.model.job import JobId


def decoded(runtime: Runtime, job: JobId, record: ChangeRecord) -> Undo:
    """The change with its states, module and link. Raises Refused when its secrets cannot be
    opened, and HostError when its host's facts are needed and cannot be had."""
    module = runtime.modules(record.module)
    link = runtime.links.get(record.where)
    after = record.after if record.found is None else record.found
    return Undo(
        job,
        record,
        module,
        params_of(record, module, runtime.unseal),
        from_json(module.state, record.before),
        from_json(module.state, after),
        from_json(module.state, record.after),
        link,
        facts_for(runtime, module, link),
        setting_of(runtime, record),
    )


def setting_of(runtime: Runtime, record: ChangeRecord) -> Setting:
    """As whom, and with which environment, the change was made: so it is taken back."""
    settings = Settings(runtime.templates, runtime.redactor)
    of_host = runtime.variables.of_host(record.where)
    return settings.recorded((record.facts or {}).get("setting"), of_host)
