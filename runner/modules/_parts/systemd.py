"""How services are found and moved with ``systemctl``; nothing of a host is needed to plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, Final, cast

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output, Query, Reply, Request, Script, read, write
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.unit import ACTIONS, STARTED, STOPPED, UnitState, Wish
from runner.posix import systemd, tools
from runner.posix.quoting import join

MANAGER: Final = "systemd"
_MASKED: Final = ("masked", "masked-runtime")
_MOVING_SECONDS: Final = 900.0
"""How long a unit may take; its own TimeoutStartSec ends it before, as a rule."""
_STATES: Final = {
    **dict.fromkeys(("active", "activating", "reloading", "refreshing"), STARTED),
    "deactivating": "stopping",
}
"""ActiveState -> state; every other one is stopped."""
_INEXACT: Final = ("linked", "linked-runtime", "indirect", "alias", "bad")


def command(wish: Wish, *words: str, timeout: float | None = None) -> Script:
    """A call of systemctl in the task's scope."""
    options = [] if wish.scope == "system" else [f"--{wish.scope}"]
    call = tools.tool("systemctl", *options, *words, timeout=timeout)
    if wish.scope != "user":
        return call
    # A login without a session has no variable that says where the user's own manager listens.
    line = join(["systemctl", *options, *words])
    return tools.script(
        'XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR\n' + line,
        timeout=timeout,
    )  # fmt: skip


def queries(wish: Wish) -> tuple[Script, ...]:
    """Reads whose outputs ``understand`` takes; with scope ``global`` there is nothing to show."""
    enabled = command(wish, "is-enabled", "--", wish.name)
    if wish.scope == "global":
        return (enabled,)
    show = ("show", "--no-pager", f"--property={','.join(systemd.PROPERTIES)}", "--", wish.name)
    return (enabled, command(wish, *show))


def understand(wish: Wish, outputs: tuple[Output, ...]) -> UnitState:
    """The unit out of those outputs. Raises ModuleError when systemd does not answer."""
    words = outputs[0].stdout.split()
    word = words[-1] if words and words[-1] != "not-found" else ""
    mask = word if word in _MASKED else ""
    if wish.scope == "global":
        if outputs[0].code == 127:
            tools.expect(outputs[0], "ask systemctl")
        return UnitState(bool(word), "", "" if mask else word, mask, manager=MANAGER)
    said = tools.expect(outputs[1], f"ask systemd for {wish.name}")
    shown = systemd.parse_show(said.stdout)
    if "ActiveState" not in shown:
        raise ModuleError(
            f"systemctl does not show the state of {wish.name}: {tools.complaint(outputs[1])}",
            hint="is systemd the init system there, and not a container's?",
        )
    load = shown.get("LoadState", "not-found")
    if load == "masked" and not mask:
        mask = "masked"
    if load == "error" and not mask:
        raise ModuleError(f"systemd cannot load {wish.name}: {shown.get('LoadError', '')}")
    return UnitState(
        present=load != "not-found" or bool(word),
        state=_STATES.get(shown["ActiveState"], STOPPED),
        enabled="" if mask else word or shown.get("UnitFileState", ""),
        masked=mask,
        manager=MANAGER,
        status=tuple(shown.items()),
    )


def find(wish: Wish) -> Generator[Query, Reply, UnitState]:
    """The unit as it is now."""
    outputs = yield from read(*queries(wish))
    return understand(wish, outputs)


def plan(wish: Wish, before: UnitState) -> UnitState:
    """What the task makes of it. Raises Refused for a unit that is missing or masked."""
    after = before
    if wish.daemon_reload or wish.daemon_reexec:
        after = dataclasses.replace(after, daemon=cast(str, UNKNOWN))
    if wish.masked is not None and wish.masked != bool(before.masked):
        after = _masked(wish, before, after)
    if wish.enabled is None and wish.state is None:
        return after
    if not before.present and not wish.daemon_reload:
        raise Refused(
            f"systemd knows no unit {wish.name} on this host",
            hint="check the name (systemctl list-unit-files), or give daemon_reload: true "
            "if its file was just put there",
        )
    after = dataclasses.replace(after, present=True)
    if wish.enabled is not None:
        after = dataclasses.replace(after, enabled=_enabled(wish, before, after))
    return _moved(wish, before, after)


def _masked(wish: Wish, before: UnitState, after: UnitState) -> UnitState:
    if wish.masked:
        return dataclasses.replace(after, present=True, masked="masked", enabled="")
    # Nobody sees through a mask: what is under it shows when it is gone, even a missing file.
    unknown = cast(Any, UNKNOWN)
    asks = wish.enabled is not None or wish.state is not None
    return dataclasses.replace(after, present=True if asks else unknown, masked="", enabled=unknown)


def _enabled(wish: Wish, before: UnitState, after: UnitState) -> str:
    word = before.enabled
    if after.masked:
        if wish.enabled:
            raise _behind_mask(wish, "enabled")
        return after.enabled
    if wish.enabled:
        if word in systemd.ON:
            return word
        # What becomes of these is systemd's affair: enabling an alias enables another unit.
        return cast(str, UNKNOWN) if word in ("indirect", "alias") else "enabled"
    if word in systemd.STATIC or word in ("disabled", "indirect", "alias"):
        return word
    return "disabled"


def _behind_mask(wish: Wish, verb: str) -> Refused:
    return Refused(
        f"unit {wish.name} is masked, so it cannot be {verb}", hint="give masked: false as well"
    )


