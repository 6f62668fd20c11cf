"""The parameters of ``dnf`` and ``yum``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.loose import Text, Words

_SPEC: Final = re.compile(r"(?P<name>\S+)(?:\s+(?P<sign>[<>]=?|=)\s+(?P<version>\S+))?")
_WILD: Final = re.compile(r"[*?\[]")
_ABSENT: Final = ("absent", "removed")


class Params(base.Params):
    """Parameters of Ansible's dnf."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "list": "use the module 'command' with dnf list",
        "download_only": "use the module 'command' with dnf download",
        "download_dir": "use the module 'command' with dnf download",
        "install_repoquery": "it has no meaning any more; leave it out",
        "validate_certs": "it is for URLs, which are fetched with get_url; sslverify is for "
        "repositories",
        "lock_timeout": "dnf itself waits for another dnf, as long as the task's timeout lets it",
    }

    name: Words = Field(
        (),
        validation_alias=AliasChoices("name", "pkg"),
        description="packages: foo, foo-1.0, 'foo >= 1.0', /usr/bin/foo, /path/foo.rpm; with "
        "latest, * is all there are",
    )
    state: Literal["absent", "installed", "latest", "present", "removed"] | None = Field(
        None, description="the wanted state; present, or absent with autoremove"
    )
    enablerepo: Words = Field((), description="repositories to use, for this task")
    disablerepo: Words = Field((), description="repositories not to use, for this task")
    conf_file: Text | None = Field(None, description="configuration file to use")
    disable_gpg_check: bool = Field(False, description="install what nobody has signed")
    installroot: Text = Field("/", pattern="^/", description="folder to install into")
    releasever: Text | None = Field(None, description="release to install from")
    autoremove: bool = Field(
        False, description="remove what was installed for others and is unused"
    )
    exclude: Words = Field((), description="packages to leave out")
    skip_broken: bool = Field(False, description="leave out what cannot be installed")
    update_cache: bool = Field(
        False,
        validation_alias=AliasChoices("update_cache", "expire-cache"),
        description="read the repositories' lists again first",
    )
    update_only: bool = Field(False, description="do not install what is not there")
    security: bool = Field(False, description="with *: only what repairs security")
    bugfix: bool = Field(False, description="with *: only what repairs faults")
    enable_plugin: Words = Field((), description="plug-ins to use, for this task")
    disable_plugin: Words = Field((), description="plug-ins not to use, for this task")
    disable_excludes: Text | None = Field(None, description="all, main or a repository")
    sslverify: bool = Field(True, description="check the certificates of repositories")
    allow_downgrade: bool = Field(False, description="install an older version over a newer one")
    install_weak_deps: bool = Field(True, description="install recommended packages")
    allowerasing: bool = Field(False, description="remove other packages where that is needed")
    best: bool | None = Field(None, description="the newest version or none")
    nobest: bool | None = Field(None, description="the opposite of best")
    cacheonly: bool = Field(False, description="download no lists")
    use_backend: Literal["auto", "dnf", "dnf4", "yum", "yum4"] = Field(
        "auto",
        validation_alias=AliasChoices("use_backend", "use"),
        description="the program; by default dnf where it is, else yum",
    )

    @field_validator("name")
    @classmethod
    def _specs(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for text in names:
            if text.startswith("@"):
                raise ValueError(f"'{text}' is a group or module, which cannot be taken back "
                                 "exactly: use the module 'command'")  # fmt: skip
            if "://" in text:
                raise ValueError(f"'{text}' is a URL: fetch it with get_url first")
            if text.startswith("-") or not _SPEC.fullmatch(text):
                raise ValueError(f"'{text}' is no package")
        return tuple(dict.fromkeys(names))

    @model_validator(mode="after")
    def _together(self) -> Params:
        if not self.name and not self.update_cache and not self.autoremove:
            raise ValueError("give name, update_cache or autoremove")
        if self.autoremove and not self.removes:
            raise ValueError("autoremove is for state absent, or alone")
        if "*" in self.name and (self.state != "latest" or len(self.name) > 1):
            raise ValueError("'*' is for state latest, alone")
        wild = [name for name in self.specs if _WILD.search(name)]
        if wild and not self.removes:
            raise ValueError(f"'{wild[0]}' is a pattern, which only state absent takes")
        if (self.security or self.bugfix) and "*" not in self.name:
            raise ValueError("security and bugfix are for name '*' with state latest")
        if self.best is not None and self.nobest is not None:
            raise ValueError("best and nobest exclude each other")
        return self

    @property
    def removes(self) -> bool:
        """Whether packages are to go."""
        return self.state in _ABSENT or (self.state is None and self.autoremove)

    @property
    def specs(self) -> tuple[str, ...]:
        """The packages that are named one by one."""
        return tuple(name for name in self.name if name != "*")

    @property
    def whole(self) -> str:
        """What is done with everything that is installed; empty for nothing."""
        if "*" in self.name:
            return "upgrade"
        return "autoremove" if self.autoremove and not self.name else ""


def parts(spec: str) -> tuple[str, str, str]:
    """Name, sign and version of a spec; the latter two are mostly empty."""
    found = _SPEC.fullmatch(spec)
    assert found is not None
    return found["name"], found["sign"] or "", found["version"] or ""
