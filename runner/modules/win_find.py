"""Files and folders of a Windows host that fit what is asked: names, sizes, ages, checksums.

``dir /b`` lists names and nothing else, in no language. What fits by name is looked at with cmd
alone (see ``windows/looking.py``). Ages are told by WMI (``CIM_DataFile``), folder by folder, since
cmd prints times as the host's language has them, to the minute. Links are not followed.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AliasChoices, BeforeValidator, Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Script, read
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import Change
from runner.modules._parts.win_files import SourceText, require_windows
from runner.modules._parts.win_stat import described
from runner.windows import file_times, paths
from runner.windows.looking import FILE, FOLDER, Seen, look
from runner.windows.paths import quoted

_AGE: Final = re.compile(r"(-?\d+)([smhdw]?)", re.IGNORECASE)
_SIZE: Final = re.compile(r"(-?\d+)([bkmgt]?)", re.IGNORECASE)
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES: Final = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_LISTING: Final = 1800.0


def _one_or_more(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


class Params(base.Params):
    """Parameters of Ansible's win_find."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "follow": "cmd tells in no reliable way where a link leads: name what it leads to, or ask "
        "first with win_powershell: (Get-Item PATH).Target, from PowerShell 5 on",
    }

    paths: Annotated[tuple[SourceText, ...], BeforeValidator(_one_or_more)] = Field(
        min_length=1, description="folders to look into"
    )
    patterns: Words | None = Field(
        None,
        validation_alias=AliasChoices("patterns", "regex", "regexp"),
        description="names that fit, with * and ?; one of them is enough",
    )
    use_regex: bool = Field(False, description="patterns are regular expressions")
    case_sensitive: bool = Field(
        False, description="letters of both cases differ; for regular expressions alone"
    )
    recurse: bool = Field(False, description="look into the folders below, too")
    depth: int | None = Field(None, ge=1, description="how many levels of folders with recurse")
    file_type: Literal["directory", "file"] = Field("file", description="what to look for")
    hidden: bool = Field(False, description="find what is hidden, too")
    size: Text | None = Field(None, description="bytes at least, such as 10m; -10m: at most")
    age: Text | None = Field(None, description="as old at least, such as 2d; -2d: at most")
    age_stamp: Literal["atime", "ctime", "mtime"] = Field(
        "mtime", description="which time makes the age: of access, creation or the last change"
    )
    get_checksum: bool = Field(True, description="the checksums of the files")
    checksum_algorithm: Literal["md5", "sha1", "sha256", "sha384", "sha512"] = Field(
        "sha1", description="which checksum"
    )

    @field_validator("age")
    @classmethod
    def _age(cls, text: str | None) -> str | None:
        if text is not None and not _AGE.fullmatch(text):
            raise ValueError(f"must be a number of s, m, h, d or w such as 2d, not '{text}'")
        return text

    @field_validator("size")
    @classmethod
    def _size(cls, text: str | None) -> str | None:
        if text is not None and not _SIZE.fullmatch(text):
            raise ValueError(f"must be a number of b, k, m, g or t such as 10m, not '{text}'")
        return text

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.use_regex:
            for pattern in self.patterns or ():
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise ValueError(f"'{pattern}' is no regular expression: {error}") from None
        if self.case_sensitive and not self.use_regex:
            raise ValueError("'case_sensitive' goes with use_regex: yes")
        if self.age is not None and self.file_type == "directory":
            raise ValueError("'age' goes with files: WMI tells no times of folders by cmd's tools")
        return self

    def names(self, name: str) -> bool:
        """Whether a name fits; letters of both cases are the same, as to Windows, if no more is
        asked for."""
        if self.patterns is None:
            return True
        if self.use_regex:
            flags = 0 if self.case_sensitive else re.IGNORECASE
            return any(re.search(pattern, name, flags) for pattern in self.patterns)
        return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in self.patterns)

    def sized(self, seen: Seen) -> bool:
        """Whether a size fits."""
        limit = _number(self.size, _SIZE, _BYTES)
        if limit is None or seen.kind != FILE:
            return True
        return seen.size >= limit if limit >= 0 else seen.size <= -limit

    def aged(self, when: float, now: float) -> bool:
        """Whether an age fits; both in seconds since 1970."""
        limit = _number(self.age, _AGE, _SECONDS) or 0
        return now - when >= limit if limit >= 0 else now - when <= -limit


