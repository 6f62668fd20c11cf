r"""Hives in files: `reg load` and `reg unload`.

Source: Microsoft, "Registry Hives" (`hivelist`), "RegLoadKey", "RegUnLoadKey": only below HKLM and
HKU; a file that is not there is made; a file that is loaded is held open.
"""

from __future__ import annotations

from runner.lab.state.hives import LIST, ROOTS, device, held, packed, root_of, unmount
from runner.lab.state.process import Process
from runner.lab.state.registry import Key
from runner.lab.toolkit.regwords import Options, RegFault, key_path

__all__ = ["load", "unload"]

_ROOTS = {hive: name for name, hive in ROOTS.items()}
_HELD = "The process cannot access the file because it is being used by another process."


def _place(process: Process, options: Options) -> tuple[str, str, str]:
    """The key that a hive stands under, its parent, and its name in the list."""
    path = key_path(process, options.operands[0], options)
    hive, _, name = path.partition("\\")
    if hive not in _ROOTS or not name or "\\" in name:
        raise RegFault("Invalid key name.")
    return path, name, rf"\REGISTRY\{_ROOTS[hive]}\{name.upper()}"


def load(process: Process, options: Options) -> None:
    """Make a file's keys those below a new key. Not counted as a change: the file stays as it is,
    unless it has to be made.
    """
    path, name, listed = _place(process, options)
    host, file = process.host, process.absolute(options.operands[1])
    if host.registry.find(path) is not None:
        raise RegFault("Access is denied.")
    entry = host.files.find(file)
    if entry is None:
        process.mutates()
        host.files.write(file, packed(Key("")), host.clock.now())
        entry = host.files.find(file)
    if device(file).lower() in held(host):
        raise RegFault(_HELD)
    root = root_of(name, (entry.content if entry is not None else None) or b"")
    if root is None:
        raise RegFault("The registry is corrupted.")
    host.registry.create(path.rpartition("\\")[0]).subkeys[name.lower()] = root
    host.registry.set(LIST, listed, device(file))


def unload(process: Process, options: Options) -> None:
    """Write a hive back into its file, and take its key away."""
    _, _, listed = _place(process, options)
    if not unmount(process.host, listed):
        raise RegFault("The parameter is incorrect.")
