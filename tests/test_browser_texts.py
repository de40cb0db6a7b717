"""What a browser shows in the pseudo-language: the page and the player's own texts, in brackets."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from conftest import Visit
from test_texts import words

from landscape.language import PSEUDO

pytestmark = pytest.mark.browser

# What Streamlit's front end (1.67) says by itself, in English whatever the page's language: names
# of its own buttons, mostly for those who hear the page.
STREAMLITS = {
    *("Clear all", "Collapse sidebar", "Decrement", "Increment", "Link to heading", "Open"),
    *("Selected values", "Sidebar", "Skip to main content"),
}
STREAMLITS_WORDS = re.compile(r"^(?:Help for|Remove) ")

# All that is seen or heard of a page: text, titles, names; not code, formulas and icons.
READ = """() => {
  const found = new Set();
  const skipped = [
    ..."style script noscript pre code".split(" "), ".katex", "svg title",
    "[data-testid=stHeader]", "[data-testid=stIconMaterial]",
  ].join();
  for (const node of document.querySelectorAll("body *")) {
    if (node.closest(skipped)) continue;
    for (const name of ["title", "aria-label", "aria-valuetext", "placeholder", "alt"]) {
      if (node.getAttribute(name)) found.add(node.getAttribute(name));
    }
    if (!node.checkVisibility()) continue;
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE && child.data.trim()) found.add(child.data.trim());
    }
  }
  return [...found];
}"""


def english(visit: Visit) -> set[str]:
    """Return the texts on a page that hold an English word, Streamlit's own apart."""
    texts = visit.page.evaluate(READ)
    return {text for text in texts if words(STREAMLITS_WORDS.sub("", text))} - STREAMLITS


@pytest.mark.parametrize("view", ["Side by side", "3-D"])
def test_nothing_on_the_page_and_in_the_player_is_english(visit: Callable[..., Visit], view: str):
    shown = visit(f"?lang={PSEUDO}&view={view}&look=open&look.model=second+order:+a+quadratic")
    assert english(shown) == set()
    play = shown.page.locator("[data-do=play]")
    assert play.inner_text() == "[[Þļàý]]"
    play.click()
    assert play.inner_text() == "[[Þàûšé]]"
    assert english(shown) == set()


def test_nothing_in_the_gallery_and_on_a_map_is_english(visit: Callable[..., Visit]):
    shown = visit(f"?lang={PSEUDO}&preset=sweep", wait=False)
    shown.page.locator(".zz-legend").wait_for()
    assert english(shown) == set()
    shown = visit(f"/gallery?lang={PSEUDO}", wait=False)
    shown.page.locator(".zz-card").first.wait_for()
    assert english(shown) == set()
