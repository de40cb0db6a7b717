"""Maps in a browser: they are painted, followed by a click, replaced, given up and saved."""

from __future__ import annotations

import csv
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import RESTING, Visit
from playwright.sync_api import expect
from test_browser import (
    EXACT_RATE,
    LAB,
    NOISE,
    RATE,
    STAGE,
    START,
    Visits,
    choose,
    complaints,
    distance,
    drawn,
    go,
    leave,
    link,
    number,
    slider_of,
    typed_in,
)

from optimizers import Experiment, Run
from optimizers.maps import BasinMap
from views.maps import MAPS as MAPS_BY_NAME
from views.presets import DEFAULT

pytestmark = pytest.mark.browser

MAPS, MAP, BASINS = "Maps", "Map", "Basins of attraction"
SEEDS, CANCEL, RESUME = "Seeds", "Cancel", "Make it after all"
SAVE_MAP, PROGRESS = "Numbers of this map (CSV)", '[data-testid="stProgress"]'

# The pixels of the first chart's heatmap, the box of its plot on the page, and its marks.
CHART = """
(chart) => {
  const plot = chart.querySelector(".zz-chart");
  const { xaxis, yaxis } = plot._fullLayout;
  const box = plot.getBoundingClientRect();
  const [left, top] = [box.left + xaxis._offset, box.top + yaxis._offset];
  return {
    images: plot.querySelectorAll(".heatmaplayer image").length,
    curves: plot.querySelectorAll(".scatterlayer path.js-line").length,
    box: [left, top, left + xaxis._length, top + yaxis._length],
    marks: [...plot.querySelectorAll(".scatterlayer .trace")].map((trace) =>
      [...trace.querySelectorAll("path.point")].map((point) => {
        const { x, y } = new DOMPoint(0, 0).matrixTransform(point.getScreenCTM());
        return [x, y];
      })),
  };
}
"""


def chart(visit: Visit) -> dict:
    return visit.player.evaluate(CHART)


# Long on any machine, its coarse map not.
LONG = {
    "view": MAPS,
    "surface": "Rastrigin",
    "length": 5000,
    "noise": 2,
    "batch": 8,
    "optimizers": "SGD",
    "sweep.seeds": 1000,
}


def computing(visit: Visit) -> None:
    """Wait until a coarse map is shown beside the progress of a long one."""
    expect(visit.page.locator(PROGRESS)).to_be_visible()
    expect(visit.page.get_by_text("26 rates.")).to_be_visible()
    visit.page.wait_for_selector("[data-shown]")
    expect(visit.page.locator(PROGRESS)).to_be_visible()


def test_every_map_opens_and_paints(visit: Visits):
    page = visit(link(view=MAPS, noise=2, batch=8, surface="Local-minima valley"))
    first = chart(page)
    assert first["curves"] >= 2 * len(DEFAULT.runs)
    assert first["images"] == 1
    names = list(MAPS_BY_NAME)
    for name in [*names[1:], names[0]]:
        with page.another_scene():
            choose(page.page, MAP, name)
        painted = chart(page)
        assert painted["images"] + painted["curves"] + sum(map(len, painted["marks"])) > 0, name
        assert complaints(page) == []


def test_a_click_on_the_basins_sets_the_start_of_the_lab_and_the_link(visit: Visits):
    page = visit(link(view=MAPS, map=BASINS, surface="Himmelblau"))
    for right, down in ((0.81, 0.17), (0.08, 0.93)):
        x0, y0, x1, y1 = chart(page)["box"]
        x, y = x0 + right * (x1 - x0), y0 + down * (y1 - y0)
        with page.another_scene():
            page.page.mouse.click(x, y)
        (start,) = chart(page)["marks"][-1]
        assert distance(start, [x, y]) <= 1.5
        shown = [float(typed_in(page.page, label)) for label in START]
        expected = [-6 + 12 * right, 6 - 12 * down]
        assert shown == pytest.approx(expected, abs=0.05)
        page.page.wait_for_url(f"**Himmelblau.x={shown[0]:g}**")
        query = parse_qs(urlsplit(page.page.url).query)
        assert [float(query[f"Himmelblau.{letter}"][0]) for letter in "xy"] == shown
    assert visit(page.page.url).scene == page.scene
    leave(page.page)
    page.page.get_by_role("link", name=LAB, exact=True).click()
    page.settled()
    page.page.locator(STAGE).wait_for()
    go(page, 0)
    assert all(run["at"] == pytest.approx(shown, abs=0.05) for run in drawn(page))


def test_a_long_map_shows_a_coarse_one_and_its_progress_and_can_be_cancelled(visit: Visits):
    page = visit(link(**LONG), wait=False)
    computing(page)
    assert chart(page)["curves"] >= 2
    page.page.get_by_role("button", name=CANCEL).click()
    expect(page.page.get_by_role("button", name=RESUME)).to_be_visible()
    expect(page.page.locator(PROGRESS)).to_be_hidden()
    page.page.wait_for_selector(RESTING)
    page.page.get_by_role("button", name=RESUME).click()
    computing(page)


def test_a_change_replaces_the_map_that_is_computed(visit: Visits):
    page = visit(link(**LONG), wait=False)
    computing(page)
    before = page.scene
    slider_of(page.page, RATE).press("ArrowRight")
    expect(number(page.page, EXACT_RATE)).to_have_value("0.00525")
    computing(page)
    assert page.scene == before, "all rates are in the map"
    for change in (lambda: set_field(page, NOISE, 4), lambda: set_field(page, SEEDS, 999)):
        before = page.scene
        change()
        page.until("(chart, before) => chart && chart.dataset.scene !== before", before)
        computing(page)
    set_field(page, SEEDS, 1)
    page.page.wait_for_selector(RESTING)
    expect(page.page.get_by_text("101 rates.")).to_be_visible()
    expect(page.page.locator(PROGRESS)).to_be_hidden()
    assert complaints(page) == []


def set_field(visit: Visit, label: str, value: float) -> None:
    field = number(visit.page, label)
    field.fill(f"{value:g}")
    field.press("Enter")


def test_a_map_on_a_phone_needs_no_sideways_scrolling(visit: Visits):
    screen = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    for name in ("Rate and momentum", "Ensemble of seeds"):
        phone = visit(link(view=MAPS, map=name, noise=2, batch=8), **screen)
        sizes = phone.page.evaluate(
            "[document.documentElement, document.querySelector('[data-testid=stMain]')]"
            ".map((element) => [element.scrollWidth, element.clientWidth])"
        )
        assert all(whole <= seen for whole, seen in sizes)
        for plot in phone.page.locator(".zz-chart, .zz-legend").all():
            box = plot.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
        x0, y0, x1, y1 = chart(phone)["box"]
        assert x1 - x0 > 150
        assert y1 - y0 > 100


def test_the_saved_table_of_a_map_holds_its_pixels(visit: Visits, tmp_path):
    page = visit(link(**{"view": MAPS, "map": BASINS, "map.starts": 64, "surface": "Himmelblau"}))
    with page.page.expect_download() as download:
        page.page.get_by_role("link", name=SAVE_MAP).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.suffix == ".csv"
    run = DEFAULT.runs[0]
    experiment = Experiment("Himmelblau", steps=DEFAULT.steps, runs=(Run(run.optimizer),))
    table = BasinMap(experiment, size=64).compute().table()
    header, *rows = csv.reader(path.read_text().splitlines())
    assert header == list(table)
    assert len(rows) == 64 * 64
    assert [float(row[3]) for row in rows] == table["end_x"].tolist()
