"""Parameters of win_package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias

from pydantic import AfterValidator, AliasChoices, Field, field_validator, model_validator

from runner.interfaces.loose import Text
from runner.interfaces.on_host import HostText
from runner.modules._parts.win_files import PathText
from runner.modules._parts.win_web import WEB_UNSUPPORTED, WebParams, checked_url, file_name
from runner.windows import command_line, paths, variables

GUID: Final = re.compile(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_DIGITS: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128}
_LOGON: Final = "Ansible took it away itself; use 'become' on the task for a share's account"
_ONEGET: Final = "that way of installing is PowerShell's own: use win_powershell"


def _package(path: str) -> str:
    if "://" in path:
        return checked_url(path, ("http", "https"))
    return paths.named(path, shares=True)


def _asks(text: str) -> bool:
    return "://" not in text and variables.holds(text)


Package: TypeAlias = Annotated[Text, AfterValidator(_package), HostText(_asks, variables.filled)]


class Params(WebParams):
    """Parameters of Ansible's win_package."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        **WEB_UNSUPPORTED,
        "verify_signature": "cmd checks no signature of a file; use 'checksum'",
        "wait_for_children": "cmd waits for the program that it starts alone; use an installer's "
        "own switch, or a win_wait_for behind it",
        "package_management_provider": _ONEGET,
        "package_source": _ONEGET,
        "package_version": _ONEGET,
        "destination_path": _ONEGET,
        "username": _LOGON,
        "user_name": _LOGON,
        "password": _LOGON,
        "user_password": _LOGON,
    }

    state: Literal["absent", "present"] = Field(
        "present",
        validation_alias=AliasChoices("state", "ensure"),
        description="whether it is installed",
    )
    path: Package | None = Field(
        None, description="the package, .msi or .exe: on the host, on a share, or a URL"
    )
    product_id: Text | None = Field(
        None,
        validation_alias=AliasChoices("product_id", "productid"),
        description="its key under Uninstall in the registry; of an msi the {product code}",
    )
    arguments: tuple[Text, ...] | None = Field(
        None, description="more words for the installer or uninstaller; a text is split"
    )
    provider: Literal["auto", "msi", "registry"] = Field(
        "auto", description="auto: msi by the ending of 'path', else by the product_id"
    )
    creates_path: PathText | None = Field(
        None, description="is there when it is installed; says more than 'product_id'"
    )
    creates_version: Text | None = Field(
        None, description="the version that the file 'creates_path' has when it is installed"
    )
    creates_service: Text | None = Field(
        None, description="exists when it is installed; says more than the others"
    )
    expected_return_code: tuple[int, ...] = Field(
        (0, 3010), description="exit codes that mean success; 3010: a restart is needed"
    )
    log_path: PathText | None = Field(None, description="where msiexec writes its log")
    chdir: PathText | None = Field(None, description="the folder in which the installer starts")
    checksum: Text | None = Field(None, description="what 'path' must have before it is started")
    checksum_algorithm: Literal["md5", "sha1", "sha256", "sha384", "sha512"] = Field(
        "sha1", description="what kind of checksum"
    )

    @field_validator("arguments", mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        return command_line.split(value) if isinstance(value, str) else value

    @field_validator("expected_return_code", mode="before")
    @classmethod
    def _codes(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(","))
        return (value,) if isinstance(value, int) else value

    @field_validator("product_id")
    @classmethod
    def _key(cls, name: str | None) -> str | None:
        if name is not None and (not name or "\\" in name):
            raise ValueError("is the name of one key of the registry")
        return name

    @model_validator(mode="after")
    def _enough(self) -> Params:
        if self.state == "present" and self.path is None:
            raise ValueError("state: present needs 'path'")
        if self.state == "absent" and not (self.path or self.product_id):
            raise ValueError("state: absent needs 'product_id' or 'path'")
        if self.state == "absent" and not (self.signs or self.is_msi):
            raise ValueError("what an .exe uninstalls is told by 'product_id' or 'creates_path'")
        if self.creates_version is not None and self.creates_path is None:
            raise ValueError("'creates_version' needs 'creates_path'")
        if self.checksum is not None:
            size = _DIGITS[self.checksum_algorithm]
            if not re.fullmatch(rf"[0-9a-fA-F]{{{size}}}", self.checksum):
                raise ValueError(f"'checksum' has {size} hex digits for {self.checksum_algorithm}")
        if self.is_msi and self.path is None and not self.is_guid:
            raise ValueError("'product_id' of an msi is its product code, a GUID in braces")
        if self.log_path is not None and not self.is_msi:
            raise ValueError("'log_path' is for msi packages; use 'arguments'")
        return self

    @property
    def is_url(self) -> bool:
        """Whether the package must be fetched first."""
        return self.path is not None and "://" in self.path

    @property
    def signs(self) -> bool:
        """Whether something beside the package tells if it is installed."""
        return bool(self.product_id or self.creates_path or self.creates_service)

    @property
    def is_guid(self) -> bool:
        """Whether the product_id is a product code."""
        return self.product_id is not None and GUID.fullmatch(self.product_id) is not None

    @property
    def is_msi(self) -> bool:
        """Whether msiexec does it."""
        if self.provider != "auto":
            return self.provider == "msi"
        if self.path is not None:
            name = file_name(self.path) if self.is_url else self.path
            return name.lower().endswith(".msi")
        return self.is_guid

    @property
    def codes(self) -> tuple[int, ...]:
        """The exit codes that mean success, as they are compared."""
        return tuple(code & 0xFFFFFFFF for code in self.expected_return_code)
