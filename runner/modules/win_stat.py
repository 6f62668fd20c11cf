"""Look at a path of a Windows host, with cmd alone.

Of a file's times only the last change is told, as the host itself writes it (``modified``): cmd
tells no other, and none that does not depend on the host's language. Owner, links' targets and
counts of names are not told for the same reason.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import AliasChoices, Field

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply
from runner.interfaces.guide import Guide, Using
from runner.model.state import Change
from runner.modules._parts.win_files import SourceText, require_windows
from runner.modules._parts.win_stat import described
from runner.windows.looking import look


class Params(base.Params):
    """Parameters of Ansible's win_stat."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "follow": "cmd tells in no reliable way where a link leads: name what it leads to, or ask "
        "first with win_powershell: (Get-Item PATH).Target, from PowerShell 5 on",
    }

    path: SourceText = Field(
        validation_alias=AliasChoices("path", "dest", "name"), description="what to look at"
    )
    get_checksum: bool = Field(True, description="the checksum of a file")
    get_size: bool = Field(True, description="the size of a file; that of a folder is not added up")
    checksum_algorithm: Literal["md5", "sha1", "sha256", "sha384", "sha512"] = Field(
        "sha1", description="which checksum"
    )


@dataclass(frozen=True, slots=True)
class StatState:
    """What was found, as JSON text."""

    found: str


class Module(base.Module[Params, StatState]):
    """Looks, changes nothing."""

    params = Params
    state = StatState
    effect = base.Effect.READ
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_stat_module.html"
    )
    guide = Guide(
        example=("win_stat:\n  path: C:\\agent\\agent.ini"),
        using=(Using("cmd, certutil"),),
    )

    def subject(self, params: Params) -> str:
        return f"file {params.path}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, StatState]:
        require_windows(facts, "win_stat", "stat")
        algorithm = params.checksum_algorithm if params.get_checksum else ""
        (seen,) = yield from look([params.path.rstrip("\\")], checksum=algorithm)
        found = described(seen)
        if not params.get_size:
            found.pop("size", None)
        return StatState(json.dumps(found, sort_keys=True))

    def plan(self, params: Params, before: StatState, facts: base.Facts) -> StatState:
        return before

    def result(
        self,
        params: Params,
        change: Change[StatState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"stat": json.loads(change.after.found)}
