"""Plan files: canonical JSON that people can read and compare, with digests that locate tampering.

Canonical: keys sorted, one value a line, UTF-8, a newline at the end. The same plan is always the
same bytes, so a detached signature of the file is one of the plan.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from runner.errors import InputError
from runner.model.plan import Plan
from runner.model.source import Source

FORMAT: Final = 1
_PLANS: Final = TypeAdapter(Plan)
_HEAD: Final = "head"
_AGAIN: Final = "make it again with: runner plan"


def digest_of(content: bytes) -> str:
    """SHA-256, by which people and the journal name a plan."""
    return hashlib.sha256(content).hexdigest()


def encode(plan: Plan) -> bytes:
    """The file's bytes."""
    data = dataclasses.asdict(plan)
    return _canonical({"format": FORMAT, **data, "digests": _digests(data)})


def write_plan(path: Path, plan: Plan) -> str:
    """Write the file, whole or not at all, readable for its owner only; gives its digest.

    Raises InputError when it cannot be written.
    """
    content = encode(plan)
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None
    return digest_of(content)


def read_plan(path: Path) -> tuple[Plan, bytes]:
    """The plan and the bytes that hold it.

    Raises InputError with the place when it is no plan, of a newer runner, or was altered.
    """
    content = _read(path)
    return parse_plan(content, str(path)), content


def parse_plan(content: bytes, path: str = "the plan") -> Plan:
    """The plan that these bytes hold; see ``read_plan``."""
    data = _parse(path, content)
    if data.pop("format", None) != FORMAT:
        raise InputError(
            f"{path} is not a plan that this runner can read (format {FORMAT})", hint=_AGAIN
        )
    said = data.pop("digests", None)
    _require_untouched(path, data, said if isinstance(said, dict) else {})
    try:
        return _PLANS.validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: {where}: {first['msg'].lower()}", hint=_AGAIN) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot read {path}: {reason}") from None


def _parse(path: str, content: bytes) -> dict[str, Any]:
    try:
        data = json.loads(content)
    except json.JSONDecodeError as error:
        lines = error.doc.splitlines() or [""]
        text = lines[min(error.lineno, len(lines)) - 1]
        source = Source(path, error.lineno, error.colno, text[:200])
        raise InputError(f"not a plan: {error.msg.lower()}", source=source, hint=_AGAIN) from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a plan: it is not UTF-8", hint=_AGAIN) from None
    if not isinstance(data, dict):
        raise InputError(f"{path} is not a plan", hint=_AGAIN)
    return data


def _digests(data: Mapping[str, Any]) -> dict[str, Any]:
    head = {name: value for name, value in data.items() if name != "hosts"}
    hosts = {host: digest_of(_canonical(jobs)) for host, jobs in data["hosts"].items()}
    return {_HEAD: digest_of(_canonical(head)), "hosts": hosts}


def _require_untouched(path: str, data: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    """Every part is as its digest says."""
    if not isinstance(data.get("hosts"), dict):
        raise InputError(f"{path} is not a plan: it has no hosts", hint=_AGAIN)
    real = _digests(data)
    by_host = said.get("hosts") if isinstance(said.get("hosts"), dict) else {}
    assert isinstance(by_host, dict)
    wrong = [f"the plan of {h}" for h, d in real["hosts"].items() if by_host.get(h) != d]
    wrong += [f"the plan of {h}, which is gone" for h in by_host if h not in real["hosts"]]
    if said.get(_HEAD) != real[_HEAD]:
        wrong.insert(0, "what is said of the whole plan (playbook, inventory, options)")
    if wrong:
        raise InputError(
            f"{path} was altered after it was written: {'; '.join(wrong[:10])}", hint=_AGAIN
        )


def _canonical(data: Any) -> bytes:
    text = json.dumps(data, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode("utf-8", "surrogatepass")
