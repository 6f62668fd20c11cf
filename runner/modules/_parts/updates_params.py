"""The parameters of ``win_updates``, and which updates they mean."""

from __future__ import annotations

import re
from typing import Final, Literal

from pydantic import AliasChoices, Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.loose import Words
from runner.modules._parts.updates_scripts import Update
from runner.modules._parts.win_files import PathText

SERVERS: Final = {"default": 0, "managed_server": 1, "windows_update": 2}
# Microsoft, "Update classification GUIDs".
CATEGORIES: Final = {
    "application": "5c9376ab-8ce6-464a-b136-22113dd69801",
    "connectors": "434de588-ed14-48f5-8eed-a15e09a991f6",
    "criticalupdates": "e6cf1350-c01b-414d-a61f-263d14d133b4",
    "definitionupdates": "e0789628-ce08-4437-be74-2495b842f43b",
    "developerkits": "e140075d-8433-45c3-ad87-e72345b36078",
    "drivers": "ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0",
    "featurepacks": "b54e7d24-7add-428f-8b75-90a396fa584f",
    "guidance": "9511d615-35b2-47bb-927f-f73d8e9260bb",
    "securityupdates": "0fa1201d-4330-4fa8-8ae9-b877473b6441",
    "servicepacks": "68c5b0a3-d1a6-4553-ae49-01d3a7827828",
    "tools": "b4832bd8-e735-4761-8daf-37f882276dab",
    "updaterollups": "28bc880e-0592-4cbf-8f95-c79b17911d5f",
    "updates": "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83",
    "upgrades": "3689bdc8-b205-4af4-8d4a-a63924c5e9d5",
}


class Params(base.Params):
    """Parameters of Ansible's win_updates."""

    category_names: Words = Field(
        ("CriticalUpdates", "SecurityUpdates", "UpdateRollups"),
        description="categories in English, or * for all",
    )
    state: Literal["installed", "searched", "downloaded"] = Field(
        "installed", description="what is done with the updates that are found"
    )
    accept_list: Words = Field(
        (),
        validation_alias=AliasChoices("accept_list", "whitelist"),
        description="only these: KB numbers, or regular expressions for titles",
    )
    reject_list: Words = Field(
        (),
        validation_alias=AliasChoices("reject_list", "blacklist"),
        description="not these, even if they are accepted",
    )
    skip_optional: bool = Field(False, description="leave out what Windows calls optional")
    server_selection: Literal["default", "managed_server", "windows_update"] = Field(
        "default", description="who is asked: as the host is set up, its WSUS, or Microsoft"
    )

    reboot: bool = Field(
        False, description="restart where it is needed, and go on with what is offered then"
    )
    reboot_timeout: float = Field(1200, gt=0, description="seconds until it must be back each time")
    log_path: PathText | None = Field(
        None, description="a file on the host to which a line for each update is added"
    )
    use_scheduled_task: bool = Field(
        False, description="does nothing: a remote logon always needs one, which is made"
    )

    @field_validator("category_names")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name != "*" and name.replace(" ", "").lower() not in CATEGORIES:
                known = ", ".join(sorted(CATEGORIES))
                raise ValueError(f"'{name}' is no category; there are: {known}, and *")
        return names

    @field_validator("accept_list", "reject_list")
    @classmethod
    def _patterns(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            try:
                re.compile(text)
            except re.error as error:
                raise ValueError(f"'{text}' is no regular expression: {error}") from None
        return texts

    @property
    def restarts(self) -> bool:
        """Whether this task restarts the host where that is needed."""
        return self.reboot and self.state == "installed"

    def why_not(self, update: Update) -> tuple[str, ...]:
        """Why an update is left out, in Ansible's words; empty when it is wanted."""
        wanted = {CATEGORIES[n.replace(" ", "").lower()] for n in self.category_names if n != "*"}
        reasons = []
        if self.accept_list and not _named(update, self.accept_list):
            reasons.append("accept_list")
        if _named(update, self.reject_list):
            reasons.append("reject_list")
        if "*" not in self.category_names and not wanted & set(update.categories):
            reasons.append("category_names")
        if self.skip_optional and update.optional:
            reasons.append("skip_optional")
        return tuple(reasons)


def _named(update: Update, patterns: tuple[str, ...]) -> bool:
    numbers = {f"kb{number}" for number in update.kb}
    return any(p.lower() in numbers or re.search(p, update.title, re.I) for p in patterns)
