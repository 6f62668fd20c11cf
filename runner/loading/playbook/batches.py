"""Which hosts of a play go when: ``serial``, ``canary``, ``order``, ``max_in_flight``, and what
happens to the others when one fails.

Everything here must be known before any host is: templates see the static variables only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from runner.loading.playbook.reading import Reading
from runner.loading.text.data import OMIT
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields, check_variable_name, listed, static_text
from runner.loading.text.keywords import unsupported
from runner.loading.text.words import suggestion
from runner.model.playbook import BatchSize, OnFailure, Order

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)
_STRATEGIES: Final = {"linear": True, "free": False, "host_pinned": False}
_STRATEGY_HINT: Final = "linear (every host waits after each task), or free"


@dataclass(frozen=True, slots=True)
class Batches:
    """Those fields of a Play, under the same names."""

    serial: tuple[BatchSize, ...]
    canary: tuple[BatchSize, ...]
    order: Order
    linear: bool
    max_fail_percentage: float | None
    max_in_flight: Mapping[str, int]
    on_failure: OnFailure


def read_batches(fields: Fields, reading: Reading) -> Batches:
    """What this play says about its hosts' order and number. Raises PlaybookError."""
    return Batches(
        serial=_sizes(fields, "serial", reading),
        canary=_sizes(fields, "canary", reading),
        order=_choice(fields, "order", Order, reading) or Order.INVENTORY,
        linear=_is_linear(fields, reading),
        max_fail_percentage=_share_of_failures(fields, reading),
        max_in_flight=_in_flight(fields, reading),
        on_failure=_choice(fields, "on_failure", OnFailure, reading) or OnFailure.CONTINUE,
    )


def _plain(value: Value, reading: Reading) -> Any:
    return static_text(value, reading.templates, reading.static)


def _sizes(fields: Fields, name: str, reading: Reading) -> tuple[BatchSize, ...]:
    """A number, a percentage, or a list of these; a template may give any of them."""
    value = fields.get(name)
    if value is None or value.is_null:
        return ()
    sizes: list[BatchSize] = []
    for element in listed(value):
        given = _plain(element, reading)
        for size in given if isinstance(given, list) else [given]:
            if size is not OMIT:
                sizes.append(_size(size, element, name))
    if len(sizes) == 1 and isinstance(sizes[0], float) and sizes[0] == 1:
        return ()  # one batch of all hosts is no batches
    return tuple(sizes)


def _size(given: Any, value: Value, name: str) -> BatchSize:
    text = str(given).strip()
    percent = text.endswith("%")
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = -1.0
    wrong = isinstance(given, bool) or number < 0 or (not percent and number != int(number))
    if wrong or (percent and not 0 < number <= 100):
        hint = "write 5, 20% or a list of such sizes"
        raise value.error(f"'{given}' is no number of hosts for '{name}'", hint=hint)
    if percent:
        return number / 100
    return int(number) or 1.0  # Ansible: 0 is all that are left


def _share_of_failures(fields: Fields, reading: Reading) -> float | None:
    value = fields.get("max_fail_percentage")
    if value is None or value.is_null:
        return None
    given = _plain(value, reading)
    if given is OMIT:
        return None
    try:
        share = float(str(given).strip().removesuffix("%"))
    except ValueError:
        share = -1.0
    if isinstance(given, bool) or not 0 <= share <= 100:
        message = f"'max_fail_percentage' is a number from 0 to 100, found '{given}'"
        raise value.error(message)
    return share


def _in_flight(fields: Fields, reading: Reading) -> dict[str, int]:
    value = fields.get("max_in_flight")
    if value is None or value.is_null:
        return {}
    if not value.is_mapping:
        hint = "write {VARIABLE: NUMBER}: for each value of that host variable, so many hosts"
        message = f"'max_in_flight' is a mapping, found {value.kind}"
        raise value.error(message, hint=hint)
    limits: dict[str, int] = {}
    for key, item in value.entries():
        check_variable_name(key)
        given = _plain(item, reading)
        text = str(given).strip()
        if isinstance(given, bool) or not text.isdecimal() or int(text) < 1:
            raise item.error(f"'max_in_flight' needs a whole number from 1 on, found '{given}'")
        limits[str(key.plain())] = int(text)
    return limits


def _choice(fields: Fields, name: str, choices: type[ChoiceT], reading: Reading) -> ChoiceT | None:
    value = fields.get(name)
    if value is None or value.is_null:
        return None
    plain = _plain(value, reading)
    if plain is OMIT:
        return None
    given = str(plain)
    if given not in list(choices):
        hint = suggestion(given, choices, otherwise=f"known: {', '.join(choices)}")
        raise value.error(f"'{name}' cannot be '{given}'", hint=hint)
    return choices(given)


def _is_linear(fields: Fields, reading: Reading) -> bool:
    value = fields.get("strategy")
    if value is None or value.is_null:
        return False
    plain = _plain(value, reading)
    if plain is OMIT:
        return False
    given = str(plain).removeprefix("ansible.builtin.")
    if given == "debug":
        hint = "read the outcome of the failed task, mend it, and resume the run"
        raise unsupported(fields.keys["strategy"], "strategy: debug", "a play", hint)
    if given not in _STRATEGIES:
        hint = suggestion(given, _STRATEGIES, otherwise=_STRATEGY_HINT)
        raise value.error(f"there is no strategy '{given}'", hint=hint)
    return _STRATEGIES[given]
