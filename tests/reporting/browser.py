"""A real headless Chromium, which opens pages as a person's browser does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",  # refused to root otherwise, and the page comes from this very test
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
IN_CI = bool(os.environ.get("CI"))


def program() -> str:
    """Where the browser is; without it skip, and under CI fail."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        _missing("playwright (pip install -c constraints.txt playwright)")
    if found is None:
        _missing("Chromium (Debian: apt-get install chromium-headless-shell)")
    assert found is not None
    return found


def _missing(what: str) -> None:
    if IN_CI:
        pytest.fail(f"install {what}: these tests open pages in it")
    pytest.skip(f"{what} is not installed")


@dataclass
class Opened:
    """A page, and all that it asked for or complained about."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        """The texts of what is visible."""
        found: list[str] = self.page.locator(selector).all_inner_texts()
        return [text.strip() for text in found]

    def await_count(self, selector: str, count: int) -> None:
        """Wait until there are so many; the page's policy forbids what Playwright would do."""
        for _ in range(200):
            if self.page.locator(selector).count() == count:
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"there are not {count} but {self.page.locator(selector).count()} {selector}")


@dataclass
class Browser:
    """Opens files; each page in a profile of its own."""

    real: Any

    @contextmanager
    def open(self, path: Path, **settings: Any) -> Iterator[Opened]:
        """The page of that file."""
        context = self.real.new_context(**settings)
        context.set_default_timeout(20_000)
        opened = Opened(context.new_page())
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("dialog", lambda dialog: opened.complaints.append(dialog.message))
        opened.page.goto(path.resolve().as_uri())
        yield opened
        context.close()


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser of its own; skips or fails where there is none."""
    path = program()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        real = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield Browser(real)
        real.close()
