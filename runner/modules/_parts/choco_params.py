"""The parameters of ``win_chocolatey``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.loose import Text, Words

_HEX: Final = r"^[0-9A-Fa-f]+$"
_SECRET: Final = "it would show in the host's list of processes: choco source add, once, by hand"
_BOOTSTRAP: Final = (
    "it is for installing Chocolatey itself, which is a task of its own here: win_package with "
    "Chocolatey's .msi, or win_powershell with its script and 'creates'"
)
_VERSION: Final = re.compile(r"\d+(\.\d+){0,3}([\-+][A-Za-z0-9.\-+]+)?")


class Params(base.Params):
    """Parameters of Ansible's win_chocolatey."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "source_username": _SECRET,
        "source_password": _SECRET,
        "proxy_username": _SECRET,
        "proxy_password": _SECRET,
        **dict.fromkeys(
            (
                "bootstrap_script",
                "install_ps1",
                "bootstrap_ps1",
                "bootstrap_tls_version",
                "bootstrap_tls_versions",
                "tls_version",
                "tls_versions",
                "validate_certs",
            ),
            _BOOTSTRAP,
        ),
        "allow_multiple": "Chocolatey has no side-by-side packages any more: choose one 'version'",
    }

    name: Words = Field(
        min_length=1, description="names of packages; all, with state latest: every one there is"
    )
    state: Literal["absent", "downgrade", "latest", "present", "reinstalled", "upgrade"] = Field(
        "present",
        description="latest and upgrade: the newest there is; downgrade: to 'version'; "
        "reinstalled: once more, each time",
    )
    version: Text | None = Field(None, description="this version; for one package")
    source: Text | None = Field(None, description="source: a name, a URL or a folder")
    package_params: Text | None = Field(
        None,
        validation_alias=AliasChoices("package_params", "params"),
        description="parameters of the package",
    )
    install_args: Text | None = Field(None, description="arguments for its installer")
    override_args: bool = Field(False, description="they replace the package's own")
    architecture: Literal["default", "x86"] = Field("default", description="x86: 32 bit")
    force: bool = Field(False, description="install over what a failed run left")
    allow_empty_checksums: bool = Field(False, description="take what has no checksum")
    ignore_checksums: bool = Field(False, description="do not check what is downloaded")
    ignore_dependencies: bool = Field(False, description="leave out what it needs")
    remove_dependencies: bool = Field(False, description="absent: what it needed goes too")
    allow_prerelease: bool = Field(False, description="take prereleases as well")
    skip_scripts: bool = Field(False, description="do not run the package's scripts")
    proxy_url: Text | None = Field(None, description="the proxy to use, for this task alone")
    choco_args: Words = Field(
        (),
        validation_alias=AliasChoices("choco_args", "licensed_args"),
        description="more arguments for choco, each as one word",
    )
    checksum: Text | None = Field(
        None, pattern=_HEX, description="checksum of what the package downloads, not the package's"
    )
    checksum_type: Literal["md5", "sha1", "sha256", "sha512"] | None = Field(
        None, description="its kind; without it md5"
    )
    checksum64: Text | None = Field(
        None, pattern=_HEX, description="the same for what it downloads on 64 bit"
    )
    checksum_type64: Literal["md5", "sha1", "sha256", "sha512"] | None = Field(
        None, description="its kind; without it md5"
    )
    pinned: bool | None = Field(None, description="whether it is kept from upgrades")
    timeout: int = Field(
        2700,
        ge=1,
        validation_alias=AliasChoices("timeout", "execution_timeout"),
        description="seconds for each package",
    )

    @field_validator("name")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not re.fullmatch(r"[A-Za-z0-9_.+\-]+", name) or name.startswith("-"):
                raise ValueError(f"'{name}' is not the name of a package")
        return tuple(dict.fromkeys(name.lower() for name in names))

    @model_validator(mode="after")
    def _fits(self) -> Params:
        for name in ("", "64"):
            if getattr(self, f"checksum_type{name}") and not getattr(self, f"checksum{name}"):
                raise ValueError(f"'checksum_type{name}' needs 'checksum{name}'")
        if (self.checksum or self.checksum64) and (len(self.name) > 1 or self.every):
            raise ValueError("'checksum' is for one package: write a task for each")
        if self.version is not None and not _VERSION.fullmatch(self.version):
            raise ValueError(f"'{self.version}' is not a version such as 1.2.3")
        if self.every and (self.state not in ("latest", "upgrade") or len(self.name) > 1):
            raise ValueError("'all' stands alone, and is for state: latest")
        if self.version is not None and (len(self.name) > 1 or self.every):
            raise ValueError("'version' is for one package: write a task for each")
        if self.state == "downgrade" and self.version is None:
            raise ValueError("state: downgrade needs 'version'")
        return self

    @property
    def every(self) -> bool:
        """Whether it is about all packages of the host."""
        return "all" in self.name
