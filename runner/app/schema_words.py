"""What kind of value each keyword takes, as ``runner schema`` says it to an editor."""

from __future__ import annotations

from typing import Any, Final

from runner.model.playbook import OnFailure, Order


def _words(kind: str | dict[str, Any], names: str) -> dict[str, str | dict[str, Any]]:
    return dict.fromkeys(names.split(), kind)


_SIZES: Final = {
    "anyOf": [
        {"type": ["integer", "string"]},
        {"type": "array", "items": {"type": ["integer", "string"]}},
    ]
}

TYPES: Final[dict[str, str | dict[str, Any]]] = {
    **_words(
        "text",
        "name id register loop_var index_var connection remote_user user become_user "
        "become_method become_flags become_exe delegate_to import_playbook include debugger "
        "task play",
    ),
    **_words(
        "flag",
        "become no_log ignore_errors ignore_unreachable check_mode diff any_errors_fatal "
        "run_once delegate_facts gather_facts force_handlers rollback extended "
        "extended_allitems",
    ),
    **_words(
        "number",
        "port timeout throttle retries delay poll pause max_fail_percentage gather_timeout async",
    ),
    **_words("texts", "tags notify listen collections gather_subset hosts"),
    **_words("conditions", "when changed_when failed_when until break_when"),
    **_words("mapping", "module_defaults max_in_flight"),
    **_words({"type": ["object", "string", "null"]}, "vars args"),
    **_words("tasks", "tasks pre_tasks post_tasks handlers block rescue always undo"),
    **_words("needs", "needs"),
    **_words(_SIZES, "serial canary"),
    **_words(
        "anything",
        "loop with_items with_list with_dict with_nested with_cartesian with_together "
        "with_sequence with_first_found with_fileglob with_flattened with_indexed_items "
        "with_subelements with_random_choice with_file with_inventory_hostnames "
        "with_lines with_filetree with_pipe with_env with_csvfile with_ini with_password "
        "with_template with_unvault with_url with_vars with_varnames label",
    ),
    "environment": {"type": ["object", "array", "string", "null"]},
    "vars_files": {"type": ["array", "string", "null"]},
    "vars_prompt": {"type": "array", "items": {"type": "object", "required": ["name"]}},
    "roles": {"type": ["array", "null"], "items": {"$ref": "#/definitions/role"}},
    "loop_control": "loop_control",
    "action": {"type": ["string", "object"]},
    "local_action": {"type": ["string", "object"]},
    "order": {"enum": [*map(str, Order)]},
    "strategy": {"enum": ["linear", "free", "host_pinned"]},
    "on_failure": {"enum": [*map(str, OnFailure)]},
    "state": {"enum": ["ok", "failed", "finished"]},
}
"""Every keyword of ``loading.keywords``, whatever mapping it stands in."""
