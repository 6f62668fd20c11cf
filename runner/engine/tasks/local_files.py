"""Files of the controller that tasks name: found where Ansible looks for them, templates rendered.

A task names them in parameters (``src`` of copy and template, the first word of script). Its
module is given the absolute path, what a template gives, and what the files are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from runner.errors import PlaybookError
from runner.interfaces.module import Module
from runner.interfaces.template import Templates
from runner.model.source import Source

_SETTINGS: Final = frozenset(
    {
        "block_start_string", "block_end_string", "variable_start_string", "variable_end_string",
        "comment_start_string", "comment_end_string", "trim_blocks", "lstrip_blocks",
        "newline_sequence",
    }
)  # fmt: skip
"""Parameters that say how a template is written."""


def resolve(
    module: Module[Any, Any],
    args: Mapping[str, Any],
    variables: Mapping[str, Any],
    templates: Templates,
    source: Source | None,
    sources: Mapping[str, Source] | None = None,
) -> Mapping[str, Any]:
    """The rendered arguments of a task with its files of the controller put in.

    ``sources`` are the places of the arguments. Raises InputError at the place of the argument:
    for a file that is nowhere it names all places.
    """
    if not module.controller_files:
        return args
    places = sources or {}
    found = dict(args)
    for parameter, folder in module.controller_files.items():
        name = module.controller_file(parameter, args)
        if name is None:
            continue
        place = places.get(parameter, source)
        path = _find(name, folder, variables, place)
        found[parameter] = f"{path}/" if name.endswith("/") else str(path)
        if parameter in module.renders:
            found[module.renders[parameter]] = templates.render_file(
                path,
                variables,
                place,
                name=name,
                destination=_text(args.get("dest")),
                settings=_settings(module, args),
            )
    for name in module.params.HIDDEN & args.keys():
        raise PlaybookError(f"'{name}' is no parameter", source=places.get(name, source))
    return {**found, **_filled_in(module, found, templates, source)}


def _settings(module: Module[Any, Any], args: Mapping[str, Any]) -> Mapping[str, Any]:
    """How the template is written: what the task says, else the module's own defaults."""
    fields = module.params.model_fields
    found = {key: fields[key].default for key in _SETTINGS & fields.keys()}
    return {**found, **{key: args[key] for key in _SETTINGS & args.keys()}}


def _filled_in(
    module: Module[Any, Any], args: Mapping[str, Any], templates: Templates, source: Source | None
) -> Mapping[str, Any]:
    try:
        return module.filled_in(args, templates.decrypted)
    except PlaybookError as error:
        error.source = error.source or source
        raise


def _find(name: str, folder: str, variables: Mapping[str, Any], source: Source | None) -> Path:
    places = list(dict.fromkeys(_places(name, folder, variables)))
    for place in places:
        if place.exists():
            return place
    hint = f"looked for {', '.join(map(str, places))}"
    raise PlaybookError(f"cannot find {name} on the controller", source=source, hint=hint)


def _places(name: str, folder: str, variables: Mapping[str, Any]) -> Iterator[Path]:
    """The places where a file of this name may be, in the order in which they are looked at."""
    path = Path(name).expanduser()
    if path.is_absolute():
        yield path
        return
    for base in _folders(variables):
        role = next((up.parent for up in (base, base.parent) if up.name == "tasks"), None)
        if role is not None:
            yield role / folder / path
        if path.parts[:1] != (folder,):
            yield base / folder / path
        yield base / path


def _folders(variables: Mapping[str, Any]) -> Iterator[Path]:
    found = variables.get("ansible_search_path")
    if isinstance(found, Sequence) and not isinstance(found, str):
        yield from (Path(str(base)).absolute() for base in found)
    if base := variables.get("playbook_dir"):
        yield Path(str(base)).absolute()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
