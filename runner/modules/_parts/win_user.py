"""What win_user knows of a user, and how it finds it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, field_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Output, Query, Reply, Script, read
from runner.interfaces.loose import Text, Words
from runner.model.secret import MASK
from runner.modules._parts.password import Password
from runner.windows import local_groups, sam, user_details
from runner.windows.user_details import Details

GIVEN: Final = "as given"
OLD: Final = "the old one"
OTHER: Final = "another one"
_BAD: Final = frozenset('"/\\[]:;|=,+*?<>@%')
_LONGEST: Final = 20

# The password comes through standard input. Codes: [MS-ERREF] 2.2. All but 1326 (wrong) and 1909
# (locked out, so not looked at) mean that it is right and something else forbids the logon.
_COMPARE: Final = """\
$s='[DllImport("advapi32.dll",SetLastError=true,CharSet=CharSet.Unicode)]public static extern bool '
$s+='LogonUser(string u,string d,string p,int t,int v,out IntPtr h);'
$s+='[DllImport("kernel32.dll")]public static extern bool CloseHandle(IntPtr h);'
$t=Add-Type -MemberDefinition $s -Name Logon -Namespace Check -PassThru
$h=[IntPtr]::Zero
$ok=$t::LogonUser($params.name,'.',[Console]::In.ReadToEnd(),3,0,[ref]$h)
$e=[Runtime.InteropServices.Marshal]::GetLastWin32Error()
if($ok){[void]$t::CloseHandle($h);$e=0}
"code=$e"
"""
_RIGHT: Final = frozenset({0, 1327, 1328, 1329, 1330, 1331, 1385, 1793, 1907})


def _checked(name: str) -> str:
    bad = sorted(_BAD.intersection(name))
    if bad or not name.strip(" .") or any(ord(char) < 32 for char in name):
        raise ValueError(f"'{name}' is not the name of a user of Windows")
    if len(name) > _LONGEST:
        raise ValueError(f"the name of a user has up to {_LONGEST} characters, not {len(name)}")
    return name


class Params(base.Params):
    """Parameters of Ansible's win_user."""

    name: Annotated[Text, AfterValidator(_checked)] = Field(
        min_length=1, description="name of the user"
    )
    state: Literal["absent", "present", "query"] = Field(
        "present", description="whether the user shall exist; query only looks"
    )
    fullname: Text | None = Field(None, description="the user's full name")
    description: Text | None = Field(None, description="text for people")
    password: Annotated[Text, AfterValidator(Password)] | None = Field(
        None, description="the password; needs PowerShell on the host"
    )
    old_password: Annotated[Text, AfterValidator(Password)] | None = Field(
        None,
        description="the password that the user has before this task, so that a rollback can give"
        " it back; kept encrypted in the journal (not in Ansible)",
    )
    update_password: Literal["always", "on_create"] = Field(
        "always", description="whether to set the password of a user that exists"
    )
    password_never_expires: bool | None = Field(
        None, description="whether the password stays valid for ever"
    )
    user_cannot_change_password: bool | None = Field(
        None, description="whether the user may not change the password"
    )
    account_disabled: bool | None = Field(None, description="whether the account is closed")
    account_locked: Literal[False] | None = Field(
        None, description="no unlocks an account that wrong passwords have locked"
    )
    password_expired: bool | None = Field(
        None, description="whether the password must be changed at the next logon; needs PowerShell"
    )
    account_expires: Text | None = Field(
        None,
        description="when nobody can log on with it any more: never, 2026-12-31 (UTC), "
        "2026-12-31T18:00:00+0100; needs PowerShell",
    )
    home_directory: Text | None = Field(None, description="the home directory; needs PowerShell")
    login_script: Text | None = Field(None, description="the login script; needs PowerShell")
    profile: Text | None = Field(None, description="path of the profile; needs PowerShell")
    groups: Words | None = Field(None, description="local groups, by name or identifier")
    groups_action: Literal["add", "replace", "remove"] = Field(
        "replace", description="what to do with the groups"
    )
    groups_missing_behaviour: Literal["fail", "ignore", "warn"] = Field(
        "fail", description="what to do about groups that do not exist"
    )

    @field_validator("account_locked", mode="before")
    @classmethod
    def _no(cls, value: object) -> object:
        if isinstance(value, str) and value.casefold() in ("no", "false", "off", "n", "f", "0"):
            return False
        return value

    @field_validator("account_expires")
    @classmethod
    def _moment(cls, text: str | None) -> str | None:
        return None if text is None else user_details.moment(text)

    @field_validator("home_directory", "login_script", "profile")
    @classmethod
    def _printable(cls, text: str | None) -> str | None:
        if text is not None and any(ord(char) < 32 for char in text):
            raise ValueError("holds a control character")
        return text

    @property
    def details(self) -> Details:
        """What the task says of those that only PowerShell tells."""
        return Details(**{one.name: getattr(self, one.name) for one in fields(Details)})

    @property
    def secret(self) -> str | None:
        """The password itself: for the host's ears only."""
        return _plain(self.password)

    @property
    def old_secret(self) -> str | None:
        """The old password itself."""
        return _plain(self.old_password)

    def secrets_for_undo(self) -> Mapping[str, str]:
        """Both passwords, where the old one can be given back."""
        new, old = self.secret, self.old_secret
        return {} if new is None or old is None else {"password": new, "old_password": old}

    def with_secrets(self, secrets: Mapping[str, str]) -> Self:
        return self.model_copy(update={name: Password(text) for name, text in secrets.items()})


