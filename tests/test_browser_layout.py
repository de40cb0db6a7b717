"""How the page is laid out: its pages, its places, and what fits on a screen, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from conftest import Visit
from playwright.sync_api import expect
from test_browser import OVERLAY, PANELS, drawn, link, reach, slider_of
from test_browser_live import CHANGED_PATH, PATH, agree, grab, query_of

from optimizers import OPTIMIZERS
from views.presets import OPENING, PRESETS

pytestmark = pytest.mark.browser

Visits = Callable[..., Visit]
BEACON: Any = {"viewport": {"width": 1024, "height": 768}}
PHONE: Any = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
FOLD = """(names) => names.map((name) => {
  const { top, bottom } = document.querySelector(name).getBoundingClientRect();
  return [top, bottom];
})"""
SHOWN = (".zz-back", ".zz-play", ".zz-loss")


def asked(visit: Visit) -> dict[str, list[str]]:
    """Return what the page's address says, its version apart."""
    return {name: texts for name, texts in parse_qs(query_of(visit)).items() if name != "v"}


def in_sight(visit: Visit, names: tuple[str, ...], height: float) -> None:
    """Check that parts of the page are wholly seen without scrolling."""
    for name, (top, bottom) in zip(names, visit.page.evaluate(FOLD, [*names]), strict=True):
        assert 0 <= top < bottom <= height + 1, name


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768)], ids=str)
def test_player_and_curve_are_seen_together(visit: Visits, size: tuple[int, int]):
    width, height = size
    page = visit(link(preset=OPENING), viewport={"width": width, "height": height})
    in_sight(page, (".zz-title", *SHOWN, ".zz-sentence"), height)


def test_a_presentation_shows_the_claim_large_and_all_of_it_at_once(visit: Visits):
    page = visit(link(preset=OPENING, present=1), **BEACON)
    in_sight(page, (".zz-title", *SHOWN, ".zz-sentence"), 768)
    expect(page.page.get_by_test_id("stHeader")).to_be_hidden()
    expect(page.page.locator(".st-key-row")).to_have_count(0)
    page.page.locator(".st-key-actions button:visible").first.click()
    expect(page.page.locator(".st-key-row")).to_be_visible()
    assert asked(page) == {"preset": [OPENING]}


def test_a_frame_in_another_page_holds_player_and_curve(visit: Visits):
    page = visit(link(preset=OPENING, embed="true"), viewport={"width": 900, "height": 650})
    in_sight(page, SHOWN, 650)
    expect(page.page.locator(".st-key-row")).to_have_count(0)


def test_a_phone_shows_all_runs_in_one_panel_with_the_curve_on_one_screen(visit: Visits):
    phone = visit(link(preset=OPENING), **PHONE)
    expect(phone.page.locator(PANELS)).to_have_count(1)
    phone.page.wait_for_function(f"location.search.includes('view={OVERLAY}')")
    in_sight(phone, (*SHOWN, ".st-key-card-0"), 844)
    # Several grounds cannot lie over each other, and long texts are folded above them.
    other = visit(link(preset="dropout", view="Side by side"), **PHONE)
    expect(other.page.locator(PANELS)).to_have_count(4)
    in_sight(other, SHOWN, other.page.evaluate(FOLD, [".st-key-sheet"])[0][0])
    tracks = other.page.locator(".st-key-sheet .stSlider [role=group]")
    widths = [track.bounding_box()["width"] for track in tracks.all()]  # type: ignore[index]
    assert min(widths) == pytest.approx(max(widths), abs=2)
    # One button is for both: the claim, which is cut, and what is noted of the picture.
    claim, note = (other.page.locator(name) for name in (".zz-claim", ".zz-note"))
    folded = claim.bounding_box()["height"]  # type: ignore[index]
    expect(note).to_be_hidden()
    unfold = other.page.locator(".zz-unfold:visible")
    expect(unfold).to_have_count(1)
    unfold.click()
    expect(unfold).to_have_attribute("aria-expanded", "true")
    expect(note).to_be_visible()
    for text in (claim, note):
        assert text.evaluate("(node) => node.scrollHeight <= node.clientHeight + 1")
    assert claim.bounding_box()["height"] > 2 * folded  # type: ignore[index]


