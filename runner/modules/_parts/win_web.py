"""Parameters of Ansible's options for requests to the web, for the modules that download."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal
from urllib.parse import quote, unquote, urlsplit

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.loose import Text
from runner.model.secret import Secret
from runner.windows import download

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_CERTIFICATE: Final = "client certificates are not sent here"
_NOBODY: Final = "a remote logon has no password to show to a server"
WEB_UNSUPPORTED: Final[Mapping[str, str]] = {
    "client_cert": _CERTIFICATE,
    "client_cert_password": _CERTIFICATE,
    "proxy_use_default_credential": _NOBODY,
    "use_default_credential": _NOBODY,
}


class WebParams(base.Params):
    """How a request is made; what it is for belongs to the module."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = WEB_UNSUPPORTED

    headers: Mapping[str, Text] = Field({}, exclude=True, description="headers to send")
    http_agent: Text = Field("ansible-httpget", description="what it calls itself")
    url_timeout: int = Field(
        30, gt=0, validation_alias=AliasChoices("url_timeout", "timeout"),
        description="seconds for each wait",
    )  # fmt: skip
    url_method: Text | None = Field(
        None,
        validation_alias=AliasChoices("url_method", "method"),
        description="does nothing, as in Ansible: a download is a GET",
    )
    url_username: Text = Field("", description="user at the server")
    url_password: Any = Field("", exclude=True, description="its password")
    force_basic_auth: bool = Field(False, description="it is sent with the first request anyway")
    validate_certs: bool = Field(True, description="check the server's certificate")
    follow_redirects: Literal["all", "none", "safe"] = Field(
        "safe", description="go where the server sends; a download is safe, so all is the same"
    )
    maximum_redirection: int = Field(50, ge=0, description="how often it goes elsewhere at most")
    use_proxy: bool = Field(True, description="use the proxy of the host's settings")
    proxy_url: Text = Field("", exclude=True, description="the proxy to use instead")
    proxy_username: Text = Field("", exclude=True, description="user at that proxy")
    proxy_password: Any = Field("", exclude=True, description="its password")

    @field_validator("url_password", "proxy_password")
    @classmethod
    def _password(cls, value: Any) -> str:
        return value.reveal() if isinstance(value, Secret) else str(value or "")

    @model_validator(mode="after")
    def _whole_lines(self) -> WebParams:
        texts = [self.http_agent, self.url_username, self.url_password, self.proxy_url]
        texts += [self.proxy_username, self.proxy_password]
        if any(_CONTROL.search(text) for text in [*texts, *self.headers, *self.headers.values()]):
            raise ValueError("a header, a name or a password holds a line break")
        if self.proxy_username and not self.proxy_url:
            raise ValueError("'proxy_username' needs 'proxy_url'")
        return self

    def asking(self, url: str) -> download.Wish:
        """The same for whoever downloads this."""
        none = self.follow_redirects == "none"
        return download.Wish(
            url, self.url_timeout, self.http_agent, self.url_username, self.url_password,
            self.headers, self._proxy, self.use_proxy, self.validate_certs,
            0 if none else self.maximum_redirection,
        )  # fmt: skip

    @property
    def _proxy(self) -> str:
        if not self.proxy_username:
            return self.proxy_url
        scheme, slashes, rest = self.proxy_url.rpartition("//")
        user, password = quote(self.proxy_username, safe=""), quote(self.proxy_password, safe="")
        return f"{scheme}{slashes}{user}:{password}@{rest.rpartition('@')[2]}"


def checked_url(url: str, schemes: tuple[str, ...] = ("http", "https", "ftp")) -> str:
    """The URL. Raises ValueError for one that cannot be asked."""
    parts = urlsplit(url)
    if parts.scheme.lower() not in schemes or not parts.hostname:
        raise ValueError(f"must be a URL that begins with {', '.join(f'{s}://' for s in schemes)}")
    if _CONTROL.search(url) or " " in url or not url.isascii():
        raise ValueError("holds characters that must be written with percent signs")
    return url


def file_name(url: str) -> str:
    """The name of the file that a URL gives."""
    return unquote(urlsplit(url).path).rpartition("/")[2]
