"""The gallery in a browser: it shows its pictures in the page's colours, filters, and opens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Visit
from playwright.sync_api import expect

from views.gallery.gallery import cards
from views.presets import LISTED
from views.settings.settings import Settings
from views.theme import DARK, LIGHT

pytestmark = pytest.mark.browser
Visits = Callable[..., Visit]

PAINTED = """(slug) => {
  const card = document.querySelector(`.zz-card[data-slug="${slug}"] svg`);
  const drawn = document.querySelector(`#zz-${slug}`);
  const path = drawn.querySelector("path[stroke]:not([stroke=none])");
  return {
    size: [card.clientWidth, card.clientHeight],
    colours: [...drawn.querySelectorAll("path")].map((p) => getComputedStyle(p).fill),
    line: getComputedStyle(path).stroke,
  };
}"""


def rgb(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"


def to_gallery(visit: Visit) -> Visit:
    visit.page.get_by_role("link", name="Gallery", exact=True).click()
    expect(visit.page.locator(".zz-card")).to_have_count(len(LISTED))
    return visit


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_pictures_have_the_colours_of_the_page(visit: Visits, theme):
    shown = to_gallery(visit("?preset=headline", color_scheme=theme.name))
    shown.page.wait_for_selector("#zz-headline", state="attached")
    found = shown.page.evaluate(PAINTED, "headline")
    width, height = found["size"]
    assert width > 150
    assert height == pytest.approx(width * 108 / 204, abs=2)
    assert rgb(theme.ground[-1]) in found["colours"]
    assert rgb(theme.ground[0]) in found["colours"]


def test_a_filter_shows_one_group_and_all_again(visit: Visits):
    shown = to_gallery(visit("?preset=headline"))
    visible = shown.page.locator(".zz-card:visible")
    found = cards(Settings({}))
    for group in found["groups"]:
        button = shown.page.get_by_role("button", name=group["filter"])
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(visible).to_have_count(len(group["cards"]))
    shown.page.get_by_role("button", name=found["all"]).click()
    expect(visible).to_have_count(len(LISTED))


def test_a_card_opens_the_lab_and_next_leads_on(visit: Visits):
    shown = to_gallery(visit("?preset=headline"))
    with shown.another_scene():
        shown.page.locator('.zz-card[data-slug="zigzag"]').click()
    shown.page.wait_for_url("**preset=zigzag")
    onward = LISTED[[preset.slug for preset in LISTED].index("zigzag") + 1]
    with shown.another_scene():
        shown.page.get_by_role("button", name="Next", exact=True).click()
    shown.page.wait_for_url(f"**preset={onward.slug}")


def test_cards_are_links_that_a_key_opens(visit: Visits):
    shown = to_gallery(visit("?preset=headline"))
    card = shown.page.locator('.zz-card[data-slug="four-rates"]')
    assert (card.get_attribute("href") or "").endswith("?preset=four-rates")
    card.focus()
    with shown.another_scene():
        shown.page.keyboard.press("Enter")
    shown.page.wait_for_url("**preset=four-rates")
