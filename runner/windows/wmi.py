"""What ``wmic ... /value`` prints, and the times in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from runner.interfaces.exchange import Output

_CIM: Final = re.compile(r"^(\d{14})\.(\d{6})([+-]\d{3})$")


def properties(output: Output) -> Mapping[str, str]:
    """``Name=value`` lines of one object; none when the command failed."""
    if output.code != 0:
        return {}
    pairs = (line.strip().partition("=") for line in output.stdout.splitlines())
    return {name: value for name, equals, value in pairs if equals}


def column(output: Output, name: str) -> tuple[str, ...]:
    """All values of one property, in order, where several objects were printed."""
    if output.code != 0:
        return ()
    pairs = (line.strip().partition("=") for line in output.stdout.splitlines())
    return tuple(value for key, equals, value in pairs if equals and key == name)


@dataclass(frozen=True, slots=True)
class Moment:
    """A CIM time as it was printed, and as a time with its zone."""

    text: str
    when: datetime

    def date_time(self) -> dict[str, Any]:
        """Ansible's ``date_time`` fact of this moment."""
        utc = self.when.astimezone(timezone.utc)  # noqa: UP017 - the name says what it is
        return {
            "date": f"{self.when:%Y-%m-%d}",
            "day": f"{self.when:%d}",
            "epoch": str(int(utc.timestamp())),
            "hour": f"{self.when:%H}",
            "iso8601": f"{utc:%Y-%m-%dT%H:%M:%SZ}",
            "iso8601_basic": f"{self.when:%Y%m%dT%H%M%S%f}",
            "iso8601_basic_short": f"{self.when:%Y%m%dT%H%M%S}",
            "iso8601_micro": f"{utc:%Y-%m-%dT%H:%M:%S.%fZ}",
            "minute": f"{self.when:%M}",
            "month": f"{self.when:%m}",
            "second": f"{self.when:%S}",
            "time": f"{self.when:%H:%M:%S}",
            "tz_offset": f"{self.when:%z}",
            "weekday": _WEEKDAYS[self.when.weekday()],
            "weekday_number": str(self.when.isoweekday() % 7),
            "year": f"{self.when:%Y}",
        }


_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def moment(text: str) -> Moment | None:
    """A CIM time such as ``20170515080910.500000+480`` (the zone in minutes east of UTC)."""
    found = _CIM.match(text.strip())
    if not found:
        return None
    zone = timezone(timedelta(minutes=int(found[3])))
    try:
        when = datetime.strptime(found[1] + found[2], "%Y%m%d%H%M%S%f").replace(tzinfo=zone)
    except ValueError:
        return None
    return Moment(text.strip(), when)


def rows(output: Output) -> tuple[Mapping[str, str], ...]:
    """Every object that ``/value`` printed: one begins where a property comes again."""
    if output.code != 0:
        return ()
    found: list[dict[str, str]] = []
    for line in output.stdout.splitlines():
        name, equals, value = line.strip().partition("=")
        if not equals:
            continue
        if not found or name in found[-1]:
            found.append({})
        found[-1][name] = value
    return tuple(found)
