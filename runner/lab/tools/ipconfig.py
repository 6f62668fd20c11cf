"""ipconfig.exe: the addresses that the registry holds."""

from __future__ import annotations

from runner.lab.state.process import Process

_INTERFACES = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces"


def main(process: Process) -> int:
    """`ipconfig` and `ipconfig /flushdns`."""
    words = [word.lower() for word in process.args]
    if words == ["/flushdns"]:
        process.mutates()
        process.out("\nWindows IP Configuration\n\n")
        process.out("Successfully flushed the DNS Resolver Cache.\n")
        return 0
    if words:
        process.not_simulated(f"ipconfig {' '.join(words)}")
    process.out("\nWindows IP Configuration\n\n\nEthernet adapter Local Area Connection:\n\n")
    key = process.host.registry.find(_INTERFACES)
    for child in key.children() if key else ():
        addresses, masks = child.get("IPAddress"), child.get("SubnetMask")
        if addresses is None or masks is None:
            continue
        assert isinstance(addresses.data, tuple)
        assert isinstance(masks.data, tuple)
        for address, mask in zip(addresses.data, masks.data, strict=False):
            process.out("   Connection-specific DNS Suffix  . : \n")
            process.out(f"   IPv4 Address. . . . . . . . . . . : {address}\n")
            process.out(f"   Subnet Mask . . . . . . . . . . . : {mask}\n")
            process.out("   Default Gateway . . . . . . . . . : \n")
    return 0
