"""The parameters of the module ``get_url``, and checksums as they are written."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from pydantic import AliasChoices, ConfigDict, Field, field_validator, model_validator

from runner.interfaces.loose import Text
from runner.model.secret import Secret
from runner.modules._parts.file_state import UNSUPPORTED, FileParams, checked_path
from runner.posix.look import ALGORITHMS
from runner.posix.web import Web

_SCHEMES: Final = ("http", "https", "ftp", "file")
_BSD: Final = re.compile(r"\w+ ?\((?P<path>.+)\) ?= (?P<digest>[0-9a-fA-F]+)")
_GNU: Final = re.compile(r"(?P<digest>[0-9a-fA-F]+)\s+[* ]?(?P<path>.+)")


class Params(FileParams):
    """Parameters of Ansible's get_url."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        **UNSUPPORTED,
        "tmp_dest": "the download goes beside 'dest', so that it takes its place in one step",
        "ciphers": "the ciphers are those of the host's curl or wget",
        "decompress": "nothing compressed is asked for",
        "unredirected_headers": "all headers go along with a redirection",
        "use_gssapi": "use the module 'command' with curl --negotiate",
    }

    url: Text = Field(description="what to download: http, https, ftp or file")
    dest: Text = Field(description="where it goes; in a folder the file is named as in the URL")
    force: bool = Field(False, description="download again what is there")
    backup: bool = Field(False, description="leave a copy with the date in its name beside it")
    checksum: Text = Field("", description="ALGORITHM:DIGEST, or ALGORITHM:URL of a list of them")
    timeout: int = Field(10, gt=0, description="seconds for each wait")
    headers: Mapping[str, Text] = Field({}, exclude=True, description="headers to send")
    url_username: Text | None = Field(
        None,
        validation_alias=AliasChoices("url_username", "username"),
        description="user at the server",
    )
    url_password: Any = Field(
        None,
        exclude=True,
        validation_alias=AliasChoices("url_password", "password"),
        description="its password",
    )
    force_basic_auth: bool = Field(False, description="it is sent with the first request anyway")
    validate_certs: bool = Field(True, description="check the server's certificate")
    use_proxy: bool = Field(True, description="use the proxy of the host's environment")
    use_netrc: bool = Field(True, description="use ~/.netrc where no user is given")
    http_agent: Text = Field("ansible-httpget", description="what it calls itself")
    client_cert: Text | None = Field(None, description="certificate to log on with, on the host")
    client_key: Text | None = Field(None, description="its key, on the host")

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if urlsplit(value).scheme not in _SCHEMES:
            raise ValueError(f"must begin with {', '.join(f'{s}://' for s in _SCHEMES)}")
        return value

    @field_validator("dest")
    @classmethod
    def _path(cls, path: str) -> str:
        return checked_path(path)

    @field_validator("headers", mode="before")
    @classmethod
    def _no_headers(cls, value: Any) -> Any:
        return {} if value is None else value

    @field_validator("url_password")
    @classmethod
    def _secret(cls, value: Any) -> Secret | None:
        if value is None or isinstance(value, Secret):
            return value
        return Secret(str(value))

    @field_validator("checksum")
    @classmethod
    def _checksum(cls, value: str) -> str:
        if not value:
            return value
        algorithm, colon, rest = value.partition(":")
        if not colon:
            raise ValueError("has to be in format <algorithm>:<checksum>")
        if algorithm.lower() not in ALGORITHMS:
            raise ValueError(f"must begin with one of {', '.join(ALGORITHMS)}")
        if urlsplit(rest).scheme not in _SCHEMES and not digest_of(rest):
            raise ValueError("has no checksum in hexadecimal digits, and no URL")
        return value

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.mode == "preserve":
            raise ValueError("'mode: preserve' is not for downloads")
        return self

    @property
    def algorithm(self) -> str:
        """The name of the checksum's algorithm."""
        return self.checksum.partition(":")[0].lower()

    @property
    def digest(self) -> str:
        """The checksum itself; empty where a URL is given."""
        return "" if self.digest_url else digest_of(self.checksum.partition(":")[2])

    @property
    def digest_url(self) -> str:
        """Where the checksum is written."""
        rest = self.checksum.partition(":")[2]
        return rest if urlsplit(rest).scheme in _SCHEMES else ""

    @property
    def name(self) -> str:
        """The file's name as the URL says it."""
        return posixpath.basename(urlsplit(self.url).path) or "index.html"

    def web(self, url: str, since: str = "") -> Web:
        """A request."""
        return Web(
            url=url,
            headers=self.headers,
            user=self.url_username or "",
            password=self.url_password,
            timeout=self.timeout,
            agent=self.http_agent,
            validate=self.validate_certs,
            proxy=self.use_proxy,
            netrc=self.use_netrc,
            certificate=self.client_cert or "",
            key=self.client_key or "",
            since=since,
        )


def digest_of(text: str) -> str:
    """A checksum's hexadecimal digits; empty where it is none."""
    digits = re.sub(r"\W+", "", text).lower()
    return digits if re.fullmatch(r"[0-9a-f]{8,}", digits) else ""


def digest_for(name: str, text: str) -> str:
    """The checksum of a file in a list as sha256sum prints it, of GNU or BSD; empty without one.

    A list of a single word is the checksum.
    """
    lines = text.splitlines()
    if len(lines) == 1 and len(lines[0].split()) == 1:
        return digest_of(lines[0])
    for line in lines:
        match = _BSD.fullmatch(line) or _GNU.fullmatch(line)
        if match and match["path"].strip().removeprefix("./") == name:
            return digest_of(match["digest"])
    return ""
