"""The setting of a task's commands: its ``environment``, and as whom they run (``become``).

Source: Ansible, "Understanding privilege escalation: become", "Setting the remote environment" and
"Controlling how Ansible behaves: precedence rules": variables win over keywords.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Mapping
from typing import Any, Final

from runner.engine.hosts.link import Link
from runner.engine.variables.keywords import Renderer, as_flag
from runner.errors import PlaybookError, TemplateError
from runner.interfaces.setting import Setting
from runner.interfaces.template import Templates
from runner.model.secret import Redactor, Secret
from runner.model.source import Source
from runner.model.task import Become, Way

_DEFAULT_USERS: Final = {"sudo": "root", "su": "root", "doas": "root"}
"""``runas`` has none: a playbook must say who is meant."""


class Settings:
    """Makes the settings of tasks. Shared by all threads."""

    def __init__(self, templates: Templates, redactor: Redactor) -> None:
        self._templates = templates
        self._redactor = redactor

    def of(
        self,
        environment: Iterable[Any],
        become: Become,
        way: Way,
        variables: Mapping[str, Any],
        of_host: Mapping[str, Any],
        link: Link,
        source: Source,
    ) -> Setting:
        """The setting with these keywords on that link.

        ``of_host`` are the variables of the host at the other end; they differ from the task's
        own ``variables`` when it is delegated. Raises InputError with the place.
        """
        around = self._environment(environment, variables, source)
        method, user = self._method_and_user(become, way, variables, of_host, link, source)
        if not method:
            return Setting(environment=around)
        render = Renderer(self._templates, variables, source)
        flags = self._variable(of_host, method, "flags") or render.text(
            "become_flags", become.flags
        )
        exe = self._variable(of_host, method, "exe") or render.text("become_exe", become.exe)
        return Setting(
            environment=around,
            become=method,
            user=user,
            password=self._password(of_host, method),
            flags=str(flags or ""),
            exe=str(exe or ""),
        )

    def recorded(self, data: Mapping[str, Any] | None, of_host: Mapping[str, Any]) -> Setting:
        """The setting that the journal kept, with the password of the inventory."""
        if not data:
            return Setting()
        method = str(data["become"])
        password = self._password(of_host, method) if method else None
        return Setting(
            environment=dict(data["environment"]),
            become=method,
            user=str(data["user"]),
            password=password,
            flags=str(data["flags"]),
            exe=str(data["exe"]),
        )

    # -- environment ------------------------------------------------------------------------

    def _environment(
        self, entries: Iterable[Any], variables: Mapping[str, Any], source: Source
    ) -> dict[str, str | Secret]:
        merged: dict[str, str | Secret] = {}
        for entry in entries:
            found = self._templates.render({"value": entry}, variables, source).get("value")
            if found is None or found == "":
                continue
            if not isinstance(found, Mapping):
                raise TemplateError(
                    f"'environment' must be a mapping of variables, and here it is {found!r}",
                    source=source,
                )
            for name, value in found.items():
                merged[str(name)] = value if isinstance(value, Secret) else _text(value)
        return merged

    # -- become -----------------------------------------------------------------------------

    def _method_and_user(
        self,
        become: Become,
        way: Way,
        variables: Mapping[str, Any],
        of_host: Mapping[str, Any],
        link: Link,
        source: Source,
    ) -> tuple[str, str]:
        """How to become whom; empty when nobody is to be become."""
        render = Renderer(self._templates, variables, source)
        active = as_flag("ansible_become", self._rendered(of_host, "ansible_become"), source)
        if active is None:
            active = render.flag("become", become.active)
        if not active:
            return "", ""
        method = str(
            self._rendered(of_host, "ansible_become_method")
            or render.text("become_method", become.method)
            or ("sudo" if link.login_shell == "posix" else "runas")
        ).rpartition(".")[2]
        user = str(
            self._variable(of_host, method, "user")
            or render.text("become_user", become.user)
            or _DEFAULT_USERS.get(method, "")
        )
        if not user:
            raise PlaybookError(
                f"'become' with the method '{method}' needs to know who to become",
                source=source,
                hint="give the task 'become_user', or the host 'ansible_become_user'",
            )
        return ("", "") if self._is_self(user, method, way, of_host, link) else (method, user)

    def _is_self(
        self, user: str, method: str, way: Way, of_host: Mapping[str, Any], link: Link
    ) -> bool:
        """Whether that is who we log on as anyway: then there is nobody to become."""
        me = self._rendered(of_host, "ansible_user") or way.user
        if not me and link.transport.name == "local":
            me = getpass.getuser()
        fold = str.casefold if method == "runas" else str
        return bool(me) and fold(str(me)) == fold(user)

    def _variable(self, of_host: Mapping[str, Any], method: str, what: str) -> Any:
        """``ansible_sudo_user`` wins over ``ansible_become_user``."""
        special = self._rendered(of_host, f"ansible_{method}_{what}")
        return self._rendered(of_host, f"ansible_become_{what}") if special is None else special

    def _password(self, of_host: Mapping[str, Any], method: str) -> Secret | None:
        for name in (
            f"ansible_{method}_password",
            f"ansible_{method}_pass",
            "ansible_become_pass",
            "ansible_become_password",
        ):
            found = self._rendered(of_host, name)
            if found is not None:
                secret = found if isinstance(found, Secret) else Secret(str(found))
                self._redactor.add(secret.reveal())
                return secret
        return None

    def _rendered(self, of_host: Mapping[str, Any], name: str) -> Any:
        if name not in of_host:
            return None
        return self._templates.render({"value": of_host[name]}, of_host).get("value")


def _text(value: Any) -> str:
    """A value as the text that a program finds in its environment."""
    return "" if value is None else str(value)


def setting_to_json(setting: Setting) -> dict[str, Any] | None:
    """What the journal keeps of a setting: everything but the password."""
    if not setting:
        return None
    values = {k: v.reveal() if isinstance(v, Secret) else v for k, v in setting.environment.items()}
    return {
        "environment": values,
        "become": setting.become,
        "user": setting.user,
        "flags": setting.flags,
        "exe": setting.exe,
    }
