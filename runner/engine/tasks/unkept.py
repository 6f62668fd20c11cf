"""What the journal does not keep of a change, so that it cannot be taken back."""

from __future__ import annotations

from typing import Any, Final

from runner.engine.tasks.becoming import setting_to_json
from runner.engine.tasks.work import Work
from runner.interfaces.codec import to_json
from runner.model.secret import Redactor
from runner.model.state import Change

NO_LOG: Final = "no_log: its values are not recorded"
SECRET: Final = "it holds a secret, which is not recorded"


def unkept(work: Work, change: Change[Any], redactor: Redactor) -> str:
    """Why the values of this change are not recorded; empty when they are."""
    if work.keywords.no_log:
        return NO_LOG
    data = [to_json(each) for each in (work.params, change.before, change.after)]
    data.append(setting_to_json(work.setting))
    return "" if redactor.value(data) == data else SECRET
