"""The page in other languages in a browser: who chooses it, and that longer texts have room."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from conftest import Visit
from playwright.sync_api import TimeoutError as Waited
from playwright.sync_api import expect

from landscape.language import LONG

pytestmark = pytest.mark.browser

SIZES = {"desktop": (1440, 900), "laptop": (1024, 768), "tablet": (820, 1180), "phone": (390, 844)}

# Where the text of a control is cut, leaves the window, or lies over that of another control. Only
# what can be seen counts: not what a container that scrolls or a closed sidebar hides.
CROWDED = """() => {
  const controls = "h1, h2, h3, button, label, select, summary, a, th, [role=radio], [role=button]";
  const wide = document.documentElement.clientWidth;
  const found = [];
  const places = [];
  const open = (node) => {
    const scrolled = [];
    for (let at = node; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.clip !== "auto" || Number(style.opacity) === 0) return null;
      if (["auto", "scroll"].includes(style.overflowX)) scrolled.push(at);
    }
    return scrolled;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const owner = text.parentElement.closest(controls);
    if (!owner || !text.data.trim() || !text.parentElement.checkVisibility()) continue;
    if (text.parentElement.closest("option, style, script, .katex, [data-testid=stIconMaterial]")) {
      continue;
    }
    const scrolled = open(text.parentElement);
    if (!scrolled) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const rect = range.getBoundingClientRect();
    if (!rect.width || rect.right < 0 || rect.bottom < 0) continue;
    const said = text.data.trim().slice(0, 60);
    if (!scrolled.length && (rect.right > wide + 1 || rect.left < -1)) {
      found.push(`out of the window: ${said}`);
    }
    for (let at = text.parentElement; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (scrolled.includes(at)) break;
      if (!["hidden", "clip"].includes(style.overflowX)) continue;
      const box = at.getBoundingClientRect();
      if (rect.right > box.right + 1 || rect.left < box.left - 1) found.push(`cut: ${said}`);
      break;
    }
    if (!scrolled.length) places.push({ rect, owner, said });
  }
  for (const [index, one] of places.entries()) {
    for (const other of places.slice(index + 1)) {
      if (one.owner.contains(other.owner) || other.owner.contains(one.owner)) continue;
      const [a, b] = [one.rect, other.rect];
      const over = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const deep = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (over > 2 && deep > 2) found.push(`one over the other: ${one.said} | ${other.said}`);
    }
  }
  if (document.documentElement.scrollWidth > wide + 1) found.push("page wider than the window");
  return found;
}"""


@pytest.mark.parametrize("code", ["en", "ko", LONG])
def test_every_text_of_a_control_has_room_at_every_size(visit: Callable[..., Visit], code: str):
    shown = visit(f"?lang={code}&preset=ravine")
    crowded = {}
    for name, (width, height) in SIZES.items():
        shown.page.set_viewport_size({"width": width, "height": height})
        crowded[name] = at_rest(shown)
    assert crowded == {name: [] for name in SIZES}


def test_a_lesson_has_room_for_longer_texts_at_every_size(visit: Callable[..., Visit]):
    crowded = {}
    for answers in ("", "&answers=---a"):
        shown = visit(f"lessons?lesson=zigzag&card=4&lang={LONG}{answers}")
        shown.page.locator(".zz-ask").wait_for()
        for name, (width, height) in SIZES.items():
            shown.page.set_viewport_size({"width": width, "height": height})
            crowded[name + answers] = at_rest(shown)
    assert {name: found for name, found in crowded.items() if found} == {}


def at_rest(shown: Visit) -> list[str]:
    """Return what is crowded on a page once it moves no more: a sidebar slides in and out."""
    with contextlib.suppress(Waited):
        shown.page.wait_for_function(f"() => ({CROWDED})().length === 0", timeout=5_000)
    return shown.page.evaluate(CROWDED)


def test_a_korean_browser_opens_the_page_in_korean_and_a_button_changes_it(
    visit: Callable[..., Visit],
):
    page = visit("", locale="ko-KR").page
    root = page.locator("html")
    play = page.locator("[data-do=play]")
    expect(root).to_have_attribute("lang", "ko")
    expect(play).to_have_text("재생")
    page.get_by_role("button", name="English").click()
    expect(root).to_have_attribute("lang", "en")
    expect(play).to_have_text("Play")
    page.wait_for_url("**lang=en*")
    page.go_back()
    expect(root).to_have_attribute("lang", "ko")
    expect(play).to_have_text("재생")
