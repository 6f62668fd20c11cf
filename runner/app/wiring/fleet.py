"""A fleet: an inventory with the variables of the command line, and what opens its secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from runner.app.wiring.masking import passwords_in, watch
from runner.app.wiring.options import NO_VAULT, VaultOptions
from runner.app.wiring.twins import Twins, UnneededKeys
from runner.app.wiring.vault_keys import ask as ask_vault
from runner.app.wiring.vault_keys import password_sources, vault_keys
from runner.loading.inventory.inventory import load_inventory
from runner.loading.templates.templates import JinjaTemplates
from runner.loading.text.vault import VaultKeys
from runner.loading.text.vault_passwords import read_passwords
from runner.loading.variables import parse_extra_vars
from runner.model.inventory import Addition, Inventory
from runner.model.secret import SECRET_VARIABLES, Redactor, Secret

Grow: TypeAlias = Callable[[Inventory, Addition], Inventory]
"""Puts an addition into an inventory."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """An inventory with what is needed to reach its hosts."""

    inventory: Inventory
    extra: Mapping[str, Any]
    templates: JinjaTemplates
    redactor: Redactor
    keys: VaultKeys = field(default_factory=VaultKeys)
    """Open whatever else is read for this fleet; what they open is masked."""
    twins: Twins | None = None
    """Who is reached in place of its hosts; None outside of a rehearsal."""


def load_fleet(
    paths: tuple[Path, ...],
    extra: tuple[str, ...],
    password: str | None = None,
    playbook_dir: Path | None = None,
    vault: VaultOptions = NO_VAULT,
) -> Fleet:
    """Read the inventory and the extra variables; a password from the prompt wins over both."""
    redactor = Redactor()
    watch(redactor)
    redactor.add(*(word for text in extra for word in passwords_in(text)))
    twins = Twins.found()
    keys = _keys(vault, redactor, rehearsing=twins is not None)
    templates = JinjaTemplates(playbook_dir, redactor.add, keys)
    variables = dict(parse_extra_vars(list(extra), keys=keys))
    for name in SECRET_VARIABLES & variables.keys():
        if not isinstance(variables[name], Secret):
            variables[name] = Secret(str(variables[name]))
    if twins is not None:
        variables |= twins.variables
    if password is not None:
        variables["ansible_password"] = Secret(password)
    # Mistakes in the inventory are shown before it is whole.
    redactor.add(*(secret.reveal() for secret in secrets_in(variables)))
    inventory = load_inventory(
        paths, playbook_dir=playbook_dir, extra=variables, templates=templates, keys=keys
    )
    redactor.add(*(s.reveal() for s in secrets_in([variables, *inventory.all_vars()])))
    inventory = replace(
        inventory,
        grow=_masking(inventory.grow, redactor),
        refresh=_masking_all(inventory.refresh, redactor),
    )
    return Fleet(inventory, variables, templates, redactor, keys, twins)


def _keys(vault: VaultOptions, redactor: Redactor, *, rehearsing: bool) -> VaultKeys:
    """What opens the fleet's secrets. For a rehearsal only what the command line names is asked."""
    if not rehearsing:
        return vault_keys(vault, on_secret=redactor.add)
    given = read_passwords(password_sources(vault, {}), ask_vault, on_secret=redactor.add)
    return UnneededKeys(given.passwords, redactor.add)


def _masking(grow: Grow, redactor: Redactor) -> Grow:
    """What a run adds to the inventory may bring secrets, too."""

    def grown(inventory: Inventory, addition: Addition) -> Inventory:
        found = grow(inventory, addition)
        if found is not inventory:
            of_host = found.hosts[addition.host].vars
            redactor.add(*(secret.reveal() for secret in secrets_in(of_host)))
        return found

    return grown


def _masking_all(
    refresh: Callable[[Inventory], Inventory], redactor: Redactor
) -> Callable[[Inventory], Inventory]:
    """The same of sources that are read again."""

    def refreshed(inventory: Inventory) -> Inventory:
        found = refresh(inventory)
        redactor.add(*(secret.reveal() for secret in secrets_in(list(found.all_vars()))))
        return found

    return refreshed


def public_variables(fleet: Fleet) -> dict[str, Any]:
    """The variables of the command line that hold no secret."""
    return {
        name: value
        for name, value in sorted(fleet.extra.items())
        if not isinstance(value, Secret) and fleet.redactor.value(value) == value
    }


def secrets_in(value: Any) -> Iterator[Secret]:
    """Every secret in a nested value."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from secrets_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from secrets_in(inner)