def touch(visit: Visit, x: float, y: float, milliseconds: float) -> None:
    """Put a finger on the page at a point and lift it after a while."""
    fingers = visit.page.context.new_cdp_session(visit.page)
    down = {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]}
    fingers.send("Input.dispatchTouchEvent", down)
    visit.page.wait_for_timeout(milliseconds)
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_on_a_phone_a_long_press_moves_the_start_and_a_tap_tells_the_loss(visit: Visits):
    phone = visit(link(preset=OPENING, view=OVERLAY), **PHONE)
    left, top, right, bottom = drawn(phone)[0]["panel"]
    x, y = left + 0.6 * (right - left), top + 0.25 * (bottom - top)
    before = query_of(phone)
    touch(phone, x, y, 50)
    expect(phone.page.locator(".zz-tip")).to_contain_text("loss")
    assert query_of(phone) == before
    with phone.another_scene():
        touch(phone, x, y, 700)
    assert "Quadratic.x" in asked(phone)


def test_on_a_phone_sharing_stands_at_the_end_and_the_sentence_above_the_sheet(visit: Visits):
    phone = visit(link(preset=OPENING), **PHONE)
    said, sheet = phone.page.evaluate(FOLD, [".zz-sentence", ".st-key-sheet"])
    assert said[1] <= sheet[0] - 10  # below its handle
    phone.page.get_by_role("button", name="Share").click()
    shared = phone.page.get_by_test_id("stPopoverBody").get_by_test_id("stCode").first
    expect(shared).to_contain_text(f"preset={OPENING}")
    phone.page.keyboard.press("Escape")
    phone.page.get_by_role("button", name="Present", exact=True).click()
    expect(phone.page.locator(".st-key-row")).to_have_count(0)
    phone.page.locator(".st-key-actions button:visible").click()
    expect(phone.page.locator(".st-key-row")).to_be_visible()


def test_paper_has_the_picture_what_is_set_and_the_sentences(visit: Visits):
    page = visit(link(preset=OPENING), viewport={"width": 1000, "height": 1400}).page
    page.emulate_media(media="print")
    for name in (".zz-title", ".zz-claim", ".zz-back", ".zz-loss", ".zz-sentence", ".zz-table"):
        expect(page.locator(name).first).to_be_visible()
    for label in ("Surface", "Start", "Updates", "Noise"):
        expect(page.locator(".st-key-row button", has_text=label)).to_be_visible()
    for place in (0, 1):
        expect(page.locator(f".st-key-card-{place}")).to_be_visible()
    for name in (".stAppHeader", ".st-key-actions", ".st-key-views", ".zz-play", ".zz-scrub"):
        expect(page.locator(name).first).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.emulate_media(media="screen")


def test_four_runs_fit_on_a_projector_too(visit: Visits):
    rules = [("optimizers", name) for name in ("SGD", "Momentum", "RMSProp", "Adam")]
    for more in ({}, {"present": 1}):
        page = visit(f"?{urlencode([('surface', 'Quadratic'), *rules, *more.items()])}", **BEACON)
        in_sight(page, (".zz-title", *SHOWN, ".zz-sentence"), 768)


def test_one_picture_for_all_runs_has_their_settings_beside_it(visit: Visits):
    page = visit(link(surface="Quadratic", view=OVERLAY), viewport={"width": 1440, "height": 900})
    panel = drawn(page)[0]["panel"]
    for place in range(4):
        box = page.page.locator(f".st-key-card-{place}").bounding_box()
        assert box
        assert box["x"] >= panel[2] - 1
        assert box["x"] + box["width"] <= 1440
        assert panel[1] - 50 <= box["y"]
        assert box["y"] + box["height"] <= panel[3] + 1


def test_play_is_among_the_first_ten_stops_of_the_tab_key(visit: Visits):
    page = visit(link(preset=OPENING)).page
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.dataset.do === 'play'"):
            return
    pytest.fail("ten stops, and none is Play")


def test_every_target_is_large_enough(visit: Visits):
    page = visit(link(preset=OPENING)).page
    boxes = page.evaluate(
        """() => [...document.querySelectorAll(
          ".stMain :is(button, select, input[type=text], a[href])")]
          .filter((node) => node.checkVisibility())
          .map((node) => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
          .map(([name, { width, height }]) => [name, Math.min(width, height)])"""
    )
    assert len(boxes) > 15
    assert [name for name, size in boxes if size < 24] == []