def _number(text: str | None, form: re.Pattern[str], units: Mapping[str, int]) -> int | None:
    found = form.fullmatch(text) if text is not None else None
    return int(found[1]) * units[found[2].lower()] if found else None


@dataclass(frozen=True, slots=True)
class FindState:
    """What was found, as JSON text."""

    found: str


class Module(base.Module[Params, FindState]):
    """Looks, changes nothing."""

    params = Params
    state = FindState
    effect = base.Effect.READ
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_find_module.html"
    )
    guide = Guide(
        example="win_find:\n  paths: C:\\Users\n  patterns: '*.wnry'\n  recurse: true",
        using=(
            Using("cmd, certutil"),
            Using("wmic", until="2022", part="age"),
            Using("Get-ChildItem", since="2025", powershell=True, part="age"),
        ),
    )

    def subject(self, params: Params) -> str:
        return f"files in {', '.join(params.paths)}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, FindState]:
        require_windows(facts, "win_find", "find")
        skipped: dict[str, str] = {}
        roots = yield from look([path.rstrip("\\") or path for path in params.paths])
        names: dict[str, str] = {}
        examined: set[str] = set()
        for root in roots:
            if root.kind != FOLDER:
                skipped[root.path] = "does not exist" if root.kind != FILE else "is not a folder"
                continue
            folder = root.path if len(root.path) > 2 else f"{root.path}\\"
            for path in (yield from _listed(params, folder, examined, skipped)):
                names.setdefault(path.lower(), path)
        seen: Sequence[Seen] = (yield from look(list(names.values()))) if names else ()
        fitting = [one for one in seen if _fits(params, one)]
        if params.age is not None:
            fitting = yield from _aged(params, fitting)
        if params.get_checksum and params.file_type == "file" and fitting:
            wanted = [one.path for one in fitting]
            hashed = yield from look(wanted, checksum=params.checksum_algorithm)
            fitting = [
                replace(one, checksum=h.checksum) for one, h in zip(fitting, hashed, strict=True)
            ]
        fitting.sort(key=lambda one: one.path.lower())
        found = {
            "files": [described(one) for one in fitting],
            "matched": len(fitting),
            "examined": len(examined),
            "skipped_paths": skipped,
        }
        return FindState(json.dumps(found, sort_keys=True))

    def plan(self, params: Params, before: FindState, facts: base.Facts) -> FindState:
        return before

    def result(
        self,
        params: Params,
        change: Change[FindState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return dict(json.loads(change.after.found))


def _listed(
    params: Params, folder: str, examined: set[str], skipped: dict[str, str]
) -> Generator[Query, Reply, list[str]]:
    """The paths in a folder whose names fit. ``examined`` takes all that there are."""
    deep = "/s " if params.recurse else ""
    kind = "d" if params.file_type == "directory" else "-d"
    lines = [f"dir {deep}/b /a{kind} {quoted(folder)}"]
    if params.recurse:
        # What is below a link of a folder is not in that folder. Before Vista there is no L.
        lines.append(f"dir /s /b /adl {quoted(folder)}")
    outputs = yield from read(*(Script("cmd", line, timeout=_LISTING) for line in lines))
    links = [f"{line.strip().lower()}\\" for line in outputs[-1].stdout.splitlines()]
    links = links if params.recurse else []
    found: list[str] = []
    for line in outputs[0].stdout.splitlines():
        if not line.strip():
            continue
        path = line.rstrip("\r") if params.recurse else paths.join(folder, line.rstrip("\r"))
        below = path[len(folder) :].strip("\\").count("\\") + 1
        if any(path.lower().startswith(link) for link in links):
            continue
        if params.depth is not None and below > params.depth:
            continue
        examined.add(path.lower())
        if not params.names(paths.name(path)):
            continue
        try:
            found.append(paths.checked(path))
        except ValueError as error:
            skipped[path] = f"its name {error}"
    return found


def _fits(params: Params, seen: Seen) -> bool:
    wanted = FOLDER if params.file_type == "directory" else FILE
    return seen.kind == wanted and (params.hidden or "h" not in seen.letters) and params.sized(seen)


def _aged(params: Params, seen: list[Seen]) -> Generator[Query, Reply, list[Seen]]:
    """Those of them whose age fits, by the host's own clock."""
    known = yield from file_times.of([one.path for one in seen], params.age_stamp)
    now = known.now or time.time()
    return [
        one
        for one in seen
        if one.path.lower() in known.times and params.aged(known.times[one.path.lower()], now)
    ]
