"""Update catalogues: data files that say which update closes what on which Windows.

A catalogue is YAML, checked against the models here; nothing else in it is accepted. It is read on
the controller and kept in memory until the file changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from runner.errors import InputError
from runner.windows.files import Version

Kb = Annotated[str, Field(pattern=r"^KB\d{6,8}$")]
Arch = Literal["x86", "x64", "ia64", "arm"]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Package(_Data):
    """One file of the Microsoft Update Catalog. ``language`` None serves every language."""

    id: str
    kb: Kb
    kind: Literal["special_release", "security_only", "monthly_rollup", "cumulative"]
    arch: Arch
    language: str | None
    file_name: str
    url: str
    sha1: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None
    installer: Literal["exe-update", "msu"]
    delta: bool = False
    sources: tuple[str, ...]
    notes: str = ""


class Contains(_Data):
    """An update beside the packages that holds the fix as well, or surely does not."""

    kb: Kb
    what: str = ""
    why: str = ""
    sources: tuple[str, ...] = ()


class Minimum(_Data):
    """The first file version with the fix, where needed one for each branch of a service pack."""

    min: str
    branch: str = ""
    fourth_part_starts_with: str = ""

    @field_validator("min")
    @classmethod
    def _four_numbers(cls, text: str) -> str:
        parse_version(text)
        return text

    @property
    def version(self) -> Version:
        """As four numbers."""
        return parse_version(self.min)


class Prerequisite(_Data):
    """An update that should be there first, and the sign that it is missing."""

    kb: Kb
    missing_when_srv_sys_revision_below: int
    sources: tuple[str, ...]
    notes: str = ""


class System(_Data):
    """One Windows, by version, build, role and architecture, and what it needs."""

    id: str
    names: tuple[str, ...]
    nt_version: Annotated[str, Field(pattern=r"^\d+\.\d+$")]
    builds: tuple[int, ...]
    product_types: tuple[Literal["WinNT", "ServerNT", "LanmanNT"], ...]
    arch: Arch
    embedded: bool = False
    service_pack: int | None
    security_only_kb: Kb | None
    rollup_kb: Kb | None
    kb_sources: tuple[str, ...]
    security_only: tuple[str, ...]
    rollup: tuple[str, ...]
    contains_fix: tuple[Contains, ...]
    srv_sys_min: tuple[Minimum, ...]
    srv_sys_sources: tuple[str, ...]
    prerequisite: Prerequisite | None = None
    notes: str = ""
    unconfirmed: Mapping[str, Any] = {}

    @property
    def nt(self) -> tuple[int, int]:
        """The version as two numbers."""
        major, _, minor = self.nt_version.partition(".")
        return int(major), int(minor)

    def minimum(self, version: Version) -> Version | None:
        """The first version with the fix on the branch of this file version."""
        for entry in self.srv_sys_min:
            if str(version[3]).startswith(entry.fourth_part_starts_with):
                return entry.version
        return None

    def is_effective(self, version: Version) -> bool:
        """Whether a driver of this version has the fix."""
        minimum = self.minimum(version)
        if minimum is None:
            return version[:3] > self.srv_sys_min[0].version[:3]
        return version >= minimum


class NotAffected(_Data):
    """The first build that was released with the fix."""

    min_build: int
    why: str
    sources: tuple[str, ...]


class Catalogue(_Data):
    """All of one bulletin. References between its parts are checked when it is read."""

    schema_version: Literal[1] = Field(alias="schema")
    bulletin: str
    title: str
    sources: Mapping[str, str]
    not_affected: NotAffected
    not_containing_fix: tuple[Contains, ...]
    packages: tuple[Package, ...]
    systems: tuple[System, ...]

    @model_validator(mode="after")
    def _whole(self) -> Catalogue:
        ids = [package.id for package in self.packages]
        doubled = {name for name in ids if ids.count(name) > 1}
        if doubled:
            raise ValueError(f"package ids are used twice: {', '.join(sorted(doubled))}")
        for system in self.systems:
            for name in (*system.security_only, *system.rollup):
                if name not in ids:
                    raise ValueError(f"{system.id} names an unknown package '{name}'")
                if self.package(name).arch != system.arch:
                    raise ValueError(f"{system.id} and its package '{name}' differ in arch")
        unknown = {name for name in _cited(self) if name not in self.sources}
        if unknown:
            raise ValueError(f"unknown sources: {', '.join(sorted(unknown))}")
        return self

    def package(self, name: str) -> Package:
        """The package of that id."""
        return next(package for package in self.packages if package.id == name)

    def by_file(self, file_name: str) -> Package | None:
        """The package whose file has this name."""
        wanted = file_name.casefold()
        return next((p for p in self.packages if p.file_name.casefold() == wanted), None)


def _cited(catalogue: Catalogue) -> Iterator[str]:
    yield from catalogue.not_affected.sources
    yield from (name for entry in catalogue.not_containing_fix for name in entry.sources)
    yield from (name for package in catalogue.packages for name in package.sources)
    for system in catalogue.systems:
        yield from (*system.kb_sources, *system.srv_sys_sources)
        yield from (name for entry in system.contains_fix for name in entry.sources)
        if system.prerequisite:
            yield from system.prerequisite.sources


def parse_version(text: str) -> Version:
    """``6.1.7601.23689`` as four numbers. Raises ValueError for anything else."""
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        raise ValueError(f"not a file version of four numbers: {text!r}")
    return int(parts[0]), int(parts[1]), int(parts[2]), int(parts[3])


def read_catalogue(path: str) -> Catalogue:
    """The catalogue in a file, kept until the file changes. Raises InputError."""
    file = Path(path).expanduser()
    try:
        stamp = file.stat()
    except OSError as error:
        raise InputError(f"catalogue {path}: {error.strerror or error}") from None
    return _read(str(file), stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=16)
def _read(path: str, _changed: int, _size: int) -> Catalogue:
    try:
        data = yaml.load(Path(path).read_text("utf-8"), Loader=yaml.CSafeLoader)
        return Catalogue.model_validate(data)
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise InputError(f"catalogue {path}: {error}") from None
    except ValidationError as failure:
        first = failure.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        count = failure.error_count()
        more = f" (and {count - 1} more)" if count > 1 else ""
        raise InputError(f"catalogue {path}: {where}: {first['msg']}{more}") from None


def shipped(bulletin: str) -> str | None:
    """The path of the catalogue of a bulletin that comes with the playbooks, if there is one.

    Looked for as ``playbooks/*/BULLETIN.yml`` in the current folder, then beside the package.
    """
    for root in (Path.cwd(), Path(__file__).resolve().parents[2]):
        found = sorted((root / "playbooks").glob(f"*/{bulletin.lower()}.yml"))
        if found:
            return str(found[0])
    return None
