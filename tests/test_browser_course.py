"""Every card of every lesson walked to its end in a real browser, by who takes the first answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conftest import Visit
from playwright.sync_api import Page, TimeoutError, expect
from test_browser_languages import CROWDED

from landscape.language import language
from views.lessons import LESSONS
from views.lessons.course.noise import costs
from views.lessons.lesson import filled
from views.lessons.outcome import outcome

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROJECTOR: Any = {"width": 1024, "height": 768}
PHONE: Any = {"width": 390, "height": 844}
# The size of the first half of the first lesson's cards, and of the rest: each lesson is seen in
# both sizes in each language, each card in both sizes. The next lesson begins as this one ends.
SIZES: dict[str, tuple[Any, Any]] = {"en": (PROJECTOR, PHONE), "ko": (PHONE, PROJECTOR)}
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
FAULTS = f"""() => {{
  const {{ cut, least }} = ({PICTURE})();
  const low = {LEAST} <= least && least < Infinity ? [] : [`a panel of ${{least}} pixels`];
  return [...({CROWDED})(), ...cut, ...low];
}}"""
DRAWN = 5_000  # milliseconds, more than a page needs to draw itself anew in another size


def faults(page: Page) -> list[str]:
    """Return what is cut, crowded or too low on a page that has had the time to draw itself."""
    try:
        page.wait_for_function(f"() => !({FAULTS})().length", timeout=DRAWN)
    except TimeoutError:
        return list(page.evaluate(FAULTS))
    return []


@pytest.mark.parametrize("code", SIZES)
def test_every_card_is_answered_and_says_what_was_measured(visit: Callable[..., Visit], code: str):
    first = next(iter(LESSONS))
    seen = visit(f"lessons?lesson={first}&lang={code}", viewport=SIZES[code][0], has_touch=True)
    page, wrong = seen.page, {}
    for number, lesson in enumerate(LESSONS.values()):
        for place, card in enumerate(lesson.cards):
            numbers = outcome(lesson.name, str(place + 1)).numbers
            with language(code):
                measured = filled(card.measured, numbers)
            size = SIZES[code][(number + (2 * place >= len(lesson.cards))) % 2]
            if page.viewport_size != size:
                page.set_viewport_size(size)
            expect(page.locator(".zz-bars i").nth(place)).to_have_class("zz-here")
            page.locator(".st-key-answer-0 button").click()
            page.locator(".st-key-skip button").click()
            # What is timed on the server is another number here.
            if card.measure is not costs:
                expect(page.locator(".zz-measured")).to_contain_text(measured)
            expect(page.locator(".zz-right")).to_have_count(1)
            seen.settled()
            if found := faults(page):
                wrong[f"{lesson.name} {place + 1}"] = found
            page.locator(".st-key-next button").click()
            page.locator(".zz-measured").wait_for(state="detached")
    expect(page.locator(".st-key-lessons")).to_be_visible()
    assert wrong == {}
