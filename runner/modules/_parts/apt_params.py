"""The parameters of ``apt``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.loose import Text, Words
from runner.posix import debian
from runner.posix.debian import Spec

WILD: Final = re.compile(r"[*?\[\]!]")
_VERSION: Final = re.compile(r"[A-Za-z0-9.+~:*?\[\]!-]+")


def _named(name: str, default: bool | None, description: str, *more: str) -> bool | None:
    aliases = AliasChoices(name, name.replace("_", "-"), *more)
    found: bool | None = Field(default, validation_alias=aliases, description=description)
    return found


class Params(base.Params):
    """Parameters of Ansible's apt."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "force": "it disarms every check: name what you need, as allow_downgrade, "
        "allow_unauthenticated or allow_change_held_packages",
        "policy_rc_d": "put /usr/sbin/policy-rc.d there before the task and take it away after it",
        "auto_install_module_deps": "nothing needs to be installed on the host for this module",
    }

    name: Words = Field(
        (),
        validation_alias=AliasChoices("name", "package", "pkg"),
        description="packages: foo, foo=1.0, foo>=1.0, foo*; with latest, * is all there are",
    )
    deb: Text | None = Field(None, min_length=1, description="package files on the host (a,b)")
    state: Literal["absent", "latest", "present"] = Field("present", description="the wanted state")
    upgrade: Literal["dist", "full", "no", "safe", "yes"] = Field(
        "no", description="upgrade all packages, by apt-get: yes and safe remove none"
    )
    update_cache: bool | None = _named("update_cache", None, "update the package lists first")
    cache_valid_time: int = Field(
        0, ge=0, description="seconds; update the lists only when they are older"
    )
    update_cache_retries: int = Field(5, ge=1, description="tries to update the lists")
    update_cache_retry_max_delay: int = Field(12, ge=0, description="most seconds between tries")
    purge: bool = Field(False, description="with absent or autoremove: configuration files too")
    autoremove: bool = Field(
        False, description="remove what was installed for others and is unused"
    )
    autoclean: bool = Field(False, description="delete downloaded files that are out of date")
    clean: bool = Field(False, description="delete all downloaded files")
    default_release: Text | None = Field(
        None,
        validation_alias=AliasChoices("default_release", "default-release"),
        description="release to install from",
    )
    install_recommends: bool | None = _named(
        "install_recommends", None, "install recommended packages; by default as the host has it"
    )
    only_upgrade: bool = Field(False, description="do not install what is not there")
    allow_unauthenticated: bool | None = _named(
        "allow_unauthenticated", False, "install what nobody has signed"
    )
    allow_downgrade: bool | None = _named(
        "allow_downgrade", False, "install an older version over a newer one",
        "allow_downgrades", "allow-downgrades",
    )  # fmt: skip
    allow_change_held_packages: bool = Field(False, description="change packages that are held")
    fail_on_autoremove: bool = Field(False, description="fail rather than remove other packages")
    dpkg_options: Words = Field(
        ("force-confdef", "force-confold"), description="options for dpkg, without --"
    )
    lock_timeout: int = Field(60, ge=0, description="seconds to wait for another apt or dpkg")
    force_apt_get: bool = Field(
        False, description="use apt-get and not aptitude, which this module does anyway"
    )

    @field_validator("name")
    @classmethod
    def _specs(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for spec in names:
            if spec != "*":
                _check(Spec.of(spec))
        return tuple(dict.fromkeys(names))

    @field_validator("dpkg_options")
    @classmethod
    def _options(cls, options: tuple[str, ...]) -> tuple[str, ...]:
        for option in options:
            if not re.fullmatch(r"[a-z0-9-]+(=[\w.,/-]+)?", option):
                raise ValueError(f"'{option}' is no option of dpkg")
        return options

    @model_validator(mode="after")
    def _together(self) -> Params:
        given = [n for n in ("name", "deb") if getattr(self, n)]
        given += ["upgrade"] if self.upgrade != "no" else []
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other")
        others = self.autoremove or self.autoclean or self.clean
        if not given and not others and not self.update_cache and not self.cache_valid_time:
            raise ValueError(
                "give name, deb, upgrade, update_cache, autoremove, autoclean or clean"
            )
        if self.deb is not None and self.state != "present":
            raise ValueError("deb is for state present")
        if "*" in self.name and (self.state != "latest" or len(self.name) > 1):
            raise ValueError("'*' is for state latest, alone")
        return self

    @property
    def specs(self) -> tuple[str, ...]:
        """The packages that are named one by one."""
        return tuple(name for name in self.name if name != "*")

    @property
    def whole(self) -> str:
        """What apt-get does with everything that is installed; empty for nothing."""
        if self.upgrade in ("dist", "full"):
            return "dist-upgrade"
        if self.upgrade in ("safe", "yes") or "*" in self.name:
            return "upgrade"
        named = self.specs or self.deb is not None
        return "autoremove" if self.autoremove and not named else ""


def _check(spec: Spec) -> None:
    plain = WILD.sub("", spec.name)
    if not debian.NAME.fullmatch(spec.name) and not (plain != spec.name and debian.NAME.fullmatch(
            f"a{plain}a")):  # fmt: skip
        raise ValueError(f"'{spec.name}' is no name of a Debian package")
    if spec.version is not None and not _VERSION.fullmatch(spec.version):
        raise ValueError(f"'{spec.version}' is no version of a Debian package")
