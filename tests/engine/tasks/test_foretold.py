"""Which look at a host is no answer in a dry run."""

from __future__ import annotations

import pytest

from runner.engine.tasks.foretold import Foretold


@pytest.mark.parametrize(
    ("looked_at", "changed", "meets"),
    [
        ("file /etc/motd", "file /etc/motd", True),
        ("file C:\\A\\b.txt", "file c:/a/B.TXT", True),
        ("file /opt/app/bin", "file /opt/app", True),
        ("file /opt/app", "file /opt/app/", True),
        ("file /opt", "file /opt/app", False),
        ("file /opt/apple", "file /opt/app", False),
        ("registry hklm\\software\\x a", "registry hklm\\software\\x a", True),
        ("registry hklm\\software\\x", "registry hklm\\software\\x a", True),
        ("registry hklm\\software\\x a", "registry hklm\\software\\x b", False),
        ("registry hklm\\software\\x a", "registry hklm\\software", True),
        ("services spooler", "service spooler", True),
        ("services spoo*", "service spooler", True),
        ("services *", "service w32time", True),
        ("services bits", "service spooler", False),
        ("file spooler", "service spooler", False),
    ],
)
def test_what_meets(looked_at: str, changed: str, meets: bool) -> None:
    foretold = Foretold()
    foretold.note("a", changed, "task")
    assert foretold.by("a", looked_at) == ("task" if meets else "")
    assert foretold.by("b", looked_at) == ""


def test_the_last_task_is_named() -> None:
    foretold = Foretold()
    foretold.note("a", "file /x", "one")
    foretold.note("a", "file /x/y", "two")
    assert foretold.by("a", "file /x/y/z") == "two"
