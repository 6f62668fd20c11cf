r"""Registry hives in files: the signature that real ones begin with, and the keys as JSON.

Which are loaded stands in the registry itself (`Control\hivelist`), until the machine stops.
"""

from __future__ import annotations

import json
from typing import Any

from runner.lab.state.host import Host
from runner.lab.state.registry import Key

__all__ = ["LIST", "ROOTS", "device", "held", "packed", "root_of", "unmount", "unmount_all"]

LIST = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\hivelist"
ROOTS = {"MACHINE": "HKEY_LOCAL_MACHINE", "USER": "HKEY_USERS"}
_SIGNATURE = b"regf"
_VOLUME = r"\Device\HarddiskVolume1"


def packed(root: Key) -> bytes:
    """A hive file with all that is below a key; the same bytes for the same keys."""
    return _SIGNATURE + json.dumps(_plain(root), sort_keys=True).encode()


def root_of(name: str, content: bytes) -> Key | None:
    """The key with all that a hive file holds, under this name; None for no hive."""
    if not content.startswith(_SIGNATURE):
        return None
    return _key(name, json.loads(content[len(_SIGNATURE) :]))


def _plain(key: Key) -> dict[str, Any]:
    values = {
        value.name: [value.type, {"hex": value.data.hex()}]
        if isinstance(value.data, bytes)
        else [value.type, value.data]
        for value in key.values.values()
    }
    return {"values": values, "keys": {child.name: _plain(child) for child in key.children()}}


def _key(name: str, plain: dict[str, Any]) -> Key:
    key = Key(name)
    for value, (kind, data) in plain["values"].items():
        if isinstance(data, dict):
            data = bytes.fromhex(data["hex"])
        key.set(value, kind, tuple(data) if isinstance(data, list) else data)
    for child, below in plain["keys"].items():
        key.subkeys[child.lower()] = _key(child, below)
    return key


def device(file: str) -> str:
    """A file as the list names it."""
    return _VOLUME + file[2:]


def held(host: Host) -> set[str]:
    """The files of hives that are loaded, in small letters."""
    hives = host.registry.find(LIST)
    return {str(value.data).lower() for value in hives.values.values()} if hives else set()


def unmount(host: Host, listed: str) -> bool:
    r"""Write the hive `\REGISTRY\MACHINE\NAME` back, and take its key away; False for none."""
    root, _, name = listed.removeprefix("\\REGISTRY\\").partition("\\")
    path = f"{ROOTS.get(root, root)}\\{name}"
    place, key = host.registry.text(LIST, listed), host.registry.find(path)
    if not place or key is None:
        return False
    file = f"C:{place[len(_VOLUME) :]}"
    entry = host.files.find(file)
    content = packed(key)
    if entry is not None and entry.content != content:
        host.files.write(file, content, host.clock.now())
    host.registry.delete_key(path)
    host.registry.delete_value(LIST, listed)
    hives = host.registry.find(LIST)
    if hives is not None and not hives.values:
        host.registry.delete_key(LIST)
    return True


def unmount_all(host: Host) -> None:
    """What a restart does: a hive that was loaded is loaded no more (RegLoadKey)."""
    hives = host.registry.find(LIST)
    for value in list(hives.values.values()) if hives else ():
        unmount(host, value.name)
