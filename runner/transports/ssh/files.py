"""Files by sftp, beside the commands of the same connection."""

from __future__ import annotations

import time
from typing import Final

import paramiko

from runner.interfaces.exchange import Upload
from runner.interfaces.transfer import pieces_from

_CHUNK: Final = 1 << 18
_STALL: Final = 30.0
"""Seconds in which something has to move."""


class NoSftp(Exception):
    """The host takes no files this way; the connection is as good as before."""


class Late(Exception):
    """Our own clock ran out."""


def begin(channel: paramiko.Channel) -> paramiko.SFTPClient:
    """The subsystem on a new channel. Raises NoSftp where the host has none that answers."""
    channel.settimeout(_STALL)
    try:
        channel.invoke_subsystem("sftp")
        return paramiko.SFTPClient(channel)
    except (paramiko.SSHException, paramiko.SFTPError, EOFError, OSError) as error:
        if answers(channel.get_transport()):
            raise NoSftp(str(error) or type(error).__name__) from None
        raise


def send(client: paramiko.SFTPClient, upload: Upload, path: str, end: float) -> None:
    """Write the content from where it stopped. Raises Late; OSError for what the host refuses."""
    with client.open(path, "r+" if upload.start else "w") as file:
        if upload.start:
            file.truncate(upload.start)
            file.seek(upload.start)
        file.set_pipelined(True)
        for piece in pieces_from(upload.content, upload.start, _CHUNK):
            file.write(piece)
            if time.monotonic() > end:
                raise Late
        # Answers come in order, so this one comes after those to every write; what went wrong with
        # the last of them is told by nothing else.
        if file.stat().st_size != upload.content.size:
            raise OSError("not all of it was taken")


def answers(transport: paramiko.Transport | None) -> bool:
    """Whether the host is still at the other end, asked by a request that it may refuse.

    A connection that broke fails what is sent on it a moment before paramiko knows that it is
    gone, so its own word on that would take a loss for a refusal (RFC 4254 section 4).
    """
    if transport is None or not transport.is_active():
        return False
    try:
        transport.global_request("keepalive@openssh.com")
    except (paramiko.SSHException, EOFError, OSError):
        return False
    return transport.is_active()
