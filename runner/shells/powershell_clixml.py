"""PowerShell's error stream: CLIXML blocks between plain text ([MS-PSRP] 2.2.5)."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree

_MARK: Final = "#< CLIXML"
_END: Final = "</Objs>"
_ESCAPE: Final = re.compile("_x([0-9A-Fa-f]{4})_")
_STRING: Final = "{http://schemas.microsoft.com/powershell/2004/04}S"


def errors_of(text: str) -> str:
    """The text with each CLIXML block replaced by the error records in it.

    Progress, warnings and verbose lines in the blocks are left out. A block that cannot be read
    stays as it is.
    """
    if _MARK not in text:
        return text
    before, *rest = text.split(_MARK)
    out = [before]
    for piece in rest:
        block, end, after = _split(piece)
        read = _errors(block) if end else None
        out.append(_MARK + piece if read is None else read + after)
    return "".join(out)


def _split(piece: str) -> tuple[str, bool, str]:
    """A block may hold several ``<Objs>`` documents, one after the other."""
    last = piece.rfind(_END)
    if last < 0:
        return piece, False, ""
    end = last + len(_END)
    return piece[:end], True, piece[end:].lstrip("\n")


def _errors(block: str) -> str | None:
    if "<!" in block:  # no document type, no entities: nothing that could be expanded
        return None
    parts: list[str] = []
    for document in block.split(_END)[:-1]:
        try:
            root = ElementTree.fromstring(document.strip() + _END)
        except ElementTree.ParseError:
            return None
        found = (node for node in root.iter(_STRING) if node.get("S") == "Error")
        parts += [unescape(node.text or "") for node in found]
    return "".join(parts).replace("\r\n", "\n")


def unescape(text: str) -> str:
    """Resolve every ``_xHHHH_`` (a UTF-16 unit), surrogate pairs included."""
    if "_x" not in text:
        return text
    units = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
