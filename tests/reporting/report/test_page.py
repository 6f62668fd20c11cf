"""The HTML report in a real browser: complete, usable, silent, and proof against hostile hosts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from runner.reporting.report.data import page_data, script_json
from runner.reporting.report.page import html_page, sections
from runner.reporting.report.report import Report
from tests.reporting.browser import Browser, browser
from tests.reporting.report_samples import MARKUP, big, everything, hostile
from tests.reporting.samples import HOSTS, STEPS

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


def written(report: Report, folder: Path) -> Path:
    """The report's page in a file."""
    path = folder / "report.html"
    path.write_text("".join(html_page(report)), encoding="utf-8")
    return path


def test_it_shows_everything(chromium: Browser, tmp_path: Path) -> None:
    with chromium.open(written(everything(), tmp_path)) as opened:
        text = opened.page.inner_text("main")
        matrix = opened.texts("#grid tbody tr")
        assert opened.complaints == []
    assert "Needs attention: 3 hosts in trouble." in text
    assert "nobody answered within 20 s" in text
    assert "Is the host on, and is TCP 5985 open?" in text
    assert "a later update has replaced it" in text
    assert "rollback: false" in text
    assert "a rollback of this run" in text
    assert "7 changes on record, 3 taken back since." in text
    assert "9 of 10 jobs came as foreseen" in text
    assert "+new" in text
    assert "2017-05-15" in text
    assert [row.split()[0] for row in matrix] == list(HOSTS)
    assert matrix[0].split("\t")[1:] == ["changed", "changed", "changed", "changed", "failed"]
    assert matrix[2].split("\t")[1:] == ["unreachable", *["blocked"] * 4]


def test_plays_stand_above_their_tasks_and_where_they_began(
    chromium: Browser, tmp_path: Path
) -> None:
    with chromium.open(written(replace(everything(), rehearsal=True), tmp_path)) as opened:
        assert opened.texts("#grid .plays th") == ["close SMB", "patch"]
        began = opened.page.locator("#gantt text.play").all_text_contents()
        assert sorted(began) == ["close SMB", "patch"]
        assert {"changed", "failed", "unreachable"} <= set(opened.texts(".legend span"))
        assert "no host of the inventory was contacted" in opened.page.inner_text("main")
        opened.page.fill("#by-task", "verify")
        opened.await_count("#grid .plays", 0)
        assert opened.complaints == []


def test_it_asks_the_network_for_nothing(chromium: Browser, tmp_path: Path) -> None:
    path = written(everything(), tmp_path)
    with chromium.open(path) as opened:
        opened.page.locator("#grid td").first.click()
        assert opened.requests == [path.resolve().as_uri()]
        tried = opened.page.evaluate(
            "fetch('http://127.0.0.1:9/').then(() => 'sent', error => String(error))"
        )
        opened.page.evaluate(
            "document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x'}))"
        )
        opened.page.wait_for_timeout(100)
        refused = [c for c in opened.complaints if "violates the following Content Security" in c]
    assert tried == "TypeError: Failed to fetch"
    assert len(refused) == 2, "the policy, not the network, refused them"


def test_filters(chromium: Browser, tmp_path: Path) -> None:
    with chromium.open(written(everything(), tmp_path)) as opened:
        page = opened.page
        page.fill("#by-host", "WEB")
        opened.await_count("#grid tbody tr", 2)
        page.fill("#by-task", "ms17")
        opened.await_count("#grid thead th", 2)
        assert opened.texts("#grid tbody tr") == ["web01\tchanged", "web02\tin doubt"]
        assert page.inner_text("#shown") == "2 hosts, 1 task, 2 jobs"
        page.click("#by-status button:has-text('in doubt')")
        assert opened.texts("#grid tbody th") == ["web02"]
        page.click("#reset")
        opened.await_count("#grid tbody tr", 4)
        page.click("#by-status button:has-text('unreachable')")
        assert opened.texts("#grid tbody th") == ["dc01"]
        assert page.locator("#gantt .row text").all_text_contents() == ["dc01"]
        page.fill("#by-host", "nobody")
        opened.await_count("text=Nothing fits the filter.", 1)
        assert opened.complaints == []


def test_it_is_used_by_keyboard_alone(chromium: Browser, tmp_path: Path) -> None:
    with chromium.open(written(everything(), tmp_path)) as opened:
        page = opened.page
        page.keyboard.press("/")
        page.keyboard.type("web01")
        opened.await_count("#grid tbody tr", 1)
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.closest('#grid tbody') !== null"):
                break
        for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
            page.keyboard.press(key)
        opened.await_count("#story[open]", 1)
        assert page.inner_text("#story-name") == "web01"
        assert "write the hosts file" in page.evaluate("document.activeElement.innerText")
        story = page.inner_text("#story details[open]")
        assert "+new" in story
        assert "the file was open" in story
        page.keyboard.press("Escape")
        assert page.locator("#story[open]").count() == 0
        assert page.evaluate("document.activeElement.dataset.job") is not None
        assert opened.complaints == []


def test_a_story_has_evidence_change_and_advice(chromium: Browser, tmp_path: Path) -> None:
    with chromium.open(written(everything(), tmp_path)) as opened:
        opened.page.locator("#grid tbody th", has_text="web02").click()
        for summary in opened.page.locator("#story summary").all():
            summary.click()
        story = opened.page.inner_text("#story")
    assert "running → stopped" in story
    assert "STATE: 1" in story
    assert "sc config lanmanserver start= disabled" in story
    assert "Change the group policy." in story
    assert "sent, but the answer was lost" in story
    assert "at +1.8s, took 1.2s" in story