def _moved(wish: Wish, before: UnitState, after: UnitState) -> UnitState:
    if wish.state is None:
        return after
    if wish.state == "stopped":
        return dataclasses.replace(after, state=_target(wish, before, STOPPED))
    if after.masked:
        raise _behind_mask(wish, "started")
    if wish.state == "started" or before.state != STARTED:
        return dataclasses.replace(after, state=_target(wish, before, STARTED))
    if wish.state == "reloaded" and before.shown("CanReload") == "no":
        raise Refused(
            f"unit {wish.name} has no way to reload its configuration", hint="use state: restarted"
        )
    action: dict[str, Any] = {wish.state: UNKNOWN}
    return dataclasses.replace(after, **action)


def _target(wish: Wish, before: UnitState, state: str) -> str:
    """The state to come; not known where systemd goes on alone, or the unit ends by itself."""
    if before.state == state:
        return state
    ends = before.shown("Type") == "oneshot" and before.shown("RemainAfterExit") == "no"
    if wish.no_block or (state == STARTED and ends):
        return cast(str, UNKNOWN)
    return state


def apply(wish: Wish, change: Change[UnitState]) -> Generator[Request, Reply, Mapping[str, Any]]:
    """systemd itself, then unmask, enable or disable, start or stop, and at last mask."""
    before, after = change.before, change.after
    if after.daemon is not None:
        yield from _daemon(wish)
        if not before.present and (wish.enabled is not None or wish.state is not None):
            before = yield from find(wish)
            after = plan(dataclasses.replace(wish, daemon_reload=False), before)
    if before.masked and not after.masked:
        yield from _do(wish, "unmask", *_runtime(before.masked == "masked-runtime"))
    yield from _boot(wish, before, after)
    yield from _run(wish, before, after)
    if after.masked and after.masked != before.masked:
        yield from _do(wish, "mask", *_runtime(after.masked == "masked-runtime"))
    only_daemon = all(d.field == "daemon" for d in change.differences())
    return {"changed": False} if only_daemon else {}


def _runtime(only_now: bool) -> list[str]:
    """The option for links that last until the next boot."""
    return ["--runtime"] if only_now else []


def _daemon(wish: Wish) -> Generator[Request, Reply, None]:
    for asked, verb in ((wish.daemon_reload, "daemon-reload"), (wish.daemon_reexec,
                                                                 "daemon-reexec")):  # fmt: skip
        if asked:
            out = yield from write(command(wish, verb, timeout=_MOVING_SECONDS))
            tools.expect(out, f"run systemctl {verb}")


def _boot(wish: Wish, before: UnitState, after: UnitState) -> Generator[Request, Reply, None]:
    """Whether it starts at boot. While a mask hides that, it is set all the same."""
    if after.masked:
        if wish.enabled is False and before.enabled in ("enabled", "enabled-runtime"):
            yield from _do(wish, "disable", *_runtime(before.enabled == "enabled-runtime"))
        return
    target: Any = after.enabled
    if target is UNKNOWN:
        if wish.enabled is not None:
            yield from _do(wish, "enable" if wish.enabled else "disable")
    elif target == "enabled" != before.enabled:
        yield from _do(wish, "enable")
    elif target == "disabled" != before.enabled:
        yield from _do(wish, "disable", *_runtime(before.enabled == "enabled-runtime"))
    elif target == "enabled-runtime" != before.enabled:
        yield from _do(wish, "disable")
        yield from _do(wish, "enable", "--runtime")


def _run(wish: Wish, before: UnitState, after: UnitState) -> Generator[Request, Reply, None]:
    state: Any = after.state
    if after.restarted is not None:
        yield from _do(wish, "restart")
    elif after.reloaded is not None:
        yield from _do(wish, "reload")
    elif state is UNKNOWN:
        yield from _do(wish, "stop" if wish.state == "stopped" else "start")
    elif state != before.state:
        yield from _do(wish, "start" if state == STARTED else "stop")


def _do(wish: Wish, verb: str, *options: str) -> Generator[Request, Reply, None]:
    if wish.no_block and verb in ("start", "stop", "restart", "reload"):
        options = (*options, "--no-block")
    if wish.force and verb in ("enable", "mask"):
        options = (*options, "--force")
    call = command(wish, verb, *options, "--", wish.name, timeout=_MOVING_SECONDS)
    out = yield from write(call)
    if out.code != 0:
        hint = f"see: systemctl status {wish.name}; journalctl -u {wish.name}"
        try:
            tools.expect(out, f"{verb} unit {wish.name}")
        except ModuleError as error:
            raise ModuleError(error.message, hint=error.hint or hint) from None


def irreversible(wish: Wish, change: Change[UnitState]) -> str:
    """Why a change of a unit cannot be taken back exactly."""
    if change.touches("enabled") and change.before.enabled in _INEXACT:
        return f"the unit is '{change.before.enabled}': systemctl cannot make it so again by name"
    if wish.force and (change.touches("enabled") or change.touches("masked")):
        return "force may put links in place of files, which are not recorded"
    return ""


def result(wish: Wish, change: Change[UnitState]) -> dict[str, Any]:
    """Ansible's return values."""
    now = change.after
    found: dict[str, Any] = {
        "name": wish.name,
        "status": dict(now.status or change.before.status),
    }
    if wish.enabled is not None:
        word: Any = now.enabled
        found["enabled"] = wish.enabled if word is UNKNOWN else word in (
            *systemd.ON, "enabled-runtime", "indirect", "alias")  # fmt: skip
    if wish.state is not None:
        found["state"] = STOPPED if wish.state == "stopped" else STARTED
    return found


__all__ = [
    "ACTIONS", "MANAGER", "apply", "command", "find", "irreversible", "plan", "queries", "result",
    "understand",
]  # fmt: skip
