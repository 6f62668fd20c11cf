"""Look at a path of a Windows host, with cmd alone.

Of a file's times only the last change is told, as the host itself writes it (``modified``): cmd
tells no other, and none that does not depend on the host's language. Owner, links' targets and
counts of names are not told for the same reason.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from pydantic import AliasChoices, Field

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply
from runner.model.state import Change
from runner.modules._win_files import PathText, require_windows
from runner.windows import paths
from runner.windows.looking import ABSENT, FILE, FOLDER, Seen, look

_ATTRIBUTES: Final = {
    "r": "ReadOnly", "h": "Hidden", "s": "System", "d": "Directory", "a": "Archive",
    "t": "Temporary", "l": "ReparsePoint", "c": "Compressed", "o": "Offline", "e": "Encrypted",
}  # fmt: skip
"""Letters of ``%~ai`` in the order of the bits behind them, with .NET's names, as Ansible's."""


class Params(base.Params):
    """Parameters of Ansible's win_stat."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "follow": "cmd does not tell where a link leads; name what it leads to"
    }

    path: PathText = Field(
        validation_alias=AliasChoices("path", "dest", "name"), description="what to look at"
    )
    get_checksum: bool = Field(True, description="the checksum of a file")
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

    def subject(self, params: Params) -> str:
        return f"file {params.path}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, StatState]:
        require_windows(facts, "win_stat", "stat")
        algorithm = params.checksum_algorithm if params.get_checksum else ""
        (seen,) = yield from look([params.path.rstrip("\\")], checksum=algorithm)
        return StatState(json.dumps(_found(seen), sort_keys=True))

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


def _found(seen: Seen) -> dict[str, Any]:
    if seen.kind == ABSENT:
        return {"exists": False}
    is_file = seen.kind == FILE
    name = paths.name(seen.path)
    names = [word for letter, word in _ATTRIBUTES.items() if letter in seen.letters]
    found: dict[str, Any] = {
        "exists": True,
        "path": seen.path,
        "filename": name,
        "attributes": ", ".join(names) or "Normal",
        "isdir": seen.kind == FOLDER,
        "isreg": is_file,
        "islnk": seen.is_link,
        "isreadonly": "r" in seen.letters,
        "ishidden": "h" in seen.letters,
        "isarchive": "a" in seen.letters,
        "modified": seen.when,
    }
    if is_file:
        stem, dot, ending = name.rpartition(".")
        found |= {"size": seen.size, "extension": f"{dot}{ending}" if stem or dot else ""}
        if seen.checksum:
            found["checksum"] = seen.checksum
    return found
