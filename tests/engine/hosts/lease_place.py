"""Where leases of the tests are kept: a list of values, as a registry key or a folder is."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from runner.interfaces.exchange import Command, Exec, Output
from runner.interfaces.lease import Lease, Leased, Leases
from runner.interfaces.setting import Setting

NEXT = object()
"""A step was made, and there are more."""


class ListOfValues:
    """A registry key as a host has it: one step reads or writes one value. ``place`` is where a new
    value goes: ``last``, ``first``, or ``sorted``."""

    def __init__(self, place: str = "last") -> None:
        self.values: list[tuple[str, str]] | None = None
        self._place = place

    def has(self, name: str) -> bool:
        return any(name == known for known, _ in self.values or ())

    def write(self, name: str, text: str) -> None:
        values = self.values = self.values or []
        for i, (known, _) in enumerate(values):
            if known == name:
                values[i] = (name, text)
                return
        values.insert(0 if self._place == "first" else len(values), (name, text))
        if self._place == "sorted":
            values.sort()

    def delete(self, name: str) -> None:
        if self.values is not None:
            self.values = [value for value in self.values if value[0] != name]

    def at(self, index: int) -> tuple[str, str] | None:
        return self.values[index] if self.values and index < len(self.values) else None


class Keeps(Leases):
    """The commands as data, for the world below."""

    place = "the list"

    def setting(self, of_change: Setting) -> Setting:
        return of_change

    def take(self, lease: Lease, without: Sequence[str] = ()) -> Command:
        return Exec("take", lease.name, lease.text, *without)

    def taking(self, lease: Lease) -> Command | None:
        return Exec("taking", lease.name, lease.text)

    def keep(self, lease: Lease) -> Command:
        return Exec("keep", lease.name, lease.text)

    def withdraw(self, lease: Lease) -> Command:
        return Exec("withdraw", lease.name)

    def release(self, lease: Lease, *, alone: bool) -> Command:
        return Exec("release" if alone else "withdraw", lease.name)

    def read(self, output: Output) -> Leased:
        lines = output.stdout.splitlines()
        found = [Lease.read(*line.split(" ")) for line in lines if " " in line]
        return Leased(tuple(found), kept="kept" in lines, stays="stays" in lines)


def carried_out(host: ListOfValues, command: Command) -> Generator[object, None, Output]:
    """One command on the host, a step at a time."""
    assert isinstance(command, Exec)
    verb, name, *rest = command.argv
    if verb in ("take", "taking"):
        for stale in rest[1:]:
            host.delete(stale)
            yield NEXT
        host.write(name, rest[0])
        yield NEXT
    elif verb == "keep":
        there = host.has(name)
        yield NEXT
        if there:
            host.write(name, rest[0])
            yield NEXT
    elif verb == "withdraw":
        host.delete(name)
        yield NEXT
        return Output(0)
    else:
        there = host.has(name)
        yield NEXT
        if there:
            host.values = None  # the key with all its values, in one step
            yield NEXT
        return Output(0)
    lines: list[str] = ["kept"] if verb == "keep" and there else []
    index = 0
    while (value := host.at(index)) is not None:
        lines.append(" ".join(value))
        index += 1
        yield NEXT
    if verb == "taking":
        return Output(0 if lines == [f"{name} {rest[0]}"] and host.has(name) else 1)
    if verb == "take" and host.has(name):
        lines.append("stays")
    return Output(0, "\n".join(lines))
