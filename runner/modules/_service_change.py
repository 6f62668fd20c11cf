"""How win_service moves a service from one state to another, with ``sc``."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final

from runner.interfaces.exchange import Exec, Poll, Reply, Request, write
from runner.modules._service import SC_TYPES, ServiceState
from runner.windows import registry, services
from runner.windows.exit_codes import (
    OK,
    SERVICE_ABSENT,
    SERVICE_ALREADY_RUNNING,
    SERVICE_CANNOT_ACCEPT_CONTROL,
    SERVICE_MARKED_FOR_DELETE,
    SERVICE_NOT_STARTED,
    expect,
)

WAIT_SECONDS: Final = 120.0
"""How long a service may take to start, stop, pause or continue."""


def stop(name: str) -> Generator[Request, Reply, None]:
    """Stop one service and wait until it has stopped. Its dependents must be stopped already."""
    out = yield from write(Exec("sc", "stop", name))
    if out.code == SERVICE_CANNOT_ACCEPT_CONTROL:
        # It is starting or stopping: let it finish, then ask once more.
        yield _until(name, lambda state: state not in services.PENDING, "settle")
        out = yield from write(Exec("sc", "stop", name))
    expect(out, "sc", f"stop service {name}", (OK, SERVICE_NOT_STARTED))
    yield _until(name, lambda state: state == "stopped", "stop")


def start(name: str) -> Generator[Request, Reply, None]:
    """Start one service and wait until it runs."""
    out = yield from write(Exec("sc", "start", name))
    expect(out, "sc", f"start service {name}", (OK, SERVICE_ALREADY_RUNNING))
    yield _until(name, lambda state: state == "running", "run")


def pause(name: str, verb: str, wanted: str) -> Generator[Request, Reply, None]:
    """``pause`` or ``continue`` one service and wait until it is there."""
    out = yield from write(Exec("sc", verb, name))
    expect(out, "sc", f"{verb} service {name}")
    yield _until(name, lambda state: state == wanted, verb)


def _until(name: str, done: Callable[[str], bool], doing: str) -> Poll:
    def is_done(reply: Reply) -> bool:
        found = services.parse(reply[0].stdout)
        return bool(found) and done(found[0].state)

    what = f"service {name} did not {doing}"
    return Poll((services.query(name),), is_done, WAIT_SECONDS, what, interval=0.5)


def stop_all(
    name: str, before: ServiceState, keep: tuple[str, ...]
) -> Generator[Request, Reply, None]:
    for dependent in before.running_dependents:
        if dependent not in keep:
            yield from stop(dependent)
    yield from stop(name)


def start_all(
    name: str, before: ServiceState, after: ServiceState, *, stopped: bool
) -> Generator[Request, Reply, None]:
    was = "stopped" if stopped else before.state
    if after.state == "running" and was == "paused":
        yield from pause(name, "continue", "running")
    elif after.state == "running" and was != "running":
        yield from start(name)
    elif after.state == "paused" and was != "paused":
        if was == "stopped":
            yield from start(name)
        yield from pause(name, "pause", "paused")
    ran = () if stopped else before.running_dependents
    # They are listed in the order in which they stop; they start the other way round.
    for dependent in reversed(after.running_dependents):
        if dependent not in ran:
            yield from start(dependent)


def delete(name: str, before: ServiceState) -> Generator[Request, Reply, None]:
    if before.is_up:
        yield from stop_all(name, before, ())
    out = yield from write(Exec("sc", "delete", name))
    expect(out, "sc", f"delete service {name}", (OK, SERVICE_ABSENT, SERVICE_MARKED_FOR_DELETE))


def create(name: str, after: ServiceState) -> Generator[Request, Reply, None]:
    options = _options(ServiceState(), after)
    out = yield from write(Exec("sc", "create", name, *options))
    expect(out, "sc", f"create service {name}")


def configure(
    name: str, before: ServiceState, after: ServiceState
) -> Generator[Request, Reply, None]:
    options = _options(before, after)
    if options:
        out = yield from write(Exec("sc", "config", name, *options))
        expect(out, "sc", f"configure service {name}")
    if before.description != after.description:
        yield from _describe(name, after.description)


def _describe(name: str, text: str) -> Generator[Request, Reply, None]:
    if text:
        out = yield from write(Exec("sc", "description", name, text))
        expect(out, "sc", f"describe service {name}")
        return
    out = yield from write(registry.delete_value(services.key(name), "Description"))
    expect(out, "reg", f"remove the description of service {name}")


def _options(before: ServiceState, after: ServiceState) -> tuple[str, ...]:
    """The options of ``sc config`` for what differs; the blank after ``=`` is its syntax."""
    options: dict[str, str] = {}
    if before.path != after.path:
        options["binPath="] = after.path
    if before.service_type != after.service_type:
        options["type="] = SC_TYPES[after.service_type]
    if before.start_mode != after.start_mode:
        options["start="] = services.SC_START[after.start_mode]
    if before.error_control != after.error_control:
        options["error="] = after.error_control
    if before.load_order_group != after.load_order_group:
        options["group="] = after.load_order_group
    if before.dependencies != after.dependencies:
        # A single slash is how sc is told of an empty list.
        options["depend="] = "/".join(after.dependencies) or "/"
    if before.username != after.username:
        options["obj="] = after.username
    if before.display_name != after.display_name:
        options["DisplayName="] = after.display_name
    return tuple(word for option in options.items() for word in option)
