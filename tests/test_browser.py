"""What a visitor sees and does, in a real browser: the page, the player, links and files."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest
from conftest import Visit
from playwright.sync_api import Locator, Page, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from landscape import SURFACES
from landscape.language import number as language_number
from optimizers import Experiment, simulate
from views.presets import DEFAULT, PRESETS
from views.scene.curves import per_update
from views.scene.frames import exit_of

pytestmark = pytest.mark.browser

# --- What the page calls things: everything that a change of its texts can break is here.

PLAY, PAUSE, LOOP = "Play", "Pause", "Loop"
ON, BACK, HOME, END = "One update on", "One update back", "To the start", "To the end"
WHOLE_FRAME, ZOOM_TO_STEP = "Whole frame", "Zoom to the update"
LOOK, FROM_STEP = "Look inside this update", "From update"
SCRUB, SPEED = "Update shown", "Speed"
SURFACE, OPTIMIZERS = "Surface", "Optimizers"
START = ("Start x", "Start y")
RATE, EXACT_RATE = "SGD learning rate", "SGD exact rate"
DIGIT = re.compile(r"\d")
ROTATION, NOISE = "rotation", "Noise"
OVERLAY, SIDE_BY_SIDE = "Overlay", "Side by side"
SAVE, SAVE_PAGE, SAVE_TABLE = "Share", "Page that plays offline (HTML)", "Trajectories (CSV)"
GALLERY, LAB, NEXT = "Gallery", "Lab", "Next"
LISTED = [preset for preset in PRESETS.values() if preset.listed]
SCHEDULE = "Schedule"
REFUSED = "could not be used"
RATE_IN_LINK = "{surface}.{optimizer}.lr"

STAGE, PANELS, TITLES = ".zz-stage", ".zz-back .cartesianlayer > .subplot", ".zz-notes > div"
ALERT, EXCEPTION = ':is([data-testid="stAlert"], .zz-note)', '[data-testid="stException"]'

# --- What the player has drawn, read off the page in screen pixels and in the surface's units.

DRAWN = """
(player, [line, mark]) => {
  const front = player.querySelector(".zz-front");
  const box = player.querySelector(".zz-back").getBoundingClientRect();
  const axes = player.querySelector(".zz-back")._fullLayout;
  const runs = [];
  for (let run = 0; front.querySelector(`.trace${line}-${run} path.js-line`); run++) {
    const path = front.querySelector(`.trace${line}-${run} path.js-line`);
    const head = front.querySelector(`.trace${mark}-${run} path.point`);
    const trace = front._fullData.find((trace) => trace.name === `${mark}-${run}`);
    const [x, y] = [trace.xaxis, trace.yaxis].map((name) => axes[name.replace(/^./, "$&axis")]);
    const shown = path.style.visibility !== "hidden";
    const length = parseFloat(path.style.strokeDasharray);
    const place = new DOMPoint(0, 0).matrixTransform(head.getScreenCTM());
    const end = path.getPointAtLength(shown ? length : 0).matrixTransform(path.getScreenCTM());
    const [left, top] = [box.left + x._offset, box.top + y._offset];
    runs.push({
      shown, length, total: path.getTotalLength(),
      head: [place.x, place.y], end: [end.x, end.y],
      at: [x.p2l(place.x - left), y.p2l(place.y - top)],
      pixel: [Math.abs(1 / x._m), Math.abs(1 / y._m)],
      panel: [left, top, left + x._length, top + y._length],
      frame: [[...x.range], [...y.range]],
    });
  }
  return runs;
}
"""

# Every value that the clock takes from now on, and a function that tells them.
WATCH = """
(player) => {
  const steps = [+player.dataset.step];
  new MutationObserver(() => steps.push(+player.dataset.step))
    .observe(player, { attributes: true, attributeFilter: ["data-step"] });
  player.watched = steps;
}
"""

FRAMES = """
(player, count) => new Promise((done) => {
  const tick = () => (count-- > 0 ? requestAnimationFrame(tick) : done(+player.dataset.step));
  tick();
})
"""

RANGES = """
(player) => {
  const { xaxis, yaxis } = player.querySelector(".zz-back")._fullLayout;
  return [...xaxis.range, ...yaxis.range];
}
"""

Visits = Callable[..., Visit]


def drawn(visit: Visit, line: str = "path", mark: str = "head") -> list[dict]:
    return visit.player.evaluate(DRAWN, [line, mark])


def button(visit: Visit, name: str) -> Locator:
    return visit.page.get_by_role("button", name=name, exact=True)


# What stands in a popover of the row, by the popover's name.
IN_ROW = {
    **dict.fromkeys((SURFACE, "scale", "condition", ROTATION), "surface"),
    **dict.fromkeys(START, "start"),
    **dict.fromkeys((NOISE, "Samples N", "Batch size B", "Seed"), "noise"),
    **dict.fromkeys(("Schedule",), "schedule"),
    **dict.fromkeys((OPTIMIZERS, "Remove"), "runs"),
    **dict.fromkeys(("Compare", "Learning rates"), "compare"),
    **dict.fromkeys(("Length",), "length"),
}


def reach(page: Page, label: str) -> None:
    """Open the popover in which a control stands, if it does in any and that is not open."""
    name = IN_ROW.get(label)
    opener = page.locator(f".st-key-popover-{name} button").first
    if name and opener.get_attribute("aria-expanded") != "true":
        opener.click()
        expect(opener).to_have_attribute("aria-expanded", "true")


def leave(page: Page) -> None:
    """Close the popover that is open."""
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


# A control that takes the place of another comes before it, which may still be on its way out.
def number(page: Page, label: str) -> Locator:
    reach(page, label)
    return page.get_by_role("textbox", name=label, exact=True).first


def typed_in(page: Page, label: str) -> str:
    """Return what a number's field shows, once it does: a new one is empty for a moment."""
    field = number(page, label)
    expect(field).to_have_value(DIGIT)
    return field.input_value()


