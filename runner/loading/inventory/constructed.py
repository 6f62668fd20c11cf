"""The ``constructed`` inventory plug-in: variables and groups that follow from other variables.

Everything is as in ansible-core 2.19 (``ansible.builtin.constructed``): the file sees the hosts,
groups and variables of the sources before it, and the groups are not joined to ``all`` yet. Where
an expression cannot be evaluated, ``strict: false`` passes over it. A condition that gives neither
true nor false is always an error here: Ansible would quietly leave the group empty.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from runner.errors import InputError, InventoryError, TemplateError
from runner.interfaces.template import Templates
from runner.loading.inventory.assembly import Assembly
from runner.loading.inventory.constructed_file import Config, Keyed, Rule, read_config
from runner.loading.inventory.tree import ALL
from runner.loading.text.data import as_data, hide_secrets
from runner.loading.text.document import Document
from runner.loading.text.words import suggestion
from runner.model.inventory import short_name
from runner.model.source import Source

_NAMES: Final = ("constructed", "ansible.builtin.constructed")
_INVALID: Final = re.compile(r"^[\d\W]|[^\w]")
FolderVarsOf = Callable[[Sequence[str], str], Iterable[Mapping[str, Any]]]
"""What the folders of variables say about groups and a host, the weaker first."""


def is_plugin(document: Document) -> bool:
    """Whether this is the configuration of an inventory plug-in, not an inventory."""
    root = document.root
    return (
        root is not None
        and root.is_mapping
        and any(key.plain() == "plugin" and bool(value.plain()) for key, value in root.entries())
    )


def read_plugin(
    document: Document,
    assembly: Assembly,
    templates: Templates | None,
    extra: Mapping[str, Any],
    folder_vars: FolderVarsOf,
) -> None:
    """Do what the configuration says. Raises InventoryError for a plug-in that there is not."""
    assert document.root is not None
    plugin = next(value for key, value in document.root.entries() if key.plain() == "plugin")
    if plugin.plain() not in _NAMES:
        name = str(plugin.plain())
        otherwise = "run ansible-inventory --list, and give its output through a script"
        hint = suggestion(name.rpartition(".")[2], _NAMES, otherwise=otherwise)
        raise plugin.error(f"there is no inventory plug-in '{name}'", hint=hint)
    if templates is None:
        from runner.loading.templates.templates import JinjaTemplates

        templates = JinjaTemplates()
    config = read_config(document, templates)
    _Constructor(config, assembly, templates, extra, folder_vars).run()


def safe_name(name: str) -> str:
    """A group's name in which everything that no variable could have is ``_``."""
    return _INVALID.sub("_", name)


