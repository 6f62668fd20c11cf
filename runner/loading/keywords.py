"""The keywords of plays, tasks and blocks: those that work, and those that will.

A word of Ansible's language that does not work yet is an error that says so: a playbook must never
run with a part of it silently left out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from runner.errors import InputError
from runner.loading.document import Value
from runner.loading.words import suggestion, words

_BECOME: Final = words("become become_user become_method become_flags become_exe")
_ANYWHERE: Final = _BECOME | words(
    "any_errors_fatal connection debugger diff environment module_defaults port "
    "remote_user run_once throttle"
)


@dataclass(frozen=True, slots=True)
class Keywords:
    """What may stand in one kind of mapping, and what cannot yet. ``what`` names the kind."""

    what: str
    known: frozenset[str]
    later: frozenset[str]


PLAY: Final = Keywords(
    "a play",
    words(
        "name hosts id needs tasks pre_tasks post_tasks handlers vars vars_files "
        "gather_facts tags strategy ignore_unreachable ignore_errors no_log "
        "check_mode collections"
    ),
    _ANYWHERE
    | words(
        "fact_path force_handlers gather_subset gather_timeout max_fail_percentage "
        "order roles serial timeout user vars_prompt canary max_in_flight on_failure "
        "when"
    ),
)
PLAYBOOK_IMPORT: Final = Keywords(
    "an import_playbook",
    words("import_playbook include name tags vars when"),
    frozenset(),
)
_INHERITED: Final = words(
    "when tags vars ignore_errors ignore_unreachable no_log check_mode notify"
)
BLOCK: Final = Keywords(
    "a block",
    _INHERITED | words("name block collections"),
    _ANYWHERE | words("rescue always delegate_to delegate_facts timeout id needs"),
)
TASK_IMPORT: Final = Keywords(
    "an import of tasks",
    _INHERITED | words("name args collections"),
    _ANYWHERE
    | words(
        "loop loop_control register until retries delay changed_when failed_when "
        "delegate_to delegate_facts timeout async poll id needs listen undo rollback"
    ),
)
TASK: Final = Keywords(
    "a task",
    _INHERITED
    | words(
        "name id needs loop loop_control with_items with_list with_dict register "
        "listen changed_when failed_when until retries delay timeout rollback args "
        "collections"
    ),
    _ANYWHERE
    | words("action async delegate_facts delegate_to local_action poll undo")
    | words(
        "with_cartesian with_file with_fileglob with_filetree with_first_found "
        "with_flattened with_indexed_items with_inventory_hostnames with_lines "
        "with_nested with_random_choice with_sequence with_subelements with_together "
        "with_community.general.flattened"
    ),
)
NEED: Final = Keywords("a need", words("task play hosts state"), frozenset())
LOOP_CONTROL: Final = Keywords(
    "loop_control",
    words("loop_var label index_var"),
    words("pause extended extended_allitems break_when"),
)

IMPORTS: Final = frozenset({"import_tasks", "include_tasks", "include"})
"""Keys that put the tasks of another file in their place."""
ROLE_IMPORTS: Final = frozenset({"import_role", "include_role"})
"""Keys that will do the same with a role."""

_OFF: Final = words("become run_once any_errors_fatal diff")
"""Keywords for which ``false`` says only what holds anyway."""
_COLLECTIONS: Final = (
    "ansible.builtin",
    "ansible.legacy",
    "ansible.windows",
    "community.windows",
    "chocolatey.chocolatey",
)
_HINTS: Final = {
    "roles": "put the role's tasks into the play with import_tasks",
    "action": "write the module's name as the key: 'win_ping:'",
    "local_action": "write the module's name as the key: 'win_ping:'",
    "rescue": "without it, a block's tasks stand in the play as if there were no block",
    "always": "without it, a block's tasks stand in the play as if there were no block",
    "connection": "set ansible_connection in the inventory",
    "remote_user": "set ansible_user in the inventory",
    "user": "set ansible_user in the inventory",
    "port": "set ansible_port in the inventory",
}


def unsupported(key: Value, name: str, what: str) -> InputError:
    """An error for a word that we know and that does nothing yet."""
    message = f"'{name}' in {what} is not supported yet"
    return key.error(message, hint=_HINTS.get(name, ""))


def is_off(name: str, value: Value) -> bool:
    """Whether an unsupported keyword is switched off, which is how it is without it."""
    return name in _OFF and value.is_scalar and value.plain() is False


def refuse_unknown(
    key: Value, name: str, keywords: Keywords, others: Collection[str] = ()
) -> InputError:
    """An error for a word that nobody knows, with the nearest one that somebody does."""
    message = f"'{name}' is not a keyword of {keywords.what}"
    if others:
        message += ", and there is no module of that name"
    names = {*keywords.known, *keywords.later, *others}
    otherwise = f"known here: {', '.join(sorted(keywords.known))}"
    return key.error(message, hint=suggestion(name, names, otherwise="" if others else otherwise))


def short_name(name: str) -> str:
    """A module's short name: ``ansible.windows.win_service`` is ``win_service``."""
    for collection in _COLLECTIONS:
        if name.startswith(f"{collection}."):
            return name[len(collection) + 1 :]
    return name


def check_collections(value: Value) -> None:
    """``collections:`` is a search path: short names are found in these collections anyway."""
    for element in value.elements() if value.is_sequence else [value]:
        if element.plain() not in _COLLECTIONS:
            known = ", ".join(_COLLECTIONS)
            raise element.error(
                f"modules of the collection '{element.plain()}' are not supported yet",
                hint=f"known collections: {known}",
            )