def test_hostile_hosts_are_inert(chromium: Browser, tmp_path: Path) -> None:
    with chromium.open(written(hostile(), tmp_path)) as opened:
        page = opened.page
        page.locator("#grid tbody th").first.click()
        for summary in page.locator("#story summary").all():
            summary.click()
        page.wait_for_timeout(100)
        assert opened.complaints == []
        assert len(opened.requests) == 1
        assert page.locator("script").count() == 2
        assert page.locator("img, style ~ style, #story svg, main style").count() == 0
        text = page.inner_text("body")
        everywhere = page.evaluate("document.documentElement.outerHTML")
    assert "<img src=x onerror=alert('owned')>" in text
    assert "49" not in text, "a template in a value is no template"
    for mark in "\u202e\u202c\u200f\u200b\u2028\x1b":
        assert mark not in text
        assert mark not in everywhere


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read(chromium: Browser, tmp_path: Path, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: text has a contrast of 4.5 to what is behind it."""
    with chromium.open(written(everything(), tmp_path), color_scheme=scheme) as opened:
        opened.page.locator("#grid tbody th").first.click()
        poor = opened.page.evaluate(CONTRAST)
    assert poor == []


def test_a_fleet_opens_within_seconds(chromium: Browser, tmp_path: Path) -> None:
    path = written(big(), tmp_path)
    assert path.stat().st_size < 12_000_000
    began = time.monotonic()
    with chromium.open(path) as opened:
        assert opened.page.inner_text("#shown") == "230 hosts, 60 tasks, 13,800 jobs"
        assert time.monotonic() - began < 20, "a busy machine has its time"
        opened.page.click("#by-status button:has-text('failed')")
        assert opened.texts("#grid tbody th") == ["srv-007"]
        opened.page.locator("#grid td").first.click()
        assert "srv-007 says 3" in opened.page.inner_text("#story details[open]")
        assert opened.complaints == []


def test_a_run_that_died_before_its_first_job(chromium: Browser, tmp_path: Path) -> None:
    report = Report("20170515-0800-7f3a", "run", "site.yml", 0.0, "eva", "1", (), (), (), "crashed")
    with chromium.open(written(report, tmp_path)) as opened:
        text = opened.page.inner_text("main")
        assert opened.complaints == []
    assert "The controller died before the end." in text
    assert "No job is on record." in text


def test_it_prints_on_white_without_what_is_only_for_the_screen(
    chromium: Browser, tmp_path: Path
) -> None:
    path = written(big(40, 12), tmp_path)
    with chromium.open(path, color_scheme="dark") as opened:
        opened.page.emulate_media(media="print")
        look = "getComputedStyle(document.body).backgroundColor"
        assert opened.page.evaluate(look) == "rgb(255, 255, 255)"
        assert not opened.page.is_visible("#filters")
        assert opened.page.is_visible("#grid table")
        for cell in ("thead th", "tbody th"):
            place = f"getComputedStyle(document.querySelector('#grid {cell}')).position"
            assert opened.page.evaluate(place) == "static", "a heading must not wander over rows"
        height = "document.getElementById('grid').scrollHeight"
        assert opened.page.evaluate(f"{height} <= document.getElementById('grid').clientHeight")


def test_without_scripts_the_summary_is_there(chromium: Browser, tmp_path: Path) -> None:
    with chromium.open(written(everything(), tmp_path), java_script_enabled=False) as opened:
        text = opened.page.inner_text("main")
    assert "Scripts are off" in text
    assert "nobody answered within 20 s" in text
    assert "running → stopped" in text


class _Page(HTMLParser):
    """Elements and attributes, as any parser sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_no_text_becomes_markup_and_nothing_is_loaded() -> None:
    """The same without a browser, for machines that have none."""
    page = _Page()
    page.feed("".join(html_page(hostile())))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") == 2
    assert tags.count("style") == 1
    assert not {"img", "iframe", "link", "object", "base"} & set(tags)
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")


def test_json_cannot_end_its_script() -> None:
    text = script_json({"a": MARKUP})
    assert json.loads(text) == {"a": MARKUP}
    assert text.isascii()
    assert not set("<>&") & set(text)


def test_equal_outcomes_are_kept_once_and_evidence_is_bounded() -> None:
    report = big(20, 10)
    whole = page_data(report)
    assert len(whole["jobs"]) == 200
    assert len(whole["bodies"]) == 200, "each says something of its own"
    few = page_data(report, most=3_000)
    assert any(body.get("left_out") for body in few["bodies"])
    assert len(few["bodies"]) < 20
    failed = next(job for job in few["jobs"] if few["words"][job[2]][0] == "failed")
    assert few["bodies"][failed[5]]["output"], "the gravest keep theirs"


def test_a_plan_is_no_run() -> None:
    said = sections(replace(everything(), predicted=True, status="plan", finished=None))
    assert said["verdict"].startswith("A plan: nothing has happened yet.")
    running = sections(replace(everything(), status="running", finished=None))
    assert running["verdict"].startswith("Still running")
    assert STEPS[0].name in [change["title"] for change in said["changes"]]


CONTRAST = """() => {
  const parse = (text) => (text.match(/[0-9.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = parse(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest("script, style, noscript")) continue;
    const [a, b] = [parse(getComputedStyle(element).color), ground(element)].map(light);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.add(element.tagName + "." + element.className + " " + ratio.toFixed(2));
  }
  return [...poor];
}"""
