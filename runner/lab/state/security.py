"""Accounts, security policy and audit policy of a machine: what its LSA and SAM hold."""

from __future__ import annotations

from typing import Any

from runner.lab.profiles.table import OsProfile
from runner.lab.spec import LabState
from runner.lab.state.accounts import Accounts
from runner.lab.state.policy import Policy

__all__ = ["Security"]


class Security:
    """The three belong together: a policy names accounts."""

    def __init__(self, name: str, profile: OsProfile, state: LabState) -> None:
        self.accounts = Accounts(name, profile.language.key, state)
        self.policy = Policy(self.accounts, legacy=profile.legacy)

    def dump(self) -> dict[str, Any]:
        """The comparable state."""
        return {**self.accounts.dump(), **self.policy.dump()}
