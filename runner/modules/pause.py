"""Wait some time, or until a person says so."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from runner.interfaces import module as base
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text

_DEFAULT_PROMPT = "Press enter to continue, Ctrl+C to interrupt"


class Params(base.Params):
    """Parameters of Ansible's pause."""

    seconds: float | None = Field(None, description="seconds to wait; at least 1")
    minutes: float | None = Field(None, description="minutes to wait")
    prompt: Text | None = Field(None, description="what to ask, or to show while waiting")
    echo: bool = Field(True, description="whether what is typed is shown (without a time)")
    silent: bool = Field(False, description="do not announce the wait")

    @model_validator(mode="after")
    def _one(self) -> Params:
        if self.seconds is not None and self.minutes is not None:
            raise ValueError("give 'seconds' or 'minutes', not both")
        return self

    @property
    def duration(self) -> float | None:
        """Seconds to wait; zero and below mean one second, as in Ansible. None: ask."""
        if self.seconds is None and self.minutes is None:
            return None
        return max(1.0, self.seconds if self.seconds is not None else (self.minutes or 0) * 60)


class Module(base.LocalModule[Params]):
    """Decides on the controller alone; the engine waits or asks."""

    params = Params
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/pause_module.html"
    )
    guide = Guide(
        example=("pause:\n  seconds: 10"),
        where="controller",
    )

    def decide(self, params: Params, evaluate: base.Evaluate) -> base.Decision:
        result: dict[str, Any] = {"echo": params.echo}
        if params.duration is None:
            prompt = params.prompt or _DEFAULT_PROMPT
            return base.Decision(message=prompt, prompt=prompt, result=result)
        text = f"Paused for {params.duration:g} seconds"
        result |= {"delta": round(params.duration), "stdout": text}
        message = "" if params.silent else "; ".join(t for t in (params.prompt, text) if t)
        return base.Decision(message=message, pause_seconds=params.duration, result=result)
