"""The page for everyone: axe finds nothing, pictures are named and described, Play is near."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from conftest import RESTING, Visit
from playwright.sync_api import Page, expect

from views.theme import DARK, LIGHT

pytestmark = pytest.mark.browser
Visits = Callable[..., Visit]

# `.ci/run test` installs it beside what checks the JavaScript.
AXE = Path(sys.prefix) / "js" / "node_modules" / "axe-core" / "axe.min.js"
# Streamlit's own, which the page cannot change, each by its narrowest selector with the reason.
STREAMLITS: list[str] = []
FOUND = """
async (exclude) => {
  const rules = { "target-size": { enabled: true } };
  const { violations } = await axe.run({ exclude }, { resultTypes: ["violations"], rules });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html, failureSummary }) =>
      `${id} at ${target.join(" ")}: ${html.slice(0, 200)}: ${failureSummary}`));
}
"""
STILL = "() => document.getAnimations().every(({ playState }) => playState !== 'running')"
# Streamlit paints the page in other colours at once, and what the script has said of them later.
PAINTED = """
([colour, page]) => {
  const said = getComputedStyle(document.documentElement).getPropertyValue("--lab-page").trim();
  const app = getComputedStyle(document.querySelector(".stApp"));
  return app.backgroundColor === colour && (!said || said.toLowerCase() === page.toLowerCase());
}
"""
FOCUSED = "() => (({ ariaLabel, innerText }) => ariaLabel || innerText)(document.activeElement)"
LEVELS = """
() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter((node) => node.checkVisibility()).map((node) => +node.tagName[1])
"""
SIZES = """
(least) => [...document.querySelectorAll(
  ":is(.zz, .zz-lower, .zz-gallery) :is(button, select, input, a)")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }))
  .map((node) => [node.ariaLabel || node.innerText, node.getBoundingClientRect()])
  .filter(([, { width, height }]) => Math.min(width, height) < least)
  .map(([name, { width, height }]) => `${name}: ${width} x ${height}`)
"""
DESCRIBED = """
(node) => [node.ariaLabel, node.getAttribute("aria-describedby").split(" ")
  .map((id) => document.getElementById(id).textContent).join(" ")]
"""


def settled(page: Page) -> None:
    page.wait_for_selector(RESTING)
    page.wait_for_function(STILL)


def role(page: Page, kind: Any, name: str) -> None:
    page.get_by_role(kind, name=name, exact=True).first.click()
    settled(page)


def states(visit: Visit) -> Iterator[str]:
    """Lead a page through what it can show, in as few loads as that takes; yield what it shows."""
    page = visit.page
    yield "the opening"
    page.goto(urljoin(page.url, "/?preset=ravine"))
    visit.settled()
    yield "a preset"
    for view in ("Overlay", "3-D"):
        with visit.another_scene():
            role(page, "radio", view)
        yield view
    page.get_by_role("button", name=re.compile("^Start ")).click()
    expect(page.get_by_role("textbox", name="Start x", exact=True)).to_be_visible()
    yield "a popover"
    page.keyboard.press("Escape")
    role(page, "button", "All settings")
    expect(page.get_by_text("Path to come", exact=True)).to_be_visible()
    yield "all settings"
    page.keyboard.press("Escape")
    role(page, "button", "Share")
    expect(page.get_by_text("Trajectories (CSV)")).to_be_visible()
    yield "what is shared"
    page.keyboard.press("Escape")
    role(page, "button", "Look inside this update")
    expect(page.get_by_text("exact gradient", exact=True)).to_be_visible()
    yield "the inspector"
    page.get_by_text("Code for this run", exact=True).click()
    expect(page.locator(".stCode").first).to_be_visible()
    settled(page)
    yield "the code"
    role(page, "link", "Gallery")
    expect(page.locator(".zz-card").first).to_be_visible()
    yield "the gallery"
    role(page, "link", "Class")
    expect(page.locator(".zz-class-door")).to_be_visible()
    yield "the door of a class"
    page.get_by_role("button", name="Open the class").click()
    page.get_by_role("button", name="Reveal").click()
    expect(page.locator(".zz-class-histogram .bglayer")).to_be_attached()
    yield "a class"
    page.goto(urljoin(page.url, "/?preset=sweep"))
    visit.settled()
    yield "a map"
    page.goto(urljoin(page.url, "/?preset=ravine&present=1"))
    visit.settled()
    yield "a presentation"
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(urljoin(page.url, "/?surface=none&length=1e9"))
    visit.settled()
    expect(page.locator('[data-testid="stAlert"], .zz-note').first).to_be_visible()
    yield "an error, on a phone"
    page.goto(urljoin(page.url, "/?preset=ravine"))
    visit.settled()
    yield "a phone"


def test_axe_finds_nothing(visit: Visits):
    shown = visit("", color_scheme="light", reduced_motion="reduce", locale="en-US")
    page, found, seen = shown.page, [], 0
    axe = AXE.read_text("utf-8")
    themes = [LIGHT, DARK]
    for state in states(shown):
        for theme in themes:
            page.emulate_media(color_scheme=theme.name)
            red, green, blue = (int(theme.page[i : i + 2], 16) for i in (1, 3, 5))
            page.wait_for_function(PAINTED, arg=[f"rgb({red}, {green}, {blue})", theme.page])
            settled(page)
            if not page.evaluate("'axe' in window"):
                page.evaluate(axe)
            found += [f"{state}, {theme.name}: {each}" for each in page.evaluate(FOUND, STREAMLITS)]
            found += [f"{state}: {size}" for size in page.evaluate(SIZES, 24)]
            levels = page.evaluate(LEVELS)
            if levels.count(1) != 1 or any(b > a + 1 for a, b in pairwise(levels)):
                found.append(f"{state}: headings of levels {levels}")
            seen += 1
        themes.reverse()  # the next state begins in this one's last
    assert seen == 32
    assert not found, "\n".join(sorted(set(found)))


def test_every_picture_is_named_and_described_by_the_sentences(visit: Visits):
    shown = visit("?preset=ravine")
    sentence = shown.page.locator(".zz-sentence").inner_text()
    for picture, name in ((".zz-stage", "Contours of Quadratic"), (".zz-loss", "loss")):
        label, words = shown.page.locator(picture).evaluate(DESCRIBED)
        assert label.startswith(name)
        assert words.startswith(sentence)
    with shown.another_scene():
        shown.page.get_by_role("radio", name="3-D", exact=True).click()
    label, words = shown.page.locator(".zz-view").evaluate(DESCRIBED)
    assert label.startswith("Quadratic in 3-D")
    assert words.startswith(shown.page.locator(".zz-sentence").inner_text())


def test_a_map_is_described_by_what_is_said_of_it(visit: Visits):
    page = visit("?preset=sweep").page
    label, words = page.locator(".zz-chart").first.evaluate(DESCRIBED)
    assert label
    assert "best at rate" in words


def test_play_is_among_the_first_ten_tab_stops(visit: Visits):
    for query in ("", "?preset=ravine&view=3-D"):
        page = visit(query, reduced_motion="reduce").page  # else it plays by itself: "Pause"
        page.evaluate("document.activeElement.blur()")
        stops = []
        for _ in range(10):
            page.keyboard.press("Tab")
            stops.append(page.evaluate(FOCUSED))
        assert "Play" in stops
