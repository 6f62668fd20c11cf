"""Packages of a Unix host, with the package manager that is there: apt, dnf or yum."""

from __future__ import annotations

import difflib
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Final, Literal

from pydantic import AliasChoices, ConfigDict, Field, field_validator, model_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text, Words
from runner.interfaces.param_rows import names_of
from runner.model.state import Change
from runner.modules import apt, dnf
from runner.modules._parts import apt as _apt
from runner.modules._parts import apt_params, restoring_posix, rpm_params
from runner.modules._parts.packages import PackagesState
from runner.modules._parts.posix import require_posix
from runner.posix import tools

_LOOK = """\
for p in dnf yum apt-get zypper apk pacman; do
command -v $p >/dev/null && echo $p
done
exit 0
"""
_OURS = {"apt-get": "apt", "dnf": "dnf", "yum": "yum"}


def _names(params: type[base.Params]) -> frozenset[str]:
    """Every name under which a module takes a parameter."""
    fields = params.model_fields.items()
    return frozenset(name for field, info in fields for name in names_of(field, info))


_APT: Final = _names(apt_params.Params)
_RPM: Final = _names(rpm_params.Params)


class Params(base.Params):
    """Parameters of Ansible's package."""

    model_config = ConfigDict(extra="allow")
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"more"})

    name: Words = Field(
        min_length=1,
        validation_alias=AliasChoices("name", "pkg", "package"),
        description="packages, as the host's package manager spells them",
    )
    state: Literal["absent", "installed", "latest", "present", "removed"] = Field(
        "present", description="the wanted state"
    )
    use: Text = Field("auto", description="apt, dnf or yum; by default the one that is there")

    more: Mapping[str, Any] = {}
    """What only the package manager's own module knows, by its name there."""

    @model_validator(mode="before")
    @classmethod
    def _rest(cls, values: Any) -> Any:
        """Other parameters go to the module of the package manager, as in Ansible."""
        if not isinstance(values, Mapping):
            return values
        own = {"name", "state", "use", "more", "pkg", "package"}
        rest = {name: value for name, value in values.items() if name not in own}
        for name in rest:
            if name not in _APT | _RPM:
                near = difflib.get_close_matches(name, [*sorted(own), *sorted(_APT | _RPM)], n=1)
                hint = f"; did you mean '{near[0]}'?" if near else ""
                raise ValueError(f"neither it nor apt and dnf have a parameter '{name}'{hint}")
        found = {name: value for name, value in values.items() if name in own}
        return {**found, "more": {**found.get("more", {}), **rest}}

    @field_validator("use")
    @classmethod
    def _known(cls, use: str) -> str:
        if use not in ("auto", *_OURS.values()):
            raise ValueError(f"'{use}' is not supported; there are: apt, dnf, yum")
        return use


class Module(base.Module[Params, PackagesState]):
    """Brings packages to a state."""

    params = Params
    state = PackagesState
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/package_module.html"
    )
    guide = Guide(
        example=("package:\n  name: samba\n  state: absent"),
        undo="what a package's own scripts did; the plan says which change cannot go back",
        where="posix",
    )

    def subject(self, params: Params) -> str:
        return f"packages {', '.join(sorted(params.name))}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, PackagesState]:
        require_posix(facts, "package", "win_package")
        manager = params.use
        if manager == "auto":
            manager = yield from _find(facts)
        how, inner = _of(params, manager)
        return (yield from how.probe(inner, facts))

    def plan(self, params: Params, before: PackagesState, facts: base.Facts) -> PackagesState:
        how, inner = _of(params, before.manager)
        return how.plan(inner, before, facts)

    def apply(
        self, params: Params, change: Change[PackagesState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        how, inner = _of(params, change.before.manager)
        return (yield from how.apply(inner, change, facts))

    def undo(
        self, params: Params, change: Change[PackagesState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        how, inner = _of(params, change.before.manager)
        return (yield from how.undo(inner, change, facts))

    def irreversible(self, params: Params, change: Change[PackagesState], facts: base.Facts) -> str:
        how, inner = _of(params, change.before.manager)
        return how.irreversible(inner, change, facts)

    def restore(self, params: Params, change: Change[PackagesState]) -> tuple[base.Restoring, ...]:
        return restoring_posix.packages(change)

    def result(
        self,
        params: Params,
        change: Change[PackagesState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        how, inner = _of(params, change.before.manager)
        return how.result(inner, change, facts, applied)

    def message(self, params: Params, change: Change[PackagesState], facts: base.Facts) -> str:
        how, inner = _of(params, change.before.manager)
        return how.message(inner, change, facts)


def _find(facts: base.Facts) -> Generator[Query, Reply, str]:
    """The package manager, by the gathered facts or by a look at the host."""
    if facts.get("pkg_mgr") in _OURS.values():
        return str(facts["pkg_mgr"])
    (out,) = yield from read(tools.script(_LOOK))
    there = out.stdout.split()
    found = next((_OURS[name] for name in there if name in _OURS), None)
    if found is None:
        raise ModuleError(
            f"no package manager of this host is supported: {', '.join(there) or 'it has none'}",
            hint="there are: apt, dnf, yum; use the module 'command' for others",
        )
    return found


def _of(params: Params, manager: str) -> tuple[base.Module[Any, PackagesState], Any]:
    """The module for that manager and its parameters. Raises ParamsError's cause for bad names."""
    state = {"installed": "present", "removed": "absent"}.get(params.state, params.state)
    given = {"name": params.name, "state": state, **params.more}
    known = _APT if manager == _apt.MANAGER else _RPM
    if foreign := ", ".join(sorted(params.more.keys() - known)):
        raise ModuleError(
            f"this host has {manager}, which has no parameter {foreign}",
            hint="use the module of each package manager, with 'when'",
        )
    try:
        if manager == _apt.MANAGER:
            return apt.Module(), apt_params.Params.model_validate(given)
        return dnf.Module(), rpm_params.Params.model_validate(given)
    except ValueError as error:
        raise ModuleError(f"{manager} does not take these names: {error}") from None
