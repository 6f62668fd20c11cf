"""Read a file of a host.

On Windows a copy in base64 lies in the account's temporary folder while it is read.
"""

from __future__ import annotations

import base64
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import AliasChoices, Field, field_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.codec import PASSING
from runner.interfaces.exchange import Query, Reply, read
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts.file_state import checked_path
from runner.modules._parts.posix import SHELLS
from runner.posix.look import look, read_bytes
from runner.posix.seen import ABSENT, FOLDER, bytes_of, read_answer
from runner.windows import looking, paths, reading, variables

LARGEST: Final = 16 * 1024 * 1024
"""Bytes that are read at most."""


class Params(base.Params):
    """Parameters of Ansible's slurp."""

    src: Text = Field(validation_alias=AliasChoices("src", "path"), description="the file to read")

    @field_validator("src")
    @classmethod
    def _path(cls, path: str) -> str:
        return checked_path(path)


@dataclass(frozen=True, slots=True)
class SlurpState:
    """A file's content."""

    source: str
    content: str = field(metadata=PASSING, default="")


class Module(base.Module[Params, SlurpState]):
    """Looks, changes nothing."""

    params = Params
    state = SlurpState
    effect = base.Effect.READ
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/slurp_module.html"
    )
    guide = Guide(
        example=("slurp:\n  src: C:\\agent\\agent.ini"),
        using=(Using("cmd, certutil"),),
        where="both",
    )

    def subject(self, params: Params) -> str:
        return f"file {params.src}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, SlurpState]:
        if facts.get("shell_type", SHELLS[0]) not in SHELLS:
            data = yield from _on_windows(params.src)
            return SlurpState(params.src, base64.b64encode(data).decode("ascii"))
        command, nonce = look([params.src], follow=True)
        (output,) = yield from read(command)
        _, (seen,) = read_answer(output, nonce)
        if seen.kind == ABSENT:
            raise ModuleError(f"File not found: {params.src}")
        if seen.kind == FOLDER:
            raise ModuleError(f"Source is a directory and must be a file: {params.src}")
        if "r" not in seen.can:
            raise ModuleError(f"File is not readable: {params.src}", hint="use become: true")
        # Files under /proc say that they have no bytes: what they have is known by reading.
        (output,) = yield from read(read_bytes(seen.real, LARGEST + 1))
        data = bytes_of(output, params.src)
        if len(data) > LARGEST:
            raise _too_large(params.src)
        return SlurpState(params.src, base64.b64encode(data).decode("ascii"))

    def plan(self, params: Params, before: SlurpState, facts: base.Facts) -> SlurpState:
        return before

    def result(
        self,
        params: Params,
        change: Change[SlurpState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        found = change.after
        return {"content": found.content, "source": found.source, "encoding": "base64"}


def _on_windows(path: str) -> Generator[Query, Reply, bytes]:
    named = path
    if variables.holds(path):
        named = (yield from variables.filled((path,)))[path]
    try:
        whole = paths.checked(named, shares=True)
    except ValueError as error:
        raise ModuleError(f"'src' {error}") from None
    (seen,) = yield from looking.look([whole])
    if seen.kind == looking.ABSENT:
        raise ModuleError(f"File not found: {path}")
    if seen.kind == looking.FOLDER:
        raise ModuleError(f"Source is a directory and must be a file: {path}")
    if seen.size > LARGEST:
        raise _too_large(path)
    if not seen.size:
        return b""
    (output,) = yield from read(reading.encoded(whole))
    return reading.bytes_of(output, path)


def _too_large(path: str) -> ModuleError:
    return ModuleError(
        f"{path} has more than {LARGEST} bytes",
        hint="content goes through memory here: copy it with another tool",
    )
