"""The configuration resource: what an administrator gets from ``winrm get winrm/config``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Union

from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.wsman.limits import Limits
from runner.lab.winrm.wsman.names import CONFIG

_Tree = Mapping[str, Union[str, int, "_Tree"]]


def config(limits: Limits, options: FrontOptions) -> str:
    """The cfg:Config element of WinRM 3.0 with this host's quotas and settings."""
    return f'<cfg:Config xmlns:cfg="{CONFIG}">{_elements(_tree(limits, options))}</cfg:Config>'


def _elements(tree: _Tree) -> str:
    return "".join(
        f"<cfg:{name}>{_elements(value) if isinstance(value, Mapping) else value}</cfg:{name}>"
        for name, value in tree.items()
    )


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _tree(limits: Limits, options: FrontOptions) -> _Tree:
    ports: _Tree = {"HTTP": 5985, "HTTPS": 5986}
    return {
        "MaxEnvelopeSizekb": limits.envelope // 1024,
        "MaxTimeoutms": int(limits.timeout * 1000),
        "MaxBatchItems": 32000,
        "MaxProviderRequests": 4294967295,
        "Service": {
            "MaxConcurrentOperations": 4294967295,
            "MaxConcurrentOperationsPerUser": limits.operations,
            "EnumerationTimeoutms": 240000,
            "MaxConnections": limits.connections,
            "MaxPacketRetrievalTimeSeconds": 120,
            "AllowUnencrypted": _truth(options.allow_unencrypted),
            "Auth": {
                "Basic": _truth(options.basic),
                "Kerberos": "false",
                "Negotiate": _truth(options.negotiate),
                "Certificate": "false",
                "CredSSP": "false",
                "CbtHardeningLevel": options.channel_binding.capitalize(),
            },
            "DefaultPorts": ports,
            "IPv4Filter": "*",
            "IPv6Filter": "*",
            "EnableCompatibilityHttpListener": "false",
            "EnableCompatibilityHttpsListener": "false",
            "CertificateThumbprint": "",
            "AllowRemoteAccess": "true",
        },
        "Winrs": {
            "AllowRemoteShellAccess": "true",
            "IdleTimeout": int(limits.idle * 1000),
            "MaxConcurrentUsers": limits.users,
            "MaxShellRunTime": 2147483647,
            "MaxProcessesPerShell": limits.processes,
            "MaxMemoryPerShellMB": limits.memory_mb,
            "MaxShellsPerUser": limits.shells,
        },
    }
