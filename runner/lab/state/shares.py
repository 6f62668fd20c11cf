"""What a simulated machine shares: values in the registry, as on Windows."""

from __future__ import annotations

from runner.lab.state.registry import Registry

__all__ = ["shares_of"]


def shares_of(registry: Registry) -> dict[str, str]:
    """The shares that the Server service offers, and their directories."""
    key = registry.find(r"HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Shares")
    shares = {}
    for value in key.values.values() if key else ():
        if isinstance(value.data, tuple):
            fields = dict(item.split("=", 1) for item in value.data if "=" in item)
            shares[value.name] = fields.get("Path", "")
    return shares
