"""When the process looks for rings of objects that nobody uses any more.

Nearly all that is made while the program loads stays to its end. Python would look through it time
and again, whenever 700 objects more are there, and once more when the process ends; it finds
nothing, and takes a fifth of a short run. So the search is put off until the program is loaded, and
then leaves alone what is there. What comes and goes later is looked through as ever, only in larger
portions: 10,000 objects are some megabytes.

Only for a process that is ours alone: what is garbage at the moment of ``loaded`` is never freed.
"""

from __future__ import annotations

import gc
from typing import Final

_LOADING: Final = 250_000
_PORTION: Final = 10_000


def put_off() -> None:
    """The program begins to load. It counts as loaded at the latest when so much is there."""
    gc.callbacks.append(_looked)
    gc.set_threshold(_LOADING)


def loaded() -> None:
    """All is there that stays; nothing happens where the search was not put off."""
    if _looked in gc.callbacks:
        gc.freeze()
        _as_ever()


def leaving() -> None:
    """The process is about to end, and the system takes back everything at once."""
    gc.freeze()


def _looked(phase: str, _: dict[str, int]) -> None:
    if phase == "stop":
        _as_ever()


def _as_ever() -> None:
    gc.callbacks.remove(_looked)
    gc.set_threshold(_PORTION)
