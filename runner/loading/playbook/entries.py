"""One task, one block."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from runner.errors import UnknownModule
from runner.loading.playbook.inherit import below, note_notifications
from runner.loading.playbook.invocation import Invocation, read_invocation
from runner.loading.playbook.loops import read_loop
from runner.loading.playbook.needs import read_needs
from runner.loading.playbook.reading import EntryReader, Inherited, Reading
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields, check_templates, listed, static_text, text_of
from runner.loading.text.keywords import BLOCK
from runner.model.playbook import Block, Entry, Task, tasks_in

_STOPPING: Final = frozenset({"assert", "fail", "meta"})
"""Modules that exist to end something: after them, what follows is not certain to run."""
_ENDING: Final = "end_role"


def read_task(reader: EntryReader, fields: Fields, inherited: Inherited, handler: bool) -> Task:
    """A task that calls a module."""
    reading, templates = reader.reading, reader.reading.templates
    inner = below(inherited, fields, reading)
    call = _invocation(fields, reading, inner)
    note_notifications(fields, reading)
    refuse_in_an_include(fields, reading)
    delegate = inner.delegate_to
    if "local_action" in fields:
        if "delegate_to" in fields:
            message = "'local_action' already says where: it cannot have 'delegate_to' beside it"
            raise fields.keys["delegate_to"].error(message)
        delegate = "localhost"
    task = made(fields, call, inner, reading)
    async_seconds = fields.number("async", 0, templates)
    poll = fields.number("poll", 0, templates)
    delay = fields.number("delay", 0, templates)
    task = dataclasses.replace(
        task,
        delegate_to=delegate,
        needs=read_needs(fields, reading.kinds),
        listen=_listen(fields, reading, handler),
        changed_when=fields.conditions("changed_when", templates),
        failed_when=fields.conditions("failed_when", templates),
        until=fields.conditions("until", templates),
        retries=fields.number("retries", 0, templates),
        delay=task.delay if delay is None else delay,
        async_seconds=None if async_seconds == 0 else async_seconds,
        poll=task.poll if poll is None else poll,
        rollback=fields.flag("rollback") is not False,
        undo=_undo(reader, fields, inner),
    )
    _check_async(fields, task)
    if call.module == "meta" and _ENDING in task.args.values():
        _check_end_role(fields, reading, handler)
    reader.may_stop = reader.may_stop or call.module in _STOPPING
    reading.check(task)
    return task


def _invocation(fields: Fields, reading: Reading, inner: Inherited) -> Invocation:
    """What the task calls. A module that is not here is noted, and the rest is looked at too."""
    templates = reading.templates
    try:
        return read_invocation(fields, reading.modules, templates, inner.defaults)
    except UnknownModule as error:
        reading.problems.note(error)
        if error.name in fields:
            check_templates(fields[error.name], templates)
        return Invocation(error.name)


def made(fields: Fields, call: Invocation, inner: Inherited, reading: Reading) -> Task:
    """What tasks and includes have alike."""
    templates = reading.templates
    name = fields.template("name", templates)
    return Task(
        name=name or call.module,
        module=call.module,
        args=call.args,
        source=fields.value.source,
        arg_sources=call.sources,
        id=fields.identifier(),
        conditions=inner.conditions,
        loop=read_loop(fields, templates),
        register=fields.variable_name("register"),
        vars=inner.vars,
        tags=inner.tags,
        notify=tuple(dict.fromkeys(inner.notify)),
        ignore_errors=inner.ignore_errors or False,
        ignore_unreachable=inner.ignore_unreachable or False,
        any_errors_fatal=inner.any_errors_fatal or False,
        no_log=inner.no_log or False,
        check_mode=inner.check_mode,
        diff=inner.diff,
        timeout=inner.timeout or None,
        run_once=inner.run_once or False,
        throttle=inner.throttle or 0,
        delegate_to=inner.delegate_to,
        delegate_facts=inner.delegate_facts or False,
        environment=inner.environment,
        become=inner.become,
        way=inner.way,
        role=reading.role,
    )


def read_block(reader: EntryReader, fields: Fields, inherited: Inherited) -> list[Entry]:
    """A block; one that only hands keywords down gives its tasks."""
    fields.restrict(BLOCK)
    reading = reader.reading
    note_notifications(fields, reading)
    refuse_in_an_include(fields, reading)
    inner = below(inherited, fields, reading)
    name = fields.template("name", reading.templates)
    identifier, needs = fields.identifier(), read_needs(fields, reading.kinds)
    noted = len(reading.problems.errors)
    tasks = reader.read(fields["block"], inner)
    rescue = reader.read_sure(fields["rescue"], inner) if "rescue" in fields else []
    always = reader.read_sure(fields["always"], inner) if "always" in fields else []
    if not tasks and len(reading.problems.errors) == noted:
        for name in ("rescue", "always"):
            if name in fields and _is_empty(fields["block"]):
                message = f"'{name}' follows a block without tasks"
                raise fields.keys[name].error(message, hint="put its tasks below block:")
        if identifier is not None or needs is not None:
            hint = "nothing can wait for it, and it can wait for nothing"
            raise fields.keys["block"].error("this block has no tasks", hint=hint)
        return always
    if not rescue and not always and identifier is None and needs is None:
        return tasks
    return [
        Block(
            name=name or "block",
            source=fields.value.source,
            block=tuple(tasks),
            rescue=tuple(rescue),
            always=tuple(always),
            id=identifier,
            needs=needs,
        )
    ]


def _is_empty(value: Value) -> bool:
    return value.is_null or (value.is_sequence and not value.elements())


def refuse_in_an_include(fields: Fields, reading: Reading) -> None:
    """What is found on a host while the run goes on is not in the graph."""
    if not reading.dynamic:
        return
    for name in ("id", "needs"):
        if name in fields:
            message = f"'{name}' in an included file: its tasks are found on each host, too late"
            hint = "import it instead, or give the include itself the id and the needs"
            raise fields.keys[name].error(message, hint=hint)


def _listen(fields: Fields, reading: Reading, handler: bool) -> tuple[str, ...]:
    """``listen``; in a role also with the role's name before it, as Ansible has it.

    A handler of a collection's role can be called with the role's short name before its own, too.
    """
    if "listen" in fields and not handler:
        raise fields.keys["listen"].error("only a handler listens")
    words = listened(fields, reading)
    role = reading.role
    if role is None:
        return words
    short = role.name.rpartition(".")[2]
    name = fields.get("name")
    calls = () if short == role.name or name is None else (f"{short} : {name.plain()}",)
    roles = dict.fromkeys((role.name, short))
    return (*words, *(f"{each} : {word}" for each in roles for word in words), *calls)


def listened(fields: Fields, reading: Reading) -> tuple[str, ...]:
    """The words of ``listen``, known before any host is: who notifies whom is checked then."""
    value = fields.get("listen")
    if value is None or value.is_null:
        return ()
    found: list[str] = []
    for element in listed(value):
        text_of(element, "listen")
        given = static_text(element, reading.templates, reading.static)
        found += [str(word) for word in (given if isinstance(given, list) else [given])]
    return tuple(found)


def _undo(reader: EntryReader, fields: Fields, inner: Inherited) -> tuple[Entry, ...]:
    """``undo``: tasks like any others, in the place and with the rights of the task they undo.

    What decides whether that task runs, and what follows it, is not theirs.
    """
    value = fields.get("undo")
    if value is None or value.is_null:
        return ()
    bare = dataclasses.replace(
        inner, conditions=(), notify=(), ignore_errors=None, any_errors_fatal=None, check_mode=None
    )
    entries = tuple(reader.at(reader.reading).read(value, bare))
    for task in tasks_in(entries):
        wrong: dict[str, Any] = {
            "undo": task.undo,
            "id": task.id,
            "needs": task.needs is not None,
            task.module: task.include is not None,
        }
        for name, there in wrong.items():
            if there:
                raise fields["undo"].document.error(
                    f"'{name}' cannot stand in an undo",
                    source=task.source,
                    hint="an undo is a plain list of tasks, run when a run is taken back",
                )
    return entries


def _check_async(fields: Fields, task: Task) -> None:
    if "poll" in fields and task.async_seconds is None and task.poll == 0:
        hint = "async: SECONDS says how long the command may run"
        raise fields.keys["poll"].error("'poll: 0' needs 'async' beside it", hint=hint)


def _check_end_role(fields: Fields, reading: Reading, handler: bool) -> None:
    if handler or reading.role is None:
        where = "in a handler" if handler else "outside of a role"
        raise fields.value.error(f"'meta: {_ENDING}' {where}", hint="use end_host or end_play")