def test_the_way_through_the_pages_keeps_what_is_set(visit: Visits):
    page = visit("?surface=Himmelblau&optimizers=Adam")
    before = asked(page)
    title = page.page.locator("h1")
    page.page.get_by_role("link", name="Maps", exact=True).click()
    expect(title).to_have_text("Maps")
    page.page.wait_for_url("**/maps?**view=Maps**")
    assert asked(page) == {**before, "view": ["Maps"]}
    page.page.get_by_role("link", name="Lab", exact=True).click()
    page.page.locator(".zz-stage").wait_for()
    page.page.wait_for_function("() => location.pathname === '/' && location.search.length > 1")
    page.settled()
    assert asked(page) == before
    page.page.go_back()
    expect(title).to_have_text("Maps")


def test_an_old_link_to_a_map_opens_the_page_of_maps(visit: Visits):
    page = visit(link(view="Maps", surface="Beale"), wait=False)
    page.page.wait_for_url("**/maps?**")
    assert asked(page) == {"view": ["Maps"], "surface": ["Beale"]}


def test_a_popover_opens_above_the_fold(visit: Visits):
    page = visit(link(preset=OPENING), **BEACON)
    for label in ("rotation", "Start x", "Length", "Noise", "Schedule", "Optimizers"):
        reach(page.page, label)
        body = page.page.get_by_test_id("stPopoverBody")
        body.wait_for()
        box = body.bounding_box()
        assert box
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 768, label
        page.page.keyboard.press("Escape")
        expect(body).to_have_count(0)


def test_the_sliders_stand_under_their_panels(visit: Visits):
    page = visit(link(surface="Quadratic"), viewport={"width": 1440, "height": 900})
    runs = drawn(page)
    for place, run in enumerate(runs):
        box = page.page.locator(f".st-key-card-{place}").bounding_box()
        assert box
        left, _, right, bottom = run["panel"]
        assert box["x"] == pytest.approx(left, abs=12)
        assert box["x"] + box["width"] == pytest.approx(right, abs=12)
        assert box["y"] >= bottom - 1
    # A window that becomes a phone's shows all runs in one panel, as one that is opened as such.
    page.page.set_viewport_size(PHONE["viewport"])
    expect(page.page.locator(PANELS)).to_have_count(1)
    page.page.wait_for_function(f"location.search.includes('view={OVERLAY}')")


def test_each_of_the_compared_rates_has_a_slider_that_the_path_follows(visit: Visits):
    rates = [0.21, 0.1]
    page = visit(link(compare="Learning rate", **{"Quadratic.SGD.rates": "0.21, 0.1"}))
    x, y = grab(page, slider_of(page.page, "Learning rate of run 1"))
    before = page.player.evaluate(PATH)
    page.page.mouse.move(x - 20, y)
    page.until(CHANGED_PATH, before)
    page.page.mouse.up()
    page.page.wait_for_function("() => !location.search.includes('0.21')")
    agree(page)
    first, second = map(float, parse_qs(query_of(page))["Quadratic.SGD.rates"][0].split(","))
    assert first < rates[0]
    assert second == rates[1]


def test_a_change_leaves_the_text_of_the_original_and_can_be_undone(visit: Visits):
    page = visit(link(preset=OPENING))
    preset = PRESETS[OPENING]
    with page.another_scene():
        slider_of(page.page, "SGD learning rate").press("ArrowLeft")
    expect(page.page.locator("h1")).to_have_text(preset.title)
    expect(page.page.locator(".zz-claim")).to_have_text(preset.claim)
    expect(page.page.locator(".zz-changed")).to_contain_text("original")
    with page.another_scene():
        page.page.get_by_role("button", name="Undo changes").click()
    expect(page.page.locator(".zz-changed")).to_have_count(0)
    assert asked(page) == {"preset": [OPENING]}
    # What the runs come to is said where they have.
    page.page.locator(".zz-bar").get_by_role("button", name="To the start").click()
    expect(page.page.locator(".zz-sentence")).to_be_hidden()
    page.page.locator(".zz-bar").get_by_role("button", name="To the end").click()
    expect(page.page.locator(".zz-sentence")).to_be_visible()


def test_momentum_stands_beside_its_rate(visit: Visits):
    page = visit("?optimizers=Momentum&optimizers=Adam", viewport={"width": 1440, "height": 900})
    for place, name in enumerate(("Momentum", "Adam")):
        card = page.page.locator(f".st-key-card-{place}")
        first = OPTIMIZERS[name].hyperparameters[0].name
        boxes = [slider.bounding_box() for slider in card.get_by_test_id("stSlider").all()]
        assert len(boxes) == 2, first
        assert boxes[0]["y"] == pytest.approx(boxes[1]["y"], abs=2)  # type: ignore[index]
