"""What is bound to a Windows host's network adapters: file sharing (``ms_server``) and its like.

Windows 8 and Server 2012 brought cmdlets for it (Microsoft, "Get-NetAdapterBinding"), earlier ones
have no command. Components go by their identifiers, which are the same in every language.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import Field

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Output, Query, Reply, Request, Script, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Words
from runner.model.state import Change
from runner.modules._parts import restoring_settings
from runner.windows.facts import WindowsFacts

_FIND: Final = """\
foreach($b in @(Get-NetAdapterBinding -IncludeHidden:$false -ErrorAction Stop)){
"$($b.ComponentID)`t$([int][bool]$b.Enabled)`t$($b.Name)"}
"""
_SET: Final = """\
$n=[Management.Automation.WildcardPattern]::Escape($params.adapter)
$a=@{Name=$n;ComponentID=$params.component;ErrorAction='Stop'}
if($params.enabled){Enable-NetAdapterBinding @a}else{Disable-NetAdapterBinding @a}
"""
_IP: Final = frozenset({"ms_tcpip", "ms_tcpip6"})


class Params(base.Params):
    """Parameters of Ansible's win_net_adapter_feature."""

    interface: Words = Field(min_length=1, description="adapters by name; '*' for all of them")
    state: Literal["disabled", "enabled"] = Field("enabled", description="bound or not")
    component_id: Words = Field(
        min_length=1, description="such as ms_server, ms_msclient, ms_tcpip6"
    )


@dataclass(frozen=True, slots=True)
class Binding:
    """One component at one adapter."""

    adapter: str
    component: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Bindings:
    """Those that the task is about; ``settings`` is the same for people."""

    settings: tuple[str, ...] = ()
    bindings: tuple[Binding, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, bindings: Iterable[Binding]) -> Bindings:
        """The state of these bindings."""
        found = tuple(bindings)
        words = (f"{b.adapter}: {b.component} {'on' if b.enabled else 'off'}" for b in found)
        return cls(tuple(words), found)


class Module(base.Module[Params, Bindings]):
    """Binds components to adapters, or takes them off."""

    params = Params
    state = Bindings
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/community/windows/"
        "win_net_adapter_feature_module.html"
    )
    guide = Guide(
        example=(
            "win_net_adapter_feature:\n"
            "  interface: '*'\n"
            "  component_id: ms_server\n"
            "  state: disabled"
        ),
        using=(Using("powershell", since="2012", powershell=True),),
        instead="win_service on lanmanserver, win_netbios, win_firewall_rule",
    )

    def subject(self, params: Params) -> str:
        what = ", ".join(sorted(name.casefold() for name in params.component_id))
        where = ", ".join(sorted(name.casefold() for name in params.interface))
        return f"{what} at adapters {where}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Bindings]:
        host = WindowsFacts.of(facts)
        if host.nt < (6, 2):
            raise Refused(
                f"{host.name} has no command that binds something to an adapter",
                hint="it came with Windows 8 and Server 2012; before, stop file sharing with "
                "win_service on lanmanserver, close it with win_firewall_rule, or win_netbios",
            )
        (output,) = yield from read(Script("powershell", _FIND))
        found = _parsed(output)
        return Bindings.of(_selected(params, found))

    def plan(self, params: Params, before: Bindings, facts: base.Facts) -> Bindings:
        wanted = params.state == "enabled"
        return Bindings.of(dataclasses.replace(one, enabled=wanted) for one in before.bindings)

    def apply(
        self, params: Params, change: Change[Bindings], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        now = {(one.adapter, one.component): one.enabled for one in change.before.bindings}
        for one in change.after.bindings:
            if now.get((one.adapter, one.component)) != one.enabled:
                output = yield from write(
                    Script("powershell", _SET, params=dataclasses.asdict(one))
                )
                if output.code != 0:
                    verb = "bind" if one.enabled else "unbind"
                    raise ModuleError(
                        f"{verb} {one.component} at {one.adapter}: {_first_line(output)}"
                    )
        return {}

    def restore(self, params: Params, change: Change[Bindings]) -> tuple[base.Restoring, ...]:
        return restoring_settings.bindings(change)

    def message(self, params: Params, change: Change[Bindings], facts: base.Facts) -> str:
        gone = sorted(
            one.component
            for one, was in zip(change.after.bindings, change.before.bindings, strict=False)
            if was.enabled and not one.enabled and one.component.casefold() in _IP
        )
        return f"without {gone[0]} the host may not be reached any more" if gone else ""


def _parsed(output: Output) -> list[Binding]:
    lines = [line.split("\t", 2) for line in output.stdout.splitlines() if line.count("\t") >= 2]
    found = [Binding(name.strip(), component, on == "1") for component, on, name in lines]
    if output.code != 0 or not found:
        raise ModuleError(
            f"what is bound to the adapters cannot be read: {_first_line(output)}",
            hint="Get-NetAdapterBinding needs an administrator",
        )
    return found


def _selected(params: Params, found: list[Binding]) -> tuple[Binding, ...]:
    """The wanted components at the wanted adapters. Raises Refused for those that are missing."""
    chosen = []
    adapters = {one.adapter.casefold() for one in found}
    everywhere = "*" in params.interface
    wanted = adapters if everywhere else {name.casefold() for name in params.interface}
    if missing := sorted(wanted - adapters):
        names = ", ".join(sorted({one.adapter for one in found}))
        raise Refused(
            f"this host has no network adapter called {', '.join(missing)}",
            hint=f"it has: {names}",
        )
    for component in params.component_id:
        fits = [one for one in found if one.component.casefold() == component.casefold()
                and one.adapter.casefold() in wanted]  # fmt: skip
        if not fits:
            known = ", ".join(sorted({one.component for one in found}))
            raise Refused(
                f"nothing called {component} is installed at these adapters",
                hint=f"there are: {known}",
            )
        chosen += fits
    return tuple(sorted(chosen, key=lambda one: (one.adapter, one.component)))


def _first_line(output: Output) -> str:
    said = output.stderr.strip() or output.stdout.strip() or f"exit code {output.signed}"
    return said.splitlines()[0].strip()
