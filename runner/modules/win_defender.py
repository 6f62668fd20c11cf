r"""Microsoft's antivirus on a host: signatures, a scan, and whether it watches all the time.

With ``MpCmdRun.exe``, which Windows Defender (Windows 8, Server 2016 and later), Security
Essentials and System Center Endpoint Protection bring. What another vendor's product does is that
product's business: a client's Security Center is asked for one; it is reported, never changed.

A scan and new signatures are not taken back: what a scan removes lies in Defender's own quarantine
(``MpCmdRun -Restore``). Give ``realtime`` a task of its own, which can be rolled back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Output, Query, Reply, Request, Script, read, write
from runner.interfaces.guide import Guide, Using
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.win_defender_params import DefenderState, Params
from runner.modules._parts.win_files import require_windows
from runner.windows import defender, registry
from runner.windows.defender import DEFENDER
from runner.windows.facts import WindowsFacts

_TYPES: Final = {"quick": "1", "full": "2", "custom": "3"}
_SIGNATURES: Final = r"HKLM\SOFTWARE\Microsoft\{}\Signature Updates"
_REALTIME: Final = "Set-MpPreference -DisableRealtimeMonitoring $params.off -ErrorAction Stop\n"
_UPDATE_SECONDS: Final = 1200.0


class Module(base.Module[Params, DefenderState]):
    """Has Microsoft's antivirus do its work."""

    params = Params
    state = DefenderState
    needs_facts = True
    guide = Guide(
        example="win_defender:\n  signatures: 1.243.297.0\n  scan: quick",
        using=(
            Using("reg, sc, MpCmdRun, wmic", until="2022"),
            Using("reg, sc, MpCmdRun", since="2025"),
            Using("Set-MpPreference", since="2012r2", powershell=True, part="realtime"),
            Using("WMI", since="2025", powershell=True, part="names of threats, other products"),
        ),
        undo="new signatures, and what a scan removed (MpCmdRun -Restore gives that back)",
    )

    def subject(self, params: Params) -> str:
        return "antivirus"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, DefenderState]:
        require_windows(facts, "win_defender", "command with your antivirus")
        found = yield from defender.find(WindowsFacts.of(facts))
        return DefenderState(
            product=found.product,
            running=found.running,
            realtime=found.realtime,
            signatures=found.signatures,
            program=found.program if found.product else "",
            policy=found.policy,
            tamper=found.tamper,
            others=found.others,
        )

    def plan(self, params: Params, before: DefenderState, facts: base.Facts) -> DefenderState:
        host = WindowsFacts.of(facts)
        work = params.scan or params.signatures or params.realtime is not None
        if not work:
            return before
        _require_product(before, host)
        unknown: Any = UNKNOWN
        changes: dict[str, Any] = {}
        if params.signatures == "latest" or _older(before.signatures, params.signatures):
            changes["signatures"] = unknown
        if params.scan is not None:
            changes["scanned"] = unknown
        if changes and not before.running:
            raise Refused(
                f"the service of {before.product} does not run"
                + (f"; policy: {', '.join(before.policy)}" if before.policy else "")
                + (f"; another product is there: {', '.join(before.others)}" * bool(before.others)),
                hint="scan with the other product, or take it or the policy away first",
            )
        if params.realtime is not None and params.realtime != before.realtime:
            _require_switch(params.realtime, before, host)
            changes["realtime"] = params.realtime
        return dataclasses.replace(before, **changes)

    def apply(
        self, params: Params, change: Change[DefenderState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        applied: dict[str, Any] = {}
        signatures: Any = after.signatures
        scanned: Any = after.scanned
        if before.realtime != after.realtime:
            yield from _switch(on=after.realtime)
        if signatures is UNKNOWN:
            yield from _update(params, before)
        if scanned is UNKNOWN:
            applied["scan_exit_code"] = yield from _scan(params, before)
            found: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
            if before.product == DEFENDER:
                found = yield from defender.threats(WindowsFacts.of(facts))
            applied["threats"], applied["active_threats"] = map(list, found)
        return applied

    def undo(
        self, params: Params, change: Change[DefenderState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if change.before.realtime != change.after.realtime:
            yield from _switch(on=change.before.realtime)
        return {}

    def restore(self, params: Params, change: Change[DefenderState]) -> tuple[base.Restoring, ...]:
        if change.before.realtime == change.after.realtime:
            return ()
        return (base.Restoring({"realtime": change.before.realtime}),)

    def irreversible(self, params: Params, change: Change[DefenderState], facts: base.Facts) -> str:
        fields = {difference.field for difference in change.differences()}
        if "scanned" in fields or params.scan is not None:
            return "what a scan removes lies in the antivirus' own quarantine, and stays there"
        return "new signatures are kept" if "signatures" in fields else ""

    def result(
        self,
        params: Params,
        change: Change[DefenderState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        after = change.after
        later = {} if params.scan is None else {"scan_exit_code": UNKNOWN, "threats": UNKNOWN}
        return {
            "product": after.product,
            "running": after.running,
            "realtime": after.realtime,
            "signature_version": after.signatures,
            "other_antivirus": list(after.others),
            **later,
            **applied,
        }

    def message(self, params: Params, change: Change[DefenderState], facts: base.Facts) -> str:
        others = change.after.others
        return f"another antivirus is on this host: {', '.join(others)}" if others else ""


def _older(found: str, wanted: str | None) -> bool:
    return wanted is not None and defender.version(found) < defender.version(wanted)


def _require_product(before: DefenderState, host: WindowsFacts) -> None:
    if before.product:
        return
    server = host.product_type != "WinNT"
    if server and host.nt >= (10, 0):
        name = "Windows-Defender" if host.build >= 17763 else "Windows-Defender-Features"
        hint = f"install it: win_feature with name: {name}"
    elif server:
        hint = "Windows brings none here: install System Center Endpoint Protection or another one"
    else:
        hint = "install an antivirus; Microsoft's own for this Windows was Security Essentials"
    also = f"; there is another product: {', '.join(before.others)}" if before.others else ""
    raise Refused(f"{host.name} has no antivirus of Microsoft's{also}", hint=hint)


def _require_switch(on: bool, before: DefenderState, host: WindowsFacts) -> None:
    if on and before.others:
        raise Refused(
            f"another antivirus looks after this host: {', '.join(before.others)}",
            hint="two that watch every file hinder one another; take the other one away first",
        )
    if before.policy:
        raise Refused(
            f"a policy decides: {', '.join(before.policy)}",
            hint="change the Group Policy, or its values below HKLM\\SOFTWARE\\Policies\\Microsoft",
        )
    if before.product != DEFENDER or not host.powershell:
        raise Refused(
            f"{before.product} has no command that turns this on or off",
            hint="turn it on in its window, or by its policy",
        )
    if on and not before.running:
        raise Refused(f"the service of {before.product} does not run", hint="is it disabled?")
    if not on and before.tamper:
        raise Refused("tamper protection keeps it on", hint="turn that off at the host first")


def _switch(*, on: bool) -> Generator[Request, Reply, None]:
    output = yield from write(Script("powershell", _REALTIME, params={"off": not on}))
    if output.code != 0:
        word = "on" if on else "off"
        raise ModuleError(f"turn {word} real-time protection: {_first_line(output)}")


def _update(params: Params, before: DefenderState) -> Generator[Request, Reply, None]:
    words = {"configured": (), "microsoft": ("-MMPC",)}.get(
        params.signature_source, ("-UNC", params.signature_source)
    )
    output = yield from write(
        Exec(before.program, "-SignatureUpdate", *words, timeout=_UPDATE_SECONDS)
    )
    if output.code != 0:
        raise ModuleError(
            f"fetch signatures: MpCmdRun answered {output.signed}: {_first_line(output)}",
            hint="the host may reach no source: put mpam-fe.exe on a share and name it in "
            "signature_source",
        )
    wanted = params.signatures
    if wanted in (None, "latest"):
        return
    (again,) = yield from read(registry.query(_SIGNATURES.format(before.product)))
    found = registry.text(again, "AVSignatureVersion")
    if again.code == 0 and _older(found, wanted):
        raise ModuleError(
            f"the source has no newer signatures than {found}; {wanted} is wanted",
            hint="name another signature_source",
        )


def _scan(params: Params, before: DefenderState) -> Generator[Request, Reply, int]:
    words = ["-Scan", "-ScanType", _TYPES[params.scan or "quick"]]
    if params.scan_path is not None:
        words += ["-File", params.scan_path]
    if not params.remediate:
        words.append("-DisableRemediation")
    output = yield from write(Exec(before.program, *words, timeout=float(params.timeout)))
    if (failed := defender.error_of(output)) or output.code not in (0, 2):
        raise ModuleError(
            f"the scan failed: {failed or f'MpCmdRun answered {output.signed}'}",
            hint="MpCmdRun.log in the Temp folder of who ran it says more",
        )
    if output.code == 2 and params.remediate:
        raise ModuleError(
            f"the scan found something that it could not clean: {_first_line(output)}",
            hint="isolate the host (win_isolate), look at it, and scan again after a restart",
        )
    return output.code


def _first_line(output: Output) -> str:
    said = (output.stderr.strip() or output.stdout.strip()).splitlines()
    return said[0].strip() if said else f"exit code {output.signed}"
