"""``vars_prompt``: variables that a person is asked for before the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from runner.errors import UsageError
from runner.loading.playbook.reading import Reading
from runner.loading.text.data import as_data
from runner.loading.text.document import Value
from runner.loading.text.fields import Fields, listed, static_text, text_of
from runner.loading.text.keywords import Keywords, unsupported
from runner.loading.text.words import words
from runner.model.playbook import Prompt
from runner.model.secret import SECRET_VARIABLES, Secret

Question: TypeAlias = Callable[[str, bool, str | None, bool], str | None]
"""Asks a person: text, private (do not echo), default, confirm (ask twice). What they typed, or
None when there is nobody to ask."""

_PROMPT: Final = Keywords(
    "a prompt",
    words("name prompt private default confirm unsafe"),
    words("encrypt salt salt_size"),
)
_ENCRYPT_HINT: Final = "use the filter password_hash where the variable is used"


def read_prompts(fields: Fields, reading: Reading) -> tuple[Prompt, ...]:
    """The prompts of a play. Texts and defaults may use static variables. Raises PlaybookError.

    What a person types is always data, as with Ansible's ``unsafe: true``.
    """
    value = fields.get("vars_prompt")
    if value is None or value.is_null:
        return ()
    return tuple(_read_prompt(element, reading) for element in listed(value))


def _read_prompt(value: Value, reading: Reading) -> Prompt:
    fields = Fields(value, "a prompt")
    for word in sorted(_PROMPT.later):
        if word in fields:
            raise unsupported(fields.keys[word], word, "vars_prompt", _ENCRYPT_HINT)
    fields.restrict(_PROMPT)
    fields.flag("unsafe")
    name = fields.variable_name("name")
    if name is None:
        raise value.error("this prompt names no variable", hint="name: VARIABLE")
    default = fields.get("default")
    return Prompt(
        name=name,
        source=value.source,
        text=_text(fields.get("prompt"), "prompt", reading) or name,
        private=fields.flag("private") is not False,
        default=None if default is None else _text(default, "default", reading),
        confirm=fields.flag("confirm") is True,
    )


def _text(value: Value | None, name: str, reading: Reading) -> str | None:
    if value is None or value.is_null:
        return None
    text_of(value, name)
    plain = static_text(value, reading.templates, reading.static)
    return plain if isinstance(plain, str) else text_of(value, name)


def ask(prompts: Iterable[Prompt], known: Mapping[str, Any], question: Question) -> dict[str, Any]:
    """The variables of these prompts that nobody gave yet (``known``: those of the command line).

    A private answer is a Secret. Raises UsageError when there is nobody to ask and no default.
    """
    answers: dict[str, Any] = {}
    for prompt in prompts:
        if prompt.name in known or prompt.name in answers:
            continue
        typed = question(prompt.text, prompt.private, prompt.default, prompt.confirm)
        if not typed and prompt.default is not None:
            typed = prompt.default
        if typed is None:
            message = f"nobody can be asked for '{prompt.name}' ({prompt.text}): no terminal"
            raise UsageError(message, source=prompt.source, hint=f"give it with -e {prompt.name}=")
        answers[prompt.name] = _answer(prompt, typed)
    return answers


def defaults(prompts: Iterable[Prompt]) -> dict[str, Any]:
    """What these prompts say when nobody is asked: where a playbook is only looked at."""
    return {p.name: _answer(p, p.default) for p in prompts if p.default is not None}


def _answer(prompt: Prompt, text: str) -> Any:
    hidden = prompt.private or prompt.name in SECRET_VARIABLES
    return Secret(as_data(text)) if hidden else as_data(text)
