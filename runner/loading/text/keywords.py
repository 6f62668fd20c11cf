"""The keywords of plays, tasks, blocks, imports and includes.

A word of Ansible's language that does nothing here is an error that says so: a playbook must never
run with a part of it silently left out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from runner.errors import InputError
from runner.loading.text.document import Value
from runner.loading.text.words import suggestion, words


@dataclass(frozen=True, slots=True)
class Keywords:
    """What may stand in one kind of mapping.

    ``what`` names the kind. ``later`` are words that others know and that do nothing here;
    ``elsewhere`` are words that belong in another place, with where that is; ``ignored`` are words
    that do nothing in Ansible either, though it takes them: whoever reads them notes that.
    """

    what: str
    known: frozenset[str]
    later: frozenset[str] = frozenset()
    elsewhere: dict[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()


BASE: Final = words(
    "name tags vars environment module_defaults collections connection port remote_user "
    "become become_user become_method become_flags become_exe no_log ignore_errors "
    "ignore_unreachable check_mode diff any_errors_fatal throttle timeout debugger run_once"
)
"""What a play, a role, a block and a task all take."""
_DELEGATION: Final = words("delegate_to delegate_facts")
_OURS: Final = words("id needs")
_WITH: Final = frozenset(
    f"with_{kind}"
    for kind in words(
        "items list dict nested cartesian together sequence first_found fileglob flattened "
        "indexed_items subelements random_choice file inventory_hostnames lines filetree pipe env "
        "csvfile ini password template unvault url vars varnames"
    )
)
LOOPS: Final = _WITH | {"loop"}
"""The keywords that make a loop."""
_LOOPING: Final = LOOPS | {"loop_control"}
_AFTERWARDS: Final = words(
    "register changed_when failed_when until retries delay async poll notify undo rollback"
)

PLAY: Final = Keywords(
    "a play",
    BASE
    | _OURS
    | words(
        "hosts roles tasks pre_tasks post_tasks handlers vars_files vars_prompt gather_facts "
        "gather_subset gather_timeout force_handlers max_fail_percentage order serial strategy "
        "user canary max_in_flight on_failure"
    ),
    words("fact_path"),
    {"when": "a play has no condition: put when: on its tasks, or on the import_playbook"},
)
_OF_AN_IMPORT: Final = words("import_playbook include name tags vars when")
PLAYBOOK_IMPORT: Final = Keywords("an import_playbook", _OF_AN_IMPORT, ignored=BASE - _OF_AN_IMPORT)
BLOCK: Final = Keywords(
    "a block",
    BASE | _DELEGATION | _OURS | words("when notify block rescue always"),
    elsewhere=dict.fromkeys(
        (_AFTERWARDS - {"notify"}) | _LOOPING, "it belongs to the tasks in the block"
    ),
)
_TO_THE_IMPORTED: Final = "it belongs to the tasks that are imported"
_OF_OUR_TASKS: Final = words("undo rollback")
TASK_IMPORT: Final = Keywords(
    "an import",
    BASE | _DELEGATION | words("when notify args action"),
    elsewhere={
        **dict.fromkeys(_OURS | _OF_OUR_TASKS | {"listen"}, _TO_THE_IMPORTED),
        **dict.fromkeys(LOOPS, "an import is read once, before any host: use an include"),
    },
    ignored=(_AFTERWARDS - {"notify"} - _OF_OUR_TASKS) | {"loop_control"},
)
"""Of a handler that is an import, ``listen`` is ignored too."""
INCLUDE: Final = Keywords(
    "an include",
    _LOOPING
    | _OURS
    | words(
        "name tags vars when args action collections debugger ignore_errors no_log register "
        "run_once timeout"
    ),
    elsewhere={
        **dict.fromkeys(
            BASE | _DELEGATION | {"notify"}, "to hand it to the included tasks, put it below apply:"
        ),
        **dict.fromkeys(_AFTERWARDS - {"notify", "register"}, "it belongs to the included tasks"),
        "listen": "only a handler listens",
    },
)
APPLY: Final = Keywords(
    "apply",
    BASE | _DELEGATION | words("when notify"),
    elsewhere={
        **dict.fromkeys(_LOOPING | _OURS, "it belongs to the include itself"),
        **dict.fromkeys(_AFTERWARDS - {"notify"}, "it belongs to the included tasks"),
    },
)
TASK: Final = Keywords(
    "a task",
    BASE
    | _DELEGATION
    | _OURS
    | _LOOPING
    | _AFTERWARDS
    | words("when args action local_action listen"),
)
NEED: Final = Keywords("a need", words("task play hosts state"))
LOOP_CONTROL: Final = Keywords(
    "loop_control", words("loop_var label index_var pause extended extended_allitems break_when")
)

IMPORTS: Final = words("import_tasks import_role")
"""Keys that stand for other tasks, known before any host is."""
INCLUDES: Final = words("include_tasks include_role include")
"""Keys that stand for other tasks, found on each host when their turn comes."""
BARE_INCLUDE: Final = "include"
"""Before there were two words for it: an import or an include_tasks, with variables after the
file's name. Ansible up to 2.15 reads it."""

COLLECTIONS: Final = (
    "ansible.builtin",
    "ansible.legacy",
    "ansible.windows",
    "community.windows",
    "chocolatey.chocolatey",
)
_MOST_SHOWN: Final = 12
"""Keywords that one line of a message can list."""
_HINTS: Final = {
    "fact_path": "local facts (*.fact files) are not gathered",
}


def unsupported(key: Value, name: str, what: str, hint: str = "") -> InputError:
    """An error for a word that we know and that does nothing here."""
    message = f"'{name}' in {what} is not supported"
    return key.error(message, hint=hint or _HINTS.get(name, ""))


def refuse_unknown(
    key: Value, name: str, keywords: Keywords, others: Collection[str] = ()
) -> InputError:
    """An error for a word that nobody knows, with the nearest one that somebody does."""
    if name in keywords.elsewhere:
        message = f"'{name}' is not a keyword of {keywords.what}"
        return key.error(message, hint=keywords.elsewhere[name])
    message = f"'{name}' is not a keyword of {keywords.what}"
    if others:
        message += ", and there is no module of that name"
    names = {*keywords.known, *keywords.later, *others}
    otherwise = f"known here: {', '.join(sorted(keywords.known))}"
    if len(keywords.known) > _MOST_SHOWN:
        otherwise = "what may stand here: runner schema playbook"
    return key.error(message, hint=suggestion(name, names, otherwise="" if others else otherwise))


def short_name(name: str) -> str:
    """A module's short name: ``ansible.windows.win_service`` is ``win_service``."""
    for collection in COLLECTIONS:
        if name.startswith(f"{collection}."):
            return name[len(collection) + 1 :]
    return name


def loop_kind(name: str) -> str:
    """The short name of a loop: ``with_community.general.flattened`` is ``with_flattened``."""
    if not name.startswith("with_"):
        return name
    plugin = short_name(name.removeprefix("with_").removeprefix("community.general."))
    return f"with_{plugin}"


def check_collections(value: Value) -> tuple[str, ...]:
    """``collections:`` is a search path of names, for roles; a module is found by its short name
    anyway."""
    found: list[str] = []
    for element in value.elements() if value.is_sequence else [value]:
        if element.is_null:
            continue
        name = element.plain()
        if not isinstance(name, str):
            raise element.error(f"'collections' is a list of names, found {element.kind}")
        found.append(name)
    return tuple(found)
