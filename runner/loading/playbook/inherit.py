"""Handing down: what a play, a role, a block or an import adds for the tasks inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runner.loading.playbook.reading import Inherited, Reading
from runner.loading.text.data import OMIT
from runner.loading.text.defaults import read_module_defaults
from runner.loading.text.fields import Fields, check_templates, listed, static_text, text_of
from runner.loading.text.keywords import unsupported
from runner.model.playbook import Become, Way

_DEBUGGER: Final = "runner asks nobody while it works: read the outcome, mend it, resume the run"


def below(
    inherited: Inherited, fields: Fields, reading: Reading, *, variables: bool = True
) -> Inherited:
    """With what ``fields`` (a play, role, block, import or task) adds or says differently.

    ``when``, ``tags``, ``vars`` and ``environment`` add up, everything else is replaced by the
    innermost who says it. Without ``variables``, ``vars`` is left alone: those of a play and of a
    role go elsewhere. Raises InputError.
    """
    templates = reading.templates

    def flag(name: str) -> Any:
        own = fields.flag(name, templates)
        return getattr(inherited, name) if own is None else own

    if "debugger" in fields and fields["debugger"].plain() not in (False, "never", None):
        raise unsupported(fields.keys["debugger"], "debugger", "a playbook", _DEBUGGER)
    own_vars = fields.variables("vars", templates) if variables else {}
    notify = fields.texts("notify")
    throttle = _throttle(fields, reading, {**inherited.vars, **own_vars})
    timeout = fields.number("timeout", 0, templates)
    return Inherited(
        conditions=inherited.conditions + (fields.conditions("when", templates) or ()),
        tags=inherited.tags | fields.tags(templates, reading.static),
        vars={**inherited.vars, **own_vars},
        notify=inherited.notify if notify is None else notify,
        environment=inherited.environment + _environment(fields, reading),
        become=_become(fields, reading, inherited.become),
        way=_way(fields, reading, inherited.way),
        defaults=read_module_defaults(fields, reading.modules, templates, inherited.defaults),
        ignore_errors=flag("ignore_errors"),
        ignore_unreachable=flag("ignore_unreachable"),
        any_errors_fatal=flag("any_errors_fatal"),
        no_log=flag("no_log"),
        check_mode=flag("check_mode"),
        diff=flag("diff"),
        run_once=flag("run_once"),
        throttle=inherited.throttle if throttle is None else throttle,
        timeout=inherited.timeout if timeout is None else timeout,
        delegate_to=fields.template("delegate_to", templates) or inherited.delegate_to,
        delegate_facts=flag("delegate_facts"),
    )


def note_notifications(fields: Fields, reading: Reading) -> None:
    """Remember what this block, import or task notifies; a template is checked and kept."""
    value = fields.get("notify")
    if value is None or value.is_null:
        return
    for element in listed(value):
        name = text_of(element, "notify")
        reading.templates.check(element.plain(), element.source)
        reading.notified.setdefault(name, element.source)


def _throttle(fields: Fields, reading: Reading, variables: Mapping[str, Any]) -> int | None:
    """How many hosts at once: known before any host is, since it is one number for all."""
    value = fields.get("throttle")
    if value is None or value.is_null:
        return None
    given = static_text(value, reading.templates, reading.known(variables))
    if given is OMIT:
        return None
    text = str(given).strip()
    if isinstance(given, bool) or not text.isascii() or not text.isdigit():
        raise value.error(f"'throttle' is a whole number from 0 on, found '{given}'")
    return int(text)


def _environment(fields: Fields, reading: Reading) -> tuple[Any, ...]:
    """``environment``: a mapping, the template of one, or a list of these."""
    value = fields.get("environment")
    if value is None or value.is_null:
        return ()
    for element in listed(value):
        plain = element.plain()
        template = isinstance(plain, str) and reading.templates.is_template(plain)
        if not element.is_mapping and not template:
            message = f"'environment' is a mapping of variables, found {element.kind}"
            raise element.error(message, hint="environment: {NAME: VALUE}")
        if element.is_mapping:
            for name, key in Fields(element, "environment").keys.items():
                if not name or "=" in name:
                    raise key.error(f"'{name}' cannot be the name of an environment variable")
        check_templates(element, reading.templates)
    return tuple(element.plain() for element in listed(value))


def _become(fields: Fields, reading: Reading, outer: Become) -> Become:
    templates = reading.templates
    own = Become(
        active=fields.flag("become", templates),
        user=fields.template("become_user", templates),
        method=fields.template("become_method", templates),
        flags=fields.template("become_flags", templates),
        exe=fields.template("become_exe", templates),
    )
    return Become(
        active=outer.active if own.active is None else own.active,
        user=own.user or outer.user,
        method=own.method or outer.method,
        flags=own.flags or outer.flags,
        exe=own.exe or outer.exe,
    )


def _way(fields: Fields, reading: Reading, outer: Way) -> Way:
    templates = reading.templates
    port = fields.number("port", 1, templates)
    return Way(
        connection=fields.template("connection", templates) or outer.connection,
        user=fields.template("remote_user", templates) or outer.user,
        port=outer.port if port is None else port,
    )