def slider_of(page: Page, label: str) -> Locator:
    reach(page, label)
    return page.locator(f'input[type="range"][aria-label="{label}"]').first


def go(visit: Visit, step: int) -> None:
    visit.page.get_by_role("slider", name=SCRUB, exact=True).fill(str(step))
    visit.until("(player, step) => +player.dataset.step === step", step)


def choose(page: Page, label: str, option: str) -> None:
    reach(page, label)
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def set_number(visit: Visit, label: str, value: float) -> None:
    before = visit.page.url
    with visit.another_scene():
        field = number(visit.page, label)
        field.fill(f"{value:g}")
        field.press("Enter")
    # The picture follows what is typed; the link comes after what is entered.
    visit.page.wait_for_function("(before) => location.href !== before", arg=before)
    visit.settled()


def zoom(visit: Visit, panel: int = 0, share: float = 0.5) -> None:
    """Drag a box of `share` of each side around the head of a panel's run."""
    run = drawn(visit)[panel]
    x0, y0, x1, y1 = run["panel"]
    x, y = (
        min(max(at, low + 0.3 * (high - low)), high - 0.3 * (high - low))
        for at, low, high in zip(run["head"], (x0, y0), (x1, y1), strict=True)
    )
    wide, high = share * (x1 - x0) / 2, share * (y1 - y0) / 2
    visit.page.mouse.move(x - wide, y - high)
    visit.page.mouse.down()
    visit.page.mouse.move(x, y, steps=3)
    visit.page.mouse.move(x + wide, y + high, steps=3)
    visit.page.mouse.up()
    expect(button(visit, WHOLE_FRAME)).to_be_visible()


def complaints(visit: Visit) -> list[str]:
    return visit.page.locator(ALERT).all_inner_texts()


def link(**settings: object) -> str:
    return "?" + urlencode(settings, doseq=True)


def rate(surface: str, optimizer: str, value: float) -> dict[str, float]:
    return {RATE_IN_LINK.format(surface=surface, optimizer=optimizer): value}


def distance(a: list[float], b: list[float]) -> float:
    return max(abs(p - q) for p, q in zip(a, b, strict=True))


def in_panel(run: dict, slack: float = 0) -> bool:
    (x, y), (x0, y0, x1, y1) = run["head"], run["panel"]
    return x0 - slack <= x <= x1 + slack and y0 - slack <= y <= y1 + slack


def place(run: dict, x: float, y: float) -> list[float]:
    """Return what point of the plane lies at a pixel of the panel of a run."""
    (right, down), (across, up) = run["head"], run["pixel"]
    return [run["at"][0] + (x - right) * across, run["at"][1] - (y - down) * up]


# --- The first page


def test_the_first_page_has_a_named_panel_with_a_head_in_it_for_every_run(visit: Visits):
    first = visit()
    names = [run.optimizer for run in DEFAULT.runs]
    titles = first.page.locator(TITLES).all_text_contents()
    assert [title.split()[1] for title in titles] == names
    runs = drawn(first)
    assert len(runs) == first.page.locator(PANELS).count() == len(names)
    assert len({tuple(run["panel"]) for run in runs}) == len(runs)
    assert all(in_panel(run) for run in runs)


def test_the_first_page_has_a_row_for_every_run_and_no_complaint(visit: Visits):
    first = visit()
    rows = first.page.get_by_role("table").get_by_role("row").all()[1:]
    names = [row.get_by_role("cell").first.inner_text() for row in rows]
    assert names == [run.optimizer for run in DEFAULT.runs]
    assert complaints(first) == []


def test_the_heads_stand_where_the_simulation_was(visit: Visits):
    first = visit()
    assert first.step == DEFAULT.steps, "a new page shows the whole descent"
    for step in (0, 1, 37, 99, 100):
        go(first, step)
        check_positions(first, DEFAULT)


