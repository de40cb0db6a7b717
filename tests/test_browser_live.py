"""The picture follows the hand: before a control is let go, and after it as the link says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from conftest import Visit
from playwright.sync_api import Locator, expect
from test_browser import (
    EXACT_RATE,
    NOISE,
    RATE,
    ROTATION,
    START,
    choose,
    drawn,
    go,
    link,
    number,
    place,
    slider_of,
    typed_in,
)

from views.live.answer import asked, described
from views.settings.sliders import RATES
from views.settings.table import TABLE

pytestmark = pytest.mark.browser

Visits = Callable[..., Visit]
PATH = "(player) => player.querySelector('.tracepath-0 path.js-line').getAttribute('d')"
CHANGED_PATH = f"(player, before) => ({PATH})(player) !== before"
PATHS = """(player) => [...player.querySelectorAll("[class*='tracepath-'] path.js-line")]
  .map((line) => line.getAttribute("d")).join(" ")"""
CHANGED_PATHS = f"(player, before) => ({PATHS})(player) !== before"
NAMES = {"Quadratic.SGD.lr": EXACT_RATE, "Momentum.momentum": "exact Momentum"}
NAMES |= dict(zip(("Quadratic.x", "Quadratic.y"), START, strict=True))
SENTENCE, CELL = ".zz-sentence", ".zz-table td"
ROUTE = "**/zz/scene?*"


def grab(visit: Visit, slider: Locator) -> tuple[float, float]:
    """Press the mouse on the thumb of a slider, and return where that is."""
    slider.scroll_into_view_if_needed()
    box = slider.locator("..").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    visit.page.mouse.move(x, y)
    visit.page.mouse.down()
    return x, y


def query_of(visit: Visit) -> str:
    return urlsplit(visit.page.url).query


def agree(visit: Visit) -> None:
    """Check that picture, sentence, table and link say the same."""
    visit.settled()
    found = described(asked(query_of(visit)))
    visit.until("(player, id) => player.dataset.scene === id", found["id"])
    expect(visit.page.locator(SENTENCE)).to_have_text(found["told"]["sentence"])
    cells = [cell for row in found["told"]["rows"] for cell in row]
    expect(visit.page.locator(CELL)).to_have_text(cells)


RULES = {"optimizers": ["SGD", "Momentum"]}
COMPARED = {"compare": "Learning rate", "Learning rate.optimizer": "SGD"}
MOMENTA = {"compare": "Momentum", "Momentum.optimizer": "Momentum"}
# Where a control stands that is in none of the popovers that the other tests open.
STANDS = {"Cosine.final": "schedule", "Step.factor": "schedule", "warmup": "schedule"}
STANDS |= {"Inverse sqrt.timescale": "schedule", "SGD.weight_decay": "all"}
# Every kind of slider: by the setting, which is also the only one that the link says more then.
SLIDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Quadratic.SGD.lr": (RATE, RULES),
    "Quadratic.rate": ("Common learning rate", RULES | {"fair": "the same"}),
    "Quadratic.SGD.rates": ("Learning rate of run 2", COMPARED),
    "Quadratic.Momentum.momenta": ("Momentum (μ) of run 2", MOMENTA),
    "Momentum.momentum": ("Momentum", RULES),
    "Quadratic.rotation": (ROTATION, RULES),
    "SGD.weight_decay": ("weight decay", RULES),
    "Cosine.final": ("final", RULES | {"schedule": "Cosine"}),
}


def stand_before(visit: Visit, setting: str) -> None:
    """Open the popover in which the control of a setting stands."""
    if setting in STANDS:
        visit.page.locator(f".st-key-popover-{STANDS[setting]} button").first.click()


@pytest.mark.parametrize("setting", SLIDERS)
def test_the_path_follows_a_slider_before_it_is_let_go(visit: Visits, setting: str):
    slider, more = SLIDERS[setting]
    query = {"surface": "Quadratic", **more}
    page = visit("?" + urlencode(query, doseq=True))
    before, address = page.player.evaluate(PATHS), page.page.url
    stand_before(page, setting)
    x, y = grab(page, slider_of(page.page, slider))
    # Not a place at which two compared runs have the same rate: there is no picture of that.
    away = 8 if setting.endswith((".rotation", ".weight_decay", ".final")) else -9
    for turn in (1, 2):
        page.page.mouse.move(x + turn * away, y)
        page.until(CHANGED_PATHS, before)
        before = page.player.evaluate(PATHS)
    assert page.page.url == address, "nothing is let go"
    page.page.mouse.up()
    page.page.wait_for_function("(before) => location.href !== before", arg=address)
    agree(page)
    assert setting in parse_qs(query_of(page))


NOISY = {"noise": "0.5", "batch": "4", "optimizers": ["SGD"]}
# Every number that is typed, with a text that another path follows from.
FIELDS: dict[str, tuple[str, dict[str, Any]]] = {
    "Quadratic.SGD.lr": ("0.02", RULES),
    "Momentum.momentum": ("0.5", RULES),
    "Quadratic.condition": ("30", RULES),
    "Quadratic.x": ("1.5", RULES),
    "Quadratic.y": ("-1,5", RULES),
    "length": ("20", RULES),
    "noise": ("0,25", NOISY),
    "samples": ("20", NOISY),
    "seed": ("17", NOISY),
    "Step.factor": ("0.9", RULES | {"schedule": "Step"}),
    "Inverse sqrt.timescale": ("7", RULES | {"schedule": "Inverse sqrt"}),
    "warmup": ("30", RULES),
}


@pytest.mark.parametrize("setting", FIELDS)
def test_the_path_follows_a_number_before_it_is_entered(visit: Visits, setting: str):
    text, more = FIELDS[setting]
    query = {"surface": "Quadratic", **more}
    page = visit("?" + urlencode(query, doseq=True))
    before, address = page.player.evaluate(PATHS), page.page.url
    stand_before(page, setting)
    field = number(page.page, NAMES.get(setting) or str(TABLE[setting].title))
    field.focus()
    page.page.keyboard.press("ControlOrMeta+A")
    page.page.keyboard.type(text)
    page.until(CHANGED_PATHS, before)
    assert page.page.url == address, "it is not entered yet"
    page.page.keyboard.press("Enter")
    page.page.wait_for_function("(before) => location.href !== before", arg=address)
    agree(page)
    assert float(parse_qs(query_of(page))[setting][0]) == float(text.replace(",", "."))


def test_a_slider_of_rates_shows_the_rate_itself_while_it_moves(visit: Visits):
    page = visit(link(surface="Quadratic"))
    slider = slider_of(page.page, RATE)
    bubble = page.page.get_by_test_id("stSlider").filter(has=slider).locator("p", has_text=".")
    x, y = grab(page, slider)
    before = slider.get_attribute("aria-valuetext")
    page.page.mouse.move(x - 20, y)
    expect(slider).not_to_have_attribute("aria-valuetext", str(before))
    shown = slider.get_attribute("aria-valuetext")
    assert shown in RATES
    expect(bubble.last).to_have_text(str(shown))
    page.page.mouse.up()
    expect(number(page.page, EXACT_RATE)).to_have_value(f"{float(str(shown)):g}")
    agree(page)


def test_the_path_follows_a_number_that_is_typed(visit: Visits):
    page = visit(link(surface="Quadratic"))
    before = page.player.evaluate(PATH)
    field = number(page.page, EXACT_RATE)
    field.focus()
    page.page.keyboard.press("ControlOrMeta+A")
    page.page.keyboard.type("0.02")
    page.until(CHANGED_PATH, before)
    assert query_of(page) == "surface=Quadratic", "it is not entered yet"
    page.page.keyboard.press("Enter")
    page.page.wait_for_url("**Quadratic.SGD.lr=0.02")
    agree(page)


AHEAD = """(slider) => {
  const input = document.querySelector(`input[aria-label="${slider}"]`);
  const seen = (window.seen = []);
  const open = XMLHttpRequest.prototype.open;
  XMLHttpRequest.prototype.open = function (method, address) {
    seen.push(new URL(address).searchParams.get("Quadratic.SGD.lr"));
    return open.apply(this, arguments);
  };
  new MutationObserver(() => seen.push("drawn")).observe(input, { attributeFilter: ["value"] });
}"""


@pytest.mark.parametrize(
    ("key", "places"), [("ArrowRight", 1), ("ArrowUp", 1), ("ArrowLeft", -1), ("ArrowDown", -1)]
)
def test_the_picture_after_a_key_is_asked_for_before_the_slider_is_drawn(
    visit: Visits, key: str, places: int
):
    page = visit(link(surface="Quadratic", **{"Quadratic.SGD.lr": 0.1}))
    agree(page)
    slider_of(page.page, RATE).focus()
    page.page.evaluate(AHEAD, RATE)
    page.page.keyboard.press(key)
    wanted = RATES[RATES.index("0.1") + places]
    page.page.wait_for_url(f"**Quadratic.SGD.lr={wanted}")
    agree(page)
    asked_for, *after = page.page.evaluate("() => window.seen")
    assert (asked_for, after[0]) == (wanted, "drawn")
    assert {*after} <= {"drawn", wanted}


def test_a_key_that_does_not_move_the_slider_moves_no_picture(visit: Visits):
    high = 100  # the last position
    page = visit(link(surface="Quadratic", **{"Quadratic.SGD.lr": high}))
    agree(page)
    slider_of(page.page, RATE).focus()
    page.page.evaluate(AHEAD, RATE)
    for key in ("ArrowRight", "ArrowUp", "Control+ArrowRight", "x"):
        page.page.keyboard.press(key)
    page.page.keyboard.press("ArrowLeft")
    page.page.wait_for_url("**Quadratic.SGD.lr=95.5")
    agree(page)
    asked_for = page.page.evaluate("() => window.seen.filter((rate) => rate !== 'drawn')")
    assert {*asked_for} == {"95.5"}


def test_an_embedded_page_follows_too(visit: Visits):
    page = visit(link(surface="Quadratic", embed="true"))
    before, address = page.player.evaluate(PATHS), page.page.url
    x, y = grab(page, slider_of(page.page, RATE))
    page.page.mouse.move(x - 8, y)
    page.until(CHANGED_PATHS, before)
    assert page.page.url == address
    page.page.mouse.up()
    page.page.wait_for_url("**Quadratic.SGD.lr=**")
    page.settled()
    found = described(asked(query_of(page)))
    page.until("(player, id) => player.dataset.scene === id", found["id"])


def test_a_number_that_is_none_leaves_the_picture(visit: Visits):
    page = visit(link(surface="Quadratic", batch="1"))
    before = page.scene
    field = number(page.page, NOISE)
    field.focus()
    page.page.keyboard.press("ControlOrMeta+A")
    page.page.keyboard.type("-")
    assert page.scene == before
    page.page.keyboard.press("Backspace")
    page.page.keyboard.type("0,5")
    page.until("(player, before) => player.dataset.scene !== before", before)
    page.page.keyboard.press("Enter")
    page.page.wait_for_url("**noise=0.5**")
    agree(page)


def test_the_path_follows_a_start_that_is_dragged(visit: Visits):
    page = visit(link(surface="Quadratic"))
    go(page, 0)
    page.page.wait_for_url("**step=0**")
    panel = 2
    run = drawn(page)[panel]
    x, y = run["head"]
    target = place(run, x + 40, y + 30)
    before, address = page.player.evaluate(PATH), page.page.url
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + 20, y + 15)
    page.until(CHANGED_PATH, before)
    before = page.player.evaluate(PATH)
    page.page.mouse.move(x + 40, y + 30)
    page.until(CHANGED_PATH, before)
    assert page.page.url == address
    page.page.mouse.up()
    page.page.wait_for_function("(before) => location.href !== before", arg=address)
    agree(page)
    shown = [float(typed_in(page.page, label)) for label in START]
    assert shown == pytest.approx(target, abs=2 * max(run["pixel"]))
    assert [run["at"] for run in drawn(page)] == [pytest.approx(shown, abs=0.1)] * 4


def test_a_drag_beside_the_start_still_zooms(visit: Visits):
    page = visit(link(surface="Quadratic"))
    run = drawn(page)[0]
    x0, y0, x1, y1 = run["panel"]
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    address = page.page.url
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + 40, y + 30, steps=3)
    page.page.mouse.up()
    expect(page.page.get_by_role("button", name="Whole frame", exact=True)).to_be_visible()
    assert page.page.url == address


COUNT = """() => {
  const places = ".zz, .zz-lower, .zz-before, .zz-after, .zz-sentence";
  const parts = [...document.querySelectorAll(places)];
  window.nodes = 0;
  const watcher = new MutationObserver((found) => (window.nodes += found.length));
  for (const part of parts) watcher.observe(part, { subtree: true, childList: true });
  return parts.length;
}"""


def test_no_node_comes_or_goes_while_a_rate_is_changed(visit: Visits):
    """For each the browser asks anew what `:has()` says in every style of the page."""
    page = visit(link(surface="Rosenbrock", optimizers=["SGD", "Momentum"]))
    slider_of(page.page, RATE).press("ArrowLeft")
    page.page.wait_for_url("**SGD.lr=**")
    agree(page)
    assert page.page.evaluate(COUNT) >= 5
    before, address = page.player.evaluate(PATH), page.page.url
    slider_of(page.page, RATE).press("ArrowLeft")
    page.until(CHANGED_PATH, before)
    page.page.wait_for_function("(before) => location.href !== before", arg=address)
    agree(page)
    assert page.page.evaluate("() => window.nodes") == 0


def test_an_exact_rate_stays_when_the_sliders_are_drawn_anew(visit: Visits):
    page = visit(link(surface="Quadratic", **{"Quadratic.SGD.lr": 0.0123456}))
    agree(page)
    slider_of(page.page, "Adam learning rate").press("ArrowRight")
    page.page.wait_for_url("**Adam.lr=**")
    agree(page)
    assert parse_qs(query_of(page))["Quadratic.SGD.lr"] == ["0.0123456"]


REQUESTS = """() => performance.getEntriesByType("resource")
  .filter(({ name }) => name.includes("/zz/scene"))
  .map(({ startTime, responseEnd }) => [startTime, responseEnd])"""


def test_one_request_is_under_way_at_a_time(visit: Visits):
    page = visit(link(surface="Quadratic"))
    agree(page)
    page.page.evaluate("() => performance.clearResourceTimings()")
    x, y = grab(page, slider_of(page.page, RATE))
    for away in (30, 60):  # the least that is asked for, also where all that follows is one
        before = page.player.evaluate(PATH)
        page.page.mouse.move(x - away, y)
        page.until(CHANGED_PATH, before)
    for step in range(30):
        page.page.mouse.move(x - step, y)
    page.page.mouse.up()
    page.page.wait_for_url("**SGD.lr=**")
    agree(page)
    requests = sorted(page.page.evaluate(REQUESTS))
    assert len(requests) > 2
    assert all(end <= begin for (_, end), (begin, _) in pairwise(requests))


def test_without_the_route_the_page_works_on_release(visit: Visits):
    page = visit("?surface=Beale", wait=False)
    page.page.close()
    blocked = visit("", wait=False)
    blocked.page.context.route(ROUTE, lambda route: route.abort())
    try:
        blocked.page.goto(f"{blocked.page.url.split('?')[0]}?surface=Quadratic")
        blocked.settled()
        agree(blocked)
        slider = slider_of(blocked.page, RATE)
        rate = slider.get_attribute("aria-valuetext")
        assert rate
        x, y = grab(blocked, slider)
        before = blocked.player.evaluate(PATH)
        blocked.page.mouse.move(x - 16, y)
        expect(slider).not_to_have_attribute("aria-valuetext", rate)
        assert blocked.player.evaluate(PATH) == before
        blocked.page.mouse.up()
        blocked.until(CHANGED_PATH, before)
        agree(blocked)
        assert parse_qs(query_of(blocked))["Quadratic.SGD.lr"] != [rate]
    finally:
        blocked.page.context.unroute(ROUTE)
        blocked.problems[:] = [
            problem
            for problem in blocked.problems
            if "zz/scene" not in problem and "ERR_FAILED" not in problem
        ]


def test_a_search_for_best_rates_is_given_up_for_what_is_wanted_now(visit: Visits):
    rules = ["SGD", "Momentum", "Adam", "AdamW", "RMSProp", "AdaGrad"]
    long = {"length": "5000", "noise": "1.2", "batch": "8", "fair": "each its best"}
    query = urlencode({"surface": "Ackley", "optimizers": rules, **long}, doseq=True)
    page = visit(f"?{query}", wait=False)
    choose(page.page, "Learning rates", "own default")
    page.page.wait_for_function("!location.search.includes('fair')")
    agree(page)
