"""Parameters of win_defender, and what it knows of the antivirus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.loose import Text
from runner.windows import defender, paths


class Params(base.Params):
    """Parameters of this module; Ansible has none like it."""

    signatures: Text | None = Field(
        None,
        description="latest fetches new ones every time; a version such as 1.243.297.0 only where "
        "those of the host are older",
    )
    signature_source: Text = Field(
        "configured",
        description=r"where they come from: configured (as the host is set up), microsoft, or a "
        r"share with mpam-fe.exe, such as \\server\share, for a host without the internet",
    )
    scan: Literal["quick", "full", "custom"] | None = Field(
        None, description="scan now; custom scans 'scan_path'"
    )
    scan_path: Text | None = Field(None, description="the file or folder of a custom scan")
    remediate: bool = Field(
        True, description="no leaves what a custom scan finds where it is, and only reports it"
    )
    realtime: bool | None = Field(None, description="whether it looks at every file that is used")
    timeout: int = Field(7200, ge=60, description="seconds that a scan may take")

    @field_validator("signatures")
    @classmethod
    def _version(cls, text: str | None) -> str | None:
        if text is not None and text != "latest" and not defender.version(text):
            raise ValueError(f"must be latest, or a version such as 1.243.297.0, not '{text}'")
        return text

    @field_validator("signature_source")
    @classmethod
    def _source(cls, text: str) -> str:
        share = text.startswith("\\\\") and not set(text) & set('"<>|*?%!')
        if text not in ("configured", "microsoft") and not share:
            raise ValueError(rf"must be configured, microsoft or \\server\share, not '{text}'")
        return text

    @field_validator("scan_path")
    @classmethod
    def _path(cls, text: str | None) -> str | None:
        return None if text is None else paths.checked(text)

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if (self.scan == "custom") != (self.scan_path is not None):
            raise ValueError("scan: custom and scan_path go together")
        if not self.remediate and self.scan != "custom":
            raise ValueError("remediate: no is for scan: custom; MpCmdRun has it for no other")
        return self


@dataclass(frozen=True, slots=True)
class DefenderState:
    """The antivirus as the task sees it; ``scanned`` is a scan that is still to come."""

    product: str = ""
    running: bool = False
    realtime: bool = False
    signatures: str = ""
    scanned: str = ""
    program: str = field(default="", compare=False)
    policy: tuple[str, ...] = field(default=(), compare=False)
    tamper: bool = field(default=False, compare=False)
    others: tuple[str, ...] = field(default=(), compare=False)