class _Constructor:
    def __init__(
        self,
        config: Config,
        assembly: Assembly,
        templates: Templates,
        extra: Mapping[str, Any],
        folder_vars: FolderVarsOf,
    ) -> None:
        self._config = config
        self._assembly = assembly
        self._templates = templates
        self._extra = extra
        self._folder_vars = folder_vars
        self._shared: dict[frozenset[str], dict[str, Any]] = {}
        self._tree = assembly.tree()
        self._direct = assembly.direct()

    def run(self) -> None:
        for host in list(self._assembly.hosts):
            variables = self._variables(host)
            for rule in self._config.compose:
                with _Lenient(self._config, rule.source):
                    value = self._value(rule.expression, variables, rule.source)
                    self._assembly.add_host(host, None, {rule.name: value}, rule.where)
            if self._config.compose:
                variables = self._variables(host)
            for rule in self._config.groups:
                with _Lenient(self._config, rule.source):
                    if self._holds(rule, variables):
                        self._join(host, safe_name(rule.name))
            for keyed in self._config.keyed_groups:
                with _Lenient(self._config, keyed.source):
                    self._keyed(host, keyed, variables)

    # -- what expressions see ---------------------------------------------------------------

    def _variables(self, host: str) -> Mapping[str, Any]:
        """A host's variables as they are now: its groups', its own, its name and groups."""
        tree = self._assembly.tree()
        if tree is not self._tree:
            self._tree = tree
            self._shared.clear()
        groups = tree.with_ancestors(self._direct[host])
        if groups not in self._shared:
            merged: dict[str, Any] = {}
            for group in sorted(groups, key=tree.rank):
                merged.update(self._assembly.groups[group].vars)
            self._shared[groups] = hide_secrets(merged)
        layers = [
            {
                "inventory_hostname": as_data(host),
                "inventory_hostname_short": as_data(short_name(host)),
                "group_names": as_data(sorted(groups - {ALL})),
                "inventory_file": self._assembly.files[host],
            },
            hide_secrets(self._assembly.hosts[host]),
            self._shared[groups],
        ]
        if self._config.use_vars_plugins:
            order = sorted(groups, key=tree.rank)
            layers[1:1] = reversed([dict(part) for part in self._folder_vars(order, host)])
        return ChainMap(*layers)

    def _value(self, expression: Any, variables: Mapping[str, Any], source: Source) -> Any:
        if not isinstance(expression, str):
            return expression
        if self._config.use_extra_vars:
            variables = ChainMap(dict(self._extra), dict(variables))
        return self._templates.expression(expression, variables, source)

    def _holds(self, rule: Rule, variables: Mapping[str, Any]) -> bool:
        value = rule.expression
        if isinstance(value, str):
            value = self._templates.expression(value, variables, rule.source)
        if isinstance(value, bool):
            return value
        kind = "nothing" if value is None else f"a {type(value).__name__}"
        hint = f"write: {rule.expression} | bool, or: {rule.expression} is truthy"
        message = f"the condition of the group '{rule.name}' gives {kind}, not true or false"
        raise InventoryError(message, source=rule.source, hint=hint)

    # -- groups -----------------------------------------------------------------------------

    def _join(self, host: str, group: str) -> None:
        self._assembly.group(group)
        self._assembly.add_host(host, group, {})
        if group not in self._direct[host]:
            self._direct[host].append(group)

    def _keyed(self, host: str, keyed: Keyed, variables: Mapping[str, Any]) -> None:
        key = self._value(keyed.key, variables, keyed.source)
        use_default = key in (None, "") and keyed.default_value is not None
        if not key and not use_default:
            if self._config.strict and key not in ([], {}):
                message = f"the key '{keyed.key}' is empty on '{host}'"
                raise TemplateError(message, source=keyed.source)
            return
        parent = keyed.parent_group
        if parent is not None:
            parent = self._templates.render(parent, variables, keyed.source)
        separator = keyed.separator
        if not keyed.prefix and not self._config.leading_separator:
            separator = ""
        for name in [keyed.default_value] if use_default else self._names(key, keyed):
            group = safe_name(f"{keyed.prefix}{separator}{name}")
            self._join(host, group)
            if parent:
                above = safe_name(str(parent))
                self._assembly.group(above)
                self._assembly.add_child(above, group, keyed.source)

    def _names(self, key: Any, keyed: Keyed) -> list[str]:
        """The names of groups, without prefix, that a key's value stands for."""
        default = keyed.default_value
        if isinstance(key, str):
            return [key]
        if isinstance(key, list | tuple):
            return [default if n in (None, "") and default is not None else n for n in key]
        if isinstance(key, Mapping):
            return [self._pair(name, value, keyed) for name, value in key.items()]
        kind = type(key).__name__
        hint = f"write: {keyed.key} | string"
        message = f"the key '{keyed.key}' gives a {kind}: groups come from a text, list or mapping"
        raise InventoryError(message, source=keyed.source, hint=hint)

    @staticmethod
    def _pair(name: Any, value: Any, keyed: Keyed) -> str:
        if value in (None, ""):
            if keyed.default_value is not None:
                return f"{name}{keyed.separator}{keyed.default_value}"
            if keyed.trailing_separator is False:
                return str(name)
        return f"{name}{keyed.separator}{value}"


class _Lenient:
    """Without ``strict``, what a template cannot tell is passed over; other mistakes are not."""

    def __init__(self, config: Config, source: Source) -> None:
        self._strict = config.strict
        self._source = source

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, TemplateError):
            return False
        if self._strict:
            raise _placed(error, self._source) from None
        return True


def _placed(error: InputError, source: Source) -> InventoryError:
    return InventoryError(error.message, source=error.source or source, hint=error.hint)
