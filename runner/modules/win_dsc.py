"""Invoke a resource of PowerShell's Desired State Configuration.

What a task says beside ``resource_name`` and ``module_version`` are properties of the resource. A
dry run asks the resource itself (``Invoke-DscResource -Method Test``), which changes nothing.

DSC knows no way back, so a change is irreversible, and a plan says so before it is made. There is
one exception: what was absent by the resource's own word (``Ensure``), and was made present without
a password, is made absent again.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar, Final

from pydantic import ConfigDict, Field, model_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.secret import MASK, Secret
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import dsc_scripts as scripts
from runner.windows.facts import WindowsFacts

_PASSWORD: Final = "_password"
_OWN: Final = frozenset({"resource_name", "module_version", "dsc_properties", "dsc_shown"})
_OLDEST: Final = 5


class Params(base.Params):
    """Parameters of Ansible's win_dsc; all others are properties of the resource."""

    model_config = ConfigDict(extra="allow")
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"dsc_properties", "dsc_shown"})

    resource_name: Text = Field(min_length=1, description="the resource")
    module_version: Text = Field(
        "latest", description="the version of its module; the latest that the host has"
    )
    dsc_properties: dict[str, Any] = Field({}, exclude=True, repr=False)
    """What the task says, with its passwords."""
    dsc_shown: dict[str, Any] = Field({})
    """The same with a mask in their place, for the record."""

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        said = {str(k): v for k, v in given.items() if k not in _OWN}
        properties = _plain(said)
        found = {key: value for key, value in given.items() if key in _OWN}
        if properties:
            found["dsc_properties"] = properties
            found["dsc_shown"] = _shown(said)
        return found

    def said(self) -> Mapping[str, Any]:
        """The properties. Raises Refused for those that are read from the record, if there were
        secrets among them: passwords, or what the record masks because it came out of a vault."""
        if self.dsc_properties or not (_has_password(self.dsc_shown) or _masked(self.dsc_shown)):
            return self.dsc_properties or self.dsc_shown
        raise Refused(f"the secrets for the resource {self.resource_name} are not on record")

    @property
    def ensure(self) -> str | None:
        """What the task says of the property Ensure."""
        found = (v for k, v in self.dsc_shown.items() if k.lower() == "ensure")
        return next((str(value) for value in found), None)


@dataclass(frozen=True, slots=True)
class DscState:
    """``in_desired_state`` by the resource's own test; ``ensure`` what it says of itself, if it
    has such a property."""

    in_desired_state: bool
    ensure: str = ""
    version: str = ""


class Module(base.Module[Params, DscState]):
    """Brings one resource to a state."""

    params = Params
    state = DscState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_dsc_module.html"
    )
    guide = Guide(
        example="win_dsc:\n  resource_name: Registry\n  Ensure: Present\n"
        "  Key: HKEY_LOCAL_MACHINE\\SOFTWARE\\Agent\n  ValueName: Mode\n  ValueData: quiet",
        using=(Using("powershell 5, Invoke-DscResource", since="2016", powershell=True),),
        undo="what was there before; what was absent (Ensure) is made absent again",
        instead="a module of its own (runner modules), or win_powershell on a host with PowerShell",
    )

    def subject(self, params: Params) -> str:
        keys = (k for k in params.dsc_shown if k.lower() in ("name", "key", "destinationpath"))
        name = next((f" {params.dsc_shown[key]}" for key in keys), "")
        return f"dsc {params.resource_name}{name}".lower()

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, DscState]:
        host = WindowsFacts.of(facts)
        if host.powershell < _OLDEST:
            has = f"PowerShell {host.powershell}" if host.powershell else "no PowerShell"
            raise Refused(
                f"{host.name} has {has}: Invoke-DscResource came with version 5",
                hint="use the module for it (runner modules), or install WMF 5.1 first",
            )
        command = scripts.test(params.resource_name, params.module_version, params.said())
        (output,) = yield from read(command)
        found = scripts.answer(output, params.resource_name)
        return DscState(
            in_desired_state=found.get("done") is True,
            ensure=str(found.get("ensure") or ""),
            version=str(found.get("version") or ""),
        )

    def plan(self, params: Params, before: DscState, facts: base.Facts) -> DscState:
        if before.in_desired_state:
            return before
        ensure: Any = before.ensure
        if before.ensure:
            wanted = params.ensure
            ensure = UNKNOWN if wanted is None else _spelled(wanted)
        return replace(before, in_desired_state=True, ensure=ensure)

    def apply(
        self, params: Params, change: Change[DscState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        command = scripts.put(params.resource_name, params.module_version, params.said())
        found = scripts.answer((yield from write(command)), params.resource_name)
        return {"reboot_required": found.get("restart") is True}

    def undo(
        self, params: Params, change: Change[DscState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if change.before.in_desired_state:
            return {}
        if why := self.irreversible(params, change, facts):
            raise Refused(why)
        others = {k: v for k, v in params.said().items() if k.lower() != "ensure"}
        command = scripts.put(
            params.resource_name, params.module_version, {**others, "Ensure": "Absent"}
        )
        found = scripts.answer((yield from write(command)), params.resource_name)
        return {"reboot_required": found.get("restart") is True}

    def irreversible(self, params: Params, change: Change[DscState], facts: base.Facts) -> str:
        if change.before.in_desired_state:
            return ""
        was_absent = change.before.ensure.lower() == "absent"
        if not was_absent or (params.ensure or "present").lower() != "present":
            return f"DSC does not tell what {params.resource_name} was before"
        if _has_password(params.dsc_shown) or _masked(params.dsc_shown):
            return "a password that is not on record would be needed to take it back"
        return ""

    def result(
        self,
        params: Params,
        change: Change[DscState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        pending = bool(change.differences()) and not applied
        restart: Any = UNKNOWN if pending else applied.get("reboot_required", False)
        return {"module_version": change.before.version or None, "reboot_required": restart}


def _spelled(ensure: str) -> str:
    """As resources say it of themselves."""
    return {"present": "Present", "absent": "Absent"}.get(ensure.lower(), ensure)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    match value:
        case Secret():
            return value.reveal()
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
        case date():
            return value.isoformat()
        case list() | tuple():
            return [_plain(item) for item in value]
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
    raise ModuleError(f"a {type(value).__name__} cannot be a property of a DSC resource")


def _shown(value: Any) -> Any:
    """The same with a mask for each password and other secret, at any depth."""
    match value:
        case Secret():
            return MASK
        case list() | tuple():
            return [_shown(item) for item in value]
        case Mapping():
            named = {str(key): item for key, item in value.items()}
            return {k: MASK if k.lower().endswith(_PASSWORD) else _shown(named[k]) for k in named}
    return _plain(value)


def _masked(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_masked, value))
    if isinstance(value, dict):
        return any(map(_masked, (*value, *value.values())))
    return isinstance(value, str) and MASK in value


def _has_password(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_password, value))
    if isinstance(value, dict):
        named = any(key.lower().endswith(_PASSWORD) for key in value)
        return named or any(map(_has_password, value.values()))
    return False
