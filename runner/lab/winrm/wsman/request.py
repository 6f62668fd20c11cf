"""Reading a WS-Management request, as pywinrm and pypsrp write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from runner.lab.winrm.wsman import faults
from runner.lab.winrm.wsman.names import IDENTITY

DEFAULT_TIMEOUT: Final = 60.0
"""Seconds that an operation may take when the request does not say (MaxTimeoutms)."""

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


class Malformed(Exception):
    """Not a SOAP envelope that this service would read."""


@dataclass(frozen=True, slots=True)
class Request:
    """One envelope. ``content`` is the first element of its body, if there is one."""

    action: str
    message_id: str
    resource: str
    timeout_text: str
    max_envelope: int
    selectors: Mapping[str, str]
    options: Mapping[str, str]
    content: ET.Element | None

    @property
    def identify(self) -> bool:
        """An Identify carries no addressing header (DSP0226, section 11)."""
        return self.content is not None and self.content.tag == f"{{{IDENTITY}}}Identify"

    @property
    def timeout(self) -> float:
        """OperationTimeout in seconds. Raises Fault for a field that is no duration."""
        if not self.timeout_text:
            return DEFAULT_TIMEOUT
        try:
            return duration(self.timeout_text)
        except ValueError:
            raise faults.bad_timeout(self.timeout_text) from None

    def flag(self, option: str) -> bool:
        """A boolean option; pywinrm writes TRUE, pypsrp True."""
        return self.options.get(option, "").strip().lower() in {"true", "1"}

    def find(self, name: str) -> ET.Element | None:
        """The first element below ``content`` with that local name."""
        return None if self.content is None else self.content.find(f"{{*}}{name}")

    def text(self, name: str) -> str:
        """The text of that element, or an empty string."""
        return "" if self.content is None else self.content.findtext(f"{{*}}{name}", "")


def duration(text: str) -> float:
    """Seconds in an xs:duration without years and months. Raises ValueError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise ValueError(text)
    part = {name: float(value or 0) for name, value in match.groupdict().items()}
    return part["days"] * 86400 + part["hours"] * 3600 + part["minutes"] * 60 + part["seconds"]


def read_request(body: bytes, charset: str = "utf-8") -> Request:
    """Parse an envelope. Document types and entities are refused unread. Raises Malformed."""
    try:
        text = body.decode(charset)
    except (LookupError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Malformed("a document type is not allowed in an envelope")
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise Malformed(str(error)) from error
    found = root.find("{*}Header")
    header = ET.Element("Header") if found is None else found
    return _request(header, root.find("{*}Body"))


def _request(header: ET.Element, body: ET.Element | None) -> Request:
    def field(name: str) -> str:
        return header.findtext(f"{{*}}{name}", "").strip()

    size = field("MaxEnvelopeSize")
    return Request(
        action=field("Action"),
        message_id=field("MessageID"),
        resource=field("ResourceURI"),
        timeout_text=field("OperationTimeout"),
        max_envelope=int(size) if size.isdigit() else 153600,
        selectors=_named(header, "SelectorSet", "Selector"),
        options=_named(header, "OptionSet", "Option"),
        content=body[0] if body is not None and len(body) else None,
    )


def _named(header: ET.Element, group: str, item: str) -> dict[str, str]:
    found = header.find(f"{{*}}{group}")
    if found is None:
        return {}
    return {
        element.get("Name", ""): (element.text or "").strip()
        for element in found.iterfind(f"{{*}}{item}")
    }
