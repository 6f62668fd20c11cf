r"""NetBIOS over TCP/IP of a Windows host's network adapters.

The setting is ``NetbiosOptions`` of the adapter below ``NetBT\Parameters\Interfaces``: 0 as the
DHCP server says, 1 on, 2 off (Microsoft, "NetbiosOptions"). WMI sets it so that it takes effect at
once (Microsoft, SetTcpipNetbios of Win32_NetworkAdapterConfiguration); where WMI does not, for an
adapter that is not connected, it is written into the registry and counts after a restart.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import Field

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, Verbatim, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Words
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import restoring_settings
from runner.windows import registry
from runner.windows.exit_codes import expect

_INTERFACES: Final = r"HKLM\SYSTEM\CurrentControlSet\Services\NetBT\Parameters\Interfaces"
_NAMES: Final = (
    r"HKLM\SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"
)
_GUID: Final = re.compile(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_RETURNED: Final = re.compile(r"ReturnValue = (\d+)")
_OPTIONS: Final = {"default": 0, "enabled": 1, "disabled": 2}
_VALUE: Final = "NetbiosOptions"


class Params(base.Params):
    """Parameters of Ansible's win_netbios."""

    state: Literal["default", "disabled", "enabled"] = Field(
        description="default: as the DHCP server says"
    )
    adapter_names: Words | None = Field(
        None, description="connections by name or identifier; all of them when left out"
    )


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter; ``option`` None where the value is absent, which means 0."""

    name: str
    option: int | None
    guid: str

    @property
    def shown(self) -> str:
        """For people."""
        words = {number: word for word, number in _OPTIONS.items()}
        option = self.option or 0
        return f"{self.name}: {words.get(option, str(option))}"


@dataclass(frozen=True, slots=True)
class NetbiosState:
    """The settings of the adapters that the task is about, for people and for what sets them."""

    settings: tuple[str, ...] = ()
    adapters: tuple[Adapter, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, adapters: Iterable[Adapter]) -> NetbiosState:
        """The state of these adapters."""
        found = tuple(adapters)
        return cls(tuple(one.shown for one in found), found)


class Module(base.Module[Params, NetbiosState]):
    """Turns NetBIOS over TCP/IP on or off."""

    params = Params
    state = NetbiosState
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/community/windows/"
        "win_netbios_module.html"
    )
    guide = Guide(
        example="win_netbios:\n  state: disabled",
        using=(Using("reg, wmic"),),
    )

    def subject(self, params: Params) -> str:
        names = sorted(name.casefold() for name in params.adapter_names or ())
        return f"NetBIOS of {', '.join(names) or 'all adapters'}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, NetbiosState]:
        options, names = yield from read(
            registry.query(_INTERFACES, None, "/s"), registry.query(_NAMES, None, "/s")
        )
        expect(options, "reg", "read the NetBIOS settings of the adapters")
        shown = _names(names.stdout)
        adapters = []
        for key in registry.parse(options.stdout):
            guid = key.path.rpartition("_")[2].upper()
            if _GUID.fullmatch(guid):
                value = key.get(_VALUE)
                option = value.data if value is not None and isinstance(value.data, int) else None
                adapters.append(Adapter(shown.get(guid, guid), option, guid))
        return NetbiosState.of(_selected(params, adapters))

    def plan(self, params: Params, before: NetbiosState, facts: base.Facts) -> NetbiosState:
        wanted = _OPTIONS[params.state]
        return NetbiosState.of(
            one if (one.option or 0) == wanted else Adapter(one.name, wanted, one.guid)
            for one in before.adapters
        )

    def apply(
        self, params: Params, change: Change[NetbiosState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        now = {one.guid: one.option for one in change.before.adapters}
        restart = False
        for one in change.after.adapters:
            if now.get(one.guid) != one.option:
                later = yield from _set(one)
                restart = restart or later
        return {"reboot_required": restart}

    def sweep(
        self, params: Params, change: Change[NetbiosState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        """A value that was absent, and holds what counts without it, shows in no setting."""
        now = yield from self.probe(params, facts)
        unset = {one.guid for one in change.before.adapters if one.option is None}
        for one in now.adapters:
            if one.option == 0 and one.guid in unset:
                yield from _unset(one)

    def restore(self, params: Params, change: Change[NetbiosState]) -> tuple[base.Restoring, ...]:
        return restoring_settings.netbios(change)

    def result(
        self,
        params: Params,
        change: Change[NetbiosState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        unknown = UNKNOWN if change.differences() else False
        return {"reboot_required": applied.get("reboot_required", unknown)}


def _names(text: str) -> dict[str, str]:
    """Identifier of each connection -> its name."""
    found = {}
    for key in registry.parse(text):
        parts = key.path.split("\\")
        value = key.get("Name")
        if len(parts) > 1 and parts[-1].casefold() == "connection" and value is not None:
            found[parts[-2].upper()] = str(value.data)
    return found


def _selected(params: Params, adapters: list[Adapter]) -> tuple[Adapter, ...]:
    adapters = sorted(adapters, key=lambda one: one.guid)
    if params.adapter_names is None:
        return tuple(adapters)
    chosen = []
    for name in params.adapter_names:
        wanted = name.casefold()
        found = [a for a in adapters if wanted in (a.name.casefold(), a.guid.casefold())]
        if not found:
            there = ", ".join(a.name for a in adapters) or "none"
            raise Refused(
                f"this host has no network connection called '{name}'",
                hint=f"it has: {there}; the identifier of an adapter is taken, too",
            )
        chosen += found
    return tuple(sorted(set(chosen), key=lambda one: one.guid))


def _set(adapter: Adapter) -> Generator[Request, Reply, bool]:
    """Gives an adapter its option; whether that counts only after a restart."""
    if not _GUID.fullmatch(adapter.guid):
        raise ModuleError(f"not an identifier of an adapter: {adapter.guid!r}")
    # An identifier holds hex digits and hyphens only: wmic reads its line by rules of its own.
    where = Verbatim(f"\"SettingID='{adapter.guid}'\"")
    option = adapter.option or 0
    out = yield from write(
        Exec("wmic", "nicconfig", "where", where, "call", "SetTcpipNetbios", str(option))
    )
    returned = _RETURNED.search(out.stdout)
    key = rf"{_INTERFACES}\Tcpip_{adapter.guid}"
    live = returned is not None and returned[1] in ("0", "1")
    if not live and adapter.option is not None:
        out = yield from write(registry.add(key, _VALUE, "dword", option))
        expect(out, "reg", f"set {_VALUE} of {adapter.name}")
    if adapter.option is None:
        yield from _unset(adapter)
    return not live or (returned is not None and returned[1] == "1")


def _unset(adapter: Adapter) -> Generator[Request, Reply, None]:
    out = yield from write(registry.delete_value(rf"{_INTERFACES}\Tcpip_{adapter.guid}", _VALUE))
    expect(out, "reg", f"remove {_VALUE} of {adapter.name}")