def check_positions(visit: Visit, experiment: Experiment, unit: str = "updates") -> None:
    """Check that every head is within a pixel of where its run was at the step shown.

    A diverging run is drawn to where it left the frame, and its head waits there. A run of larger
    updates, in the unit of its length, stays where it is until one is done.
    """
    each = [per_update(experiment, run, unit) for run in experiment.runs]
    for run, own, trajectory in zip(drawn(visit), each, simulate(experiment), strict=True):
        path = trajectory.path
        done = min(int(visit.step * min(each) / own + 1e-9), len(path) - 1)
        left = exit_of(experiment, trajectory, run["frame"])
        at = done if left is None else min(done, left)
        x, y = (abs(a - b) for a, b in zip(run["at"], path[at], strict=True))
        assert x <= run["pixel"][0], run
        assert y <= run["pixel"][1], run


# --- The clock


def test_play_runs_from_the_start_to_the_end_and_stops_there(visit: Visits):
    page = visit()
    page.page.get_by_role("combobox", name=SPEED, exact=True).select_option("4")
    page.player.evaluate(WATCH)
    button(page, PLAY).click()
    expect(button(page, PAUSE)).to_be_visible()
    expect(button(page, PLAY)).to_be_visible()
    steps = page.player.evaluate("(player) => player.watched")
    _, *steps = steps  # the end, where the clock stood
    assert steps == sorted(steps)
    assert steps[0] < 10
    assert steps[-1] == DEFAULT.steps
    assert len(set(steps)) > 10


def test_pause_stops_the_clock_where_it_is(visit: Visits):
    page = visit()
    button(page, PLAY).click()
    page.until("(player) => player.dataset.step > 5 && player.dataset.step < 90")
    button(page, PAUSE).click()
    stopped = page.step
    assert 5 < stopped < DEFAULT.steps
    assert page.player.evaluate(FRAMES, 20) == stopped
    button(page, PLAY).click()
    page.until("(player, stopped) => +player.dataset.step > stopped", stopped)


def test_the_buttons_step_and_jump(visit: Visits):
    page = visit()
    steps = []
    for name in (HOME, BACK, ON, ON, BACK, END, ON, BACK):
        button(page, name).click()
        steps.append(page.step)
    last = DEFAULT.steps
    assert steps == [0, 0, 1, 2, 1, last, last, last - 1]


def test_the_keys_step_jump_and_play(visit: Visits):
    page = visit()
    steps = []
    for key in ("Home", "ArrowLeft", "ArrowRight", "ArrowRight", "ArrowLeft", "End"):
        page.page.keyboard.press(key)
        steps.append(page.step)
    assert steps == [0, 0, 1, 2, 1, DEFAULT.steps]
    page.page.keyboard.press("Space")
    expect(button(page, PAUSE)).to_be_visible()
    page.page.keyboard.press("Space")
    expect(button(page, PLAY)).to_be_visible()


def test_keys_typed_into_a_field_leave_the_clock_alone(visit: Visits):
    page = visit()
    go(page, 37)
    for role, name in (("textbox", NOISE), ("combobox", OPTIMIZERS)):
        reach(page.page, name)
        page.page.get_by_role(role, name=name, exact=True).focus()
        for key in ("Home", "ArrowLeft", "ArrowRight", "End"):
            page.page.keyboard.press(key)
        assert page.step == 37
        leave(page.page)


def test_a_drag_of_the_scrub_bar_moves_the_clock_and_pauses(visit: Visits):
    page = visit()
    button(page, PLAY).click()
    scrub = page.page.get_by_role("slider", name=SCRUB, exact=True)
    box = scrub.bounding_box()
    assert box
    x, y = box["x"] + 12, box["y"] + box["height"] / 2
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + (box["width"] - 24) / 4, y, steps=4)
    quarter = page.step
    page.page.mouse.move(x + (box["width"] - 24) / 2, y, steps=4)
    half = page.step
    page.page.mouse.up()
    assert abs(quarter - 25) <= 2
    assert abs(half - 50) <= 2
    expect(button(page, PLAY)).to_be_visible()
    expect(page.page.locator("output.zz-step")).to_have_text(f"update {half} of {DEFAULT.steps}")


def test_loop_starts_again_at_the_end(visit: Visits):
    page = visit()
    button(page, LOOP).click()
    expect(button(page, LOOP)).to_have_attribute("aria-pressed", "true")
    go(page, 95)
    button(page, PLAY).click()
    page.until("(player) => player.dataset.step > 95")
    page.until("(player) => player.dataset.step < 50")
    expect(button(page, PAUSE)).to_be_visible()


# --- What is drawn at each step

