"""Incremental decoding of what programs print, for people only: what is no text is replaced."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Final

_SAMPLE: Final = 4


class LiveDecoder:
    """Bytes of one stream, cut anywhere, to text.

    ``first`` is the encoding that a shell's programs print in, whatever the link says, as long as
    it fits ("" if there is none such). A byte order mark, or zero bytes at odd places, say that
    it is UTF-16, as for whole answers.
    """

    def __init__(self, first: str, link: Callable[[], str]) -> None:
        self._first = first
        self._link = link
        self._early = b""
        self._trial: codecs.IncrementalDecoder | None = None
        self._tried = b""
        self._decoder: codecs.IncrementalDecoder | None = None

    def decode(self, data: bytes, *, final: bool = False) -> str:
        """The text that is complete; what is not waits for more, unless this is the end."""
        if self._decoder is None:
            data, self._early = self._early + data, b""
            if len(data) < _SAMPLE and not final:
                self._early = data
                return ""
            self._choose(data)
        if self._trial is not None:
            return self._try(data, final)
        assert self._decoder is not None
        return self._decoder.decode(data, final)

    def restart(self) -> None:
        """Bytes were left out: a character that was cut is gone."""
        self._early = self._tried = b""
        for decoder in (self._decoder, self._trial):
            if decoder is not None:
                decoder.reset()

    def _try(self, data: bytes, final: bool) -> str:
        """Decode as ``first`` says; where that does not fit, as the link says from then on."""
        assert self._trial is not None
        try:
            text = self._trial.decode(data, final)
        except UnicodeDecodeError:
            self._trial = None
            assert self._decoder is not None
            return self._decoder.decode(self._tried + data, final)
        held, _ = self._trial.getstate()
        self._tried = held
        return text

    def _choose(self, data: bytes) -> None:
        if data.startswith(codecs.BOM_UTF8):
            self._decoder = _decoder("utf-8-sig")
        elif data.startswith(codecs.BOM_UTF16_LE):
            self._decoder = _decoder("utf-16")
        elif data[1:2] == data[3:4] == b"\0" and b"\0" not in data[0:4:2]:
            self._decoder = _decoder("utf-16-le")
        else:
            self._decoder = _decoder(self._link())
            if self._first and self._first != self._link():
                self._trial = codecs.getincrementaldecoder(self._first)("strict")


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        return codecs.getincrementaldecoder(encoding)("replace")
    except LookupError:
        return codecs.getincrementaldecoder("utf-8")("replace")
