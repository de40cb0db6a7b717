"""Every card of every lesson walked to its end in a real browser, by who takes the first answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Visit
from playwright.sync_api import expect
from test_browser_languages import CROWDED

from landscape.language import language
from views.lessons import LESSONS
from views.lessons.course.noise import costs
from views.lessons.lesson import filled
from views.lessons.outcome import outcome

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES: dict[str, Any] = {
    "en": {"viewport": {"width": 1024, "height": 768}},
    "ko": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
# The least height of a panel in pixels, and what of a card is cut: titles of panels, names and
# values at the curves, answers.
PICTURE = """() => {
  const cut = [...document.querySelectorAll(
    ".zz-notes > div > span:first-child, .zz-ends b, .zz-answers span, .zz-answers em"
  )].filter((node) => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1
    && getComputedStyle(node).display !== "inline");
  const panels = [...document.querySelectorAll(".zz-back .bglayer > *, .zz-back .bg")];
  return {
    cut: cut.map((node) => node.textContent),
    least: Math.min(...panels.map((node) => node.getBoundingClientRect().height)),
  };
}"""
LEAST = 100  # pixels of a panel's height


@pytest.mark.parametrize("code", SIZES)
def test_every_card_is_answered_and_says_what_was_measured(visit: Callable[..., Visit], code: str):
    first = next(iter(LESSONS))
    seen = visit(f"lessons?lesson={first}&lang={code}", **SIZES[code])
    page, wrong = seen.page, {}
    for lesson in LESSONS.values():
        for place, card in enumerate(lesson.cards):
            numbers = outcome(lesson.name, str(place + 1)).numbers
            with language(code):
                measured = filled(card.measured, numbers)
            expect(page.locator(".zz-bars i").nth(place)).to_have_class("zz-here")
            page.locator(".st-key-answer-0 button").click()
            page.locator(".st-key-skip button").click()
            # What is timed on the server is another number here.
            if card.measure is not costs:
                expect(page.locator(".zz-measured")).to_contain_text(measured)
            expect(page.locator(".zz-right")).to_have_count(1)
            seen.settled()
            faults = page.evaluate(CROWDED) + page.evaluate(PICTURE)["cut"]
            if not LEAST <= page.evaluate(PICTURE)["least"] < math.inf:
                faults.append(f"a panel of {page.evaluate(PICTURE)['least']} pixels")
            if faults:
                wrong[f"{lesson.name} {place + 1}"] = faults
            page.locator(".st-key-next button").click()
            page.locator(".zz-measured").wait_for(state="detached")
    expect(page.locator(".st-key-lessons")).to_be_visible()
    assert wrong == {}