DIVERGING = rate("Quadratic", "SGD", 0.21)  # slowly: 2 / 10 is the largest stable rate
LEAVING = rate("Quadratic", "SGD", 3.0)  # the frame, at once
WILD = rate("Rosenbrock", "Momentum", 0.004)

AVERAGED = {"average": "mean", "average.from": 300}
AHEAD = {"optimizers": ("SGD", "Nesterov", "Adam"), "sutskever": "1"}

PICTURES = {
    "first page": {},
    "diverging slowly": DIVERGING,
    "diverging at once": LEAVING,
    "one of them wild": {"surface": "Rosenbrock", **WILD},
    "overlay": {"view": OVERLAY},
    "long": {"length": 2000, "noise": 20, "batch": 1, "surface": "Himmelblau", **AVERAGED},
}


@pytest.mark.parametrize("settings", PICTURES.values(), ids=PICTURES.keys())
def test_the_head_leads_the_revealed_path(visit: Visits, settings: dict):
    page = visit(link(**settings))
    check_every_step(page)
    stars = drawn(page, "beside", "tip")  # at the end
    assert len(stars) == (len(DEFAULT.runs) if "average" in settings else 0)
    for step in (2000, 301, 1000) if stars else ():
        go(page, step)
        stars = drawn(page, "beside", "tip")
        assert all(star["shown"] for star in stars)
        check_heads(stars)
        for node in page.page.locator("[data-beside]").all():
            expect(node).to_have_text(re.compile(r"\d"))
    if stars:
        go(page, 300)
        assert not any(star["shown"] for star in drawn(page, "beside", "tip"))


def test_only_beside_nesterov_a_spark_leads_the_line_of_its_points(visit: Visits):
    page = visit(link(length=60, **AHEAD))
    for step in (60, 20, 41):
        go(page, step)
        (spark,) = drawn(page, "beside", "tip")
        assert spark["shown"]
        check_heads([spark])
        # In the panel of its run.
        assert spark["panel"] == drawn(page)[1]["panel"]
        (told,) = page.page.locator("[data-beside]").all()
        expect(told).to_have_text(re.compile(r"\d"))
        lines = page.page.locator(".zz-live:has([data-beside])")
        assert lines.evaluate("(node) => node.getBoundingClientRect().height < 30")  # one line
    go(page, 0)
    assert not any(spark["shown"] for spark in drawn(page, "beside", "tip"))


@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_is_painted_with_heads_that_lead_their_paths(visit: Visits, surface: str):
    page = visit(link(surface=surface))
    assert page.page.locator(f"{PANELS} .contourlayer .contourfill path").count() > 4
    assert all(in_panel(run) for run in drawn(page)) == SURFACES[surface].bounded
    check_every_step(page)


