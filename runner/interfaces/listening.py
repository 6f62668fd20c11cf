"""Listening to a command while it runs: what a connection tells besides its final answer."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

Stream: TypeAlias = Literal["stdout", "stderr"]


class Listener(Protocol):
    """Told of output as it arrives, by the thread that is in ``Connection.run``.

    ``data`` is what came since the last call, cut wherever the network cut it (in the middle of a
    character, too). It is empty when there was nothing for a while: the command still runs. A
    listener returns at once and never raises, except DeadlineExceeded: that ends the command, as
    when its own deadline is passed.
    """

    def __call__(self, stream: Stream, data: bytes) -> None:
        """Take in the next bytes of one stream."""