def _plain(password: str | None) -> str | None:
    return None if password is None else "".join(password)


@dataclass(frozen=True, slots=True)
class UserState:
    """A user of the host. ``groups`` are the local groups, as the host spells them.

    What only PowerShell tells is None where the task says nothing about it.
    ``password`` says whether it is the one of the task, or its ``old_password``; empty where that
    does not matter.
    ``known`` are the names of all groups with their identifiers, ``missing`` those that the task
    names and the host has not.
    """

    present: bool = False
    fullname: str = ""
    description: str = ""
    account_disabled: bool = False
    account_locked: bool = False
    password_never_expires: bool = False
    user_cannot_change_password: bool = False
    password: str = ""
    groups: tuple[str, ...] = ()
    password_expired: bool | None = None
    account_expires: str | None = None
    home_directory: str | None = None
    login_script: str | None = None
    profile: str | None = None
    name: str = field(default="", compare=False)
    sid: str = field(default="", compare=False)
    computer: str = field(default="", compare=False)
    wanted_groups: tuple[str, ...] = field(default=(), compare=False)
    missing: tuple[str, ...] = field(default=(), compare=False)
    everybody: str = field(default="", compare=False)
    """The group that ``net user /add`` puts everybody into."""

    @property
    def details(self) -> Details:
        """Those that only PowerShell tells, as far as the task asks for them."""
        return Details(**{one.name: getattr(self, one.name) for one in fields(Details)})


_USERS: Final = "S-1-5-32-545"


def find(params: Params) -> Generator[Query, Reply, UserState]:
    """The user as it is now."""
    directory = yield from sam.find()
    user = directory.user(params.name)
    named = [(name, directory.group(name)) for name in params.groups or ()]
    everybody = directory.group(_USERS)
    common = UserState(
        name=user.name if user else params.name,
        computer=directory.computer,
        wanted_groups=_sorted(group.name for _, group in named if group is not None),
        missing=tuple(name for name, group in named if group is None),
        everybody=everybody.name if everybody else "",
    )
    if user is None:
        return common
    groups: list[str] = []
    lists = yield from read(*(local_groups.members_of(group.name) for group in directory.groups))
    for group, output in zip(directory.groups, lists, strict=True):
        if any(who.sid == user.sid for who in local_groups.members(output, group.name, directory)):
            groups.append(group.name)
    password = ""
    secret = params.secret
    if secret is not None and params.update_password == "always" and params.state == "present":
        password = yield from _compared(user.name, secret, params.old_secret)
    details = yield from _details(params, user.name)
    return UserState(
        present=True,
        fullname=user.fullname,
        description=user.description,
        account_disabled=user.disabled,
        account_locked=user.locked,
        password_never_expires=user.password_never_expires,
        user_cannot_change_password=user.cannot_change_password,
        password=password,
        groups=_sorted(groups),
        password_expired=details.password_expired,
        account_expires=details.account_expires,
        home_directory=details.home_directory,
        login_script=details.login_script,
        profile=details.profile,
        name=user.name,
        sid=user.sid,
        computer=common.computer,
        wanted_groups=common.wanted_groups,
        missing=common.missing,
        everybody=common.everybody,
    )


def _details(params: Params, name: str) -> Generator[Query, Reply, Details]:
    if params.state == "query":
        try:
            return (yield from user_details.find(name))
        except Refused:
            return Details()  # a query tells what there is to tell
    if params.state == "absent" or params.details == Details():
        return Details()
    return user_details.asked(params.__dict__, (yield from user_details.find(name)))


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names), key=str.casefold))


def _compared(name: str, secret: str, old: str | None) -> Generator[Query, Reply, str]:
    """Which password it is; one that is not on record is another one."""
    for word, text in ((GIVEN, secret), (OLD, old)):
        if text is None or text == MASK:
            continue
        (output,) = yield from read(Script("powershell", _COMPARE, {"name": name}, stdin=text))
        if _code(output) in _RIGHT:
            return word
    return OTHER


def _code(output: Output) -> int:
    for line in output.stdout.splitlines():
        name, _, value = line.strip().partition("=")
        if name == "code" and value.isdigit():
            return int(value)
    return -1