def check_every_step(page: Visit) -> None:
    """Check the heads at some steps, and that the paths grow; then the same zoomed in."""
    button(page, END).click()  # the first page plays by itself
    assert complaints(page) == []
    last = page.step
    steps = sorted({0, 1, 2, 7, last // 3, last - 1, last})
    before = [0.0] * len(drawn(page))
    for step in steps:
        go(page, step)
        runs = drawn(page)
        check_heads(runs)
        assert all(run["length"] >= length for run, length in zip(runs, before, strict=True))
        before = [run["length"] for run in runs]
    zoom(page)
    for step in steps:
        go(page, step)
        check_heads(drawn(page))


def check_heads(runs: list[dict]) -> None:
    """Check that a head that can be seen is within a pixel of its path's end."""
    for run in runs:
        if in_panel(run, 1):
            assert distance(run["head"], run["end"]) <= 1, run
        elif run["shown"]:
            assert not in_panel({**run, "head": run["end"]}, -1), run


def test_a_diverged_run_says_so(visit: Visits):
    page = visit(link(**LEAVING))
    expect(page.page.locator(TITLES).first).to_contain_text("out at update")
    expect(page.page.get_by_role("table")).to_contain_text("diverged at update")


def test_overlay_puts_all_runs_into_one_panel_and_side_by_side_back(visit: Visits):
    page = visit()
    for view, panels in ((OVERLAY, 1), (SIDE_BY_SIDE, len(DEFAULT.runs))):
        with page.another_scene():
            page.page.get_by_role("radio", name=view, exact=True).click()
        assert page.page.locator(PANELS).count() == panels
        assert len({tuple(run["panel"]) for run in drawn(page)}) == panels
        go(page, 37)
        check_positions(page, DEFAULT)


# --- What is kept while something changes


def test_a_click_on_any_panel_moves_the_start_of_all(visit: Visits):
    page = visit()
    for panel, (right, down) in ((2, (0.31, 0.62)), (0, (0.83, 0.17))):
        before = drawn(page)[panel]
        x0, y0, x1, y1 = before["panel"]
        x, y = x0 + right * (x1 - x0), y0 + down * (y1 - y0)
        clicked = place(before, x, y)
        with page.another_scene():
            page.page.mouse.click(x, y)
        go(page, 0)
        runs = drawn(page)  # in the frame that fits the new start
        assert runs[panel]["at"] == pytest.approx(clicked, abs=2 * max(runs[panel]["pixel"]))
        query = parse_qs(urlsplit(page.page.url).query)
        for letter, label, *values in zip("xy", START, *(run["at"] for run in runs), strict=True):
            # 300 pixels hold a frame ten wide: a hundredth of it is less than one.
            shown = float(typed_in(page.page, label))
            assert values == pytest.approx([shown] * len(runs), abs=0.01)
            assert float(query[f"Quadratic.{letter}"][0]) == shown
        page.page.keyboard.press("Escape")  # the popover of the start, which lies over a panel
        expect(page.page.get_by_label(START[0])).to_have_count(0)


def test_a_click_moves_only_its_own_start_where_starts_are_compared(visit: Visits):
    page = visit(link(compare="Start"))
    go(page, 0)
    before = drawn(page)
    x0, y0, x1, y1 = before[1]["panel"]
    x, y = x0 + 0.31 * (x1 - x0), y0 + 0.62 * (y1 - y0)
    clicked = place(before[1], x, y)
    with page.another_scene():
        page.page.mouse.click(x, y)
    after = drawn(page)
    near = 2 * max(after[1]["pixel"])
    assert after[1]["at"] == pytest.approx(clicked, abs=near)
    for panel in {*range(len(before))} - {1}:
        assert after[panel]["at"] == pytest.approx(before[panel]["at"], abs=near)
    assert visit(page.page.url).scene == page.scene


def test_a_drag_that_zooms_does_not_move_the_start(visit: Visits):
    page = visit()
    before, whole = page.scene, page.player.evaluate(RANGES)
    zoom(page)
    assert page.player.evaluate(RANGES) != whole
    button(page, WHOLE_FRAME).click()
    expect(button(page, WHOLE_FRAME)).to_be_hidden()
    assert page.player.evaluate(RANGES) == whole
    page.settled()
    assert page.scene == before


def test_a_change_keeps_the_chart_the_clock_and_the_zoom(visit: Visits):
    page = visit()
    page.page.locator(STAGE).evaluate("(stage) => (stage.mine = true)")
    go(page, 37)
    whole = page.player.evaluate(RANGES)
    zoom(page)
    ranges = page.player.evaluate(RANGES)
    assert ranges != whole

    def kept() -> None:
        assert page.page.locator(STAGE).evaluate("(stage) => stage.mine")
        assert page.step == 37
        assert page.player.evaluate(RANGES) == ranges
        check_heads(drawn(page))

    set_number(page, EXACT_RATE, 0.08)
    kept()
    for slider in (RATE, ROTATION):
        with page.another_scene():
            slider_of(page.page, slider).press("ArrowRight")
        kept()
    with page.another_scene():
        reach(page.page, OPTIMIZERS)
        page.page.get_by_role("button", name="Remove RMSProp").click()
    kept()
    assert len(drawn(page)) == len(DEFAULT.runs) - 1


def test_a_change_while_it_plays_does_not_stop_it(visit: Visits):
    page = visit()
    button(page, LOOP).click()
    button(page, PLAY).click()
    set_number(page, EXACT_RATE, 0.08)
    now = page.step
    page.until("(player, now) => +player.dataset.step !== now", now)
    expect(button(page, PAUSE)).to_be_visible()


# Where an arrow begins and ends on the screen, beside the heads of `drawn`.
ARROW = """
(player, name) => [...player.querySelectorAll(`.trace${CSS.escape(name)} path.point`)]
  .map((point) => new DOMPoint(0, 0).matrixTransform(point.getScreenCTM()))
  .map(({ x, y }) => [x, y])
"""


def test_the_magnifier_draws_the_step_from_here_to_the_next(visit: Visits):
    page = visit(link(surface="Himmelblau", optimizers=["Momentum"]))
    button(page, HOME).click()
    for _ in range(3):
        button(page, ON).click()
    button(page, LOOK).click()
    expect(page.page.get_by_text("From update 3 to 4 of 100.")).to_be_visible()
    page.settled()
    page.until("(player) => player.querySelector('.tracearrow-step')")
    assert page.step == 3
    assert typed_in(page.page, FROM_STEP) == "3"
    assert parse_qs(urlsplit(page.page.url).query)["look.step"] == ["3"]
    button(page, ZOOM_TO_STEP).click()
    button(page, WHOLE_FRAME).wait_for()
    expect(page.player.locator(".zz-notes [data-run='0']")).to_have_text(re.compile(r"\d"))
    begin, end = page.player.evaluate(ARROW, "arrow-step")
    assert drawn(page)[0]["head"] == pytest.approx(begin, abs=1)
    button(page, ON).click()
    assert drawn(page)[0]["head"] == pytest.approx(end, abs=1)
    # Whoever opens a link to the step sees the clock there, and is led to what is told of it.
    found = link(surface="Himmelblau", optimizers="Momentum", look="open", **{"look.step": 3})
    page.page.goto(urljoin(page.page.url, found))
    page.settled()
    page.until("(player) => player.dataset.step === '3'")
    expect(button(page, "See inside this update, below")).to_be_visible()


def test_the_rate_slider_and_its_number_follow_each_other(visit: Visits):
    page = visit()
    slider = slider_of(page.page, RATE)
    set_number(page, EXACT_RATE, 0.1)
    expect(slider).to_have_attribute("aria-valuetext", "0.1")
    with page.another_scene():
        slider.press("ArrowRight")
    expect(number(page.page, EXACT_RATE)).to_have_value("0.105")


def agreed(visit: Visit, optimizer: str) -> float:
    """Wait until slider, number and link say the same of a rate, and return it."""
    visit.settled()
    label, name = f"{optimizer} learning rate", f"{optimizer} exact rate"
    typed_in(visit.page, name)
    # Either may be the one that is late.
    visit.page.wait_for_function(
        """([label, name]) => document.querySelector(`[type="range"][aria-label="${label}"]`)
          ?.getAttribute("aria-valuetext")
            === document.querySelector(`input[aria-label="${name}"]`)?.value""",
        arg=[label, name],
    )
    text = typed_in(visit.page, name)
    expect(slider_of(visit.page, label)).to_have_attribute("aria-valuetext", text)
    key = RATE_IN_LINK.format(surface="Quadratic", optimizer=optimizer)
    visit.page.wait_for_function(
        "([key, text]) => new URL(location).searchParams.get(key) === text", arg=[key, text]
    )
    return float(text)


def test_the_sliders_stand_where_a_link_says_and_go_on_from_there(visit: Visits):
    page = visit(link(**{"Quadratic.SGD.lr": 0.01, "Quadratic.Momentum.lr": 0.0759}))
    assert (agreed(page, "SGD"), agreed(page, "Momentum")) == (0.01, 0.0759)
    with page.another_scene():
        slider_of(page.page, RATE).press("ArrowRight")
    expect(number(page.page, EXACT_RATE)).to_have_value("0.0105")
    page.page.go_back()
    expect(slider_of(page.page, RATE)).to_have_attribute("aria-valuetext", "0.01")
    assert agreed(page, "SGD") == 0.01


def test_two_sliders_that_are_moved_at_once_both_move(visit: Visits):
    page = visit()
    before = [typed_in(page.page, f"{name} exact rate") for name in ("SGD", "Adam")]
    for name in ("SGD", "Adam"):
        slider_of(page.page, f"{name} learning rate").press("ArrowLeft")
    for name, old in zip(("SGD", "Adam"), before, strict=True):
        expect(slider_of(page.page, f"{name} learning rate")).not_to_have_attribute(
            "aria-valuetext", old
        )
        assert agreed(page, name) < float(old)


def test_a_number_is_read_as_it_was_typed_or_refused_aloud(visit: Visits):
    page = visit("?optimizers=SGD&noise=2")
    field = number(page.page, "Noise")
    for text, value in {"0,01": "0.01", "1e-3": "0.001", ".5": "0.5", "-0": None}.items():
        field.click()
        field.press("ControlOrMeta+a")
        field.press_sequentially(text)
        field.press("Enter")
        page.page.wait_for_function(
            "value => new URLSearchParams(location.search).get('noise') === value", arg=value
        )
        expect(field).to_have_value(text)
    for text, told in {
        "abc": "abc is not a number.",
        "1e999": "1e999 is not from 0 to 1000.",
        "": "Type a number from 0 to 1000.",
    }.items():
        field.click()
        field.press("ControlOrMeta+a")
        field.press("Delete")
        field.press_sequentially(text)
        field.press("Enter")
        expect(page.page.get_by_text(told, exact=True)).to_be_visible()
        expect(field).to_have_value(text)
        assert "noise" not in page.page.url


def test_noise_without_effect_is_told_and_one_click_makes_it_count(visit: Visits):
    page = visit("?optimizers=SGD")
    number(page.page, "Noise").fill("500")
    number(page.page, "Noise").press("Enter")
    reason = page.page.get_by_text("the noise changes nothing")
    expect(reason).to_be_visible()
    page.page.get_by_role("button", name="Batches of 32", exact=True).click()
    expect(reason).to_be_hidden()
    page.page.wait_for_function("new URLSearchParams(location.search).get('batch') === '32'")
    number(page.page, "Noise").fill("0")
    number(page.page, "Noise").press("Enter")
    told = page.page.get_by_text("The noise is 0, so that every batch size")
    expect(told).to_be_visible()
    page.page.get_by_role("button", name="Noise 1", exact=True).first.click()
    expect(told).to_be_hidden()


def test_a_typed_rate_stays_when_another_slider_is_pressed_at_once(visit: Visits):
    page = visit()
    number(page.page, "Momentum exact rate").fill("0.002")
    before = typed_in(page.page, EXACT_RATE)
    box = slider_of(page.page, RATE).locator("..").bounding_box()  # of its thumb
    assert box
    page.page.mouse.click(box["x"] - 30, box["y"] + box["height"] / 2, delay=60)
    expect(slider_of(page.page, RATE)).not_to_have_attribute("aria-valuetext", before)
    assert agreed(page, "Momentum") == 0.002
    assert agreed(page, "SGD") < float(before)


def test_a_held_key_keeps_the_picture(visit: Visits):
    page = visit()
    page.player.evaluate("(player) => (player.firstElementChild.mine = true)")
    slider_of(page.page, RATE).focus()
    for _ in range(30):
        page.page.keyboard.down("ArrowLeft")
        time.sleep(0.03)
    page.page.keyboard.up("ArrowLeft")
    assert agreed(page, "SGD") < 0.1
    assert page.player.evaluate("(player) => player.firstElementChild.mine")


def test_a_release_sends_only_the_control_that_was_moved(visit: Visits):
    page = visit()
    kinds: list[str | None] = []

    def received(data: bytes | str) -> None:
        assert isinstance(data, bytes)
        delta = ForwardMsg.FromString(data).delta
        kinds.append(delta.new_element.WhichOneof("type") or delta.WhichOneof("type"))

    page.page.on("websocket", lambda socket: socket.on("framereceived", received))
    page.page.reload()
    page.settled()
    kinds.clear()
    before = typed_in(page.page, EXACT_RATE)
    with page.another_scene():
        slider_of(page.page, RATE).press("ArrowRight")
    expect(slider_of(page.page, RATE)).not_to_have_attribute("aria-valuetext", before)
    # Its tick at the limit of stability is HTML.
    assert {*filter(None, kinds)} == {"add_block", "slider", "text_input", "html"}


# --- Arrows, what is read, and runs that are taken away

ARROWS = """
(player) => [...player.querySelectorAll(".zz-arrow")].map((arrow) => {
  const back = player.querySelector(".zz-back").getBoundingClientRect();
  const box = arrow.ownerSVGElement;
  const move = ([x, y]) => [x + +box.getAttribute("x"), y + +box.getAttribute("y")];
  const { from, to } = arrow.dataset;
  const ends = [from, to].map((text) => move(text.split(",").map(Number)));
  return ends.map(([x, y]) => [back.left + x, back.top + y]);
})
"""
NAMES = (
    '(player) => [...player.querySelectorAll(".zz-arrows text")].map((name) => name.textContent)'
)


def test_arrows_go_tip_to_tail_from_the_head_to_the_next_recorded_point(visit: Visits):
    page = visit("?preset=headline", viewport={"width": 1440, "height": 900})
    experiment = PRESETS["headline"].experiment
    paths = [trajectory.path for trajectory in simulate(experiment)]
    for step in (1, 4, 9):
        go(page, step)
        shown = drawn(page)
        step_of_sgd, kept, rest = page.player.evaluate(ARROWS)
        assert distance(step_of_sgd[0], shown[0]["head"]) < 0.1
        assert distance(kept[0], shown[1]["head"]) < 0.1
        assert distance(kept[1], rest[0]) < 0.1
        for run, path, end in zip(shown, paths, (step_of_sgd[1], rest[1]), strict=True):
            assert distance(place(run, *end), path[step + 1].tolist()) < 0.5 * max(run["pixel"])
    assert page.player.evaluate(NAMES) == [
        "− rate × gradient",
        "velocity kept",
        "− rate × gradient",
    ]
    expect(page.page.locator(":root[data-over]")).to_have_count(0)
    page.page.keyboard.press("End")
    page.until("(player) => player.querySelectorAll('.zz-arrow').length === 0")
    expect(page.page.locator(":root[data-over] .st-key-arrows")).to_have_count(1)


def test_in_one_panel_only_one_run_has_arrows_and_a_link_takes_them_away(visit: Visits):
    page = visit("?preset=headline&view=Overlay", viewport={"width": 1440, "height": 900})
    go(page, 4)
    assert page.player.evaluate(NAMES) == ["velocity kept", "− rate × gradient"]
    assert len(page.player.evaluate(ARROWS)) == 2
    bare = visit("?preset=headline&arrows=0")
    go(bare, 4)
    assert bare.player.evaluate(ARROWS) == []


def test_the_pointer_is_told_what_it_is_over(visit: Visits):
    page = visit("?preset=headline", viewport={"width": 1440, "height": 900})
    (trajectory, _) = simulate(PRESETS["headline"].experiment)
    go(page, 3)
    run = drawn(page)[0]
    page.page.mouse.move(*run["head"])
    tip = page.page.locator(".zz-tip")
    x, y = trajectory.path[3]
    told = (
        f"SGD: update 3\nloss {language_number(float(trajectory.loss[3]), 3)}\n"
        f"x {language_number(float(x), 3)}, y {language_number(float(y), 3)}\nrate 0.0621"
    )
    expect(tip).to_have_text(told, use_inner_text=True)
    _, _, right, bottom = run["panel"]
    page.page.mouse.move(right - 30, bottom - 30)
    px, py = place(run, right - 30, bottom - 30)
    loss = SURFACES["Quadratic"].loss(px, py, condition=30.0)
    shown = float(tip.inner_text().split()[1].replace(",", ""))
    assert shown == pytest.approx(float(loss), rel=0.02)
    page.page.mouse.move(right, bottom + 200)
    expect(tip).to_be_hidden()


def test_arrow_keys_over_the_picture_tell_of_the_step(visit: Visits):
    page = visit("?preset=headline")
    page.page.locator(STAGE).focus()
    expect(page.page.locator(".zz-tip")).to_contain_text("Momentum: update 30")
    page.page.keyboard.press("ArrowLeft")
    expect(page.page.locator(".zz-tip")).to_contain_text("Momentum: update 29")


def test_titles_tell_the_loss_at_the_clock(visit: Visits):
    page = visit("?preset=headline")
    for step in (0, 7):
        go(page, step)
        for place_of, run in zip(
            page.page.locator("[data-run]").all(),
            simulate(PRESETS["headline"].experiment),
            strict=True,
        ):
            expect(place_of).to_have_text(language_number(float(run.loss[step]), 3))


def test_a_press_on_the_curve_moves_the_clock_and_a_name_takes_its_run_away(visit: Visits):
    page = visit("?preset=headline")
    curve = page.page.locator(".zz-loss")
    box = curve.bounding_box()
    assert box
    axis = curve.evaluate(
        "(plot) => { const x = plot._fullLayout.xaxis; return [x._offset, x._length]; }"
    )
    page.page.mouse.click(box["x"] + axis[0] + axis[1] / 3, box["y"] + 60)
    page.until("(player) => Math.abs(+player.dataset.step - 10) <= 1")
    name = page.page.locator(".zz-ends button").first
    expect(name).to_have_attribute("aria-pressed", "true")
    name.click()
    expect(name).to_have_attribute("aria-pressed", "false")
    assert [run["shown"] for run in drawn(page)] == [False, True]
    name.click()
    assert [run["shown"] for run in drawn(page)] == [True, True]


# --- The clock in the link, and the opening that plays


def test_a_link_says_where_the_clock_stands_and_how_fast_it_goes(visit: Visits):
    page = visit("?preset=headline&step=8&speed=2")
    assert page.step == 8
    assert page.page.get_by_label(SPEED, exact=True).input_value() == "2"
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_url("**step=9*")
    query = parse_qs(urlsplit(page.page.url).query)
    assert query == {"v": ["1"], "preset": ["headline"], "step": ["9"], "speed": ["2"]}
    scene = page.scene
    page.page.keyboard.press("End")
    page.page.wait_for_url(lambda url: "step" not in url)
    again = visit("?" + urlsplit(page.page.url).query)
    assert again.step == 30
    assert again.scene == scene, "the picture is the same at every step"


def test_a_changed_setting_keeps_the_clock_and_the_link_says_so(visit: Visits):
    page = visit("?preset=headline")
    go(page, 5)
    page.page.wait_for_url("**step=5*")
    set_number(page, EXACT_RATE, 0.05)
    page.page.wait_for_url(lambda url: "SGD.lr=0.05" in url and "step=5" in url)
    assert page.step == 5


def test_a_strange_step_or_speed_in_a_link_is_told_and_not_used(visit: Visits):
    page = visit("?preset=headline&step=-3&speed=fast")
    assert page.step == 30
    assert any(REFUSED in text for text in complaints(page))


def test_the_opening_plays_once_by_itself_unless_motion_is_not_wanted(visit: Visits):
    page = visit("", reduced_motion="no-preference")
    expect(button(page, PAUSE)).to_be_visible()
    page.until("(player) => +player.dataset.step > 2 && +player.dataset.step < 25")
    expect(button(page, PLAY)).to_be_visible()
    assert page.step == 30
    assert urlsplit(page.page.url).query == ""
    still = visit("", reduced_motion="reduce")
    expect(button(still, PLAY)).to_be_visible()
    assert still.step == 30


def test_only_the_bare_page_plays_by_itself(visit: Visits):
    page = visit("?preset=headline", reduced_motion="no-preference")
    expect(button(page, PLAY)).to_be_visible()
    assert page.step == 30
