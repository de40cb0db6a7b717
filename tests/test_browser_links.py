"""Links, the gallery and the steps back and forth, in a browser."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from conftest import RESTING, Visit, comparing
from playwright.sync_api import expect
from test_browser import (
    ALERT,
    EXACT_RATE,
    EXCEPTION,
    GALLERY,
    LISTED,
    NEXT,
    NOISE,
    OPTIMIZERS,
    OVERLAY,
    PLAY,
    RATE,
    REFUSED,
    SCHEDULE,
    STAGE,
    SURFACE,
    TITLES,
    Visits,
    button,
    check_positions,
    choose,
    complaints,
    drawn,
    go,
    leave,
    link,
    number,
    reach,
    set_number,
    slider_of,
)

from views.presets import OPENING, PRESETS, Preset
from views.settings.table import FACTORS

pytestmark = pytest.mark.browser


def test_a_link_shows_in_another_browser_what_it_was_taken_from(visit: Visits):
    page = visit()
    with page.another_scene():
        choose(page.page, SURFACE, "Himmelblau")
    set_number(page, NOISE, 2.5)
    set_number(page, "SGD exact rate", 0.0123)
    with page.another_scene():
        reach(page.page, OPTIMIZERS)
        page.page.get_by_role("button", name="Remove Adam").click()
    leave(page.page)
    with page.another_scene():
        page.page.get_by_role("radio", name=OVERLAY, exact=True).click()
    with page.another_scene():
        choose(page.page, SCHEDULE, "Cosine")
    leave(page.page)
    page.settled()
    x0, y0, x1, y1 = drawn(page)[0]["panel"]
    with page.another_scene():
        page.page.mouse.click(x0 + 0.4 * (x1 - x0), y0 + 0.3 * (y1 - y0))
    page.page.wait_for_url("**Himmelblau.y=**")
    other = visit(page.page.url, viewport={"width": 1280, "height": 900})
    assert other.scene == page.scene
    assert complaints(other) == []


SCRIPT = '<script>alert("here")</script>'
HOSTILE = {
    "NaN": link(**{"Quadratic.x": "NaN", "noise": "nan", "length": "nan"}),
    "infinities": link(**{"Quadratic.x": "inf", "Quadratic.SGD.lr": "-inf", "seed": "1e400"}),
    "huge": link(**{"length": "9" * 400, "samples": "1e400", "Quadratic.y": "1" + "0" * 300}),
    "negative": link(**{"length": -5, "Quadratic.condition": -1, "seed": -1, "noise": -0.5}),
    "unknown names": link(surface="Everest", optimizers="Magic", compare="", view="4-D", zz="1"),
    "unknown preset": link(preset="../../etc/passwd"),
    "scripts": link(surface=SCRIPT, preset=SCRIPT, **{SCRIPT: SCRIPT, "![](x)": "[a](b)"}),
    "odd characters": "?surface=%00%ff&noise=%F0%9F%98%80&%E2%80%AE=%0A%0D&compare=%22%27%60",
    "repeated": "?surface=Rosenbrock&surface=Ackley&length=10&length=20",
    "900 settings": "?" + "&".join(f"a{i}=1" for i in range(900)),
    "lists": link(compare="Learning rate", **{"Quadratic.SGD.rates": "nan,inf,1e400,,;x,-1"}),
    "too many optimizers": link(optimizers="SGD") + "&optimizers=Adam" * 500,
    "a text of 20,000 letters": link(surface="a" * 20_000),
}


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_link_shows_a_page_that_says_what_it_left_out(visit: Visits, query: str):
    page = visit(query)
    assert page.page.locator(EXCEPTION).count() == 0
    assert drawn(page)
    told = " ".join(complaints(page))
    assert REFUSED in told or "left out" in told
    assert "<script" not in page.page.locator(ALERT).first.inner_html()
    assert page.page.locator(f"{ALERT} :is(a, img)").count() == 0


BEYOND = {
    "empty lists": "?optimizers=&view=&noise=",
    "no values to compare": "?compare=Batch+size&batches=",
    "more settings than Streamlit reads": "?" + "&".join(f"a{i}=1" for i in range(5000)),
}


@pytest.mark.parametrize("query", BEYOND.values(), ids=BEYOND.keys())
def test_a_link_that_says_nothing_shows_a_page(visit: Visits, query: str):
    page = visit(query)
    assert page.page.locator(EXCEPTION).count() == 0
    assert drawn(page)


@pytest.mark.parametrize("compare", list(FACTORS)[1:])
def test_every_factor_can_be_compared(visit: Visits, compare: str):
    page = visit(link(**comparing(compare), noise=1))
    assert not any(REFUSED in text for text in complaints(page))
    titles = page.page.locator(TITLES).all_text_contents()
    assert len(set(titles)) == len(titles) == len(drawn(page)) > 1


def open_preset(visit: Visit, preset: Preset) -> None:
    visit.page.get_by_role("link", name=GALLERY, exact=True).click()
    card = visit.page.locator(f'.zz-card[data-slug="{preset.slug}"]')
    expect(card).to_contain_text(preset.title)
    card.click()
    visit.page.wait_for_url(f"**preset={preset.slug}")
    visit.settled()
    if not preset.map:
        expect(visit.page.locator("h1")).to_have_text(preset.title)


CLOUD = """(player, run) => [...player.querySelectorAll(`.tracecloud-${run} path.point`)]
    .map((node) => node.getAttribute("transform"))"""


def check_clouds(visit: Visit, preset: Preset) -> None:
    """Check that the seeds of every run stand together at the start, apart at the end."""
    for run in range(len(preset.experiment.runs)):
        go(visit, 0)
        first = visit.page.locator("[data-shown]").evaluate(CLOUD, run)
        assert len(first) == 200
        assert len({*first}) == 1
        go(visit, preset.experiment.steps)
        last = visit.page.locator("[data-shown]").evaluate(CLOUD, run)
        noisy = preset.experiment.plan(preset.experiment.runs[run]).noisy
        assert (len({*last}) > 20) == noisy  # many stand on one pixel, in a dent or far outside
        assert first != last


def test_every_preset_in_the_gallery_shows_its_claim_and_its_runs(visit: Visits):
    page = visit()
    page.page.get_by_role("link", name=GALLERY, exact=True).click()
    cards = page.page.locator(".zz-card")
    expect(cards).to_have_count(len(LISTED))
    for card, preset in zip(cards.all(), LISTED, strict=True):
        expect(card).to_have_attribute("data-slug", preset.slug)
        expect(card).to_contain_text(preset.title)
    cards.first.click()
    for place, preset in enumerate(LISTED):
        if place:
            with page.another_scene():
                button(page, NEXT).click()
        page.page.wait_for_url(f"**preset={preset.slug}")
        page.settled()
        if preset.map:
            continue
        expect(page.page.locator("h1")).to_have_text(preset.title)
        if preset.settings.get("show") == "ends":
            check_clouds(page, preset)
            continue
        go(page, preset.experiment.steps // 3)
        check_positions(page, preset.experiment, str(preset.settings.get("unit", "updates")))
    page.settled()
    other = visit(page.page.url)
    other.until("(player, id) => player.dataset.scene === id", page.scene)
    assert complaints(other) == complaints(page)


def test_steps_back_undo_the_choice_of_a_preset(visit: Visits):
    page = visit()
    set_number(page, EXACT_RATE, 0.08)
    first = page.scene
    open_preset(page, LISTED[0])
    for preset in (LISTED[0].slug, None):  # the way led through the gallery, where it was chosen
        page.page.go_back()
        page.page.locator(".zz-card").first.wait_for()
        page.page.wait_for_function(
            "(slug) => new URLSearchParams(location.search).get('preset') === slug", arg=preset
        )
        page.page.wait_for_selector(RESTING)
    page.page.go_back()
    # The header leads to "/gallery", and the script adds what is set: if the browser is told of
    # both at once they are one entry of its history, else two.
    if not urlsplit(page.page.url).query:
        page.page.go_back()
    page.page.locator(STAGE).wait_for()
    page.until("(player, first) => player?.dataset.scene === first", first)
    expect(number(page.page, EXACT_RATE)).to_have_value("0.08")


def test_every_change_is_a_step_back_and_forth(visit: Visits):
    page = visit()
    scenes = [page.scene]
    for label, value in ((EXACT_RATE, 0.08), (NOISE, 2.0), (EXACT_RATE, 0.05)):
        set_number(page, label, value)
        scenes.append(page.scene)

    def check_fields(*texts: str) -> None:
        for label, text in zip((EXACT_RATE, NOISE), texts, strict=True):
            expect(number(page.page, label)).to_have_value(text)

    check_fields("0.05", "2")
    expected = [("0.18", "0"), ("0.08", "0"), ("0.08", "2"), ("0.05", "2")]
    for way, steps in ((page.page.go_back, (2, 1, 0)), (page.page.go_forward, (1, 2, 3))):
        for step in steps:
            with page.another_scene():
                way()
            assert page.scene == scenes[step]
            check_fields(*expected[step])
            slider = slider_of(page.page, RATE)
            expect(slider).to_have_attribute("aria-valuetext", expected[step][0])


def test_a_change_after_a_step_back_goes_on_from_there(visit: Visits):
    page = visit()
    set_number(page, NOISE, 2.0)
    with page.another_scene():
        page.page.go_back()
    set_number(page, EXACT_RATE, 0.08)
    expect(number(page.page, NOISE)).to_have_value("0")
    page.page.wait_for_url("**?v=1&Quadratic.SGD.lr=0.08")


def test_a_link_of_old_becomes_one_of_today(visit: Visits):
    page = visit(link(**{"preset": "ravine", "ravine.length": 50, "ravine.noise": 0}))
    page.page.wait_for_url("**?v=1&preset=ravine&length=50")
    assert complaints(page) == []
    assert page.step == 50


SAMPLES = "Samples N"


def test_what_does_not_fit_a_change_is_told_and_leaves_the_link(visit: Visits):
    page = visit(link(samples=16384, batch=8192, noise=1))
    set_number(page, SAMPLES, 100)
    page.page.wait_for_url("**?v=1&samples=100&noise=1")
    told = page.page.locator(ALERT).filter(has_text="8192 is more than there are samples")
    expect(told).to_be_visible()
    other = visit(page.page.url)
    assert complaints(other) == []
    assert other.scene == page.scene


def test_a_page_without_a_link_opens_on_its_preset_and_a_step_back_leads_to_it(visit: Visits):
    page = visit("")
    preset = PRESETS[OPENING]
    expect(page.page.locator("h1")).to_have_text(preset.title)
    expect(button(page, PLAY)).to_be_visible()  # it has played by itself
    check_positions(page, preset.experiment)
    first = page.scene
    assert urlsplit(page.page.url).query == ""
    set_number(page, EXACT_RATE, 0.05)
    assert f"preset={OPENING}" in urlsplit(page.page.url).query
    with page.another_scene():
        page.page.go_back()
    assert page.scene == first
    assert urlsplit(page.page.url).query == ""
